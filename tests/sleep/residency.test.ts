// Sandboxes in a residency: who sleeps, who wakes them, and that nobody can tell.
import { afterEach, describe, expect, test } from "vitest";
import { newResidency, type PoolSandbox, type Residency } from "../../embed/node/index.ts";
import { arg, capability, contract, handle, integer, interrupt, meter, nothing } from "../../policy-libs/index.ts";
import { cordon, gave } from "../embed/cordon.ts";
import { type Make, PLACES, placesOfAll } from "../pool/places.ts";
import { pause, soon, toldStore } from "./kit.ts";

const COUNT = "globalThis.n = (globalThis.n ?? 0) + 1";
const open: Pick<PoolSandbox, "dispose">[] = [];
afterEach(() => {
  for (const box of open.splice(0)) box.dispose();
});
const makeIn = placesOfAll();
const keeping =
  (make: Make): Make =>
  async (options) => {
    const box = await make(options);
    open.push(box);
    return box;
  };
const several = (made: Make, count: number, residency: Residency): Promise<PoolSandbox[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => made({ residency, id: `${i}` })));
const value = async (box: Pick<PoolSandbox, "run">, source: string): Promise<unknown> => gave(await box.run(source));

const PLUG = contract({
  ...{ name: "plug", allows: "", never: "" },
  calls: { ping: { takes: [], gives: integer(), refuses: [] } },
});
const SINK = contract({
  ...{ name: "sink", allows: "", never: "" },
  calls: { take: { takes: [arg("plug", handle(PLUG))], gives: nothing(), refuses: [] } },
});
type Plug = { readonly functions: { ping(): Promise<number> } };

/** Keeps what guests give to `sink.take`. */
function plugs() {
  const kept: Plug[] = [];
  return { kept, grant: { sink: capability(SINK, { take: (plug) => void kept.push(plug as unknown as Plug) }) } };
}

describe.for(PLACES)("a residency, of sandboxes %s,", (place) => {
  const made = keeping(makeIn(place).createSandbox);

  test("keeps as many awake as it may: those used last; and all of them as they were", async () => {
    const { store, log } = toldStore();
    const residency = newResidency({ most: 2, store });
    const boxes = await several(made, 5, residency);
    for (const [i, box] of boxes.entries()) await value(box, `globalThis.own = ${i}`);
    expect([residency.awake(), residency.asleep()]).toEqual([2, 3]);
    await soon(() => residency.held()).toBe(0);
    log.splice(0);
    expect(await value(boxes[1] as PoolSandbox, "own")).toBe(1);
    // The two that were awake are 3 and 4, of which 3 was used less lately.
    await soon(() => log.toSorted()).toEqual(["get 1", "put 3"]);
    for (const [i, box] of boxes.entries()) expect(await value(box, "own")).toBe(i);
    expect([residency.awake(), residency.asleep()]).toEqual([2, 3]);
  });

  test("puts to sleep who was not used for so long, and not who was", async () => {
    const residency = newResidency({ after: 150 });
    const [idle, used] = await Promise.all([made({ residency }), made({ residency })]);
    await value(idle, COUNT);
    for (let i = 0; residency.asleep() === 0 && i < 200; i++) {
      await value(used, COUNT);
      await pause(10);
    }
    expect([residency.awake(), residency.asleep()]).toEqual([1, 1]);
    expect(await value(idle, "n")).toBe(1);
  });

  test("of its own is `idle`, which forks and forks of templates have as well", async () => {
    const { store, log } = toldStore();
    const box = await made({ idle: { after: 20, store }, id: "first" });
    await value(box, COUNT);
    await soon(() => log).toContain("put first");
    const twin = await box.fork();
    open.push(twin);
    await soon(() => log.filter((line) => line.startsWith("put ") && line !== "put first").length).toBe(1);
    expect(await value(twin, "++n")).toBe(2);
    expect(await value(box, "n")).toBe(1);
    const template = await cordon.createTemplate({ source: "globalThis.n = 40", idle: { after: 20, store } });
    const copies = await Promise.all([template.fork({ id: "second" }), template.fork(), template.fork()]);
    open.push(...copies);
    await soon(() => log).toContain("put second");
    expect(await Promise.all(copies.map((copy, i) => value(copy, `n += ${i}`)))).toEqual([40, 41, 42]);
  });

  test("leaves alone who is in use, however few may be awake", async () => {
    const gates: (() => void)[] = [];
    const grant = { wait: () => new Promise<void>((go) => void gates.push(go)) };
    const residency = newResidency({ most: 0 });
    const boxes = await Promise.all([made({ residency, grant }), made({ residency, grant })]);
    await soon(() => residency.awake()).toBe(0);
    const runs = boxes.map((box, i) => value(box, `await wait(); ${i}`));
    await soon(() => gates.length).toBe(2);
    await pause(120);
    expect(residency.awake()).toBe(2);
    for (const go of gates) go();
    expect(await Promise.all(runs)).toEqual([0, 1]);
    await soon(() => residency.awake()).toBe(0);
  });

  test("leaves alone a run that is interrupted", async () => {
    const residency = newResidency({ most: 0 });
    const box = await made({ residency, grant: { ask: () => interrupt("well?") } });
    const result = await box.run("await ask()");
    if (result.status !== "interrupted") throw new Error(result.status);
    await pause(120);
    expect(residency.awake()).toBe(1);
    await expect(box.hibernate({ wait: 10 })).rejects.toMatchObject({ code: "E_BUSY" });
    expect(gave(await result.continuation.resume(5))).toBe(5);
    await soon(() => residency.awake()).toBe(0);
    expect(await value(box, "6")).toBe(6);
  });

  test("forgets who has ended, of itself or by its owner, awake or asleep", async () => {
    const { store, log } = toldStore();
    const residency = newResidency({ store });
    const [dead, asleep, awake] = (await several(made, 3, residency)) as [PoolSandbox, PoolSandbox, PoolSandbox];
    expect(await dead.run("for (;;);", { limits: { fuel: 1e6 } })).toMatchObject({ status: "exhausted" });
    await asleep.hibernate();
    await soon(() => log).toEqual(["put 1"]);
    expect([residency.awake(), residency.asleep()]).toEqual([1, 1]);
    asleep.dispose();
    awake.dispose();
    awake.dispose();
    expect([residency.awake(), residency.asleep(), residency.held()]).toEqual([0, 0, 0]);
    await soon(() => log).toEqual(["put 1", "delete 1"]);
    expect(await store.ids()).toEqual([]);
    await made({ residency, id: "1" });
  });
});

