// The global object with a proxy as its prototype: the engine's own look-ups must not go through it.
// Expect: any
(function () {
  const seen = [];
  try { Object.setPrototypeOf(globalThis, new Proxy(Object.prototype, { get(t, k, r) { seen.push(String(k)); return t[k]; }, has(t, k) { seen.push("has " + String(k)); return k in t; } })); } catch {}
  hostEcho({ a: 1 });
  return seen.join();
})()
