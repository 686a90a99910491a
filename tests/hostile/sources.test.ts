// Hostile source text by every way in. Whatever it is, the next JavaScript and the next TypeScript in the same process
// work, and nothing runs that was only to be parsed.
import { createContext, runInContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSandbox, type Result, run } from "../../embed/node/index.ts";
import { INNOCENT, INNOCENT_TYPES, SMUGGLED, SMUGGLED_TYPES } from "./smuggled.ts";

const evil = vi.fn();
const grant = { evil };

async function nextRunsWork(): Promise<void> {
  expect(await run({ source: "[1, 2, 3].map((n) => n * 2).join()" })).toMatchObject({ value: "2,4,6" });
  const typed =
    "enum E { A = 2 } const f = <T extends number>(n: T): number => n * E.A; export default [1, 2].map(f).join()";
  expect(await run({ source: typed, language: "typescript" })).toMatchObject({ value: "2,4" });
  expect(await run({ source: "const n: number = 5; n" })).toMatchObject({ value: 5 });
}
beforeEach(() => {
  evil.mockClear();
});
afterEach(async () => {
  expect(evil).not.toHaveBeenCalled();
  await nextRunsWork();
});

const SYNTAX = { status: "threw", error: { name: "SyntaxError" } };

describe("bytes that are not UTF-8", () => {
  const bad: Readonly<Record<string, number[]>> = {
    "a byte that is never used": [0x31, 0xff],
    "a lone continuation": [0x80],
    "a sequence cut off": [0x27, 0xe2, 0x82],
    "an overlong slash": [0xc0, 0xaf],
    "an overlong NUL": [0xe0, 0x80, 0x80],
    "a surrogate": [0x27, 0xed, 0xa0, 0x80, 0x27],
    "a pair of surrogates (CESU-8)": [0x27, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0x27],
    "beyond U+10FFFF": [0x27, 0xf4, 0x90, 0x80, 0x80, 0x27],
    "five bytes for one": [0x27, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x27],
    "UTF-16 with its mark": [0xff, 0xfe, 0x31, 0x00],
    Latin1: [0x27, 0xe9, 0x27],
    "good bytes and one bad one": [...Buffer.from("evil(); ".repeat(1_000)), 0xfe],
  };
  test.each(Object.keys(bad))("%s", async (name) => {
    const source = Uint8Array.from(bad[name] as number[]);
    await using box = await createSandbox({ grant });
    const asked = [
      run({ source, grant }),
      box.run(source),
      box.check(source),
      box.run(source, { language: "typescript" }),
    ];
    for (const result of await Promise.all(asked)) expect(result).toMatchObject({ status: "refused", by: "source" });
    expect(await box.run("1")).toMatchObject({ value: 1 });
  });

  test("bytes that are: with a mark, in a Buffer, in shared memory, of another realm", async () => {
    const text = "'é😀' + '\\u{1f600}'";
    const plain = new TextEncoder().encode(text);
    const shared = new Uint8Array(new SharedArrayBuffer(plain.length));
    shared.set(plain);
    const foreign = runInContext(`Uint8Array.from([${plain.join()}])`, createContext()) as Uint8Array;
    for (const source of [
      plain,
      Buffer.from(text),
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain]),
      shared,
      foreign,
    ])
      expect(await run({ source })).toMatchObject({ value: "é😀😀" });
  });

  test("bytes that change after the call are not seen", async () => {
    const source = Buffer.from("'good'");
    const running = run({ source });
    source.write("evil()");
    expect(await running).toMatchObject({ status: "returned" });
    await using box = await createSandbox({ grant, limits: { wall: 5_000 } });
    const first = box.run("for (let i = 0; i < 1e6; i++);");
    const next = Buffer.from("'good'");
    const queued = box.run(next);
    next.write("evil()");
    await first;
    expect(await queued).toMatchObject({ value: "good" });
  });
});

