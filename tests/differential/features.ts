// The named language features that generated programs are made of. Each draws a variation: statements in a block of
// their own, in an async function, with `say` to record and the shared state of draw.ts to read and change.
//
// Left out: what an engine may choose (messages and stacks of errors, digits of transcendental functions, the text of
// natives), time, randomness, and what one of the three engines has not; see known.ts.
import { act, condition, type Draw, number, text } from "./draw.ts";

export type Feature = (d: Draw) => string;

const OPERATORS: Readonly<Record<string, Feature>> = {
  arithmetic: (d) => `say(${number(d, 3)}, ${number(d, 3)} / ${number(d)});`,
  bitwise: (d) => `n = ~(${number(d)}) ^ (${number(d)} >>> ${d.int(0, 40)}); say(n, m << ${d.int(0, 40)});`,
  exponent: (d) =>
    `say(${d.int(-5, 5)} + ${d.int(1, 9)} ** ${d.int(0, 6)}, (-${d.int(1, 9)}) ** ${d.int(0, 5)}); m **= 1;`,
  comparison: (d) =>
    `say(${condition(d)}, ${text(d)} < ${text(d)}, [${number(d)}] > ${number(d)}, null >= ${number(d, 0)});`,
  "loose-equality": (d) =>
    `say([null, undefined, 0, "", "0", false, [], [0], NaN, 1n].map((v) => v == ${d.pick(["0", "null", "''", "'0'", "false", "n"])}));`,
  coercion: (d) =>
    `const o = { valueOf: () => ${d.int(0, 9)}, toString: () => "t" }; say(o + 1, o + "", \`\${o}\`, +o, [o] + o, o * "${d.int(0, 9)}");`,
  "logical-operators": (d) => `say(${number(d)} && ${text(d)}, ${number(d)} || ${text(d)}, !(${number(d)}));`,
  ternary: (d) => `say(${condition(d)} ? ${number(d)} : ${condition(d)} ? ${text(d)} : "neither");`,
  nullish: (d) => `say(record.${d.pick(["a", "zz"])} ?? ${number(d)}, null ?? undefined ?? ${d.int(0, 9)});`,
  "optional-chaining": (d) =>
    `say(record?.zz?.deep, record.zz?.[n], s?.at?.(${d.int(-3, 3)}), list?.[${d.int(0, 3)}]?.toFixed?.(1), delete record?.zz?.q);`,
  "logical-assignment": (d) =>
    `record.${d.pick(["a", "n1"])} ??= ${d.int(0, 9)}; n ||= ${d.int(1, 9)}; m &&= ${number(d, 1)}; say(n, m, record);`,
  increment: (d) => `let i = ${number(d, 1)}; say(i++ + ++i, i-- - --i, i); list[${d.int(0, 2)}]++; say(list);`,
  "comma-void-typeof": (d) =>
    `say((n, ${number(d, 1)}), void 0, typeof ${d.pick(["n", "s", "list", "say", "missing", "null", "1n", "Symbol.iterator"])});`,
  "delete-and-in": (d) =>
    `const k = "${d.pick(["a", "b", "zz"])}"; say(k in record, delete record[k], k in record, ${d.int(0, 5)} in list); record[k] = 1;`,
};

