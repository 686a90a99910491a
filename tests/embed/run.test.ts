// `run` over the real engine.
import { afterEach, describe, expect, test, vi } from "vitest";
import { blocking, createCordon, type RunRequest } from "../../embed/api.ts";
import { isFrame } from "../kit/confinement.ts";
import { cordon, engineBytes, gave, run } from "./cordon.ts";

const value = async (source: string, more: Partial<RunRequest> = {}): Promise<unknown> =>
  gave(await run({ source, ...more }));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("run", () => {
  test("gives the value of a return, an export default or the last expression, awaited", async () => {
    expect(
      await value("return await tools.sum(1, 2)", { grant: { tools: { sum: (a: number, b: number) => a + b } } }),
    ).toBe(3);
    expect(await value("export default 6 * 7")).toBe(42);
    expect(await value("const x = 20; x + 1")).toBe(21);
    expect(await value("Promise.resolve(5)")).toBe(5);
  });

  test("inputs are globals, and rich values cross both ways through the engine", async () => {
    const rich = {
      m: new Map([[1, new Set(["a"])]]),
      d: new Date(7),
      b: 2n ** 70n,
      u: Uint8Array.of(1),
      f: Float64Array.of(-0),
      n: [Number.NaN, -0],
      s: "\ud800é😀",
    };
    const back = (await value("echo(data)", {
      inputs: { data: rich },
      grant: { echo: (v: unknown) => v },
    })) as typeof rich;
    expect(back).toStrictEqual(rich);
    const loop = (await value("const o = { list: [] }; o.list.push(o, o.list); o")) as { list: unknown[] };
    expect(loop.list[0]).toBe(loop);
    expect(loop.list[1]).toBe(loop.list);
    expect(await value("/a+/gi")).toEqual({ source: "a+", flags: "gi" });
  });

  test("a value that cannot cross is omitted as completion and an error as return", async () => {
    expect(await run({ source: "() => 1" })).toMatchObject({ status: "returned", value: undefined, omitted: true });
    expect(await run({ source: "return { f() {} }" })).toMatchObject({ status: "threw", error: { code: "E_VALUE" } });
  });

  test("what a guest throws is an Error with its position, a syntax error too", async () => {
    const thrown = await run({ source: "\n  null.x", name: "mine.js" });
    expect(thrown).toMatchObject({ status: "threw", error: { name: "TypeError" } });
    expect((thrown as { error: Error }).error).toBeInstanceOf(Error);
    expect((thrown as { error: Error }).error.stack).toMatch(/mine\.js:2:/);
    expect((thrown as { error: Error }).error.stack).not.toMatch(/\/work|node:|file:/);
    const syntax = await run({ source: "let x = ;", name: "bad.js" });
    expect(syntax).toMatchObject({ status: "threw", error: { name: "SyntaxError" } });
    expect((syntax as { error: Error }).error.stack).toContain("bad.js:1");
    expect(await run({ source: "throw 5" })).toMatchObject({ status: "threw", error: expect.any(Error) });
  });

  test("source is text or UTF-8; what is neither is refused, and a long one is", async () => {
    expect(gave(await run({ source: new TextEncoder().encode("'é'") }))).toBe("é");
    expect(await run({ source: Uint8Array.of(0xff, 0xfe) })).toMatchObject({ status: "refused", by: "source" });
    expect(await run({ source: "1".repeat(50), limits: { source: 49 } })).toMatchObject({
      status: "refused",
      by: "limits.source",
    });
    expect(await run({ source: "x".repeat(10_000_000) })).toMatchObject({ status: "refused", by: "limits.source" });
    await expect(run({ source: 5 as never })).rejects.toMatchObject({ code: "E_OPTION" });
  });

  test.for<[string, object, string, string]>([
    ["an unknown option", { sauce: "1" }, "E_OPTION", 'run has no option "sauce"'],
    ["a bad limit", { limits: { fuel: -1 } }, "E_LIMIT", "limits.fuel is -1"],
    ["too little memory", { limits: { memory: "1 MiB" } }, "E_LIMIT", "limits.memory"],
    ["a grant that is data", { grant: { x: 5 } }, "E_GRANT", "grant.x"],
    ["an input that is live", { inputs: { a: { b: [() => 1] } } }, "E_VALUE", "inputs.a.b[0] is a function"],
    ["a console that is none", { console: "loud" }, "E_OPTION", "console must be"],
    ["modules that are none", { modules: { a: 5 } }, "E_OPTION", 'modules["a"]'],
    ["a signal that is none", { signal: {} }, "E_OPTION", "signal must be"],
    ["a kind that is none", { kind: "cjs" }, "E_OPTION", "kind must be"],
    ["a virtual start that is no time", { virtual: { start: Number.NaN } }, "E_OPTION", "virtual.start"],
  ])("%s is a CordonError", async ([, options, code, message]) => {
    const failed = run({ source: "1", ...options } as RunRequest);
    await expect(failed).rejects.toMatchObject({
      name: "CordonError",
      code,
      message: expect.stringContaining(message),
    });
  });

  test("an engine that is none is refused, and the next call tries again", async () => {
    let tries = 0;
    const other = createCordon({ engine: () => (tries++ === 0 ? Uint8Array.of(1, 2, 3) : engineBytes()) });
    await expect(other.run({ source: "1" })).rejects.toMatchObject({ code: "E_ENGINE" });
    expect(await other.run({ source: "2" })).toMatchObject({ status: "returned", value: 2 });
  });
});

