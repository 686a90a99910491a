// A guest that deletes or replaces every global still cannot break what is below it.
// Expect: held
(async function () {
  const echo = hostEcho, async_ = hostAsync, names = Object.getOwnPropertyNames(globalThis);
  const define = Object.defineProperty, P = Promise, proto = [Object, Array, Map, Set, Promise, Error, RegExp, Uint8Array, String, Number, WeakMap, Date, Function].map((f) => f.prototype);
  const ownKeys = Reflect.ownKeys, all = proto.map(ownKeys);
  for (let i = 0; i < proto.length; i++) for (let j = 0; j < all[i].length; j++) { try { if (all[i][j] !== "constructor") proto[i][all[i][j]] = function () { throw "a library function of the guest's was called"; }; } catch {} }
  for (let i = 0; i < names.length; i++) { try { define(globalThis, names[i], { value: undefined, configurable: true, writable: true }); } catch {} }
  const a = echo({ a: [1] });
  const b = echo("text");
  return a.a[0] === 1 && b === "text" ? "held" : "wrong";
})()
