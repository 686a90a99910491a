// Forks, snapshots and sleep of a pool's sandboxes: the same wherever they live.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { type AuditRecord, blocking, type Pool, type PoolSandbox, type Sandbox } from "../../embed/node/index.ts";
import { interrupt } from "../../policy-libs/index.ts";
import { anySteps, KINDS, STATE, type Step } from "../copies/programs.ts";
import { newTools, type Seen, takeAll } from "../copies/world.ts";
import { COPYINGS, type Copying, code, names, poolsOfAll, value } from "./copying.ts";
import { farOf, ISOLATIONS, poolOf, poolOver } from "./world.ts";

const poolIn = poolsOfAll();

/** What is seen of an original and its copy, of all kinds of state that a guest has. */
async function play(pool: Pool, name: string, before: readonly Step[], after: readonly Step[]): Promise<Seen[][]> {
  const { calls, grant } = newTools();
  const options = { grant, virtual: { seed: 5, start: 1_000 } };
  const box = await pool.createSandbox(options);
  await value(box, STATE);
  await takeAll(box as Sandbox, before, calls);
  const twin = await (COPYINGS[name] as Copying)(pool, box, options);
  const seen = [await takeAll(twin as Sandbox, after, calls), await takeAll(box as Sandbox, after, calls)];
  // What is drawn after a restore follows from the file, which knows whether it is of a guest here or in a worker.
  const drawing = /snapshot|restored/.test(name) ? [box] : [twin, box];
  const drawn = await Promise.all(drawing.map((one) => value(one, "Math.random()")));
  for (const one of [twin, box]) one.dispose();
  return [...seen, drawn as never];
}

describe("copies have the same results in every isolation", () => {
  const all: Step[] = KINDS.flatMap((kind, i) => [
    { kind, x: i },
    { kind, x: i + 3 },
  ]);
  const end: Step[] = [...all, { kind: "wait", x: 500 }, { kind: "sum", x: 0 }];

  test.for(names)("by %s: values, errors, console, calls, timers, time and chance", async (name) => {
    const inline = await play(poolIn("inline"), name, all, end);
    expect(inline[0]).toHaveLength(end.length);
    for (const isolation of ["worker", "process"] as const)
      expect(await play(poolIn(isolation), name, all, end)).toEqual(inline);
  });

  prop.prop([anySteps, anySteps, fc.constantFrom(...names)], { numRuns: 15 })(
    "whatever the programs do",
    async (before, after, name) => {
      await using far = await poolOver(farOf);
      expect(await play(far, name, before, after)).toEqual(await play(poolIn("inline"), name, before, after));
    },
    60_000,
  );
});