const TEXT: Readonly<Record<string, Feature>> = {
  "template-literal": (d) => `s = \`<\${${number(d)}}-\${${text(d)}}\${\`\${m}\`}>\`.slice(0, 20); say(s);`,
  "tagged-template": (d) =>
    `const t = (p, ...v) => p.raw.join("|") + v.map(show).join(); say(t\`a\\n\${${number(d)}}b\${s}\\u0041\`);`,
  "string-methods": (d) =>
    `const x = ${text(d)}; say(x.padStart(${d.int(0, 8)}, "ab"), x.at(-1), x.slice(${d.int(-3, 3)}), x.substring(2, ${d.int(0, 4)}), x.repeat(2), x.trim(), x.toUpperCase(), x.codePointAt(2), [...x].length);`,
  "string-search": (d) =>
    `const x = ${text(d)}; say(x.indexOf("${d.pick(["a", "b", ",", ""])}"), x.lastIndexOf("c"), x.includes("b"), x.startsWith("a", ${d.int(0, 2)}), x.endsWith("c"), x.split("${d.pick([",", "", "b"])}", ${d.int(1, 9)}));`,
  unicode: (d) =>
    `const x = "e\\u0301\\u{1f468}\\u200d\\u{1f469}${d.pick(["", "\\ud800", "ß"])}"; say(x.normalize("NFC").length, x.isWellFormed(), encodeURIComponent(x.toWellFormed()), x.split("").reverse().join(""), String.fromCodePoint(${d.int(60, 90)}, 128512));`,
  "regexp-exec": (d) =>
    `const r = /(${d.pick(["a|b", "[^,]", "\\\\w", "."])})(x)?/${d.pick(["", "g", "i"])}; const f = r.exec(${text(d)}); say(f && [f.index, ...f], r.lastIndex, r.flags, r.source);`,
  "regexp-replace": (d) =>
    `say(${text(d)}.replace(/([a-z])/g, ${d.pick(["'[$1$&]'", "(c, g, i) => c + i", "'$`'", '"$\'$$"'])}), "aXbX".replaceAll("X", ${number(d, 0)}));`,
  "regexp-named-groups": (d) =>
    `const f = /(?<year>\\d+)-(?<rest>.*)/.exec("${d.int(1900, 2100)}-${d.int(1, 12)}"); say({ ...f.groups }, "2-3".replace(/(?<a>\\d)-(?<b>\\d)/, "$<b>/$<a>"));`,
  "regexp-lookaround": (d) =>
    `say(${text(d)}.match(/(?<=${d.pick(["a", "b", ""])})\\w(?!c)/g), "a1b22".split(/(?<=\\d)(?=[a-z])/));`,
  "regexp-unicode": (d) =>
    `say(${text(d)}.match(/\\p{${d.pick(["L", "Lu", "Emoji", "Nd"])}}/gu), /^.$/u.test("\\u{1f600}"), /^.$/.test("\\u{1f600}"));`,
  "regexp-sticky": (d) =>
    `const r = /a+/y; r.lastIndex = ${d.int(0, 3)}; say(r.test("baaab"), r.lastIndex, [..."a1b2".matchAll(/[a-z](\\d)/g)].map((f) => f[1]));`,
  "number-format": (d) =>
    `const x = ${number(d)}; say((x % 1e6).toFixed(${d.int(0, 4)}), (x + 0.125).toPrecision(${d.int(1, 9)}), (x | 0).toString(${d.int(2, 36)}), x.toExponential(${d.int(0, 5)}), 1_000 * 0b11 + 0o17 + 0xff, 1e21 + x);`,
  "number-parse": (d) =>
    `say(parseInt("${d.int(0, 99)}z", ${d.int(2, 36)}), parseFloat("${d.int(0, 99)}.5e1x"), Number("0x${d.int(0, 99)}"), Number(" ${d.int(0, 9)} "), Number(${d.pick(["null", "undefined", "[]", "[7]", "'1_0'", "true"])}), Number.isSafeInteger(${number(d)}));`,
  "math-functions": (d) =>
    `const x = ${number(d)}; say(Math.round(x), Math.trunc(x / 3), Math.sign(x), Math.max(...list, x), Math.min(), Math.hypot(3, 4), Math.clz32(x), Math.imul(x, ${d.int(1, 1e6)}), Math.fround(x / 7), Math.abs(x), Math.floor(x / 7), Math.sqrt(${d.int(0, 100)}));`,
};

