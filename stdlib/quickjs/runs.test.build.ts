import { beforeAll, describe, expect, test } from "vitest";
import { ENGINE, TURN } from "../abi.ts";
import { encode, ErrorValue } from "./testing/cbor.build.ts";
import { engineModule } from "./testing/engine.build.ts";
import { createHost, GuestError, type Host, type HostOptions } from "./testing/host.build.ts";

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await engineModule();
});
const fresh = (options?: HostOptions) => createHost(module, options);
const failure = (done: Promise<unknown>) =>
  done.then(
    (v) => expect.fail(`no error: ${JSON.stringify(v)}`),
    (error: unknown) => {
      if (error instanceof GuestError) return error.fields;
      throw error;
    },
  );

describe("the value of a run", () => {
  test.each([
    ["1 + 1", 2],
    ["const a = await Promise.resolve(4); a * 2", 8],
    ["Promise.resolve(5)", 5],
    ["return 6", 6],
    ["const b = await 3; return b + 4", 7],
    ["if (true) return Promise.resolve(8)", 8],
    ["export default 9", 9],
    ["export default await Promise.resolve(10)", 10],
    ["import.meta.url; export default import.meta.url", "test.js"],
    ["({ then(f) { f(11) } })", 11],
    ["for (var i = 0; i < 3; i++) i", 2],
    ["#!/usr/bin/env node\n12", 12],
    ["'use strict'; return (function () { return this === undefined })()", true],
    ["'return'", "return"],
    ["`${'await'}`", "await"],
  ])("%s", async (source, value) => expect(await (await fresh()).run(source)).toEqual({ value }));

  test.each(["", "// nothing", "let x = 1", "export const x = 1", "return", "if (0) 1"])("%j has none", async (source) =>
    expect(await (await fresh()).run(source)).toEqual({}),
  );

  test("globals of scripts stay between runs, of every kind of declaration", async () => {
    const host = await fresh();
    await host.run("let a = 1; const b = 2; var c = 3; function d() { return a + b + c } class E { m() { return 5 } }");
    expect(await host.run("a++; d() + new E().m()")).toEqual({ value: 12 });
    expect(await host.call("d")).toBe(7);
  });

  test("inputs are globals", async () => {
    const host = await fresh();
    expect(await host.run("return [x, y.z]", { inputs: { x: 1, y: { z: [2] } } })).toEqual({ value: [1, [2]] });
  });

  test("kind module and kind script are taken at their word", async () => {
    const host = await fresh();
    expect(await failure(host.run("return 1", { kind: "script" }))).toMatchObject({ name: "SyntaxError" });
    expect(await host.run("var undeclared = typeof this; export default undeclared", { kind: "module" })).toEqual({ value: "undefined" });
  });
});

describe("errors of a run", () => {
  test.each([
    ["let a = 1;\nlet b = ;\n", 2, 9],
    ["return 1;\n  foo bar", 2, 7],
    ["import a from 'x';\nexport default a b", 2, 18],
    ["const s = `abc", 1, undefined],
    ["await 1;\n)", 2, 1],
  ])("the syntax error of %j is told with its place", async (source, line, column) => {
    const fields = await failure((await fresh()).run(source));
    expect(fields).toMatchObject({ name: "SyntaxError", fileName: "test.js", line });
    if (column) expect(fields["column"]).toBeGreaterThanOrEqual(column - 1);
  });

  test.each([
    "}); evil(); (() => {",
    "}, async function() {",
    "}, x() {",
    "}}); globalThis.evil = 1; ({ async a() { {",
    "}\n(0)+function(){",
    "return 1 }, b: async function() {",
    "/* } */ }, get x() {",
    "return super.x",
    "} async function g() {",
  ])("a body cannot leave its function: %j", async (source) => {
    const host = await fresh();
    expect(await failure(host.run(source))).toMatchObject({ name: "SyntaxError" });
    expect(await host.run("typeof evil")).toEqual({ value: "undefined" });
  });

  test("frames name the guest's file, line and function, and nothing of ours", async () => {
    const host = await fresh();
    const fields = await failure(host.run("function f() {\n  null.x;\n}\n\nawait 1;\n[1].map(() => f());\n", { name: "dir/my file.js" }));
    expect(fields).toMatchObject({ name: "TypeError", fileName: "dir/my file.js", line: 2 });
    expect(fields["stack"]).toMatch(/^ {4}at f \(dir\/my file\.js:2:\d+\)\n/);
    expect(fields["stack"]).not.toMatch(/cordon:|native/);
    expect(await failure(host.run("\nreturn nope"))).toMatchObject({ name: "ReferenceError", line: 2, column: 8 });
  });

  test.each([
    ["throw 5", { name: "Thrown", message: "5", thrown: 5 }],
    ["throw { a: 1 }", { name: "Thrown", message: "{ a: 1 }", thrown: { a: 1 } }],
    ["throw undefined", { name: "Thrown", message: "undefined", thrown: undefined }],
    ["throw function f() {}", { name: "Thrown", message: "[Function: f]" }],
    ["throw new Proxy({}, { get() { throw 1 } })", { name: "Thrown", message: "[Proxy]" }],
    ["const e = new Error('x'); e.cause = () => 1; throw e", { name: "Error", message: "x" }],
    ["const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw 1 } }); throw e", { name: "Error", message: "" }],
    ["class My extends Error { name = 'My' } throw new My('m')", { name: "My", message: "m" }],
    ["throw new AggregateError([new Error('a')], 'all')", { name: "AggregateError", message: "all", errors: [expect.any(ErrorValue)] }],
  ])("%s", async (source, expected) => {
    const host = await fresh();
    expect(await failure(host.run(source))).toMatchObject(expected);
    expect(await host.run("1")).toEqual({ value: 1 });
  });

  test("Error.prepareStackTrace and stackTraceLimit are the guest's own business", async () => {
    const host = await fresh();
    expect(await failure(host.run("Error.prepareStackTrace = () => { throw 1 }; throw new Error('a')"))).toMatchObject({ message: "a" });
    expect(await failure(host.run("Error.prepareStackTrace = () => ({}); throw new Error('b')"))).toMatchObject({ message: "b" });
  });
});

