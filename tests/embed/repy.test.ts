// runRepy as embedders and hostile programs meet it. What RepyV2 itself promises is tested in tests/repy/.
import { describe, expect, test } from "vitest";
import type { RepyOptions } from "../../embed/api.ts";
import { endOfEmulation, endOfProgram } from "../../embed/repy-end.ts";
import { NO_USAGE } from "../../embed/result.ts";
import { meter, readOnly, tree } from "../../policy-libs/index.ts";
import { cordon } from "./cordon.ts";

const RESTRICTIONS = `
resource cpu 1
resource memory 20000000
resource diskused 100000
resource events 5
resource filewrite 1000000
resource fileread 1000000
resource filesopened 3
resource lograte 100000000`;

const repy = (program: string, more: Partial<RepyOptions> = {}) =>
  cordon.runRepy({ restrictions: RESTRICTIONS, virtual: true, program, ...more });

const dispatching = (definition: string): string => `${definition}\nsecure_dispatch_module();`;

describe("runRepy", () => {
  test("gives how the run ended, what was logged and what was used", async () => {
    const { end, log, usage } = await repy("await sleep(2); await log(callargs.join(), 1); await log('b')", {
      args: ["x", "-y"],
    });
    expect({ end, log }).toEqual({ end: { kind: "completed" }, log: ["x,-y 1", "b"] });
    expect(usage).toMatchObject({ seconds: 2, stops: [] });
    expect(usage.memory).toBeGreaterThan(2 ** 20);
    expect(usage.fuel).toBeGreaterThan(1000);
  });

  test("without virtual it is the host's time", async () => {
    const start = performance.now();
    const { usage } = await repy("await sleep(0.2);", { virtual: false });
    expect(usage.seconds).toBeGreaterThanOrEqual(0.2);
    expect(performance.now() - start).toBeGreaterThanOrEqual(200);
  });

  test("files are what is given, as far as they allow it", async () => {
    const text = `const f = await openfile("a.txt", false); await log(await f.readat(null, 0));
      try { await f.writeat("x", 0); } catch (error) { await log(error.name); }`;
    expect((await repy(text, { files: tree({ "a.txt": "content" }) })).log).toEqual(["content"]);
    const narrow = await repy('try { await openfile("a.txt", false); } catch (error) { await log(error.name); }', {
      files: readOnly(tree({ "a.txt": "content" })),
    });
    expect(narrow.log).toEqual(["ResourceForbiddenError"]);
  });

  test("console takes the lines instead of the result, and may throw", async () => {
    const lines: string[] = [];
    const { log, end } = await repy("await log('a'); await log('b')", {
      console(line) {
        lines.push(line);
        if (line === "b") throw new Error("of the embedder");
      },
    });
    expect({ lines, log }).toEqual({ lines: ["a", "b"], log: [] });
    expect(end.kind).toBe("internal");
  });

  test("what is logged is kept up to a bound", async () => {
    const { log } = await repy("for (let i = 0; i < 30; i++) await log('x'.repeat(100000));");
    expect(log.join("").length).toBeLessThan(2 ** 20 + 100);
    expect(log.at(-1)).toContain("the limit of output is reached");
  });

  test("a signal ends it, before it began too", async () => {
    const text = "await log('never'); await sleep(1e6);";
    expect(await repy(text, { signal: AbortSignal.abort() })).toMatchObject({ end: { kind: "stopped" }, log: [] });
    for (const source of ["for (;;);", "await new Promise(() => {});"]) {
      const tenant = meter({ name: "tenant" });
      const layers = [{ name: "hanging", source }];
      const { end } = await repy(text, { signal: AbortSignal.timeout(100), layers, virtual: false, meter: tenant });
      expect(end).toEqual({ kind: "stopped" });
      expect(tenant.usage().domains).toBe(0);
    }
    const spinning = await repy("for (;;);", { signal: AbortSignal.timeout(100), virtual: false });
    expect(spinning.end).toEqual({ kind: "stopped" });
  });

  test("RP3 nothing is left of a run, however it ended; who pays has paid for all of it", async () => {
    const tenant = meter({ name: "tenant" });
    const layers = [{ name: "none", source: "secure_dispatch_module();" }];
    for (const text of [
      "1",
      "await exitall();",
      "throw 1;",
      "import 'x'",
      "const a = []; for (;;) a.push('x'.repeat(9999) + a.length);",
    ]) {
      const before = tenant.totals().fuel;
      const { usage } = await repy(text, { meter: tenant, layers });
      expect(tenant.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
      expect(tenant.totals().fuel - before).toBeGreaterThan(usage.fuel);
    }
  });

  test("a tenant whose fuel is used up has its run ended", async () => {
    const { end } = await repy("for (;;);", { meter: meter({ name: "poor", limits: { fuel: 5e8 } }) });
    expect(end).toEqual({ kind: "limit", resource: "fuel" });
  });

  test("runs at the same time know nothing of each other", async () => {
    const text =
      "mycontext.mine = callargs[0]; const f = await openfile('f', true); await f.writeat(callargs[0], 0); await sleep(1); await log(mycontext.mine, await f.readat(null, 0));";
    const runs = await Promise.all(["a", "b", "c"].map((name) => repy(text, { args: [name] })));
    expect(runs.map(({ log }) => log)).toEqual([["a a"], ["b b"], ["c c"]]);
  });

  test.for([
    ["an unknown option", { limits: {} }, "runRepy has no option"],
    ["a program that is none", { program: 7 }, "program and restrictions must be text"],
    ["arguments that are no text", { args: [1] }, "args must be a list of texts"],
    ["a layer without a source", { layers: [{ name: "a" }] }, "a layer is { name, source }"],
    ["files that are none", { files: {} }, "files must be a capability"],
    ["a meter that is none", { meter: {} }, "meter must be what meter() made"],
    ["restrictions with an error", { restrictions: "resource cpu x" }, 'restrictions: line 1: "x" is not a number'],
    ["restrictions without memory", { restrictions: "resource cpu 1" }, "memory must be given"],
    ["no processor at all", { restrictions: RESTRICTIONS.replace("cpu 1", "cpu 0") }, "cpu must be above 0"],
    [
      "less memory than an engine has",
      { restrictions: RESTRICTIONS.replace("20000000", "1000000") },
      "memory is 1000000",
    ],
  ] as const)("a mistake of the embedder is an error: %s", async ([, wrong, why]) => {
    const options = { program: "1", restrictions: RESTRICTIONS, ...wrong } as unknown as RepyOptions;
    await expect(cordon.runRepy(options)).rejects.toThrow(why);
  });
});

describe("hostile programs and layers", () => {
  /** The program's text has no globalThis; who gets at the domain's by a constructor finds what follows. */
  const GLOBAL = "const world = (() => {}).constructor('return globalThis')(); ";

  test("RP1 a program that leaves its context finds the table, and no capability of the emulation", async () => {
    const { log } = await repy(
      `${GLOBAL} await log(["files", "net", "life", "usage", "output", "clock", "timers", "random", "restrictions"].filter((name) => name in world).join());
       await log(Object.isFrozen(world.repy), typeof world.repy.openfile);`,
    );
    expect(log).toEqual(["", "true function"]);
  });

  test.for([
    ["another's kind", { kind: "exited" }, { kind: "internal", message: "a domain ended without a cause" }],
    ["no kind at all", 7, { kind: "internal", message: "a domain ended without a cause" }],
    ["a kind of the prototype", { kind: "__proto__" }, { kind: "internal", message: "a domain ended without a cause" }],
    ["text that is none", { kind: "unsafe", message: { toString: "x" }, layer: "mine" }, { kind: "unsafe" }],
    ["its own message", { kind: "unsafe", message: "m", more: 1 }, { kind: "unsafe", message: "m" }],
  ] as const)("what a program's domain says of its end is words, of a known kind: %s", ([, value, end]) => {
    expect(endOfProgram({ status: "returned", value, usage: NO_USAGE, console: [] })).toEqual(end);
  });

  test("an emulation ends a run by its own kinds only, and no more text is read than is bounded", async () => {
    expect(endOfEmulation({ kind: "limit", resource: "diskused" })).toEqual({ kind: "limit", resource: "diskused" });
    expect(endOfEmulation({ kind: "completed" }).kind).toBe("internal");
    const { end } = await repy("throw new Error('x'.repeat(1e6));");
    expect(end.kind).toBe("uncaught");
    expect(end.message?.length).toBe(16_384);
  });

  test("RP2 a layer that offers something else than its table starts nothing above it", async () => {
    const source = dispatching(`
      const world = (() => {}).constructor("return globalThis")();
      world.Object.fromEntries = () => ({ other: 1 });`);
    const { end, log } = await repy("await log('never');", { layers: [{ name: "odd", source }] });
    expect(end).toMatchObject({ kind: "uncaught", layer: "odd" });
    expect(log).toEqual([]);
  });

  test("a layer that breaks its contract in the kernel's eyes ends, and the run with it: no fault of the program", async () => {
    // Its own guard sees an error that it declares, the kernel another one.
    const source = dispatching(`
      const twoFaced = () => { let looks = 0; const error = new FileNotFoundError("x");
        return Object.defineProperty(error, "code", { get: () => (looks++ === 0 ? "E_FILE_NOT_FOUND" : "E_OTHER") }); };
      CHILD_CONTEXT_DEF.lie = { type: "func", args: null, exceptions: "FileError", return: null, target: () => { throw twoFaced(); } };`);
    const { end } = await repy("await lie();", { layers: [{ name: "weak", source }] });
    expect(end).toMatchObject({ kind: "internal", message: expect.stringContaining("layer weak: ") });
  });

  test("after exitall nothing is done any more, by whatever thread", async () => {
    const { log, end } = await repy(
      "await createthread(async () => { for (;;) { await log('t'); await sleep(0.1); } }); await sleep(0.25); await exitall(); await log('never');",
    );
    expect(end).toEqual({ kind: "exited" });
    expect(log).toEqual(["t", "t", "t"]);
  });
});
