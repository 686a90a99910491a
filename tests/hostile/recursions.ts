// Every way a guest can recurse without end through something native. Each must end in an error that it can catch.

/** Bodies of a `try`: what they throw is what is looked at. */
export const RECURSIONS: Readonly<Record<string, string>> = {
  "plain calls": "const f = (n) => f(n + 1) + 1; f(0)",
  "rest and spread": "const f = (...a) => f(...a, 1); f()",
  "many arguments": "const f = function () { return f.apply(null, arguments); }; f(...new Array(5000))",
  "many locals": `function f() { ${Array.from({ length: 500 }, (_, i) => `let v${i} = ${i};`).join("")} return f() + v1; } f()`,
  "default parameters": "const f = ([a = f([])]) => a; f([])",
  "tagged templates": "const f = () => f`x`; f()",
  constructors: "class A { constructor() { new A(); } } new A()",
  getters: "const o = { get x() { return o.x; } }; o.x",
  "static accessors": "class A { static get x() { return this.y; } static get y() { return this.x; } } A.x",
  "proxy traps": "const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); p.x",
  toJSON: "const o = { toJSON: () => JSON.stringify(o) }; JSON.stringify(o)",
  "JSON revivers": "const r = () => JSON.parse('[1]', r); JSON.parse('[1]', r)",
  "JSON.parse": "JSON.parse('['.repeat(200000))",
  "JSON.stringify": "let a = []; for (let i = 0; i < 100000; i++) a = [a]; JSON.stringify(a)",
  "sort comparators": "const f = () => [2, 1].sort(f)[0]; f()",
  "replace callbacks": "const f = () => 'a'.replace(/a/, f); f()",
  "map callbacks": "const f = () => [1].map(f); f()",
  toString: "const o = { toString: () => `${o}` }; `${o}`",
  "Symbol.toPrimitive": "const o = { [Symbol.toPrimitive]: () => new Date(o) }; new Date(o)",
  species:
    "class L extends Array { static get [Symbol.species]() { return new L(1).map((x) => x).constructor; } } new L(1).map((x) => x)",
  "RegExp exec": "const r = /a/; r.exec = () => r.test('a'); r.test('a')",
  generators: "function* g() { for (const x of g()) yield x; } g().next()",
  "iterator return":
    "const it = { [Symbol.iterator]() { return { next: () => ({ done: false }), return() { for (const x of it) break; return {}; } }; } }; for (const x of it) break;",
  "indirect eval": "globalThis.ev = () => (0, eval)('ev()'); ev()",
  "new Function": "globalThis.mk = () => new Function('return mk()')(); mk()",
  "parser, parentheses": "(0, eval)('('.repeat(100000))",
  "parser, arrays": "(0, eval)('['.repeat(100000))",
  "parser, templates": "(0, eval)('`${'.repeat(50000))",
  "parser, blocks": "(0, eval)('{'.repeat(100000))",
  "regexp compiler": "new RegExp('(?:'.repeat(100000) + 'a' + ')'.repeat(100000))",
  "array join": "let a = []; for (let i = 0; i < 100000; i++) a = [a]; a.join()",
  "getters under a gate": "const f = () => hostEcho({ get a() { return f(); } }); f()",
  "a value that is too deep": "let a = []; for (let i = 0; i < 100000; i++) a = [a]; hostEcho(a)",
  "an error of many causes":
    "let e = new Error('x'); for (let i = 0; i < 20000; i++) e = new Error('x', { cause: e }); console.log(e); throw e",
};

/** These need not fail; if they do, then in the same way. */
export const DEEP_STRUCTURES: Readonly<Record<string, string>> = {
  flat: "let a = []; for (let i = 0; i < 100000; i++) a = [a]; a.flat(Infinity)",
  "console.log": "let a = []; for (let i = 0; i < 100000; i++) a = [a]; console.log(a)",
  "a chain of proxies": "let p = {}; for (let i = 0; i < 100000; i++) p = new Proxy(p, {}); p.x",
  "a chain of prototypes": "let p = {}; for (let i = 0; i < 100000; i++) p = Object.create(p); p.x",
  "a chain of bound functions": "let f = () => 1; for (let i = 0; i < 100000; i++) f = f.bind(null); f()",
  "a chain of promises":
    "let p = Promise.resolve(1); for (let i = 0; i < 100000; i++) { const q = p; p = { then: (r) => q.then(r) }; } p.then(() => 0)",
  "asynchronous calls": "const f = async () => { await f(); }; f()",
  "a rope of strings": "let s = 'a'; for (let i = 0; i < 100000; i++) s = s + i; s.length",
  "freeing a long list": "let a = null; for (let i = 0; i < 100000; i++) a = { a }; a = null",
};
