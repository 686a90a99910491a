// Meters: what the tree of accounts promises, under any order of charges, failures and ends, and with real guests.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meter } from "../../policy-libs/index.ts";
import { fakeTime, paying, settle, watched } from "../contracts/meter-kit.ts";
import { createSandbox, run } from "../embed/cordon.ts";
import { runs } from "../kit/confinement.ts";
import { anyGuest, live, newWorks, sleep, until } from "./meter-guests.ts";
import { anyAct, anyTree, World } from "./meter-world.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";

describe("the tree of meters", () => {
  test("counts what was granted, once, at every level: never more than an ancestor has, nothing lost", async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, fc.array(anyAct, { maxLength: 60 }), async (tree, acts) => {
        const world = new World(tree);
        for (const act of acts) {
          await world.act(act);
          await settle();
          world.check();
        }
        for (const payer of world.payers) payer.drop();
        await Promise.all(world.waits);
        world.check();
        expect(world.time.timers).toBe(0);
      }),
      { numRuns: isDeep ? 5_000 : 150 },
    );
  });

  test("keeps RepyV2's law of the leaky bucket for whoever charges and then waits", async () => {
    const step = fc.record({ gap: fc.nat(4_000), amount: fc.nat(500) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.array(step, { maxLength: 12 }), async (rate, steps) => {
        const time = fakeTime();
        const payer = paying(meter({ name: "repy", rates: { netSend: rate }, time }).account);
        let [now, used, last] = [0, 0, 0];
        for (const { gap, amount } of steps) {
          await time.advance(now + gap - time.now());
          now += gap;
          // reference/repy.md 3.3, word for word.
          used = Math.max(0, used - ((now - last) / 1000) * rate) + amount;
          last = now;
          while (used - rate > 1e-6) {
            const seconds = (used - rate) / rate;
            now += seconds * 1000;
            used = Math.max(0, used - seconds * rate);
            last = now;
          }
          payer.charge("netSend", amount);
          const seen = watched(time, payer.wait("netSend", 0));
          await settle();
          await time.advance(Math.max(now - time.now(), 0) + 0.001);
          expect(Math.abs((seen.at ?? Number.NaN) - now)).toBeLessThan(0.01);
        }
      }),
      { numRuns: isDeep ? 2_000 : 150 },
    );
  });

  test("lets no more through in any time than its rate, whoever asks for how much", async () => {
    const ask = fc.record({ gap: fc.nat(300), amount: fc.integer({ min: 1, max: 40 }), who: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { maxLength: 40 }), async (asks) => {
        const time = fakeTime();
        const tenant = meter({ name: "tenant", rates: { netSend: 50 }, time });
        const payers = [1, 2, 3, 4].map((share) => paying(tenant.child({ name: `${share}`, share }).account));
        const waits: Promise<void>[] = [];
        for (const { gap, amount, who } of asks) {
          waits.push(payers[who]!.wait("netSend", amount));
          await time.advance(gap);
          expect(tenant.totals().netSend).toBeLessThanOrEqual(50 + (time.now() / 1000) * 50 + 40);
        }
        // Nobody starves: it takes at most what is left at the rate of the smallest share, if all the others wait too.
        await time.advance(600_000);
        await Promise.all(waits);
        expect(tenant.totals().netSend).toBe(asks.reduce((sum, { amount }) => sum + amount, 0));
      }),
      { numRuns: isDeep ? 2_000 : 100 },
    );
  });
});

