// The kernel's run queue with real guests, parked and resumed, and a clock that only they move.
import { describe, expect, test } from "vitest";
import { type Account, newAccount, type RunQueue, SLICE_MS } from "../../kernel/index.ts";
import { fairQueue, meter } from "../../policy-libs/index.ts";
import { freeze, thaw } from "../../policy-libs/meter/freeze.ts";
import { newKernel } from "../kit/world.ts";
import { Guests, tick } from "./guests.ts";

const canSuspend = newKernel().canSuspend;
const account = (parent?: Account): Account => newAccount(parent) as Account;
const tenant = (share = 1): Account => meter({ name: "tenant", share }).account;
/** A call of `work` costs 0.01 ms in these tests, and a slice looks at the clock after some hundred of them. */
const COSTS = 0.01;
/** How far apart two may be: a turn of each, which ends at the first look at the clock after SLICE_MS. */
const NEAR = 12 * SLICE_MS;

describe.skipIf(!canSuspend)("guests on one thread", () => {
  test("have of it what their tenants' shares say: 1 to 3", async () => {
    const guests = new Guests();
    const [a, b] = [tenant(1), tenant(3)];
    for (const one of [a, b]) guests.spin(COSTS, one);
    await guests.run(2_000);
    expect(Math.abs(guests.of(a) - 500)).toBeLessThan(NEAR);
    expect(Math.abs(guests.of(b) - 1_500)).toBeLessThan(NEAR);
  });

  test("have as much as a thousand of another tenant together", async () => {
    const guests = new Guests();
    const [crowd, single] = [account(), account()];
    for (let i = 0; i < 1_000; i++) guests.spin(COSTS, account(crowd));
    guests.spin(COSTS, single);
    await guests.run(2_000);
    expect(Math.abs(guests.of(crowd) - guests.of(single))).toBeLessThan(NEAR);
  });

  test("that call much and cheaply have as much time as those that call little and dearly", async () => {
    const guests = new Guests();
    const [chatty, slow] = [tenant(), tenant()];
    guests.spin(0.001, chatty);
    guests.spin(0.2, slow);
    await guests.run(1_000);
    // A slice of the slow one is not known to be slow before the first look.
    expect(Math.abs(guests.of(chatty) - guests.of(slow))).toBeLessThan(60);
  });

  test("that wait for promises which are settled already are not before those that spin", async () => {
    const guests = new Guests();
    const [cheat, honest] = [tenant(), tenant()];
    for (let i = 0; i < 100; i++) guests.ask({ costs: COSTS }, account(cheat));
    guests.spin(COSTS, honest);
    await guests.run(1_000);
    expect(Math.abs(guests.of(cheat) - guests.of(honest))).toBeLessThan(NEAR);
  });

  test("that are entered from promises, past the queue, wait in it when they are ahead", async () => {
    const guests = new Guests();
    const [cheat, honest] = [tenant(), tenant()];
    const held: (() => void)[] = [];
    const letGo = (): void => held.splice(0).forEach((resolve) => void resolve());
    // Whenever an honest one has had a short turn, the rest of the slice's time is there for the taking.
    for (let i = 0; i < 50; i++) guests.ask({ costs: COSTS, does: letGo, answers: tick }, account(honest));
    const answers = (): Promise<void> => new Promise((resolve) => void held.push(resolve));
    for (let i = 0; i < 3; i++) guests.ask({ costs: 0.3, answers }, account(cheat));
    await guests.run(500);
    expect(guests.of(honest)).toBeGreaterThan(250 - NEAR);
  });

  test("pay for themselves: who calls another domain does not pay for what that one does", async () => {
    const charges: [Account, number][] = [];
    const fair = fairQueue();
    const spy: RunQueue = {
      ...fair,
      charge(by, ms) {
        charges.push([by, ms]);
        fair.charge?.(by, ms);
      },
    };
    const guests = new Guests(spy);
    const [caller, called] = [account(), account()];
    const inner = guests.spawn({ costs: 5 }, called);
    await guests.enter(inner, "works");
    charges.length = 0;
    const outer = guests.spawn({ costs: 2, does: () => void guests.enter(inner, "works") }, caller);
    await guests.enter(outer, "works");
    await tick();
    guests.pass(1_000);
    const sum = (by: Account): number => charges.reduce((all, [who, ms]) => all + (who === by ? ms : 0), 0);
    expect(sum(called)).toBeCloseTo(5, 6);
    expect(sum(caller)).toBeCloseTo(2, 6);
    guests.stop();
  });

  test("pay for what they do after they were parked, until they return", async () => {
    const charges: number[] = [];
    const guests = new Guests({ ...fairQueue(), charge: (_, ms) => void charges.push(ms) });
    const worker = guests.spawn({ costs: 4 });
    const waking = guests.enter(worker, "wakes");
    await tick();
    guests.pass(100);
    void worker.domain.request(0, Uint8Array.of(1));
    await waking;
    expect(charges.length).toBeLessThanOrEqual(2);
    expect(Math.max(...charges)).toBeCloseTo(4, 6);
  });

  test("pay for no time in which they are parked, idle, or their host does something else", async () => {
    let paid = 0;
    const charge = (_: Account, ms: number): void => {
      paid += ms;
    };
    const guests = new Guests({ ...fairQueue(), charge });
    const worker = guests.spawn({ costs: 3 });
    await guests.enter(worker, "works");
    const working = guests.enter(worker, "works");
    guests.pass(100);
    await working;
    const waiting = guests.enter(worker, "waits");
    guests.pass(100);
    await tick();
    guests.pass(100);
    worker.domain.end();
    await waiting;
    expect(paid).toBeGreaterThanOrEqual(6);
    expect(paid).toBeLessThan(6.01);
  });
});

