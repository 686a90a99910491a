// What goes on behind the runs of sandboxes, wherever they live: cancelled runs, lines of runs, children that outlive the
// run that made them, limits that come and go, stores that answer at odd moments.
import { describe, expect, test } from "vitest";
import {
  blocking,
  createSandbox,
  type LimitsOption,
  memoryStore,
  newResidency,
  type Result,
} from "../../embed/node/index.ts";
import { interrupt, meter } from "../../policy-libs/index.ts";
import { cordon, gave } from "../embed/cordon.ts";
import { pause } from "../sleep/kit.ts";
import { PLACES, placesOfAll } from "./places.ts";
import { poolOf } from "./world.ts";

const placed = placesOfAll();
const soon = (is: () => unknown) => expect.poll(is, { timeout: 10_000 });
/** What a worker may take for an answer beyond the time of its run. */
const GRACE = 5_000;

describe.for(["worker", "process"] as const)("in a %s", (isolation) => {
  test("neither a cancelled run, nor a line of runs, is a worker that hangs", async () => {
    await using pool = await poolOf({ isolation });
    const neighbour = await pool.createSandbox();
    const grant = { ask: () => interrupt("?"), domains: cordon.domains() };
    const stop = new AbortController();
    const [cancelled, aborted] = [await pool.createSandbox({ grant }), await pool.createSandbox({ grant })];
    const first: Result = await cancelled.run("await ask()");
    const second: Result = await aborted.run("await ask()", { signal: stop.signal });
    if (first.status !== "interrupted" || second.status !== "interrupted") throw new Error("no question");
    first.continuation.cancel();
    stop.abort();
    await soon(() => cancelled.ended()).toMatch(/aborted/);
    await soon(() => aborted.ended()).toMatch(/aborted/);
    // Each has its own time, which begins with it: together they take longer than a worker may for one.
    const line = `const child = await domains.create({ limits: { wall: 1_000 } });
    const runs = Array.from({ length: 50 }, () => child.run("await new Promise((go) => setTimeout(go, 130))"));
    (await Promise.all(runs)).filter(({ status }) => status === "returned").length`;
    expect(gave(await pool.run({ source: line, grant }))).toBe(50);
    expect(50 * 130).toBeGreaterThan(GRACE + 1_000);
    expect(neighbour.ended()).toBeUndefined();
    expect(gave(await neighbour.run("1"))).toBe(1);
  }, 60_000);
});

describe.for(PLACES)("%s", (place) => {
  const { createSandbox: make } = placed(place);

  test("runs that wait in line have calls and a console of their own", async () => {
    const tools = { go: () => 1, slow: () => pause(60), short: () => pause(20) };
    const box = await make({ grant: { tools, domains: cordon.domains({ allow: { tools } }) } });
    const source = `const c = await domains.create({ give: ["tools"], limits: { calls: 3 } });
      const a = c.run("console.log('a'); tools.go(); tools.go(); await tools.slow(); for (let i = 0; i < 3; i++) tools.go()");
      await tools.short(); const b = c.run("console.log('b')");
      [await a, await b].map((o) => [o.status, o.usage.calls, o.console.map((l) => l.text).join()])`;
    expect(gave(await box.run(source))).toEqual([
      ["exhausted", 3, "a"],
      ["refused", 0, ""],
    ]);
    box.dispose();
  });

  test("a child that goes on behind its maker's run stands still with the meter, is counted, and ends with its maker", async () => {
    const above = meter({ name: "tenant" });
    let ticks = 0;
    const grant = { domains: cordon.domains({ allow: { tick: () => void ticks++ } }) };
    const box = await make({ grant, meter: above });
    const spin = "for (let i = 0;; i++) if (i % 1e5 === 0) tick()";
    gave(
      await box.run(`globalThis.c = await domains.create({ give: ['tick'] }); void c.run(${JSON.stringify(spin)}); 1`),
    );
    await soon(() => ticks).toBeGreaterThan(2);
    const { fuel } = above.usage();
    await soon(() => above.usage().fuel).toBeGreaterThan(fuel);
    above.freeze();
    await pause(200);
    const before = ticks;
    await pause(200);
    expect(ticks).toBe(before);
    above.thaw();
    await soon(() => ticks).toBeGreaterThan(before);
    box.dispose();
    await soon(() => above.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
    const other = await make({ grant, meter: above });
    const limits: LimitsOption = { fuel: 3e7 };
    await other.run("globalThis.c = await domains.create(); for (;;);", { limits });
    await soon(() => above.usage()).toMatchObject({ domains: 0, memory: 0 });
    other.dispose();
  });

  test("a limit of the tenant that is taken away again binds nobody", async () => {
    const above = meter({ name: "tenant" });
    const box = await make({ meter: above });
    above.limit("memory", 2 ** 21);
    expect(await box.run("new Uint8Array(8e6).length")).toMatchObject({ status: "threw" });
    above.limit("memory", Infinity);
    expect(gave(await box.run("new Uint8Array(8e6).length"))).toBe(8e6);
    box.dispose();
  });

  test("what was to be awaited stays so in a copy, whatever the function is now", async () => {
    await using one = await createSandbox({ grant: { f: blocking(async () => 1) } });
    const box = await make({ from: await one.snapshot(), grant: { f: () => pause(5).then(() => 2) } });
    expect(gave(await box.run("f()"))).toBe(2);
    box.dispose();
  });

  test("counts of a residency are right when a store is slow, hangs, or a meter is empty", async () => {
    const gate = Promise.withResolvers<void>();
    const inner = memoryStore();
    const put = async (id: string, bytes: Uint8Array): Promise<void> => gate.promise.then(() => inner.put(id, bytes));
    const slow = newResidency({ store: { ...inner, put } });
    const first = await make({ residency: slow });
    await first.run("1");
    await first.hibernate();
    const again = first.hibernate();
    gate.resolve();
    await again;
    await soon(() => slow.held()).toBe(0);
    first.dispose();

    const above = meter({ name: "tenant" });
    const here = newResidency();
    const second = await make({ residency: here, meter: above });
    await second.run("1");
    await second.hibernate();
    const held = here.held();
    above.limit("memory", 1);
    await pause(100);
    await expect(second.run("1")).rejects.toMatchObject({ code: "E_LIMIT" });
    expect([here.asleep(), here.held(), held > 0]).toEqual([1, held, true]);
    second.dispose();

    const hung = newResidency({ store: { ...memoryStore(), get: () => new Promise(() => undefined) } });
    const third = await make({ residency: hung });
    await third.run("1");
    await third.hibernate();
    await soon(() => hung.held()).toBe(0);
    expect(await third.run("1", { signal: AbortSignal.timeout(50) })).toMatchObject({ status: "aborted" });
    expect([hung.awake(), hung.asleep()]).toEqual([0, 1]);
    await expect(third.fork({ wait: 20 })).rejects.toMatchObject({ code: "E_BUSY" });
    expect([hung.awake(), hung.asleep()]).toEqual([0, 1]);
    third.dispose();
  });

  test("a store that keeps late has nothing of a sandbox that has ended meanwhile", async () => {
    const inner = memoryStore();
    let kept = 0;
    const put = async (id: string, bytes: Uint8Array): Promise<void> => {
      await pause(80);
      await inner.put(id, bytes);
      kept++;
    };
    const box = await make({ residency: newResidency({ store: { ...inner, put } }) });
    await box.run("1");
    await box.hibernate();
    await pause(20);
    box.dispose();
    await soon(() => kept).toBe(1);
    await soon(() => inner.ids()).toEqual([]);
  });
});