describe.for(ISOLATIONS)("%s: a fork", (isolation) => {
  const pool = (): Pool => poolIn(isolation);

  test("asks for its grants on its own: others of the same names and contracts, also in functions kept before", async () => {
    const who = (name: string) => ({ tools: { who: () => name, later: async () => `${name}!` } });
    const box = await pool().createSandbox({ grant: who("a") });
    await value(box, "globalThis.kept = tools.who; 0");
    const twin = await box.fork({ grant: who("b") });
    const source = "await (async (p) => [kept(), tools.who(), p instanceof Promise, await p])(tools.later())";
    expect(await value(twin, source)).toEqual(["b", "b", true, "b!"]);
    expect(await value(box, source)).toEqual(["a", "a", true, "a!"]);
    expect(await value(await twin.fork(), source)).toEqual(["b", "b", true, "b!"]);
    for (const grant of [
      {},
      { other: { who: () => 1, later: () => 1 } },
      { ...who("c"), more: () => 1 },
      { tools: () => 1 },
    ])
      expect(await code(box.fork({ grant }))).toBe("E_GRANT");
  });

  test("calls what the guest was told that it could call: at once stays at once, a promise a promise", async () => {
    const slow = blocking(async () => 5);
    const box = await pool().createSandbox({ grant: { f: () => 1, g: async () => 2, h: slow } });
    const source = `await (async (a, b, c) => [a, b, c].map((one) => one instanceof Promise).concat(await a, await b, await c))
      (f(), g(), h())`;
    expect(await value(box, source)).toEqual([false, true, false, 1, 2, 5]);
    const twin = await box.fork({ grant: { f: async () => 3, g: () => 4, h: async () => 6 } });
    expect(await value(twin, source)).toEqual([true, false, false, 3, 4, 6]);
    const third = await twin.fork({ grant: { f: slow, g: slow, h: () => 7 } });
    expect(await value(third, source)).toEqual([true, true, false, 5, 5, 7]);
  });

  test("has a console, a trace, audits, limits and signals of its own", async () => {
    const [lines, records]: [string[], AuditRecord[]] = [[], []];
    const box = await pool().createSandbox({ grant: { f: () => 1 } });
    const twin = await box.fork({
      console: (_level, text) => void lines.push(text),
      audit: { to: (record) => records.push(record), name: "twin" },
      limits: { calls: 2 },
    });
    await value(box, "console.log('one'); f()");
    await value(twin, "console.log('two'); f()");
    expect(lines).toEqual(["two"]);
    expect(records.filter((one) => "call" in one)).toMatchObject([
      { name: "twin", capability: "f", decision: "allowed" },
    ]);
    const stop = new AbortController();
    const running = twin.run("for (;;);", { signal: stop.signal });
    expect(await value(box, "f(), f(), f(), 4")).toBe(4);
    stop.abort();
    expect(await running).toMatchObject({ status: "aborted" });
    expect(await value(box, "5")).toBe(5);
    expect(await value(await box.fork(), "6")).toBe(6);
  });

  test("outlives its original, and the original its forks", async () => {
    const box = await pool().createSandbox({ grant: { f: () => 1 } });
    await value(box, "let n = 1");
    const [one, two] = [await box.fork(), await box.fork()];
    one.dispose();
    expect(await value(box, "n += f()")).toBe(2);
    box.dispose();
    expect([box.ended(), one.ended(), two.ended()]).toEqual(["it was disposed", "it was disposed", undefined]);
    expect(await value(two, "n += f()")).toBe(2);
    expect(await value(await two.fork(), "n += f()")).toBe(3);
    expect(await code(box.fork())).toBe("E_DISPOSED");
    expect(await code(box.snapshot())).toBe("E_DISPOSED");
    expect(await code(box.hibernate())).toBe("E_DISPOSED");
  });

  test("that is asked for just before its original is disposed is made or refused, and nothing stays", async () => {
    const before = pool().stats().workers[0]?.sandboxes;
    for (const turns of [0, 1, 5, 20]) {
      const box = await pool().createSandbox();
      const asked = [box.fork(), box.snapshot(), box.hibernate()];
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      box.dispose();
      for (const one of await Promise.allSettled(asked)) {
        if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "E_DISPOSED" });
        else if (one.value instanceof Object && "run" in one.value) {
          expect(await value(one.value, "1")).toBe(1);
          one.value.dispose();
        }
      }
    }
    await expect.poll(() => pool().stats().workers[0]?.sandboxes).toBe(before);
  });

  test("of a sandbox that has ended is refused E_DISPOSED, and says how it ended", async () => {
    const box = await pool().createSandbox();
    await box.run("for (;;);", { limits: { fuel: 1e6 } });
    for (const refused of [box.fork(), box.snapshot(), box.hibernate()])
      await expect(refused).rejects.toMatchObject({
        code: "E_DISPOSED",
        message: expect.stringContaining("ran out of fuel"),
      });
  });

  test("waits for a run, keeps its place, and gives up E_BUSY after `wait`; the sandbox goes on", async () => {
    const open: (() => void)[] = [];
    const box = await pool().createSandbox({ grant: { knock: () => new Promise<void>((go) => void open.push(go)) } });
    const running = box.run("globalThis.n = 1; await knock(); n = 2");
    await expect.poll(() => open.length).toBe(1);
    const late = [box.fork({ wait: 40 }), box.snapshot({ wait: 40 }), box.hibernate({ wait: 40 })].map(code);
    expect(await Promise.all(late)).toEqual(["E_BUSY", "E_BUSY", "E_BUSY"]);
    const [copy, after] = [box.fork({ wait: 30_000 }), box.run("n = 3")];
    open[0]?.();
    expect(await value(await copy, "n")).toBe(2);
    expect([await running, await after]).toMatchObject([{ value: 2 }, { value: 3 }]);
  });

  test("of a run that is interrupted is refused E_BUSY until it is resumed", async () => {
    const box = await pool().createSandbox({ grant: { ask: async () => interrupt("?") } });
    const result = await box.run("await ask()");
    if (result.status !== "interrupted") throw new Error(result.status);
    expect(await Promise.all([box.fork({ wait: 30 }), box.snapshot({ wait: 30 })].map(code))).toEqual([
      "E_BUSY",
      "E_BUSY",
    ]);
    expect(await result.continuation.resume("yes")).toMatchObject({ value: "yes" });
    expect(await value(await box.fork(), "1")).toBe(1);
  });

  test("and sixty others at once are made; beyond the line they are refused E_BUSY", async () => {
    const box = await pool().createSandbox();
    await value(box, "let n = 7");
    const made = await Promise.allSettled(Array.from({ length: 70 }, () => box.fork({ wait: 30_000 })));
    const done = made.filter((one) => one.status === "fulfilled").map((one) => one.value);
    expect(done).toHaveLength(65);
    for (const one of made) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "E_BUSY" });
    expect(new Set(await Promise.all(done.map((one) => value(one, "[++n, Math.random()].join()")))).size).toBe(65);
    for (const one of [...done, box]) one.dispose();
  });

  test("of calls in flight ends them with E_FORKED; what came by calls is dead in it", async () => {
    const open: ((n: number) => void)[] = [];
    const box = await pool().createSandbox({ grant: { ask: () => new Promise<number>((go) => void open.push(go)) } });
    await value(box, "globalThis.p = ask().catch((e) => e.code); 0");
    const twin = await box.fork();
    expect(await value(twin, "await p")).toBe("E_FORKED");
    await expect.poll(() => open.length).toBe(1);
    open[0]?.(9);
    expect(await value(box, "await p")).toBe(9);
  });

  test.for<object>([
    { wait: "1" },
    { wait: -1 },
    { nothing: 1 },
    { policy: 1 },
    { virtual: true },
    { meter: {} },
    { audit: 5 },
  ])("with wrong options is refused E_OPTION: %j", async (options) => {
    const box = await pool().createSandbox();
    expect(await code(box.fork(options as never))).toBe("E_OPTION");
    expect(await value(box, "1")).toBe(1);
    box.dispose();
  });
});