const COLLECTIONS: Readonly<Record<string, Feature>> = {
  "array-iteration": (d) =>
    `say(list.map((x, i) => x + i), list.filter((x) => x > ${number(d, 0)}), list.reduce((a, b) => a + b, ${number(d, 0)}), list.some(Number.isNaN), list.every(Boolean), list.find((x) => x > 2), list.findLastIndex((x) => x < 9));`,
  "array-sort": (d) =>
    `say([...list].sort(), [...list, ${number(d, 0)}].filter((x) => x === x).sort((a, b) => ${d.pick(["a - b", "b - a", "0", "(a > b) - (a < b)"])}), ["b", undefined, "a", , "B"].sort());`,
  "array-change": (d) =>
    `say(list.splice(${d.int(-2, 3)}, ${d.int(0, 2)}, ${number(d, 0)}), list.reverse(), list.fill(${d.int(0, 9)}, 1, 2), list.copyWithin(0, 1), list.unshift(1), list.pop()); list = list.slice(0, 5);`,
  "array-copies": (d) =>
    `say(list.filter((x) => x === x).toSorted((a, b) => b - a), list.toReversed(), list.toSpliced(0, 1, "x"), list.concat([1], 2, [[3]]), [1, 2, 3].with(${d.int(-3, 2)}, "w"), list.slice(${d.int(-3, 3)}));`,
  "array-holes": (d) =>
    `const a = [1, , 3]; a[${d.int(3, 6)}] = "far"; say(a, a.length, 1 in a, Object.keys(a), a.map((x) => 1), [...a], a.flat(), a.indexOf(undefined), a.includes(undefined)); a.length = 2; say(a);`,
  "array-flat": (d) =>
    `say([1, [2, [3, [${number(d, 0)}]]]].flat(${d.int(0, 3)}), list.flatMap((x) => [x, [x]]), Array.from({ length: ${d.int(0, 4)} }, (_, i) => i * i), Array.of(7).concat(list));`,
  "array-like": (d) =>
    `const o = { length: ${d.int(0, 3)}, 0: "a", 1: "b" }; say(Array.prototype.join.call(o, "-"), Array.from(o), [].slice.call("xyz", 1), Array.prototype.push.call(o, "p"), o);`,
  map: (d) =>
    `const x = new Map([[NaN, 1], ["a", n], [0, "z"]]); x.set(-0, ${number(d, 0)}).delete("a"); x.set("a", 2); for (const [k, v] of x) say(k, v); say(x.size, x.get(NaN), [...x.keys()], Map.groupBy(list, (v) => v % 2 === 0).size);`,
  set: (d) =>
    `const x = new Set([...list, ${number(d, 0)}, NaN, NaN, 0, -0]); say([...x], x.size, x.has(NaN)); x.forEach((v) => { if (x.size < 8) x.add(v + 1); }); say(x.size);`,
  "set-methods": (d) =>
    `const a = new Set([1, 2, ${d.int(0, 5)}]), b = new Set([2, ${d.int(0, 5)}]); say([...a.union(b)], [...a.intersection(b)], [...a.difference(b)], [...a.symmetricDifference(b)], a.isSubsetOf(b), a.isSupersetOf(b), a.isDisjointFrom(b));`,
  "weak-collections": (d) =>
    `const k = {}, w = new WeakMap([[k, ${number(d, 0)}]]), x = new WeakSet([k]); say(w.get(k), w.has({}), x.has(k), x.delete(k), x.has(k)); try { w.set(1, 1); } catch (e) { say(e.name); }`,
  "typed-arrays": (d) =>
    `const a = new ${d.pick(["Uint8Array", "Int8Array", "Uint8ClampedArray", "Int16Array", "Uint32Array", "Float32Array", "Float64Array"])}([${number(d)}, ${number(d)}, 300.7, -1]); say([...a], a.subarray(1, 3).length, [...a.map((x) => x * 2)], a.byteLength, [...a.toSorted()], a.at(-1), a[9]);`,
  "array-buffers": (d) =>
    `const b = new ArrayBuffer(8, { maxByteLength: 16 }), v = new DataView(b); v.setInt16(${d.int(0, 6)}, ${d.int(-40000, 40000)}, ${d.pick(["true", "false"])}); v.setFloat32(4, 1.5); const u = new Uint8Array(b); say([...u]); b.resize(${d.int(0, 16)}); say(u.length, b.slice(1).byteLength); say(b.transfer().byteLength, b.detached);`,
  json: (d) =>
    `say(JSON.stringify({ n, s, list, u: undefined, f() {}, d: new Date(0), nested: { toJSON: (k) => k } }${d.pick(["", ", null, 2", ", ['n', 's']", ", (k, v) => typeof v === 'number' ? v + 1 : v"])}), JSON.parse('{"a":[1,{"b":null}],"__proto__":1}', (k, v) => Array.isArray(v) ? v.length : v)); try { JSON.parse("{bad}"); } catch (e) { say(e.name); }`,
  "group-by": (d) => `say({ ...Object.groupBy([1, 2, 3, 4, ...list], (x) => x % ${d.int(2, 3)} === 0 ? "y" : "n") });`,
  date: (d) =>
    `const t = new Date(${d.int(0, 2e9)} * 1000 + ${d.int(0, 999)}); say(t.toISOString(), t.getTime(), t.getUTCDay(), JSON.stringify(t), new Date(Date.UTC(2000, ${d.int(-20, 20)}, ${d.int(-40, 40)})).toISOString(), new Date(NaN).getTime(), Date.parse("2020-0${d.int(1, 9)}-01T00:00:00.5+0${d.int(0, 9)}:30")); t.setUTCMonth(${d.int(0, 30)}); say(t.getTime(), t - 1, typeof (t + 1));`,
  bigint: (d) =>
    `let b = ${d.int(0, 1e9)}n ** ${d.int(0, 5)}n - ${d.int(0, 1e9)}n; say(b, -b / 7n, b % 13n, b << ${d.int(0, 70)}n, b >> 3n, b & 255n, ~b, BigInt.asIntN(${d.int(1, 64)}, b), b > ${number(d, 0)}, b.toString(${d.int(2, 36)}), Number(b)); try { b + 1; } catch (e) { say(e.name); }`,
  symbols: (d) =>
    `const y = Symbol("${d.pick(["a", "b"])}"), o = { [y]: n, k: 1 }; say(y.description, y.toString(), Object.keys(o), Object.getOwnPropertySymbols(o).length, o[y], Symbol.for("q") === Symbol.for("q"), Symbol.keyFor(Symbol.for("q")), ({ [Symbol.toStringTag]: "T" }) + ""); try { y + ""; } catch (e) { say(e.name); }`,
};