describe("smuggling", () => {
  const kinds = ["auto", "script", "module"] as const;
  test.each(SMUGGLED)("%j is a SyntaxError, and nothing of it runs", async (source) => {
    await using box = await createSandbox({ grant });
    for (const kind of kinds) {
      expect(await run({ source, grant, kind, language: "javascript" }), kind).toMatchObject(SYNTAX);
      expect(await box.run(source, { kind }), kind).toMatchObject({ status: "threw" });
      expect(await box.run(source, { kind, language: "typescript" }), kind).toMatchObject({ status: "threw" });
    }
    expect(await box.check(source)).toMatchObject(SYNTAX);
    expect(await box.run("1")).toMatchObject({ value: 1 });
  });

  test.each(SMUGGLED_TYPES)("%j in TypeScript throws, and nothing of it runs", async (source) => {
    for (const kind of kinds)
      expect(await run({ source, grant, kind, language: "typescript" }), kind).toMatchObject({ status: "threw" });
    expect(await run({ source, grant })).toMatchObject({ status: "threw" });
  });

  test("what the stripper takes for a type is gone, and does not run", async () => {
    const source = "class A<T extends { }); evil(); (() => { > {} typeof A";
    const result = await run({ source, grant, language: "typescript" });
    expect(["threw", "returned"]).toContain(result.status);
  });

  test.each([...INNOCENT, ...INNOCENT_TYPES])("%j is a program like any other", async (source) => {
    const language = INNOCENT.includes(source)
      ? (["auto", "javascript", "typescript"] as const)
      : (["auto", "typescript"] as const);
    for (const each of language)
      expect(await run({ source, grant, language: each })).toMatchObject({ value: "innocent" });
  });

  test("in a module of a table, of a loader, and behind import()", async () => {
    for (const source of SMUGGLED) {
      const entry = "import 'm.js'; evil()";
      expect(await run({ source: entry, grant, modules: { "m.js": source } })).toMatchObject(SYNTAX);
      expect(await run({ source: entry, grant, modules: async () => source })).toMatchObject(SYNTAX);
      const caught = "try { await import('m.js'); } catch (e) { e.name }";
      expect(await run({ source: caught, grant, modules: { "m.js": source } })).toMatchObject({ value: "SyntaxError" });
    }
  });

  test("in what stands beside a source: a name, an input, a specifier", async () => {
    const text = "}); evil(); (() => {";
    for (const name of [text, `a.js\n${text}`, "a.js\0", "\u2028evil()", "evil();//", "\ud800", "x".repeat(100_000)]) {
      expect(await run({ source: "1", name, grant })).toMatchObject({ value: 1 });
      expect(await run({ source: "throw new Error('x')", name, grant })).toMatchObject({ error: { message: "x" } });
      expect(await run({ source: "const a: number = 2; a", name, language: "typescript", grant })).toMatchObject({
        value: 2,
      });
      expect(await run({ source: "1", inputs: { [name]: name }, grant })).toMatchObject({ value: 1 });
      const modules = { [name]: "export default 7" };
      const source = `import(${JSON.stringify(name)}).then((m) => m.default, () => 7)`;
      expect(await run({ source, modules, grant })).toMatchObject({ value: 7 });
    }
  });

  test("in the name of a call: a name is a path of properties, and never code", async () => {
    await using box = await createSandbox({ grant });
    await box.run(
      "globalThis.f = () => 'f'; globalThis.o = { g: () => 'g', get x() { throw new RangeError('getter') } }",
    );
    const names = [
      "evil()",
      "f()",
      "evil(), f",
      "f;evil()",
      "o['g']",
      "o?.g",
      "o.",
      ".f",
      "o..g",
      " f",
      "f ",
      "f\0",
      "`${evil()}`",
    ];
    for (const name of [...names, ...SMUGGLED, "a.".repeat(100_000), "x".repeat(1_000_000), "\ud800", "nothing", "o.h"])
      expect(await box.call(name), name.slice(0, 50)).toMatchObject({ status: "threw", error: { name: "TypeError" } });
    expect(await box.call("o.x")).toMatchObject({ status: "threw", error: { name: "RangeError" } });
    expect(await box.call("o.g")).toMatchObject({ value: "g" });
  });

  // The engine's own: quickjs puts the body between braces and parses the whole. It is the guest that runs, with what
  // the guest may do anyway, so nothing is won by it; but the language says SyntaxError.
  test.fails("in new Function and its kin, the body", async () => {
    const source = `const makers = [function () {}, async function () {}, function* () {}, async function* () {}].map((f) => f.constructor);
      const wrong = [];
      for (const text of texts) for (const make of makers) {
        try { make(text)(); wrong.push(text); } catch (e) { if (!(e instanceof SyntaxError)) wrong.push(text + String(e)); }
      } wrong`;
    // A body may begin with what looks like a hash-bang only in a program.
    const texts = SMUGGLED.filter((text) => !text.startsWith("#!"));
    expect(await run({ source: `const evil = () => 1; ${source}`, inputs: { texts } })).toMatchObject({ value: [] });
  });

  test.fails("in new Function, between the parameters and the body", async () => {
    const pairs = [
      ["/*", "*/){"],
      ["/*", "*/){}); evil(); (function(){"],
      ["a = `", "`){ evil() "],
      ["){ evil() }, function(", ""],
      ["a){ evil() } function b(", ""],
      ["a, ...b){}); evil(); ((c", ""],
      ["//", "\n){}); evil(); (function(){"],
      ["a\n) { evil() } //", ""],
      ["a = function () { ", "} ) { evil() "],
    ];
    const source = `const evil = () => 1; pairs.filter(([a, b]) => { try { new Function(a, b); return true } catch (e) { return !(e instanceof SyntaxError) } })`;
    expect(await run({ source, inputs: { pairs } })).toMatchObject({ value: [] });
  });
});