describe.for(ISOLATIONS)("%s: tenants and their forks", (isolation) => {
  test("are billed and bounded: one too many is refused E_LIMIT, as a new sandbox is, at once or together", async () => {
    await using pool = await poolOf({
      isolation,
      tenants: { acme: { meter: { limits: { domains: 3 } }, limits: { fuel: 1e7 } } },
    });
    const box = await pool.createSandbox({ tenant: "acme" });
    const before = pool.meter("acme").totals().fuel;
    const made = await Promise.allSettled(Array.from({ length: 5 }, () => box.fork()));
    const forks = made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    for (const one of made) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "E_LIMIT" });
    expect(forks).toHaveLength(2);
    expect(await code(pool.createSandbox({ tenant: "acme" }))).toBe("E_LIMIT");
    expect(pool.meter("acme").usage().domains).toBe(3);
    expect(pool.stats().tenants[0]?.sandboxes).toBe(3);
    const [twin, other] = forks as [PoolSandbox, PoolSandbox];
    const result = await twin.run("let s = 0; for (let i = 0; i < 1e4; i++) s += i; s", { limits: { fuel: 1e12 } });
    expect(pool.meter("acme").totals().fuel - before).toBeGreaterThanOrEqual(result.usage.fuel);
    expect(pool.bill("acme").jobs).toBe(1);
    other.dispose();
    await expect.poll(() => code(box.fork({ limits: { fuel: 1e12 } }))).toBe("done");
    expect(await twin.run("for (;;);", { limits: { fuel: 1e12 } })).toMatchObject({
      status: "exhausted",
      resource: "fuel",
    });
    box.dispose();
    await expect.poll(() => pool.stats().tenants[0]?.sandboxes).toBe(2);
  });

  test("have no more together than their tenant may, however many are asked for at once", async () => {
    await using pool = await poolOf({ isolation, tenants: { acme: { meter: { limits: { domains: 4 } } } } });
    const first = await pool.createSandbox({ tenant: "acme" });
    const asked = Array.from({ length: 12 }, (_, i) =>
      i % 3 === 0 ? first.fork() : pool.createSandbox({ tenant: "acme" }),
    );
    const told = await Promise.allSettled(asked);
    expect(told.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    for (const one of told) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "E_LIMIT" });
    expect(pool.meter("acme").usage().domains).toBe(4);
  });

  test("have the tenant's limits, whatever is said of them", async () => {
    await using pool = await poolOf({ isolation, tenants: { acme: { limits: { memory: "8 MiB", result: 100 } } } });
    const box = await pool.createSandbox({ tenant: "acme" });
    await value(box, "globalThis.long = () => 'x'.repeat(500); 0");
    const twin = await box.fork({ limits: { memory: "64 MiB", result: 10_000 } });
    const again = await twin.fork({ profile: "batch" });
    for (const one of [twin, again]) {
      expect(await one.call("long")).toMatchObject({ status: "exhausted", resource: "result" });
    }
    for (const one of [await box.fork({ limits: { memory: "64 MiB" } }), await box.fork({ profile: "batch" })])
      expect((await one.run("new Uint8Array(20 * 2 ** 20).length")).status).not.toBe("returned");
  });

  test("makes no forks when the pool drains; snapshots may still be taken", async () => {
    const pool = await poolOf({ isolation });
    const box = await pool.createSandbox();
    await pool.drain();
    expect(await code(box.fork())).toBe("E_BUSY");
    expect(await box.snapshot()).toBeInstanceOf(Uint8Array);
    await pool.dispose();
    expect(await Promise.all([box.fork(), box.snapshot(), box.hibernate()].map(code))).toEqual(
      Array(3).fill("E_DISPOSED"),
    );
  });

  test("ends copies that are asked for when the pool is disposed", async () => {
    const pool = await poolOf({ isolation });
    const box = await pool.createSandbox();
    const running = box.run("await new Promise(() => {})");
    const asked = [box.fork(), box.snapshot(), box.hibernate()].map(code);
    await pool.dispose();
    expect(await Promise.all(asked)).toEqual(["E_DISPOSED", "E_DISPOSED", "E_DISPOSED"]);
    expect(await running).toMatchObject({ status: "aborted" });
  });
});
