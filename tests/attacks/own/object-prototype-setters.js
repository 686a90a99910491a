// Accessors on Object.prototype and Array.prototype for every word of the protocol see nothing and change nothing.
// Expect: held
(async function () {
  const seen = [], define = Object.defineProperty;
  const see = (what) => define(seen, seen.length, { __proto__: null, value: what, writable: true, enumerable: true, configurable: true });
  const words = "handle calls method mode grants system options source name kind inputs omitted args token ok shape explicit omissible fn self start error data box thrown code cause message stack line column file fileName errors depth left get set writable enumerable configurable then 0 1 2 3 -1 length2 a b c read tag timeZoneOffset clock random timers console modules seen task delay repeats".split(" ");
  for (const proto of [Object.prototype, Array.prototype]) {
    for (const word of words) {
      if (word === "get" || word === "set") continue;
      Object.defineProperty(proto, word, { __proto__: null, configurable: true, get() { see("get " + word); return undefined; }, set(v) { see("set " + word); } });
    }
  }
  const back = hostEcho({ a: [1, 2, { b: 3 }], c: new Map([["x", 1]]), error: new Error("m"), date: new Date(5), big: 77n });
  const later = await hostAsync({ a: 1 });
  let thrown;
  try { hostThrow("text"); } catch (e) { thrown = e; }
  console.log({ a: 1 }, [1], new Error("x"));
  setTimeout(() => 0, 0);
  for (const proto of [Object.prototype, Array.prototype]) for (const word of words) delete proto[word];
  // A getter that says undefined is not there; what tells is a setter that swallowed a value, and a result that is wrong.
  const swallowed = seen.filter((s) => s.startsWith("set "));
  if (swallowed.length) return "setters saw " + swallowed.join();
  const right = back.a[1] === 2 && back.a[2].b === 3 && back.c.get("x") === 1 && back.date.getTime() === 5 && back.big === 77n && later.a === 1 && thrown.message === "text";
  return right ? "held" : "wrong: " + Object.keys(back);
})()
