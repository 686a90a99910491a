// A guest that freezes everything it can reach.
// Expect: held
(async function () {
  const seen = new Set();
  (function freeze(v) { if ((typeof v !== "object" || v === null) && typeof v !== "function") return; if (seen.has(v)) return; seen.add(v); for (const k of Reflect.ownKeys(v)) { const d = Object.getOwnPropertyDescriptor(v, k); if (d && "value" in d && v !== globalThis) freeze(d.value); } if (v !== globalThis) Object.freeze(v); })(Object);
  for (const n of ["Array", "Map", "Set", "Promise", "Error", "Function", "Reflect", "JSON", "RegExp", "Date", "Uint8Array", "String"]) { Object.freeze(globalThis[n]); Object.freeze(globalThis[n].prototype); }
  try { Object.preventExtensions(globalThis); } catch {}
  const v = hostEcho({ a: [new Map([[1, new Set([2])]]), new Error("x"), new Date(1)] });
  const w = await hostAsync([1]);
  return v.a[0].get(1).has(2) && w[0] === 1 ? "held" : "wrong";
})()