const STRUCTURES: Readonly<Record<string, Feature>> = {
  "array-destructuring": (d) =>
    `let [x, , y = ${number(d)}, ...z] = ${d.pick(["list", "s", "[1, 2]", "new Set([1, 2, 3, 4])"])}; [x, y] = [y, x]; say(x, y, z);`,
  "object-destructuring": (d) =>
    `const { a, zz = ${number(d)}, ["b"]: q, ...rest } = { ...record, c: 1, d: { e: [5] } }; const { d: { e: [five] } } = rest; say(a, zz, q, rest, five);`,
  spread: (d) =>
    `const f = (...x) => x.length; say(f(...list, ...s, ${number(d)}), { ...record, ...[7, 8], ...null, a: 5 }, [...list, ...new Map([[1, 2]])], Math.max(...list));`,
  "computed-keys": (d) =>
    `const k = "k" + ${d.int(0, 9)}, o = { [k]: 1, [\`\${k}!\`]: 2, 3: "x", 1: "y", b: 0, [-1]: "m", ["__proto__"]: 9 }; say(o, Object.keys(o));`,
  "shorthand-methods": (d) =>
    `const o = { n, s, m1(x) { return this.n + x; }, async am() { return 1; }, *g() { yield 2; }, "a b"() { return super.toString === Object.prototype.toString; } }; say(o.m1(${number(d, 0)}), await o.am(), [...o.g()], o["a b"](), o.m1.name);`,
  "getters-setters": (d) =>
    `const o = { v: ${number(d, 0)}, get x() { return this.v * 2; }, set x(y) { this.v = y + 1; } }; o.x = ${number(d, 0)}; o.x += 3; say(o.x, o.v, Object.keys(o)); Object.defineProperty(o, "h", { get: () => "hidden" }); say(o.h, Object.keys(o).length);`,
  "property-descriptors": (d) =>
    `const o = {}; Object.defineProperty(o, "c", { value: ${number(d, 0)}, writable: ${d.pick(["true", "false"])}, configurable: true }); o.c = 99; say(o.c, Object.getOwnPropertyDescriptor(o, "c"), Object.entries(o)); "use strict"; say(Object.fromEntries(Object.entries(record)));`,
  freezing: (d) =>
    `const o = Object.${d.pick(["freeze", "seal", "preventExtensions"])}({ a: 1, b: { c: 2 } }); o.a = 5; o.z = 1; delete o.a; o.b.c = n; say(o, Object.isFrozen(o), Object.isSealed(o), Object.isExtensible(o)); (() => { "use strict"; try { o.z = 1; } catch (e) { say(e.name); } })();`,
  "prototype-chain": (d) =>
    `const p = { hi() { return "p" + this.v; }, v: ${d.int(0, 9)} }, o = Object.create(p, { own: { value: 1, enumerable: true } }); o.v = "${d.int(0, 9)}"; say(o.hi(), p.isPrototypeOf(o), Object.getPrototypeOf(o) === p, "v" in o, Object.hasOwn(o, "hi"), { __proto__: p }.v); for (const k in o) say(k);`,
  "function-declaration": (d) =>
    `say(hoisted(${number(d, 0)})); function hoisted(a, b = a + 1, ...r) { return [a, b, r.length]; } say(hoisted.length, hoisted.name, (function () { return typeof this; }).call(${d.pick(["1", "null", "'x'"])}));`,
  "arguments-object": (d) =>
    `function f(a, b) { arguments[0] = "changed"; return [a, arguments.length, [...arguments], typeof arguments]; } say(f(${number(d)}, 2, 3), (function (a = 1) { arguments[0] = 5; return a; })(${d.int(0, 9)}));`,
  "arrow-functions": (d) =>
    `const o = { v: ${number(d, 0)}, f() { return [1, 2].map((x) => x + this.v); }, g: () => typeof this }; const c = (a) => (b) => (c = a) => a * 100 + b * 10 + c; say(o.f(), o.g(), c(${d.int(0, 9)})(${d.int(0, 9)})(), (() => ({}))());`,
  "default-parameters": (d) =>
    `let calls = 0; const f = (a, b = (calls++, a * 2), { c = b, d: [e] = [${number(d, 0)}] } = {}) => [a, b, c, e]; say(f(1), f(1, 2), f(1, undefined, { c: 3, d: "xy" }), calls, f.length);`,
  closures: (d) =>
    `const fs = []; for (let i = 0; i < ${d.int(1, 4)}; i++) fs.push(() => i++ * 10); for (var j = 0; j < 2; j++) fs.push(() => j); say(fs.map((f) => f()), fs.map((f) => f())); const counter = ((c) => ({ up: () => ++c }))(${number(d, 0)}); counter.up(); say(counter.up());`,
  "var-hoisting": (d) =>
    `(() => { say(typeof v, typeof g); var v = ${number(d, 0)}; { var v = 2; function g() {} } say(v, typeof g); })();`,
  "temporal-dead-zone": (d) =>
    `try { say(${d.pick(["late", "typeof late", "(() => late)()"])}); let late = 1; say(late); } catch (e) { say(e.name); } try { const k = 1; k = 2; } catch (e) { say(e.name); }`,
  "call-apply-bind": (d) =>
    `function f(a, b) { return [this?.v, a, b]; } const b = f.bind({ v: ${d.int(0, 9)} }, 1); say(f.call({ v: 1 }, 2), f.apply({ v: 2 }, [3, 4]), b(${number(d, 0)}), b.name, b.length, new (function () { this.q = new.target !== undefined; })().q);`,
  recursion: (d) =>
    `const fib = (x) => x < 2 ? x : fib(x - 1) + fib(x - 2); const ack = (a, b) => a === 0 ? b + 1 : b === 0 ? ack(a - 1, 1) : ack(a - 1, ack(a, b - 1)); say(fib(${d.int(0, 12)}), ack(${d.int(0, 2)}, ${d.int(0, 3)}));`,
  classes: (d) =>
    `class P { constructor(x) { this.x = x; } get dbl() { return this.x * 2; } static make(x) { return new this(x); } toString() { return \`P(\${this.x})\`; } ["m" + 1]() { return 1; } } const p = P.make(${number(d, 0)}); say(String(p), p.dbl, p.m1(), P.name, typeof P, p instanceof P, Object.keys(p)); try { P(); } catch (e) { say(e.name); }`,
  inheritance: (d) =>
    `class A { constructor(v) { this.v = v; this.who = new.target.name; } hi() { return "A" + this.v; } static s = 1; } class B extends A { constructor(v) { super(v + 1); } hi() { return "B" + super.hi(); } } class C extends B { hi = () => "own"; } say(new B(${number(d, 0)}).hi(), new C(1).hi(), new C(${d.int(0, 9)}).who, C.s, Object.getPrototypeOf(C) === B); class L extends Array { get last() { return this.at(-1); } } say(L.from(list).last, new L(1, 2).map((x) => x) instanceof L);`,
  "class-fields": (d) =>
    `let order = []; class F { a = (order.push("a"), ${number(d, 0)}); static b = (order.push("b"), this.name); ["c" + n] = 1; d = () => this.a; } const f = new F(); say(order, f.a, f.d.call(null), F.b, Object.keys(f).length);`,
  "private-members": (d) =>
    `class Q { #v = ${number(d, 0)}; static #count = 0; #bump() { return ++this.#v; } get #g() { return this.#v; } up() { Q.#count++; return this.#bump() + this.#g; } static is(o) { return #v in o; } static get count() { return Q.#count; } } const q = new Q(); say(q.up(), q.up(), Q.is(q), Q.is({}), Q.count, JSON.stringify(q)); try { q.up.call({}); } catch (e) { say(e.name); }`,
  "static-blocks": (d) =>
    `class S { static x = ${number(d, 0)}; static { this.y = this.x + 1; try { throw this.y; } catch (e) { this.z = e; } } static { S.w = [this.y, this.z]; } } say(S.x, S.y, S.w);`,
  "instance-of": (d) =>
    `class E { static [Symbol.hasInstance](v) { return v === ${d.int(0, 3)}; } } say([0, 1, 2, 3].map((v) => v instanceof E), [] instanceof Object, Object.create(null) instanceof Object, (() => 1) instanceof Function, new Date(0).constructor === Date);`,
  reflect: (d) =>
    `const o = { a: 1, [Symbol.iterator]: 0, 2: 2 }; say(Reflect.ownKeys(o).map(String), Reflect.has(o, "a"), Reflect.get({ get x() { return this.k; } }, "x", { k: ${number(d, 0)} }), Reflect.set(Object.freeze({}), "x", 1), Reflect.construct(Date, [0]) instanceof Date, Reflect.apply(Math.max, null, list), Reflect.deleteProperty(o, "a"));`,
  proxy: (d) =>
    `const seen = []; const p = new Proxy({ a: ${number(d, 0)} }, { get: (t, k, r) => (seen.push("get " + String(k)), k in t ? Reflect.get(t, k, r) : "none"), has: (t, k) => (seen.push("has " + String(k)), true), set: (t, k, v) => (seen.push("set " + String(k)), (t[k] = v + 1, true)), deleteProperty: (t, k) => (seen.push("delete"), delete t[k]), ownKeys: (t) => (seen.push("keys"), Reflect.ownKeys(t)) }); p.b = ${number(d, 0)}; say(p.a, p.b, p.zz, "q" in p, Object.keys(p), delete p.a, { ...p }, seen); const f = new Proxy((x) => x, { apply: (t, self, args) => args.length }); say(f(1, 2));`,
};