describe("limits end a run, and the next one works", () => {
  afterEach(async () => {
    expect(await value("1 + 1")).toBe(2);
  });
  test.for<[string, Partial<RunRequest> & { source: string }, object]>([
    ["fuel", { source: "for (;;);", limits: { fuel: "5M" } }, { status: "exhausted", resource: "fuel" }],
    [
      "fuel, uncatchable",
      { source: "for (;;) try { for (;;); } catch {} finally { for (;;); }", limits: { fuel: "5M" } },
      { resource: "fuel" },
    ],
    ["wall while it spins", { source: "for (;;);", limits: { wall: 60 } }, { resource: "wall" }],
    [
      "wall while it waits for nothing",
      { source: "await new Promise(() => {})", limits: { wall: 60 } },
      { resource: "wall" },
    ],
    [
      "wall while it waits for a host function",
      { source: "await never()", limits: { wall: 60 }, grant: { never: () => new Promise(() => {}) } },
      { resource: "wall" },
    ],
    [
      "wall while it is parked",
      { source: "never()", limits: { wall: 60 }, grant: { never: blocking(() => new Promise(() => {})) } },
      { resource: "wall" },
    ],
    [
      "calls",
      { source: "for (;;) hit()", limits: { calls: 10 }, grant: { hit: () => 1 } },
      { resource: "calls", usage: { calls: 10 } },
    ],
    [
      "bytes",
      { source: "const s = 'x'.repeat(1000); for (;;) hit(s)", limits: { bytes: "100 KiB" }, grant: { hit: () => 1 } },
      { resource: "bytes" },
    ],
    ["result", { source: "'x'.repeat(5000)", limits: { result: 1000 } }, { resource: "result" }],
  ])("%s", async ([, request, ending]) => {
    expect(await run(request as RunRequest)).toMatchObject({ status: "exhausted", ...ending });
  });

  test("memory is the guest's own error first", async () => {
    const hog = "const a = []; try { for (;;) a.push(new Uint8Array(100_000)); } catch (e) { a.length = 0; String(e) }";
    expect(await value(hog, { limits: { memory: isFrame ? "8 MiB" : "4 MiB" } })).toContain("out of memory");
  });

  // Nothing is left to make an error of where the host refuses the last page.
  test.each(["frame", "segment", "arena"] as const)("so it is where a %s bounds it", async (confinement) => {
    const hog =
      "const a = []; try { for (;;) a.push({ a }); } catch (e) { a.length = 0; [String(e), e instanceof Error] }";
    expect(await value(hog, { confinement, limits: { fuel: 1e11 } })).toEqual(["InternalError: out of memory", true]);
  });

  test("calls in flight are bounded by an error that the guest meets", async () => {
    const source =
      "const all = await Promise.allSettled(Array.from({ length: 20 }, () => wait())); all.filter((r) => r.status === 'rejected').length";
    const met = await run({ source, limits: { inFlight: 5 }, grant: { wait: () => sleep(20) } });
    // A refusal is thrown by the call itself, as from any function that cannot begin.
    expect(met).toMatchObject({ status: "threw", error: { code: "E_BUSY" } });
  });

  test("output is cut, not fatal", async () => {
    const result = await run({
      source: "for (let i = 0; i < 5000; i++) console.log('x'.repeat(100)); 'done'",
      limits: { output: 2000 },
    });
    expect(gave(result)).toBe("done");
    expect(result.console.length).toBeLessThan(20);
    expect(result.console.at(-1)).toMatchObject({ level: "warn", text: expect.stringContaining("limit of output") });
  });

  test("a deep recursion is the guest's own error", async () => {
    expect(
      await value("let n = 0; const f = () => { n++; f(); }; try { f(); } catch (e) { e.name + (n > 100) }"),
    ).toMatch(/true$/);
  });
});

