// With call, apply and bind replaced, gates and the engine's own library still do what they did, and call none of them.
// Expect: held
(async function () {
  const seen = [];
  const spy = (name) => function () { seen.push(name); return undefined; };
  const kept = { call: Function.prototype.call, apply: Function.prototype.apply, bind: Function.prototype.bind };
  for (const name of ["call", "apply", "bind"]) Object.defineProperty(Function.prototype, name, { value: spy(String(name)), configurable: true, writable: true });
  Reflect.apply = spy("Reflect.apply"); Reflect.ownKeys = spy("ownKeys"); Reflect.defineProperty = spy("defineProperty"); Reflect.getOwnPropertyDescriptor = spy("gopd");
  const a = hostEcho({ a: [1, new Map([[1, 2]])] });
  const b = await hostAsync({ b: 2 });
  let c;
  try { hostThrow("t"); } catch (e) { c = e; }
  console.log("text", { a: 1 });
  await new Promise((done) => setTimeout(done, 1));
  Function.prototype.call = kept.call; Function.prototype.apply = kept.apply;
  if (seen.length) return "the library calls the guest's " + seen.join();
  return a.a[0] === 1 && a.a[1].get(1) === 2 && b.b === 2 && c.message === "t" ? "held" : "wrong";
})()