const DEEP = 100_000;
const nest = (open: string, middle: string, close: string): string => open.repeat(DEEP) + middle + close.repeat(DEEP);
const NESTED: Readonly<Record<string, string>> = {
  parentheses: nest("(", "1", ")"),
  arrays: nest("[", "", "]"),
  blocks: nest("{", "", "}"),
  functions: nest("function f(){", "", "}"),
  arrows: nest("a=>", "1", ""),
  templates: nest("`${", "1", "}`"),
  "open only": "(".repeat(DEEP),
  "close only": "}".repeat(DEEP),
};
const ENDS = ["returned", "threw", "exhausted", "refused"];
const PATIENCE = 3_000; // ms
const limits = { wall: 1_000 };

/** Ends as a run may, about when it must. */
async function ends(act: () => Promise<Result>): Promise<void> {
  const start = performance.now();
  expect(ENDS).toContain((await act()).status);
  expect(performance.now() - start).toBeLessThan(PATIENCE);
}

describe("nested 100,000 deep", () => {
  // tests/attacks has more of them, as scripts.
  test.each(Object.keys(NESTED))("%s, in every way in", async (name) => {
    const source = NESTED[name] as string;
    await ends(() => run({ source: "import 'm.js'", modules: { "m.js": source }, limits }));
    await ends(() => run({ source: "new Function(text)()", inputs: { text: source }, limits }));
    await ends(() => run({ source, language: "typescript", limits }));
    await using box = await createSandbox({ limits });
    await ends(() => box.check(source));
  });

  test.each(["inputs", "arguments"])("%s are refused with their path, or cross", async (way) => {
    let deep: unknown = 1;
    for (let i = 0; i < DEEP; i++) deep = { a: deep };
    await using box = await createSandbox();
    await box.run("globalThis.f = (x) => 1");
    const given = way === "inputs" ? box.run("1", { inputs: { deep } }) : box.call("f", deep);
    await expect(given).rejects.toMatchObject({
      code: "E_VALUE",
      message: expect.stringMatching(/\.a\.a.* nested deeper/),
    });
    expect(await box.call("f", 1)).toMatchObject({ value: 1 });
  });
});

describe("ten megabytes", () => {
  const SIZE = 10_000_000;
  const LONG: Readonly<Record<string, string>> = {
    "a comment": `/*${"x".repeat(SIZE)}*/ 1`,
    "a string": `"${"x".repeat(SIZE)}"`,
    statements: "a;".repeat(SIZE / 2),
    types: `let a: ${"string | ".repeat(SIZE / 9)} 1`,
  };
  test.each(Object.keys(LONG))("%s are refused by default, and end in time where they are allowed", async (name) => {
    const source = LONG[name] as string;
    for (const each of [source, Buffer.from(source)])
      expect(await run({ source: each })).toMatchObject({ status: "refused", by: "limits.source" });
    const more = { limits: { source: "32 MiB", wall: 600, memory: "256 MiB" } } as const;
    await ends(() => run({ source, ...more }));
    await ends(() => run({ source, language: "typescript", ...more }));
    await using box = await createSandbox(more);
    await ends(() => box.check(source));
  });

  test("of a module, of inputs, and of a name", async () => {
    const text = "x".repeat(SIZE);
    await ends(() => run({ source: "import 'm.js'", modules: { "m.js": `/*${text}*/` }, limits }));
    await ends(() => run({ source: "text.length", inputs: { text }, limits }));
    await ends(() => run({ source: "throw 1", name: text, limits }));
    await ends(() => run({ source: `import(${JSON.stringify(text)})`, limits: { ...limits, source: "32 MiB" } }));
  });
});