describe.for(PLACES)("a sandbox that sleeps, %s,", (place) => {
  const made = keeping(makeIn(place).createSandbox);

  test("costs no memory of its meter, and wakes when there is enough again", async () => {
    const box = await made({});
    const { memory } = (await box.run("1")).usage as { memory: number };
    const above = meter({ name: "tenant", limits: { memory: memory * 1.5 } });
    const one = await made({ meter: above });
    await value(one, COUNT);
    await one.hibernate();
    expect(above.usage().memory).toBe(0);
    const other = await made({ meter: above });
    await expect(one.run("n")).rejects.toMatchObject({ code: "E_LIMIT" });
    expect(one.ended()).toBeUndefined();
    other.dispose();
    await soon(() => above.usage().memory).toBe(0);
    expect(await value(one, "n")).toBe(1);
  });

  test("hears of its timers and of its calls when it wakes", async () => {
    const gates: ((value: number) => void)[] = [];
    const box = await made({ grant: { later: () => new Promise<number>((go) => void gates.push(go)) } });
    await value(
      box,
      "globalThis.log = []; setTimeout(() => log.push('timer'), 20); void later().then((x) => log.push(x)); 0",
    );
    await box.hibernate();
    await pause(60);
    gates[0]?.(7);
    await pause(5);
    expect(await value(box, "await new Promise((go) => setTimeout(go, 5)); log.sort()")).toEqual([7, "timer"]);
  });

  test("is woken by a call of what it offers, from outside and from another guest", async () => {
    const { kept, grant } = plugs();
    const { store } = toldStore();
    for (const residency of [newResidency({ most: 0 }), newResidency({ most: 0, store })]) {
      const box = await made({ residency, grant });
      await value(box, "let n = 0; await sink.take({ ping: () => ++n }); globalThis.seen = () => n; 0");
      await soon(() => residency.awake()).toBe(0);
      const plug = kept.pop() as Plug;
      const ping = (): Promise<number> => plug.functions.ping();
      // A domain has what its run left it: a call from outside lives on that.
      expect(await ping()).toBe(1);
      await soon(() => residency.awake()).toBe(0);
      const other = await made({ grant: { plug } as never, residency });
      expect(await value(other, "await plug.ping() + await plug.ping()")).toBe(5);
      await soon(() => residency.awake()).toBe(0);
      expect(gave(await box.call("seen"))).toBe(3);
    }
  });

  test("gives forks and snapshots without its owner's waking it, from a store as well", async () => {
    const { store, log } = toldStore();
    const residency = newResidency({ store });
    const box = await made({ residency, id: "a" });
    await value(box, COUNT);
    await box.hibernate();
    await soon(() => residency.held()).toBe(0);
    const twin = await box.fork();
    open.push(twin);
    await box.hibernate();
    const bytes = await box.snapshot();
    const back = await made({ from: bytes });
    expect(await Promise.all([twin, back, box].map((one) => value(one, "++n")))).toEqual([2, 2, 2]);
    expect(log.slice(0, 2)).toEqual(["put a", "get a"]);
  });

  test("goes to sleep and wakes in the order in which it was told", async () => {
    const residency = newResidency({});
    const box = await made({ residency });
    const all = await Promise.all([
      ...[box.run(COUNT), box.hibernate(), box.run(COUNT), box.hibernate(), box.hibernate()],
      ...[box.run(COUNT), box.run("n"), box.hibernate()],
    ]);
    expect(all.map((one) => (one === undefined ? undefined : gave(one)))).toEqual([
      ...[1, undefined, 2, undefined, undefined, 3, 3, undefined],
    ]);
    expect([residency.awake(), residency.asleep()]).toEqual([0, 1]);
  });

  test("is counted as asleep, whoever called it while its owner waited for that", async () => {
    const gates: (() => void)[] = [];
    const residency = newResidency();
    const { kept, grant } = plugs();
    const gate = () => new Promise<void>((go) => void gates.push(go));
    const box = await made({ residency, grant: { ...grant, gate } });
    await value(box, "let n = 0; await sink.take({ ping: async () => (await gate(), ++n) }); 0");
    const { ping } = (kept[0] as Plug).functions;
    const calls = [ping()];
    await soon(() => gates.length).toBe(1);
    const asleep = box.hibernate({ wait: 10_000 });
    await pause(20);
    calls.push(ping());
    await soon(() => gates.length).toBe(2);
    for (const open of gates) open();
    expect(await Promise.all([...calls, asleep])).toEqual([1, 2, undefined]);
    await soon(() => residency.asleep()).toBe(1);
    await soon(() => residency.held() > 0).toBe(true);
  });

  test("is refused E_BUSY while something of it goes on, and E_DISPOSED after its end", async () => {
    const gates: (() => void)[] = [];
    const box = await made({ grant: { wait: () => new Promise<void>((go) => void gates.push(go)) } });
    const running = box.run("await wait(); 1");
    await soon(() => gates.length).toBe(1);
    await expect(box.hibernate({ wait: 20 })).rejects.toMatchObject({ code: "E_BUSY" });
    gates[0]?.();
    expect(gave(await running)).toBe(1);
    box.dispose();
    await expect(box.hibernate()).rejects.toMatchObject({ code: "E_DISPOSED" });
  });
});

test.for(PLACES)("options that mean nothing are refused, %s", async (place) => {
  const make = makeIn(place).createSandbox;
  const residency = newResidency();
  const wrong: readonly object[] = [
    ...[{ residency: {} }, { residency: 5 }, { idle: 5 }, { idle: { most: 3 } }, { idle: { after: -1 } }],
    ...[{ idle: { store: {} } }, { idle: { onError: 1 } }, { residency, idle: {} }],
  ];
  for (const options of wrong)
    await expect(make(options as never), JSON.stringify(options)).rejects.toMatchObject({ code: "E_OPTION" });
  await expect(make({ id: 5 as never })).rejects.toMatchObject({ code: "E_STORE" });
  const { store } = toldStore();
  const stored = newResidency({ store });
  await keeping(make)({ residency: stored, id: "x" });
  await expect(make({ residency: stored, id: "x" })).rejects.toMatchObject({ code: "E_OPTION" });
  expect(stored.awake()).toBe(1);
  for (const options of [{ most: 1.5 }, { most: "3" }, { before: 1 }, { store: "file" }])
    expect(() => newResidency(options as never)).toThrow(expect.objectContaining({ code: "E_OPTION" }));
});
