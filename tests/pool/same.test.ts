// The same programs, with the same results, wherever a pool's sandboxes live.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Isolation, Pool, PoolRunRequest, Result } from "../../embed/node/index.ts";
import { blocking } from "../../embed/node/index.ts";
import { ISOLATIONS, poolOf, sleep } from "./world.ts";

const refusal = (code: string): Error => Object.assign(new RangeError(`refused: ${code}`), { code });
const grant = () => ({
  tools: {
    sum: (...all: number[]) => all.reduce((a, b) => a + b, 0),
    echo: (value: unknown) => value,
    fail: () => {
      throw refusal("E_MINE");
    },
    later: async (value: unknown) => {
      await sleep(5);
      return value;
    },
    slow: async (value: unknown) => {
      await sleep(500);
      return value;
    },
    failLater: async () => {
      await sleep(5);
      throw refusal("E_LATER");
    },
    live: () => () => 1,
    wait: blocking(async (ms: number) => {
      await sleep(ms);
      return ms;
    }),
  },
  one: () => 1,
});

type Case = readonly [name: string, request: PoolRunRequest, expected: object];
const returned = (value: unknown): object => ({ status: "returned", value });

const CASES: readonly Case[] = [
  ["a number", { source: "40 + 2" }, returned(42)],
  [
    "a call that is answered at once, where none may be in flight",
    { source: "tools.sum(1, 2) + one()", limits: { inFlight: 0 } },
    returned(4),
  ],
  [
    "calls in flight, as many as may be and one more, and calls that are not in flight between them",
    {
      source: `const go = async (i) => { try { return await tools.slow(i) } catch (e) { return e.code } };
        const all = [];
        for (let i = 1; i <= 3; i++) all.push(tools.sum(i, i), go(i), one());
        return Promise.all(all)`,
      limits: { inFlight: 2 },
    },
    returned([2, 1, 1, 4, 2, 1, 6, "E_BUSY", 1]),
  ],
  [
    "numbers of all kinds",
    { source: "[0, -0, NaN, Infinity, -Infinity, 2 ** 53, 1.5]" },
    returned([0, -0, NaN, Infinity, -Infinity, 2 ** 53, 1.5]),
  ],
  ["bigints", { source: "[2n ** 100n, -1n]" }, returned([2n ** 100n, -1n])],
  [
    "strings, with lone surrogates",
    { source: "['', 'ä', '\\ud800', '\\u{1f600}']" },
    returned(["", "ä", "\ud800", "\u{1f600}"]),
  ],
  ["undefined and null", { source: "[undefined, null]" }, returned([undefined, null])],
  ["nothing", { source: "" }, returned(undefined)],
  [
    "bytes and typed arrays",
    { source: "[new Uint8Array([1, 2]), new Float64Array([0.5]), new Int16Array([-1])]" },
    returned([new Uint8Array([1, 2]), new Float64Array([0.5]), new Int16Array([-1])]),
  ],
  [
    "Map, Set and Date",
    { source: "[new Map([[1, 'a']]), new Set(['x']), new Date(5)]" },
    returned([new Map([[1, "a"]]), new Set(["x"]), new Date(5)]),
  ],
  ["a cycle", { source: "const a = []; a.push(a); return a" }, { status: "returned" }],
  ["a sparse array", { source: "const a = []; a[3] = 1; return a" }, { status: "returned" }],
  [
    "names that mean something to objects",
    { source: 'JSON.parse(\'{"__proto__":1,"constructor":2,"then":3}\')' },
    { status: "returned" },
  ],
  ["what cannot cross, omitted", { source: "() => 1" }, { status: "returned", omitted: true }],
  [
    "what cannot cross, returned",
    { source: "return () => 1" },
    { status: "threw", error: expect.objectContaining({ code: "E_VALUE" }) },
  ],
  [
    "an error",
    { source: "throw Object.assign(new TypeError('no'), { code: 'E_X', cause: new Error('why') })" },
    { status: "threw", error: expect.objectContaining({ name: "TypeError", message: "no", code: "E_X" }) },
  ],
  ["something thrown that is no error", { source: "throw { a: 1 }" }, { status: "threw" }],
  [
    "a syntax error",
    { source: "let a = 1;\nlet b = ;", name: "x.js" },
    { status: "threw", error: expect.objectContaining({ name: "SyntaxError", line: 2 }) },
  ],
  ["TypeScript", { source: "enum E { A = 3 } let x: number = E.A; x" }, returned(3)],
  [
    "TypeScript that is none",
    { source: "let x: number = ;", name: "a.ts" },
    { status: "threw", error: expect.objectContaining({ name: "SyntaxError" }) },
  ],
  [
    "a module with imports",
    { source: "import { a } from './a.js'; export default a + 1", modules: { "a.js": "export const a = 1" } },
    returned(2),
  ],
  [
    "a module that is loaded",
    {
      source: "export default (await import('x')).default",
      modules: async (name) => `export default ${JSON.stringify(name)}`,
    },
    returned("x"),
  ],
  [
    "a module that there is not",
    { source: "import 'gone'", modules: {} },
    { status: "threw", error: expect.objectContaining({ message: expect.stringContaining("gone") }) },
  ],
  [
    "console lines",
    { source: "console.log('a', 1); console.error('b'); 1" },
    {
      ...returned(1),
      console: [
        { level: "log", text: "a 1" },
        { level: "error", text: "b" },
      ],
    },
  ],
  [
    "too many console lines",
    { source: "for (let i = 0; i < 50; i++) console.log('x'.repeat(50)); 1", limits: { output: 500 } },
    returned(1),
  ],
  ["inputs", { source: "a + b.c", inputs: { a: 1, b: { c: 2 } } }, returned(3)],
  ["fuel that runs out", { source: "for (;;);", limits: { fuel: "1M" } }, { status: "exhausted", resource: "fuel" }],
  ["time that runs out", { source: "for (;;);", limits: { wall: 50 } }, { status: "exhausted", resource: "wall" }],
  [
    "memory that runs out",
    { source: "const a = []; for (;;) a.push(new Array(1e4).fill(1))", limits: { memory: "8 MiB" } },
    { status: "threw" },
  ],
  [
    "a result that is too large",
    { source: "'x'.repeat(1e5)", limits: { result: 1000 } },
    { status: "exhausted", resource: "result" },
  ],
  [
    "a source that is too large",
    { source: "1;".repeat(1e4), limits: { source: 1000 } },
    { status: "refused", by: "limits.source" },
  ],
  [
    "too many calls",
    { source: "for (;;) one()", limits: { calls: 5 } },
    { status: "exhausted", resource: "calls", usage: { calls: 5 } },
  ],
  [
    "too many calls, caught",
    { source: "let n = 0; for (;;) { try { one(); n++ } catch { n = -1 } }", limits: { calls: 3 } },
    { status: "exhausted", resource: "calls" },
  ],
  ["calls", { source: "tools.sum(1, tools.sum(2, 3)) + one()" }, { ...returned(7), usage: { calls: 3 } }],
  [
    "values through a call",
    { source: "const m = tools.echo(new Map([[1n, [undefined, -0]]])); return m" },
    returned(new Map([[1n, [undefined, -0]]])),
  ],
  [
    "an error of a call",
    { source: "try { tools.fail() } catch (e) { [e.name, e.message, e.code, e instanceof Error] }" },
    returned(["RangeError", "refused: E_MINE", "E_MINE", true]),
  ],
  [
    "a call that gives a promise",
    { source: "const p = tools.later(4); [p instanceof Promise, await p]" },
    returned([true, 4]),
  ],
  [
    "calls that give promises, together",
    {
      source:
        "let order = []; await Promise.all([3, 1, 2].map((n) => tools.later(n).then((v) => order.push(v)))); order.length",
    },
    returned(3),
  ],
  [
    "a promise of a call that fails",
    { source: "const p = tools.failLater(); [p instanceof Promise, await p.catch((e) => e.code)]" },
    returned([true, "E_LATER"]),
  ],
  ["a call that blocks", { source: "[tools.wait(3) + 1]" }, returned([4])],
  [
    "a result of a call that cannot cross",
    { source: "try { tools.live() } catch (e) { e.code }" },
    returned("E_VALUE"),
  ],
  [
    "an argument that cannot cross",
    { source: "try { tools.echo(() => 1) } catch (e) { e.code }" },
    returned("E_VALUE"),
  ],
  [
    "timers",
    {
      source:
        "await new Promise((r) => setTimeout(r, 5)); let s = 0; setTimeout(() => s++, 1); await new Promise((r) => setTimeout(r, 10)); s",
    },
    returned(1),
  ],
  [
    "virtual time and chance",
    {
      source:
        "const t = Date.now(); await new Promise((r) => setTimeout(r, 5000)); [t, Date.now() - t, Math.random() === Math.random()]",
      virtual: { start: 1000, seed: 7 },
    },
    returned([1000, 5000, false]),
  ],
  [
    "virtual time stands still in calls",
    {
      source: "const t = Date.now(); let n = 0; setTimeout(() => n++, 1); await tools.later(1); [n, Date.now() - t]",
      virtual: true,
    },
    returned([0, 0]),
  ],
  [
    "work after the value",
    { source: "setTimeout(() => console.log('late'), 5); 1", drain: true },
    { ...returned(1), console: [{ level: "log", text: "late" }] },
  ],
  ["a sandbox in a segment", { source: "[1, 2].map((n) => n * 2)", confinement: "segment" }, returned([2, 4])],
  ["local time", { source: "new Date(0).getHours()", timeZoneOffset: 120 }, returned(2)],
];

