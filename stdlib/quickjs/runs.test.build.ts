// biome-ignore-all lint/complexity/noExcessiveLinesPerFunction: tests
// biome-ignore-all lint/suspicious: sources of guests, and holes in arrays on purpose
import { describe, expect, test } from "vitest";
import { ErrorValue } from "./testing/cbor.build.ts";
import { failure, fresh } from "./testing/fresh.build.ts";

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

  test.each(["", "// nothing", "let x = 1", "export const x = 1", "return", "if (0) 1"])(
    "%j has none",
    async (source) => expect(await (await fresh()).run(source)).toEqual({}),
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
    expect(await host.run("var undeclared = typeof this; export default undeclared", { kind: "module" })).toEqual({
      value: "undefined",
    });
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
    const fields = await failure(
      host.run("function f() {\n  null.x;\n}\n\nawait 1;\n[1].map(() => f());\n", { name: "dir/my file.js" }),
    );
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
    [
      "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw 1 } }); throw e",
      { name: "Error", message: "" },
    ],
    ["class My extends Error { name = 'My' } throw new My('m')", { name: "My", message: "m" }],
    [
      "throw new AggregateError([new Error('a')], 'all')",
      { name: "AggregateError", message: "all", errors: [expect.any(ErrorValue)] },
    ],
  ])("%s", async (source, expected) => {
    const host = await fresh();
    expect(await failure(host.run(source))).toMatchObject(expected);
    expect(await host.run("1")).toEqual({ value: 1 });
  });

  test("Error.prepareStackTrace and stackTraceLimit are the guest's own business", async () => {
    const host = await fresh();
    expect(await failure(host.run("Error.prepareStackTrace = () => { throw 1 }; throw new Error('a')"))).toMatchObject({
      message: "a",
    });
    expect(await failure(host.run("Error.prepareStackTrace = () => ({}); throw new Error('b')"))).toMatchObject({
      message: "b",
    });
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
      const traps = ["value", "get", "set", "name", "token", "0", "1"];
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
    expect(
      await failure(host.run("let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return JSON.stringify(o)")),
    ).toBeDefined();
    expect(await host.run("2")).toEqual({ value: 2 });
  });
});
