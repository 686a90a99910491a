// Policies under virtual time: the same decisions, delays and times, wherever a sandbox lives.
import { fc, test as prop } from "@fast-check/vitest";
import { afterEach, describe, expect, test } from "vitest";
import { domains, type RunRequest } from "../../embed/node/index.ts";
import { OP } from "../../embed/remote/frame.ts";
import { policy } from "../../policy-libs/index.ts";
import { gave } from "../embed/cordon.ts";
import { abstain, newGrants, TRY } from "../embed/policy-world.ts";
import { PLACES, placesOfAll } from "./places.ts";
import { taken, value } from "./taken.ts";

const HOUR = 3_600_000;
const makeIn = placesOfAll();
const open: { dispose(): void }[] = [];
afterEach(() => {
  for (const box of open.splice(0)) box.dispose();
});

const DELAYS = abstain("net.*", "delay net.later to 1 per 1h");

/** A worker that was taken over, whose guest is under a policy that delays, and has called as often as it may at once. */
async function delayed() {
  const { grant, did } = newGrants();
  const world = await taken({ grant: { net: grant.net }, policy: policy.text(DELAYS), virtual: { start: 1_000 } });
  void world.start();
  const { worker } = world;
  await expect.poll(() => worker.heard.at(-1)?.op).toBe(OP.JOB);
  const id = worker.plan().grants[0]?.id as number;
  const call = (number: number, time: unknown) =>
    worker.say(OP.CALL, [number, id, 1, false, [], time], value(["a", 0]));
  const napOf = async (): Promise<readonly unknown[] | undefined> => {
    await expect.poll(() => worker.heard.some(({ op }) => op === OP.NAP)).toBe(true);
    return worker.heard.findLast(({ op }) => op === OP.NAP)?.fields;
  };
  return { ...world, did, call, napOf };
}

describe("a worker that was taken over, where time is the guest's own,", () => {
  test("delays a call as long as it is told, or shorter: as its guest may let time pass", async () => {
    const { call, napOf, worker, did } = await delayed();
    call(1, 2_000);
    call(2, 3_000);
    expect(await napOf()).toEqual([1, HOUR - 1_000]);
    expect(did).toEqual(["later a 0"]);
    worker.say(OP.WOKE, [1, 2_000 + HOUR]);
    await expect.poll(() => did.length).toBe(2);
  });

  test("that wakes it too soon is told to wait for the rest", async () => {
    const { call, napOf, worker, did } = await delayed();
    call(1, 2_000);
    call(2, 2_000);
    expect(await napOf()).toEqual([1, HOUR]);
    worker.say(OP.WOKE, [1, 2_001]);
    await expect.poll(async () => (await napOf())?.[0]).toBe(2);
    expect([await napOf(), did.length]).toEqual([[2, HOUR - 1], 1]);
  });

  test("is told when nobody waits any more, and may have woken it meanwhile", async () => {
    const { call, napOf, worker, box } = await delayed();
    call(1, 2_000);
    call(2, 2_000);
    await napOf();
    worker.say(OP.DROP, [2]);
    await expect.poll(napOf).toEqual([1, null]);
    worker.say(OP.WOKE, [1, 2_000 + HOUR]);
    call(3, 2_000 + HOUR);
    expect(box.ended()).toBeUndefined();
  });

  test.for<readonly [string, unknown]>([
    ["goes back", 1_999],
    ["is before it began", 0],
    ["is none", Number.NaN],
    ["never comes", Infinity],
    ["is no number", "2000"],
  ])("is ended when a time %s", async ([, time]) => {
    for (const op of [OP.CALL, OP.WOKE]) {
      const { call, napOf, worker, box } = await delayed();
      call(1, 2_000);
      call(2, 2_000);
      await napOf();
      if (op === OP.CALL) call(3, time);
      else worker.say(OP.WOKE, [1, time]);
      await expect.poll(() => box.ended()).toMatch(/broke the protocol/);
    }
  });

  test("is ended when it ends a wait that there was not", async () => {
    const { worker, box } = await delayed();
    worker.say(OP.WOKE, [1, 2_000]);
    await expect.poll(() => box.ended()).toMatch(/broke the protocol/);
  });
});

/** What came of a program, and what the host was asked for. */
async function go(place: (typeof PLACES)[number], source: string, rules: string, more: Partial<RunRequest> = {}) {
  const { grant, did } = newGrants();
  const request = { source, grant, policy: policy.text(rules), virtual: true, limits: { wall: 20_000 }, ...more };
  return { came: gave(await makeIn(place).run(request)), did };
}

const SLEEP = "const sleep = (ms) => new Promise((go) => setTimeout(go, ms));";