const FLOW: Readonly<Record<string, Feature>> = {
  "if-else": (d) =>
    `if (${condition(d)}) { ${act(d)} } else if (${condition(d)}) ${act(d)} else { ${act(d)} } say(n, m);`,
  "for-loop": (d) =>
    `for (let i = ${d.int(0, 3)}, k = 0; i < 6; i += ${d.int(1, 3)}, k++) { if (k === ${d.int(0, 4)}) continue; ${act(d)} } say(n, m, list);`,
  "for-of": (d) =>
    `for (const x of ${d.pick(["[...list]", "s", "new Set(list)", "Object.entries(record)", "[...list].entries()"])}) { say(x); ${d.pick(["", "break;", "if (x) continue;"])} ${act(d)} }`,
  "for-in": (d) =>
    `for (const k in ${d.pick(["record", "list", "{ b: 1, 2: 1, a: 1, 1: 1 }", "'ab'", "null"])}) { say(k); ${d.pick(["", "if (k === 'a') break;"])} }`,
  while: (d) => `let i = ${d.int(0, 6)}; while (i-- > 0) { ${act(d)} if (i === ${d.int(0, 3)}) break; } say(i, n);`,
  "do-while": (d) => `let i = 0; do { ${act(d)} } while (++i < ${d.int(0, 4)}); say(i, m);`,
  switch: (d) =>
    `switch (${d.pick(["n % 4", "s", "list.length", "typeof m"])}) { case 0: say("zero"); case 1: { ${act(d)} } break; default: say("default"); case "abc": say("fell"); ${d.pick(["", "break;"])} case 3: ${act(d)} } say(n);`,
  labels: (d) =>
    `outer: for (let i = 0; i < 4; i++) { for (let j = 0; j < 4; j++) { if (j === ${d.int(0, 4)}) continue outer; if (i * j > ${d.int(0, 9)}) break outer; say(i, j); } } block: { ${act(d)} if (${condition(d)}) break block; say("end of block"); }`,
  "try-finally": (d) =>
    `const f = () => { for (const i of [1, 2, 3]) { try { if (i === ${d.int(1, 3)}) ${d.pick(["return i", "throw new RangeError()", "continue"])}; say(i); } catch (e) { say(e.name); return "caught"; } finally { say("finally", i); ${d.pick(["", "if (i === 2) return 'overridden';", "if (i === 2) continue;", "if (i === 2) break;"])} } } return "end"; }; say(f());`,
  throw: (d) =>
    `for (const v of [new TypeError("t"), ${number(d)}, null, { name: "odd" }]) { try { try { throw v; } finally { ${act(d)} } } catch (e) { const { name, message = 0 } = e ?? {}; say(name, message === 0); } }`,
  "error-objects": (d) =>
    `const e = new ${d.pick(["Error", "RangeError", "SyntaxError"])}("m" + ${d.int(0, 9)}, { cause: list }); class Mine extends TypeError { constructor(...a) { super(...a); this.name = "Mine"; } } say(e.name, String(e), e.cause === list, Object.keys(e), new Mine("x") instanceof TypeError, String(new Mine("y")), new AggregateError([e, 1], "agg").errors.length, e instanceof Error);`,
  "runtime-errors": (d) =>
    `for (const f of [() => null.x, () => undefined(), () => missing, () => new Array(-1), () => "x".repeat(-1), () => (1).toFixed(101), () => decodeURIComponent("%"), () => [] instanceof 1, () => new (class { #p; static t(o) { o.#p; } }).t({}), () => BigInt(1.5), () => Symbol() + 1, () => Object.defineProperty(1, "x", {}), () => [].reduce((a) => a), () => JSON.parse(""), () => new Proxy({}, null), () => Reflect.construct(1)].slice(${d.int(0, 8)})) { try { f(); say("fine"); } catch (e) { say(e.name, e instanceof Error); } }`,
  "indirect-eval": (d) =>
    `say((0, eval)("var ev${d.int(0, 9)} = 5; typeof n + ${number({ ...d, pick: (l) => l[0] as never }, 0).replace(/[a-z].*/, "1")}"), eval("n + ${d.int(0, 9)}"), eval("let q = 1; q"), eval("({})") !== undefined, typeof q);`,
  "function-constructor": (d) =>
    `say(new Function("a", "b = ${d.int(0, 9)}", "return a * b + (typeof n === 'number')")(3), Function("return typeof this")(), (async () => {}).constructor.name, Function("a", "return [...arguments].length")(1, 2));`,
  with: (d) =>
    `say(Function("o", "with (o) { x = ${d.int(0, 9)}; return [x, typeof y, toString === o.toString]; }")({ x: 1, toString() {} }));`,
  "block-scope": (d) =>
    `let x = 1; { let x = ${number(d, 0)}; { const x = "inner"; say(x); } say(x); } say(x); for (const x of [9]) say(x); try { throw 3; } catch (x) { say(x); } say(x);`,
};