describe("hostile globals", () => {
  test("a guest that breaks every prototype still gets its answers", async () => {
    const host = await fresh({ grants: { echo: (v: unknown) => v } });
    await host.run(`
      const { ownKeys, defineProperty } = Reflect, names = ownKeys(globalThis);
      const broken = { __proto__: null, value() { throw "broken" }, configurable: true, writable: true };
      const forge = (object, key) => { try { defineProperty(object, key, broken) } catch {} };
      for (let i = 0; i < names.length; i++) {
        const prototype = typeof globalThis[names[i]] === "function" && globalThis[names[i]].prototype;
        if (!prototype) continue;
        const keys = ownKeys(prototype);
        for (let j = 0; j < keys.length; j++) if (keys[j] !== "constructor") forge(prototype, keys[j]);
      }
      const traps = ["value", "get", "set", "name", "token", "0", "1", "then"];
      for (let i = 0; i < traps.length; i++)
        defineProperty(Object.prototype, traps[i], { __proto__: null, get() { throw "trap" }, set() { throw "trap" } });
      const gone = ["Map", "Set", "Promise", "Error", "TypeError", "BigInt", "Object", "Reflect", "Array", "String", "Symbol"];
      for (let i = 0; i < gone.length; i++) globalThis[gone[i]] = undefined;
      0`);
    expect(await host.run("1 + 1")).toEqual({ value: 2 });
    expect(await host.run("return [echo({ a: [1n, 2] })]")).toEqual({ value: [{ a: [1n, 2] }] });
    expect(await failure(host.run("null.x"))).toMatchObject({ message: "cannot read property 'x' of null", line: 1 });
    await host.run("console.log({ a: 1 }, [2]); function f(x) { return x }");
    expect(host.console).toEqual(["log: { a: 1 } [ 2 ]"]);
    expect(await host.call("f", new Map([[1, new Date(5)]]))).toEqual(new Map([[1, new Date(5)]]));
  });

  test("a then on Object.prototype makes no promise of the answer", async () => {
    const host = await fresh();
    expect(await host.run("Object.prototype.then = function () {}; ({ a: 1 })")).toEqual({ value: { a: 1 } });
    expect(await host.run("[2]")).toEqual({ value: [2] });
  });

  test("deep recursion is the guest's own error", async () => {
    const host = await fresh();
    const source = "let n = 0; function f() { n++; f() } try { f() } catch (e) { `${e.name} ${n > 50}` }";
    expect(await host.run(source)).toEqual({ value: expect.stringMatching(/Error true$/) });
    expect(await failure(host.run("(".repeat(100000)))).toBeDefined();
    expect(await failure(host.run("let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return JSON.stringify(o)"))).toBeDefined();
    expect(await host.run("2")).toEqual({ value: 2 });
  });
});

