// Symbol.species and subclass constructors must not run while a value is encoded or a result is made.
// Expect: held
(async function () {
  const bad = [];
  const count = [];
  class List extends Array { constructor(...a) { super(...a); count.push("List"); } static get [Symbol.species]() { count.push("species"); return List; } }
  const plain = [1, 2];
  plain.constructor = List;
  const promise = Promise.resolve(1);
  promise.constructor = { [Symbol.species]: function () { count.push("promise species"); } };
  const buffer = new ArrayBuffer(8);
  buffer.constructor = { get [Symbol.species]() { count.push("buffer species"); return function () { return new ArrayBuffer(1); }; } };
  Object.defineProperty(Array, Symbol.species, { get() { count.push("Array species"); return undefined; }, configurable: true });
  for (const v of [plain, buffer, new Uint8Array(buffer)]) { try { hostEcho(v); } catch (e) { if (!(e instanceof Error)) bad.push("foreign"); } }
  if (JSON.stringify(hostEcho([3, [4]])) !== "[3,[4]]") bad.push("wrong");
  if ((await hostAsync([5]))[0] !== 5) bad.push("wrong async");
  if (count.length) bad.push(count.join());
  return bad.join("; ") || "held";
})()