describe("meters of real guests", () => {
  test("are even again when all have ended, however they ended, and totals are the sum of what happened", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyGuest, { minLength: 1, maxLength: 4 }), async (guests) => {
        const tenant = meter({ name: "tenant", rates: { fileWrite: { perSecond: 2_000, burst: 20 } } });
        const works = newWorks();
        const meters = guests.map((_, i) => tenant.child({ name: `guest ${i}` }));
        const boxes = await Promise.all(
          meters.map((own) => createSandbox({ grant: { works: works.grant }, meter: own })),
        );
        await Promise.all(boxes.map((box, i) => live(box, meters[i]!, guests[i]!)));
        for (const box of boxes) box.dispose();
        await works.rest();
        await until(() => tenant.usage().domains === 0);
        const { memory, domains, inFlight, filesOpened } = tenant.usage();
        expect({ memory, domains, inFlight, filesOpened }).toEqual({
          memory: 0,
          domains: 0,
          inFlight: 0,
          filesOpened: 0,
        });
        const totals = tenant.totals();
        expect({ netSend: totals.netSend, fileWrite: totals.fileWrite, filesOpened: totals.filesOpened }).toEqual(
          works.did,
        );
        for (const of of ["fuel", "calls", "bytes", "netSend", "fileWrite", "filesOpened", "memory"] as const)
          expect([of, totals[of]]).toEqual([of, meters.reduce((sum, own) => sum + own.totals()[of], 0)]);
        expect(totals.domains).toBe(guests.length);
      }),
      runs(12),
    );
  });

  /** The heaviest region of the engine weighs less. */
  const REGION = 1_000;

  test.each([1, 5])("%i of them never burn more than their tenant has, but for a region each", async (count) => {
    const fuel = 20_000_000;
    const tenant = meter({ name: "tenant", limits: { fuel } });
    const boxes = await Promise.all(Array.from({ length: count }, () => createSandbox({ meter: tenant })));
    const results = await Promise.all(boxes.map((box) => box.run("for (;;);", { limits: { wall: 20_000 } })));
    for (const box of boxes) box.dispose();
    for (const result of results) expect(result).toMatchObject({ status: "exhausted", resource: "fuel" });
    expect(tenant.totals().fuel).toBeGreaterThanOrEqual(fuel);
    expect(tenant.totals().fuel).toBeLessThanOrEqual(fuel + count * REGION);
    await expect(run({ source: "1", meter: tenant })).rejects.toMatchObject({ code: "E_LIMIT" });
    expect(tenant.bill({ fuel: 1 }).parts).toEqual([]);
  });

  test("stand still while they are frozen: neither the host nor another tenant does", async () => {
    const [cold, warm] = [meter({ name: "cold" }), meter({ name: "warm" })];
    const box = await createSandbox({ meter: cold });
    const running = box.run("for (;;);", { limits: { wall: 30_000 } });
    await until(() => cold.totals().fuel > 5_000_000);
    cold.freeze();
    await sleep(30);
    const before = cold.totals().fuel;
    const started = performance.now();
    expect(await run({ source: "6 * 7", meter: warm })).toMatchObject({ status: "returned", value: 42 });
    let longest = 0;
    for (let last = performance.now(), i = 0; i < 20; i++) {
      await sleep(2);
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    expect(cold.totals().fuel).toBe(before);
    expect(longest).toBeLessThan(500);
    cold.thaw();
    await until(() => cold.totals().fuel > before + 1_000_000);
    expect(cold.totals().fuel).toBeGreaterThan(before + 1_000_000);
    expect(performance.now() - started).toBeLessThan(20_000);
    box.dispose();
    expect(await running).toMatchObject({ status: "aborted" });
    expect(cold.usage().domains).toBe(0);
  });

  test("are born when they thaw, not before", async () => {
    const cold = meter({ name: "cold" });
    cold.freeze();
    let isBorn = false;
    const birth = createSandbox({ meter: cold }).then((box) => {
      isBorn = true;
      return box;
    });
    await sleep(60);
    expect([isBorn, cold.totals().fuel]).toEqual([false, 0]);
    cold.thaw();
    using box = await birth;
    expect(await box.run("1 + 1")).toMatchObject({ value: 2 });
  });

  test("end in the cold too: abort, deadline and disposal do not wait for a thaw", async () => {
    const cold = meter({ name: "cold" });
    const boxes = await Promise.all([1, 2, 3].map(() => createSandbox({ meter: cold })));
    cold.freeze();
    const [first, second, third] = boxes.map((box, i) =>
      box.run("for (;;);", {
        limits: { wall: i === 0 ? 50 : 20_000 },
        ...(i === 1 ? { signal: AbortSignal.timeout(20) } : {}),
      }),
    );
    setTimeout(() => boxes[2]!.dispose(), 20);
    expect(await first).toMatchObject({ status: "exhausted", resource: "wall" });
    expect(await second).toMatchObject({ status: "aborted" });
    expect(await third).toMatchObject({ status: "aborted" });
    await until(() => cold.usage().domains === 0);
    expect(cold.usage()).toMatchObject({ domains: 0, memory: 0 });
  });

  test("keep a rate of fuel: a spinning guest gets what it allows, in stops that are told of", async () => {
    const perSecond = 20_000_000;
    const slow = meter({ name: "slow", rates: { fuel: { perSecond, burst: 500_000 } } });
    const box = await createSandbox({ meter: slow });
    const [fuel, start] = [slow.totals().fuel, performance.now()];
    const result = await box.run("for (;;);", { limits: { wall: 1_500, fuel: 1e12 } });
    const seconds = (performance.now() - start) / 1000;
    expect(result).toMatchObject({ status: "exhausted", resource: "wall" });
    const burnt = slow.totals().fuel - fuel;
    expect(burnt).toBeLessThanOrEqual(perSecond * seconds + 500_000 + 64_000);
    expect(burnt).toBeGreaterThan(perSecond * seconds * 0.6);
    expect(slow.stops().length).toBeGreaterThan(10);
    box.dispose();
  });

  test("divide their tenant's rate of fuel by their shares", async () => {
    const perSecond = 40_000_000;
    const tenant = meter({ name: "tenant", rates: { fuel: { perSecond, burst: 800_000 } } });
    const meters = [1, 3].map((share) => tenant.child({ name: `share ${share}`, share }));
    const boxes = await Promise.all(meters.map((own) => createSandbox({ meter: own })));
    const [before, start] = [meters.map((own) => own.totals().fuel), performance.now()];
    await Promise.all(boxes.map((box) => box.run("for (;;);", { limits: { wall: 2_000, fuel: 1e12 } })));
    const seconds = (performance.now() - start) / 1000;
    const [one, three] = meters.map((own, i) => own.totals().fuel - before[i]!) as [number, number];
    expect(one + three).toBeLessThanOrEqual(perSecond * seconds + 800_000 + 128_000);
    expect(one + three).toBeGreaterThan(perSecond * seconds * 0.5);
    expect(three / one).toBeGreaterThan(2.3);
    expect(three / one).toBeLessThan(3.9);
    for (const box of boxes) box.dispose();
  });
});