describe.for(PLACES)("a policy under virtual time, %s,", (place) => {
  test("knows the guest's time: what was too much is not when an hour has passed", async () => {
    const rules = abstain("net.*", "deny net.send when count net.send within 1h >= 2");
    const source = `${TRY} ${SLEEP} const send = (n) => attempt(() => net.send("a", n));
      send(1); send(2); send(3); await sleep(${HOUR / 2}); send(4); await sleep(${HOUR / 2 + 1}); send(5); codes`;
    const { came, did } = await go(place, source, rules);
    expect([came, did]).toEqual([
      [1, 2, "E_DENIED", "E_DENIED", 5],
      ["send a 1", "send a 2", "send a 5"],
    ]);
  });

  test.for([0, 1_000_000, -5_000])("delays take no time and never hang, from %i on", async (start) => {
    const { grant, did } = newGrants();
    const rules = abstain("net.*, cell.*", "delay net.send to 1 per 1h", "delay cell.get to 1 per 1h");
    const source = `
      const begin = Date.now();
      for (let i = 0; i < 3; i++) await net.send("p", i);
      const child = await domains.create({ give: ["net"] });
      const inside = (await child.run("for (let i = 0; i < 3; i++) await net.send('c', i); 1")).value;
      await net.send("p", 9);
      const a = shop.cell();
      for (let i = 0; i < 3; i++) await shop.put(i, a);
      [inside, Date.now() - begin]`;
    const given = { ...grant, domains: domains({ allow: { net: grant.net } }) };
    const { came } = await go(place, source, rules, { grant: given, virtual: { start } });
    const [inside, passed] = came as [number, number];
    expect(inside).toBe(1);
    if (start >= 0) expect(passed).toBe(6 * HOUR); // what guests see begins at 0
    expect(did.filter((one) => one.startsWith("send")).length).toBe(7);
  });

  test("delays calls among the guest's own timers, each in its time", async () => {
    const rules = abstain("net.*", "delay net.later to 1 per 10s");
    const source = `${SLEEP} const log = []; const begin = Date.now();
      const note = (what) => log.push(what + " " + (Date.now() - begin));
      const timers = [5, 15, 25].map((s) => sleep(s * 1000).then(() => note("timer")));
      for (const n of [1, 2, 3]) {
        await net.later("a", n);
        note("call " + n);
      }
      await Promise.all(timers);
      log`;
    const { came } = await go(place, source, rules);
    expect(came).toEqual(["call 1 0", "timer 5000", "call 2 10000", "timer 15000", "call 3 20000", "timer 25000"]);
  });

  test("delays several calls at once without end: those that wait for each other stop no time", async () => {
    const source = `const all = await Promise.all([1, 2, 3, 4].map((n) => net.later("a", n))); [all, Date.now() > 0]`;
    const { came, did } = await go(place, source, DELAYS);
    expect([came, did.length]).toEqual([[[1, 2, 3, 4], true], 4]);
  });

  test("performs nothing that was delayed beyond the end of its run", async () => {
    const { came, did } = await go(
      place,
      "net.later('a', 0); net.later('a', 1); 1",
      abstain("net.*", "delay net.later to 1 per 1h"),
    );
    expect([came, did]).toEqual([1, ["later a 0"]]);
  });

  test("goes on in forks and in what a snapshot gives, at the time at which they begin", async () => {
    const { grant } = newGrants();
    const rules = policy.text(abstain("net.*", "deny net.send when count net.send within 1h >= 2"));
    const options = { grant, policy: rules, virtual: { start: 5_000 } };
    const key = new Uint8Array(32).fill(7);
    const { createSandbox } = makeIn(place);
    const box = await createSandbox(options);
    open.push(box);
    gave(
      await box.run(`${SLEEP} globalThis.sleep = sleep; net.send("a", 1); await sleep(${HOUR / 2}); net.send("a", 2)`),
    );
    const twin = await box.fork();
    open.push(twin);
    const back = await createSandbox({ ...options, from: await box.snapshot({ key }), key });
    open.push(back);
    const source = `${TRY} const send = (n) => attempt(() => net.send("a", n));
      send(3); await sleep(${HOUR / 2 + 1}); send(4); send(5); await sleep(${HOUR / 2}); send(6); codes`;
    for (const one of [box, twin, back]) expect(gave(await one.run(source))).toEqual(["E_DENIED", 4, "E_DENIED", 6]);
  });
});

// Any program and any of these policies: what comes of it, when, and what the host is asked for. One call at a time: of
// several in flight the first answer may come first or last, wherever the sandbox lives, and delays depend on that.
const anyStep = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map((n) => `await sleep(${n} * 420_001); note("slept");`),
  fc.nat(9).map((n) => `try { note(net.send("a", ${n})) } catch (e) { note(e.code) }`),
  fc.nat(9).map((n) => `await net.later("a", ${n}).then(note, (e) => note(e.code));`),
  fc.integer({ min: 1, max: 9 }).map((n) => `timers.push(sleep(${n} * 420_001).then(() => note("timer")));`),
  fc.constant("await Promise.all(timers.splice(0));"),
);
const anyRules = fc.uniqueArray(
  fc.constantFrom(
    "delay net.later to 1 per 1h",
    "delay net.later to 2 per 10m",
    "delay net.send to 2 per 30m",
    "deny net.send when count net.send within 1h >= 3",
    "deny net.later when count net.send within 2h >= 2",
  ),
  { minLength: 1, maxLength: 3 },
);

prop.prop([fc.array(anyStep, { minLength: 1, maxLength: 8 }), anyRules, fc.constantFrom("worker", "process")], {
  numRuns: process.env["CORDON_DEEP"] === "1" ? 1_000 : 40,
})(
  "a program under a policy is the same in every place, to the millisecond of its own time",
  async (steps, rules, there) => {
    const source = `${SLEEP} const log = []; const timers = [];
      const note = (what) => void log.push(what + " " + Date.now());
      ${steps.join("\n")}
      await Promise.all(timers); log.sort()`;
    const text = abstain("net.*", ...rules);
    expect(await go(there as "worker", source, text)).toEqual(await go("here", source, text));
  },
  600_000,
);