describe("a source of no named language", () => {
  const hit = vi.fn();
  beforeEach(() => {
    hit.mockClear();
  });
  test.each([
    ["JavaScript", "hit(); eval('}')", /'}'/],
    ["TypeScript", "hit(); const n: number = 1; eval('}')", /'}'/],
    ["a lie", "hit(); throw Object.assign(new Error('mine'), { name: 'SyntaxError' })", /mine/],
  ])("that throws a SyntaxError of its own runs once, and that error is told (%s)", async (_, source, message) => {
    expect(await run({ source, grant: { hit } })).toMatchObject({
      ...SYNTAX,
      error: { message: expect.stringMatching(message) },
    });
    expect(hit).toHaveBeenCalledTimes(1);
  });

  test("that is neither tells the error of the JavaScript, and runs nothing", async () => {
    expect(await run({ source: "hit();\nlet a: = ;", grant: { hit } })).toMatchObject({
      error: { name: "SyntaxError", line: 2 },
    });
    expect(hit).not.toHaveBeenCalled();
  });
});

describe("TypeScript that is stopped while it is stripped", () => {
  const source = "const a: number = 1;\n".repeat(20_000);
  test.each<[string, object, object]>([
    ["fuel", { fuel: "20M" }, { status: "exhausted", resource: "fuel" }],
    ["wall", { wall: 20 }, { status: "exhausted", resource: "wall" }],
  ])("by %s: the result says so, and what it used", async (_, limits, ending) => {
    const result = await run({ source, language: "typescript", limits });
    expect(result).toMatchObject(ending);
    expect(result.usage.fuel).toBeGreaterThan(1_000_000);
    expect(result.usage.memory).toBeGreaterThan(1_000_000);
    expect(result.usage.wall).toBeGreaterThan(0);
  });

  test("or refused: what it threw is at its place, and cost something", async () => {
    const result = await run({ source: "let a: number = 1;\nlet b: = 2;", language: "typescript", name: "a.ts" });
    expect(result).toMatchObject({ status: "threw", error: { name: "SyntaxError", line: 2 } });
    expect(result.usage.fuel).toBeGreaterThan(1_000);
  });
});

describe("a module loader", () => {
  const boom = (): never => {
    throw new Error(`in ${import.meta.filename}`);
  };
  const gives: Readonly<Record<string, () => unknown>> = {
    undefined: () => undefined,
    "a number": () => 5,
    bytes: () => new Uint8Array(3),
    "a function": () => () => "1",
    "a source that is no text": () => ({ name: "m.js", source: 5 }),
    "a name that is no text": () => ({ name: Symbol("m"), source: "1" }),
    "a getter that throws": () => Object.defineProperty({ name: "m" }, "source", { get: boom }),
    "a proxy that throws": () => new Proxy({}, { get: boom }),
    "a throw": boom,
    "a throw of nothing": () => {
      throw undefined;
    },
    "a rejection": () => Promise.reject(new Error(import.meta.filename)),
    "a rejection with a proxy": () => Promise.reject(new Proxy({}, { get: boom, getPrototypeOf: boom })),
  };
  test.each(Object.keys(gives))("that gives %s is an error that the guest can catch", async (name) => {
    const modules = (async () => gives[name]?.()) as never;
    const source = "try { await import('m.js'); 'none' } catch (e) { [String(e), e?.stack, e?.fileName].join() }";
    const result = (await run({ source, modules })) as { value?: string };
    expect(result).toMatchObject({ status: "returned" });
    expect(result.value).not.toBe("none");
    expect(result.value).not.toMatch(/hostile|sources\.test|node:|file:/);
    expect(await run({ source: "import 'm.js'", modules })).toMatchObject({ status: "threw" });
  });

  test("that never settles ends at the deadline, and at an abort", async () => {
    const modules = (): Promise<string> => new Promise(() => undefined);
    expect(await run({ source: "import 'm.js'", modules, limits: { wall: 60 } })).toMatchObject({ resource: "wall" });
    const signal = AbortSignal.timeout(30);
    expect(await run({ source: "await import('m.js')", modules, signal })).toMatchObject({ status: "aborted" });
  });

  test("that never ends is stopped by a limit", async () => {
    let n = 0;
    const modules = (): string => `import './m${n++}.js'`;
    expect((await run({ source: "import 'm.js'", modules, limits: { wall: 500 } })).status).toMatch(/exhausted|threw/);
  });

  test("that disposes of its sandbox ends the run", async () => {
    const box = await createSandbox({ modules: () => [box.dispose(), "1"].join("") });
    expect(await box.run("import 'm.js'")).toMatchObject({ status: "aborted" });
  });
});