/** What differs between two runs of the same program anywhere; with calls, also what waiting for them costs. */
function comparable({ usage, ...result }: Result): object {
  const { calls, memory, bytes } = usage;
  return { ...result, usage: calls === 0 && !("resource" in result) ? { calls, memory, bytes } : { calls } };
}
/** What is loaded is asked for, and comes as a message. */
const hasLoaded = ({ modules }: PoolRunRequest): boolean => modules !== undefined;

describe("pools", () => {
  const pools = new Map<Isolation, Pool>();
  beforeAll(async () => {
    for (const isolation of ISOLATIONS) pools.set(isolation, await poolOf({ isolation }));
  });
  afterAll(async () => {
    for (const pool of pools.values()) await pool.dispose();
  });
  const runIn = (isolation: Isolation, request: PoolRunRequest): Promise<Result> =>
    (pools.get(isolation) as Pool).run({ grant: grant(), virtual: { seed: 1 }, ...request });

  test.for(CASES)(
    "%s: as expected inline, and the same in a thread and in a process",
    async ([, request, expected]) => {
      const inline = await runIn("inline", request);
      expect(inline).toMatchObject(expected);
      for (const isolation of ["worker", "process"] as const) {
        const result = await runIn(isolation, request);
        expect(result).toMatchObject(expected);
        const [there, here] = [comparable(result), comparable(inline)];
        if (hasLoaded(request)) expect({ ...there, usage: 0 }).toStrictEqual({ ...here, usage: 0 });
        else expect(there).toStrictEqual(here);
      }
    },
  );

  test("errors of guests have the same parts and stacks", async () => {
    const source = "function f() { throw new TypeError('x', { cause: 1 }) }\nf()";
    const parts = async (isolation: Isolation): Promise<unknown> => {
      const result = await runIn(isolation, { source, name: "s.js" });
      const { error } = result as { error: Error & { line?: number } };
      return [error.name, error.message, error.stack, error.cause, error.line, Object.keys(error)];
    };
    const inline = await parts("inline");
    expect(inline).toContain("TypeError");
    for (const isolation of ["worker", "process"] as const) expect(await parts(isolation)).toEqual(inline);
  });

  test.for<readonly [string, object, string]>([
    ["an unknown option", { source: "1", nonsense: 1 }, "E_OPTION"],
    ["a limit that is none", { source: "1", limits: { fuel: -1 } }, "E_LIMIT"],
    ["too little memory for the engine", { source: "1", limits: { memory: 2 ** 21 - 1 } }, "E_LIMIT"],
    ["a grant of no functions", { source: "1", grant: { a: 5 } }, "E_GRANT"],
    ["inputs that cannot cross", { source: "1", inputs: { f: () => 1 } }, "E_VALUE"],
    ["inputs that hide a grant", { source: "1", inputs: { one: 1 } }, "E_OPTION"],
    ["no source", {}, "E_OPTION"],
    ["a meter of its own", { source: "1", meter: {} }, "E_OPTION"],
    ["a tenant that there is not", { source: "1", tenant: "nobody" }, "E_OPTION"],
  ])("%s is a mistake of the embedder, thrown everywhere", async ([, request, code]) => {
    for (const isolation of ISOLATIONS)
      await expect(runIn(isolation, request as PoolRunRequest)).rejects.toMatchObject({ name: "CordonError", code });
  });

  test.for(ISOLATIONS)("%s: a sandbox keeps its state, queues its runs, and says how it ended", async (isolation) => {
    await using box = await (pools.get(isolation) as Pool).createSandbox({ grant: grant() });
    await box.run("globalThis.f = (n) => n + 1; let count = 0;");
    expect(await box.call("f", 41)).toMatchObject({ status: "returned", value: 42 });
    expect(await box.check("import 'a'; let x")).toMatchObject({ status: "returned", value: { imports: ["a"] } });
    const all = await Promise.all(Array.from({ length: 70 }, () => box.run("await tools.later(1); ++count")));
    const values = all.map((result) => (result.status === "returned" ? result.value : result.status));
    expect(values.slice(0, 65)).toEqual(Array.from({ length: 65 }, (_, i) => i + 1));
    expect(values.slice(65)).toEqual(Array.from({ length: 5 }, () => "refused"));
    await expect(box.call("f", () => 1)).rejects.toMatchObject({ code: "E_VALUE" });
    expect(await box.run("for (;;);", { limits: { fuel: 1e6 } })).toMatchObject({ status: "exhausted" });
    expect(box.ended()).toBe("it ran out of fuel");
    expect(await box.run("1")).toMatchObject({
      status: "refused",
      by: "sandbox",
      why: expect.stringContaining("ran out of fuel"),
    });
    box.dispose();
    expect(box.ended()).toBe("it was disposed");
    await expect(box.run("1")).rejects.toMatchObject({ code: "E_DISPOSED" });
  });
});
