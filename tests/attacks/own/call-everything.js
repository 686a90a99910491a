// Every reachable function is called with every kind of argument: no crash, no hang, no way out.
// Expect: ended
(function () {
  const seen = new Set(), queue = [];
  const visit = (v) => { if ((typeof v === "object" && v !== null) || typeof v === "function") if (!seen.has(v)) { seen.add(v); queue.push(v); } };
  visit(globalThis); visit((function* () {})()); visit((async function* () {})()); visit([].values()); visit(/x/g[Symbol.matchAll]("x")); visit("x"[Symbol.iterator]()); visit(new Map().entries());
  for (const v of queue) {
    visit(Object.getPrototypeOf(v));
    for (const k of Reflect.ownKeys(v)) { const d = Object.getOwnPropertyDescriptor(v, k); if (d) { visit(d.value); visit(d.get); visit(d.set); } }
  }
  const fns = queue.filter((v) => typeof v === "function");
  const odd = () => [undefined, null, 0, -1, 1.5, NaN, 2 ** 31, 2 ** 32, 2 ** 53, -0, "", "a", "length", Symbol("s"), 1n, -1n, {}, [], [1, 2], /a/g, new Date(0), new Map([[1, 2]]), new Set([1]), new Uint8Array(4), new ArrayBuffer(8), () => 1, class {}, new Proxy({}, {}), new Proxy([], {}), new Proxy(() => 1, {}), Promise.resolve(1), { length: 3 }, { length: -1 }, { then: null }, globalThis, hostEcho, hostCap];
  let calls = 0, seed = 12345;
  const next = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
  for (const f of fns) for (let i = 0; i < 12; i++) {
    const values = odd();
    const args = Array.from({ length: next(4) }, () => values[next(values.length)]);
    try { calls++; f.apply(values[next(values.length)], args); } catch {}
    if (i % 4 === 0) { try { new f(...args); } catch {} }
  }
  return "held " + calls;
})()