describe("an input", () => {
  test.for<[string, object]>([
    ["a function", { tools: () => "grant" }],
    ["a group", { tools: { f: () => "grant" } }],
  ])("with the name of a grant that is %s is refused, and hides nothing", async ([, grant]) => {
    const refusal = {
      name: "CordonError",
      code: "E_OPTION",
      message: expect.stringMatching(/^inputs\.tools has the name/),
    };
    const inputs = { other: 1, tools: "input" };
    await expect(run({ source: "1", grant: grant as never, inputs })).rejects.toMatchObject(refusal);
    await using box = await cordon.createSandbox({ grant: grant as never });
    await expect(box.run("1", { inputs })).rejects.toMatchObject(refusal);
    expect(await box.run("typeof tools + other", { inputs: { other: 1 } })).toMatchObject({
      value: expect.stringMatching(/^(function|object)1$/),
    });
  });

  test("may have a name that is no grant here, though every object has it", async () => {
    expect(
      await value("toString + constructor", { inputs: { toString: 1, constructor: 2 }, grant: { f: () => 1 } }),
    ).toBe(3);
  });
});

describe("usage", () => {
  test("tells fuel, memory, calls, bytes and wall, the same fuel each time", async () => {
    const source = "let s = 0; for (let i = 0; i < 1e5; i++) s += i; one(s); console.log(s); s";
    const request = { source, grant: { one: () => 1 }, virtual: true } as const;
    const [a, b] = [await run(request), await run(request)];
    expect(a.usage).toMatchObject({ calls: 1, memory: expect.any(Number), bytes: expect.any(Number) });
    expect(a.usage.fuel).toBeGreaterThan(100_000);
    expect(a.usage.memory).toBeGreaterThan(1_000_000);
    expect({ ...a.usage, wall: 0 }).toEqual({ ...b.usage, wall: 0 });
  });

  test("a guest that goes on behind its answer pays for it", async () => {
    const result = await run({ source: "Promise.resolve().then(() => { for (;;); }); 1", limits: { fuel: "20M" } });
    expect(["returned", "exhausted"]).toContain(result.status);
    expect(result.usage.fuel).toBeGreaterThan(1_000);
  });
});

