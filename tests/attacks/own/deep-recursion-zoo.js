// Recursion through every native that calls back: always the guest's own catchable error, and all works afterwards.
// Expect: held
(function () {
  const bad = [];
  const plain = (n) => plain(n + 1) + 1;
  const proxied = new Proxy({}, { get(t, k, r) { return r[k]; } });
  const chain = () => { let p = {}; for (let i = 0; i < 100000; i++) p = new Proxy(p, {}); return p.x; };
  const bound = () => { let f = () => 1; for (let i = 0; i < 100000; i++) f = f.bind(null); return f(); };
  const zoo = {
    plain: () => plain(0),
    getter: () => { const o = { get x() { return o.x; } }; return o.x; },
    setter: () => { const o = { set x(v) { o.x = v; } }; o.x = 1; },
    proxy: () => proxied.x,
    has: () => { const p = new Proxy({}, { has: (t, k) => k in p }); return "x" in p; },
    proxyChain: chain, bound,
    toJSON: () => { const o = { toJSON: () => JSON.stringify(o) }; return JSON.stringify(o); },
    sort: () => { const f = () => [2, 1].sort(f)[0]; return f(); },
    replace: () => { const f = () => "a".replace(/a/, f); return f(); },
    replaceAll: () => { const f = () => "aa".replaceAll("a", f); return f(); },
    map: () => { const f = () => [1].map(f); return f(); },
    forEach: () => { const f = () => new Map([[1, 1]]).forEach(f); return f(); },
    reduce: () => { const f = () => [1, 2].reduce(f); return f(); },
    from: () => { const f = () => Array.from([1], f); return f(); },
    toString: () => { const o = { toString: () => `${o}` }; return `${o}`; },
    valueOf: () => { const o = { valueOf: () => +o }; return +o; },
    primitive: () => { const o = { [Symbol.toPrimitive]: () => o + 1 }; return o + 1; },
    iterator: () => { const o = { [Symbol.iterator]: () => [...o].values() }; return [...o]; },
    generator: () => { function* g() { yield* g(); } return g().next(); },
    construct: () => { class A { constructor() { new A(); } } return new A(); },
    derived: () => { class A { constructor() { new B(); } } class B extends A {} return new B(); },
    reflect: () => { const f = () => Reflect.apply(f, null, []); return f(); },
    apply: () => { const f = function () { return f.apply(this, arguments); }; return f(1, 2); },
    tagged: () => { const f = () => f`x`; return f(); },
    evaled: () => { globalThis.ev = () => (0, eval)("ev()"); return ev(); },
    made: () => { globalThis.mk = () => new Function("return mk()")(); return mk(); },
    hasInstance: () => { const o = { [Symbol.hasInstance]: (v) => v instanceof o }; return 1 instanceof o; },
    species: () => { const a = [1]; a.constructor = { get [Symbol.species]() { return a.map((x) => x); } }; return a.map((x) => x); },
    defineProperty: () => { const p = new Proxy({}, { defineProperty: () => Reflect.defineProperty(p, "x", {}) }); p.x = 1; },
    getPrototypeOf: () => { const p = new Proxy({}, { getPrototypeOf: () => Object.getPrototypeOf(p) }); return Object.getPrototypeOf(p); },
    flat: () => { let a = []; for (let i = 0; i < 100000; i++) a = [a]; return a.flat(Infinity).length; },
    join: () => { let a = []; for (let i = 0; i < 100000; i++) a = [a]; return a.join(); },
    stringify: () => { let a = []; for (let i = 0; i < 100000; i++) a = [a]; return JSON.stringify(a); },
    parse: () => JSON.parse("[".repeat(100000)),
    regexp: () => new RegExp("(".repeat(100000)),
    backtrack: () => /^(?:a|ab|b)*?(?:(?:a?)*)*$/.test("ab".repeat(20000) + "c"),
    gate: () => { const f = () => hostEcho({ get a() { return f(); } }); return f(); },
    errorCause: () => { let e = new Error("x"); for (let i = 0; i < 20000; i++) e = new Error("x", { cause: e }); throw e; },
  };
  const returns = new Set(["proxyChain", "bound", "flat", "join", "stringify", "regexp", "parse", "backtrack", "generator", "species"]);
  for (const [name, f] of Object.entries(zoo)) {
    if (name === "backtrack") continue; // A test of its own: it may take all the time there is.
    try { f(); if (!returns.has(name)) bad.push(name + " returned"); } catch (e) { if (!(e instanceof Error)) bad.push(name + ": " + typeof e); }
    if ([3, 1, 2].sort().join() !== "1,2,3" || hostEcho(name) !== name) bad.push(name + " broke what came after");
  }
  return bad.join("; ") || "held";
})()