describe("modules", () => {
  const files: Record<string, string> = {
    a: "import { b } from 'b'; export const a = () => 'a' + b(); export const where = import.meta.url",
    b: "import { a } from 'a'; export const b = () => 'b'; export const later = () => a()",
    bad: "export default (",
    throwing: "throw new Error('at load')",
    tla: "export default await Promise.resolve('tla')",
  };
  const load = (specifier: string) => {
    const name = specifier.replace(/^\.\//, "");
    const source = files[name];
    if (source === undefined) throw Object.assign(new Error(`no module ${specifier}`), { code: "E_NO_MODULE" });
    return { name, source };
  };
  const withModules = () => fresh({ system: { modules: { load } } });

  test("static, cyclic and dynamic imports", async () => {
    const host = await withModules();
    expect(await host.run("import { a, where } from './a'; import * as b from 'b'; export default [a(), b.later(), where]")).toEqual({
      value: ["ab", "ab", "a"],
    });
    expect(await host.run("const m = await import('tla'); m.default")).toEqual({ value: "tla" });
    expect(await host.run("return (await import('a')) === (await import('./a'))")).toEqual({ value: true });
  });

  test("a module that is missing, broken or throwing is an error that can be caught", async () => {
    const host = await withModules();
    expect(await failure(host.run("import 'nope'"))).toMatchObject({ message: "no module nope", code: "E_NO_MODULE" });
    expect(await failure(host.run("import 'bad'"))).toMatchObject({ name: "SyntaxError", fileName: "bad", line: 1 });
    expect(await failure(host.run("import 'throwing'"))).toMatchObject({ message: "at load", fileName: "throwing" });
    expect(await failure(host.run("import { nothing } from 'a'"))).toMatchObject({ name: "SyntaxError" });
    expect(await host.run("try { await import('nope') } catch (e) { e.code }")).toEqual({ value: "E_NO_MODULE" });
    expect(await host.run("import { a } from 'a'; export default a()")).toEqual({ value: "ab" });
  });

  test("check tells the imports and loads nothing", async () => {
    const host = await fresh();
    const check = (source: string) => host.request(ENGINE.CHECK, { source, name: "c.js" });
    expect(await check("import a, { b } from 'x'; export * from './y'; globalThis.ran = 1")).toEqual({ ok: true, value: { imports: ["x", "./y"] } });
    expect(await check("return await 5")).toEqual({ ok: true, value: { imports: [] } });
    expect(await check("globalThis.ran = 1")).toEqual({ ok: true, value: { imports: [] } });
    const bad = await check("let a = ;");
    expect([bad.ok, (bad.value as ErrorValue).fields]).toMatchObject([false, { name: "SyntaxError", fileName: "c.js", line: 1 }]);
    expect(await host.run("typeof ran")).toEqual({ value: "undefined" });
  });
});

describe("calls", () => {
  test("a dotted path is followed with its receiver; what is no function is an error", async () => {
    const host = await fresh();
    await host.run("const box = { n: 5, in: { add(x) { return this.k + x }, k: 2 } }; async function later(x) { return x * 2 }");
    expect(await host.call("box.in.add", 40)).toBe(42);
    expect(await host.call("later", 4)).toBe(8);
    expect(await failure(host.call("box.n"))).toMatchObject({ name: "TypeError", message: "box.n is not a function" });
    for (const name of ["nope", "", "a b", "f(); evil", "box..n", "__proto__.x"]) expect(await failure(host.call(name))).toMatchObject({ name: "TypeError" });
    expect(await failure(host.call("Symbol.for", "x"))).toMatchObject({ code: "E_VALUE" });
  });
});

describe("asynchronous host functions", () => {
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const grants = {
    h: {
      later: async (v: unknown) => v,
      slow: async (ms: number, v: unknown) => {
        await sleep(ms);
        return v;
      },
      fail: async () => Promise.reject(Object.assign(new RangeError("late"), { code: "E_LATE" })),
      never: () => new Promise(() => {}),
    },
  };

  test("thousands in flight, ending in any order", async () => {
    const host = await fresh({ grants });
    const source = `
      const all = Array.from({ length: 5000 }, (_, i) => h.slow(i % 7, i));
      let sum = 0; for (const v of await Promise.all(all)) sum += v; sum`;
    expect(await host.run(source)).toEqual({ value: (4999 * 5000) / 2 });
  });

  test("a rejection is an error with name, message and code", async () => {
    const host = await fresh({ grants });
    expect(await host.run("try { await h.fail() } catch (e) { [e instanceof RangeError, e.message, e.code] }")).toEqual({ value: [true, "late", "E_LATE"] });
  });

  test("unknown, repeated and malformed completions change nothing", async () => {
    const host = await fresh({ grants });
    host.inject(encode([0, 12345, true, 1]));
    host.inject(encode([0, 12345, true, 1]));
    host.inject(encode([7, 1, true, 1]));
    host.inject(encode("nonsense"));
    host.inject(Uint8Array.of(0x84, 0x00, 0x1a, 0xff));
    host.inject(Uint8Array.of(0x84));
    expect(await host.run("await h.later(3)")).toEqual({ value: 3 });
  });

  test("a malformed value rejects its call", async () => {
    const host = await fresh({ grants });
    const token = host.post(ENGINE.RUN, { source: "await h.never()", name: "x", kind: "auto" });
    host.turn();
    host.inject(Uint8Array.of(0x84, 0x00, token + 1, 0xf5, 0xff));
    host.turn();
    expect(host.answered.get(token)).toMatchObject({ ok: false });
  });

  test("turn tells whether anything is left to wait for", async () => {
    const host = await fresh({ grants });
    host.post(ENGINE.RUN, { source: "h.never(); 1", name: "x", kind: "auto" });
    expect(host.turn()).toBe(TURN.PENDING);
    const quiet = await fresh({ grants });
    quiet.post(ENGINE.RUN, { source: "1", name: "x", kind: "auto" });
    expect(quiet.turn()).toBe(TURN.IDLE);
  });

  test("a blocking call parks the guest; other messages wait their turn", async () => {
    const host = await fresh({ grants, blocking: ["h.slow"], suspend: true });
    const both = Promise.all([
      host.run("const order = []; const p = h.later(1).then(() => order.push('later')); const v = h.slow(20, { a: 2 }); order.push('slow'); await p; [v, order]"),
    ]);
    expect(await both).toEqual([{ value: [{ a: 2 }, ["slow", "later"]] }]);
    expect(await failure(host.run("h.slow(1, 1)").then(() => { throw new GuestError(new ErrorValue({ name: "fine" })) }))).toMatchObject({ name: "fine" });
  });

  test("where the host cannot suspend, a blocking call is an error", async () => {
    const host = await fresh({ grants, blocking: ["h.slow"] });
    expect(await failure(host.run("h.slow(1, 1)"))).toMatchObject({ code: "E_CANNOT_WAIT" });
    expect(await host.run("1")).toEqual({ value: 1 });
  });
});

describe("timers, time and randomness", () => {
  test("timers fire in order, repeat, and are cleared", async () => {
    const host = await fresh();
    const source = `
      const log = []; let n = 0;
      setTimeout(() => log.push("b"), 15); setTimeout((x) => log.push(x), 1, "a"); setImmediate(() => log.push("i"));
      const gone = setTimeout(() => log.push("gone"), 5); clearTimeout(gone);
      await new Promise((done) => { const id = setInterval(() => { if (++n === 3) { clearInterval(id); done() } }, 5) });
      await new Promise((done) => setTimeout(done, 20));
      queueMicrotask(() => log.push("m")); await null;
      [log.filter((x) => x !== "i").join(""), log.includes("i"), n]`;
    expect(await host.run(source)).toEqual({ value: ["abm", true, 3] });
  });

  test("what a timer throws is reported and ends nothing", async () => {
    const host = await fresh();
    await host.run("setTimeout(() => { throw new Error('in timer') }, 1); await new Promise((d) => setTimeout(d, 10)); 1");
    expect(host.console[0]).toContain("in timer");
  });

  test("Date, performance and the zone follow the system's clock and options", async () => {
    let now = 1700000000123;
    const host = await fresh({ system: { clock: { now: () => now } }, options: { timeZoneOffset: 90 } });
    now += 50;
    expect(await host.run("[Date.now(), new Date().getTime(), performance.now(), new Date(0).getTimezoneOffset(), new Date(0).getHours()]"))
      .toEqual({ value: [1700000000173, 1700000000173, 50, -90, 1] });
  });

  test("Math.random is made of the granted bytes, and a new configuration forgets those at hand", async () => {
    let fill = 0;
    const random = { bytes: (n: number) => new Uint8Array(n).fill(fill) };
    const host = await fresh({ system: { random } });
    expect(await host.run("Math.random()")).toEqual({ value: 0 });
    fill = 255;
    expect(await host.run("Math.random()")).toEqual({ value: 0 });
    await host.request(ENGINE.CONFIGURE, { grants: {}, system: {}, options: {} });
    expect(await host.run("Math.random()")).toEqual({ value: 1 - 2 ** -53 });
  });

  test("before any configuration everything is fixed", () => {
    const instance = (fill: number) => {
      const exports = new WebAssembly.Instance(module, {
        cordon: { call: () => fill, reply: () => fill, receive: () => -1, answer: () => 0 },
      }).exports as { cordon_init(): void; memory: WebAssembly.Memory };
      exports.cordon_init();
      return Buffer.from(exports.memory.buffer);
    };
    expect(instance(0).equals(instance(-1))).toBe(true);
  });
});

describe("console", () => {
  test.each([
    ["console.log('a', 1, -0, 2n, null, undefined, true, Symbol('s'))", "log: a 1 -0 2n null undefined true Symbol(s)"],
    ["console.warn([1, 'x', , [[[[[[1]]]]]]])", "warn: [ 1, 'x', <empty>, [ [ [ [ [Array] ] ] ] ] ]"],
    ["console.log('%s is %d%%, %j', 'x', 5, [1], 'rest')", "log: x is 5%, [ 1 ] rest"],
    ["console.info(new Map([['k', new Set([1])]]), new Date(0), /x/g)", "info: Map(1) { 'k' => Set(1) { 1 } } 1970-01-01T00:00:00.000Z /x/g"],
    ["console.log({ get a() { return 1 }, set b(v) {}, f() {}, [Symbol('s')]: 1, 'a-b': 'it\\'s' })", "log: { a: [Getter], b: [Setter], f: [Function: f], 'a-b': \"it's\", [Symbol(s)]: 1 }"],
    ["const o = {}; o.o = o; console.log(o, class A {}, new (class B { x = 1 })())", "log: { o: [Circular] } [class A] B { x: 1 }"],
    ["console.log(Promise.resolve(4), new Proxy({}, {}), new Uint8Array(2), Object.create(null))", "log: Promise { 4 } [Proxy] Uint8Array(2) [ 0, 0 ] [Object: null prototype] {}"],
    ["console.assert(1 === 2, 'odd')", "error: Assertion failed: odd"],
    ["console.count(); console.group('g'); console.log('in')", "log: default: 1|log: g|log:   in"],
    ["console.table([{ a: 1 }, { b: 'x' }])", "log: ┌─────────┬───┬─────┐\n│ (index) │ a │ b   │\n├─────────┼───┼─────┤\n│ 0       │ 1 │     │\n│ 1       │   │ 'x' │\n└─────────┴───┴─────┘"],
  ])("%s", async (source, text) => {
    const host = await fresh();
    await host.run(source);
    expect(host.console.join("|")).toBe(text);
  });

  test("text is bounded, however much is logged", async () => {
    const host = await fresh();
    await host.run("const big = Array.from({ length: 1e4 }, () => ({ s: 'x'.repeat(1e4) })); console.log(big); console.log('y'.repeat(1e6))");
    for (const line of host.console) expect(line.length).toBeLessThan(110000);
  });

  test("a rejection that nobody handles by the end of the run is told once; a handled one is not", async () => {
    const host = await fresh();
    await host.run("Promise.reject(new Error('lost')); const p = Promise.reject(1); await 0; p.catch(() => {}); 2");
    expect(host.console).toHaveLength(1);
    expect(host.console[0]).toMatch(/^error: Uncaught \(in promise\) Error: lost\n {4}at <eval> \(test\.js:1:\d+\)$/);
  });
});

describe("isolation", () => {
  test("no shared memory, no WebAssembly, no leftovers of a shell", async () => {
    const host = await fresh();
    const names = ["WebAssembly", "SharedArrayBuffer", "Atomics", "std", "os", "print", "navigator", "gc", "scriptArgs", "require", "process"];
    expect(await host.run(`[${names.map((name) => `typeof ${name}`)}]`)).toEqual({ value: names.map(() => "undefined") });
  });

  test("grants are frozen and cannot be made to call anything else", async () => {
    const host = await fresh({ grants: { g: { f: () => 1 } } });
    expect(await host.run("'use strict'; return [Object.isFrozen(g), Object.isFrozen(g.f), g.f.name, g.f.call({ x: 1 }), g.f.apply(null, [])]"))
      .toEqual({ value: [true, true, "f", 1, 1] });
    expect(await failure(host.run("new g.f()"))).toMatchObject({ name: "TypeError" });
  });

  test("out of memory is an answer, and the guest goes on", async () => {
    const host = await fresh();
    const fields = await failure(host.run("const xs = []; for (;;) xs.push(new Uint8Array(64 << 20).fill(1))"));
    expect(fields["name"]).toMatch(/Error/);
    expect(await host.run("1 + 1")).toEqual({ value: 2 });
  });
});