describe("abort", () => {
  test.for(["for (;;);", "await new Promise(() => {})", "park()"])("ends %s", async (source) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const start = performance.now();
    const grant = { park: blocking(() => new Promise(() => {})) };
    expect(await run({ source, grant, signal: controller.signal })).toMatchObject({ status: "aborted" });
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test("before the start runs nothing", async () => {
    const hit = vi.fn();
    expect(await run({ source: "hit()", grant: { hit }, signal: AbortSignal.abort() })).toMatchObject({
      status: "aborted",
    });
    expect(hit).not.toHaveBeenCalled();
  });
});

describe("the world of a guest", () => {
  test("console text is collected, handed on or ignored", async () => {
    const source = "console.log('a', 1); console.error({ b: 2 }); console.warn('\\u001b[2J')";
    expect((await run({ source })).console).toEqual([
      { level: "log", text: "a 1" },
      { level: "error", text: "{ b: 2 }" },
      { level: "warn", text: "\u001b[2J" },
    ]);
    const lines: string[] = [];
    const result = await run({ source, console: (level, text) => lines.push(`${level} ${text}`) });
    expect([result.console, lines.length]).toEqual([[], 3]);
    expect((await run({ source, console: "ignore" })).console).toEqual([]);
    expect(
      (
        await run({
          source,
          console: () => {
            throw new Error("no");
          },
        })
      ).status,
    ).toBe("returned");
    const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await run({ source, console: "inherit" });
    expect(log).toHaveBeenCalledWith("\\x1b[2J");
    log.mockRestore();
  });

  test("time and randomness are the host's, or virtual and the same each time", async () => {
    const before = Date.now();
    const [now, random] = (await value("[Date.now(), Math.random()]")) as [number, number];
    expect(now).toBeGreaterThanOrEqual(before);
    expect(await value("Math.random()")).not.toBe(random);
    const source =
      "const t = Date.now(); await new Promise((r) => setTimeout(r, 86_400_000)); [t, Date.now(), Math.random(), crypto?.x].slice(0, 3)".replace(
        ", crypto?.x",
        "",
      );
    const virtual = { start: 1_000, seed: 7 };
    const first = await value(source, { virtual });
    expect(first).toEqual([1_000, 86_401_000, expect.any(Number)]);
    expect(await value(source, { virtual })).toEqual(first);
    expect(await value(source, { virtual: { start: 1_000, seed: 8 } })).not.toEqual(first);
  });

  test("virtual timers fire in the order of their times, whatever is computed between", async () => {
    const source = `
      const order = [];
      const wait = (ms) => new Promise((r) => setTimeout(() => { order.push(ms); r(); }, ms));
      const all = [wait(300)];
      for (let i = 0; i < 3e6; i++);
      all.push(wait(10), wait(200));
      await Promise.all(all);
      order`;
    expect(await value(source, { virtual: true })).toEqual([10, 200, 300]);
  });

  test("a virtual timeout does not overtake a call of the host", async () => {
    const source = "await Promise.race([slow(), new Promise((r) => setTimeout(() => r('late'), 5))])";
    expect(
      await value(source, {
        virtual: true,
        grant: {
          slow: async () => {
            await sleep(30);
            return "host";
          },
        },
      }),
    ).toBe("host");
  });

  test("modules come from a table or a loader, sync or async", async () => {
    const modules = {
      "lib/a.js": "import { b } from './b.js'; export const a = b + 1;",
      "lib/b.js": "export const b = 40;",
      bare: "export default 1",
    };
    const source = "import { a } from './lib/a.js'; import one from 'bare'; export default a + one";
    expect(await value(source, { modules })).toBe(42);
    const loader = async (specifier: string, referrer: string) => ({
      name: `m/${specifier}`,
      source: `export default ${JSON.stringify(`${specifier} from ${referrer}`)}`,
    });
    expect(await value("import x from 'x'; export default x", { modules: loader, name: "main.js" })).toBe(
      "x from main.js",
    );
    expect(await value("(await import('y')).default", { modules: loader })).toContain("y from");
    expect(await run({ source: "import './none.js'", modules })).toMatchObject({
      status: "threw",
      error: { message: expect.stringContaining("none.js") },
    });
    expect(await run({ source: "import './none.js'" })).toMatchObject({ status: "threw" });
  });

  test("trace tells each call of a grant and no others; a tracer that throws changes nothing", async () => {
    const seen: string[] = [];
    const trace = ({ contract, call, decision }: { contract: string; call: string; decision: string }) => {
      seen.push(`${contract}.${call} ${decision}`);
      throw new Error("no");
    };
    const grant = {
      t: {
        ok: () => 1,
        bad: () => {
          throw new Error("x");
        },
        later: async () => 1,
      },
    };
    await value("console.log(Date.now()); t.ok(); try { t.bad() } catch {}; await t.later()", { grant, trace });
    expect(seen).toEqual(["t.ok done", "t.bad failed", "t.later pending"]);
  });

  test.runIf(isFrame)("thousands of calls can be in flight", async () => {
    const source = "(await Promise.all(Array.from({ length: 3000 }, (_, i) => later(i)))).reduce((a, b) => a + b)";
    expect(
      await value(source, {
        grant: {
          later: async (n: number) => {
            await sleep(1);
            return n;
          },
        },
      }),
    ).toBe(4_498_500);
  });

  test("timers of a run do not outlive it", async () => {
    const hit = vi.fn();
    await run({ source: "setTimeout(() => hit(), 20); setInterval(() => hit(), 5); 1", grant: { hit } });
    await sleep(60);
    expect(hit).not.toHaveBeenCalled();
  });
});