const ASYNC: Readonly<Record<string, Feature>> = {
  iterators: (d) =>
    `const it = { from: 0, [Symbol.iterator]() { let i = this.from; return { next: () => ({ value: i, done: i++ >= ${d.int(1, 4)} }), return: () => (say("closed"), {}) }; } }; const [x] = it; say(x, [...it], Array.from(it, (v) => v * 2)); for (const v of it) { if (v === 1) break; }`,
  generators: (d) =>
    `function* g(x) { try { const y = yield x; say("got", y); yield x + y; } finally { say("cleanup"); yield "f"; } } const i = g(${number(d, 0)}); say(i.next(), i.next(${number(d, 0)}), i.${d.pick(["next()", "return('r')", "next(1)"])}, i.next(), i.next()); say([...(function* () { for (let k = 0; k < ${d.int(0, 5)}; k++) yield k; })()]);`,
  "generator-throw": (d) =>
    `function* g() { for (;;) { try { yield n; } catch (e) { yield "c" + e; } } } const i = g(); i.next(); say(i.throw(${d.int(0, 9)}), i.next(), i.return(7), i.next()); try { i.throw(new RangeError()); } catch (e) { say(e.name); }`,
  "generator-delegation": (d) =>
    `function* a() { const r = yield* b(); yield r; yield* list; yield* "xy"; } function* b() { yield 1; return ${number(d, 0)}; } say([...a()]);`,
  "iterator-helpers": (d) =>
    `function* nat() { for (let i = 0; ; i++) yield i; } say(nat().filter((x) => x % ${d.int(1, 4)} === 0).map((x) => x * x).drop(${d.int(0, 2)}).take(${d.int(0, 4)}).toArray(), list.values().some((x) => x > 3), Iterator.from(list).flatMap((x) => [x, 0]).reduce((a, b) => a + b, 0), [...list.keys()]);`,
  "async-await": (d) =>
    `const f = async (x) => { say("start"); const y = await x; say("mid", y); if (y === ${d.int(0, 3)}) throw new RangeError("r"); return y + 1; }; const p = f(${d.int(0, 3)}); say("between"); try { say(await p, await { then(r) { r("thenable"); } }, await 5); } catch (e) { say(e.name); } finally { ${act(d)} }`,
  "promise-combinators": (d) =>
    `const ok = (v, k = 0) => k > 0 ? Promise.resolve().then(() => ok(v, k - 1)) : Promise.resolve(v), no = (v) => Promise.reject(v); say(await Promise.all([1, ok(2, 3), { then: (r) => r(3) }]), await Promise.allSettled([ok(1), no(2)]), await Promise.race([ok("slow", ${d.int(0, 3)}), ok("fast", 1)]), await Promise.any([no(1), ok(${number(d, 0)})]), await Promise.any([no(1)]).catch((e) => [e.name, e.errors]), await Promise.try(() => n));`,
  "promise-chains": (d) =>
    `const r = await Promise.${d.pick(["resolve", "reject"])}(${number(d, 0)}).then((v) => [v], (e) => { throw { e }; }).catch((x) => x).finally(() => (say("fin"), "ignored")).then((v) => ({ v })); say(r); const { promise, resolve } = Promise.withResolvers(); resolve(n); resolve(m); say(await promise);`,
  "job-order": (d) =>
    `const o = []; queue(() => o.push("q1")); Promise.resolve().then(() => (o.push("p1"), queue(() => o.push("q2")))).then(() => o.push("p2")); (async () => { o.push("sync"); await null; o.push("a1"); await new Promise((r) => r()); o.push("a2"); })(); o.push("end"); for (let i = 0; i < ${d.int(4, 8)}; i++) await null; say(o);`,
  "async-generators": (d) =>
    `async function* g() { try { for (let i = 0; ; i++) { const x = yield Promise.resolve(i); if (x) say("sent", x); } } finally { void 0; } } const out = []; for await (const v of g()) { out.push(v); if (v >= ${d.int(0, 3)}) break; } say(out); const h = g(); say(await Promise.all([h.next(), h.next("b"), h.return(${number(d, 0)}), h.next()]));`,
  "for-await": (d) =>
    `const out = []; try { for await (const v of [1, Promise.resolve(${number(d, 0)}), ${d.pick(["3", "Promise.reject(new TypeError('x'))"])}]) out.push(v); } catch (e) { out.push(e.name); } say(out); for await (const v of { [Symbol.asyncIterator]: () => ({ i: 0, next() { return { value: this.i, done: this.i++ > 1 }; } }) }) say(v);`,
};

export const FEATURES: Readonly<Record<string, Feature>> = {
  ...OPERATORS,
  ...TEXT,
  ...COLLECTIONS,
  ...STRUCTURES,
  ...FLOW,
  ...ASYNC,
};