describe.skipIf(!canSuspend)("frozen guests", () => {
  test("have nothing of the thread, and no more than their share once they thaw", async () => {
    const guests = new Guests();
    const [cold, warm] = [account(), account()];
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) guests.spin(COSTS, account(cold));
    const watch = guests.spawn(
      {
        costs: COSTS,
        does() {
          const isTime = guests.now > (seen.length === 0 ? 200 : 1_200);
          if (!isTime || seen.length === 2) return;
          seen.push(guests.of(cold));
          (seen.length === 1 ? freeze : thaw)(cold);
        },
      },
      warm,
    );
    void guests.enter(watch, "spins");
    await guests.run(2_000);
    const [before, after] = seen as [number, number];
    expect(after - before).toBeLessThan(NEAR);
    // From 1,200 to 2,000 ms a half each.
    expect(Math.abs(guests.of(cold) - after - 400)).toBeLessThan(NEAR);
  });

  test("end while they are frozen", async () => {
    const guests = new Guests();
    const cold = account();
    const many = Array.from({ length: 50 }, () => guests.spin(COSTS, cold));
    await tick();
    freeze(cold);
    for (let i = 0; i < 60; i++) await tick();
    guests.stop();
    for (let i = 0; i < 60; i++) await tick();
    for (const { ended } of many) expect(ended).toMatchObject({ kind: "aborted" });
  });
});

describe.skipIf(!canSuspend)("ends", () => {
  test("come before all that waits: with a thousand that spin, the next turn is the end", async () => {
    const guests = new Guests();
    const many = Array.from({ length: 1_000 }, () => guests.spin(COSTS));
    for (let i = 0; i < 10; i++) await tick();
    const victim = many[700]!;
    expect(victim.ended).toBeUndefined();
    victim.domain.end();
    const { turns } = guests;
    while (victim.ended === undefined) await tick();
    expect(guests.turns - turns).toBeLessThanOrEqual(2);
    guests.stop();
  });

  test("of a thousand at once take a macrotask each, in their order, and timers of the host come in between", async () => {
    const guests = new Guests();
    const many = Array.from({ length: 1_000 }, () => guests.spin(COSTS));
    for (let i = 0; i < 10; i++) await tick();
    let [ticks, most, order] = [0, 0, [] as number[]];
    many.forEach((worker, i) => void Object.defineProperty(worker, "ended", { set: () => void order.push(i) }));
    guests.stop();
    for (let before = 0; order.length < 1_000; before = order.length) {
      await tick();
      ticks++;
      most = Math.max(most, order.length - before);
    }
    expect(most).toBeLessThanOrEqual(2);
    expect(ticks).toBeGreaterThan(400);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test("wait for no queue, whatever it keeps: a run queue can let guests wait, and nothing else", async () => {
    let size = 0;
    const guests = new Guests({ size: () => size, push: () => void size++, take: () => undefined, isDue: () => false });
    const many = Array.from({ length: 20 }, () => guests.spin(COSTS));
    for (let i = 0; i < 20; i++) await tick();
    expect(many.every(({ ended }) => ended === undefined)).toBe(true);
    guests.stop();
    for (let i = 0; i < 50; i++) await tick();
    expect(many.every(({ ended }) => ended !== undefined)).toBe(true);
    size = 0;
  });

  test("are final for a queue that gives each task twice, or late: nothing runs twice and nobody comes back", async () => {
    const tasks: (() => void)[] = [];
    const given: (() => void)[] = [];
    const guests = new Guests({
      size: () => tasks.length,
      push: (task) => void tasks.push(task),
      take() {
        const task = tasks.shift();
        if (task === undefined) return undefined;
        given.push(task);
        return () => {
          task();
          task();
        };
      },
    });
    const workers = Array.from({ length: 5 }, () => guests.spin(COSTS));
    await guests.run(50);
    for (const task of given) task();
    for (let i = 0; i < 5; i++) await tick();
    const { now } = guests;
    for (const task of given) task();
    for (let i = 0; i < 5; i++) await tick();
    expect(guests.now).toBe(now);
    for (const { ended } of workers) expect(ended).toMatchObject({ kind: "aborted" });
  });
});

describe("without a run queue", () => {
  test("who came first is first, and nobody is left out", async () => {
    const guests = new Guests("none");
    const many = Array.from({ length: 30 }, () => guests.spin(COSTS));
    await guests.run(300);
    for (const { account: each } of many) expect(guests.of(each)).toBeGreaterThan(2);
  });
});
