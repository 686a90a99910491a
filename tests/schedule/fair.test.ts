// The order of those that wait for the thread, on a thread that is not there: exact, whatever the machine does.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Account, newAccount, SLICE_MS } from "../../kernel/index.ts";
import { fairQueue, type MeterOptions, meter } from "../../policy-libs/index.ts";
import { type Guest, Thread } from "./thread.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const tenant = (options: Partial<MeterOptions> = {}): Account => meter({ name: "tenant", ...options }).account;
const below = (parent: Account): Account => newAccount(parent) as Account;

describe("the time of the thread", () => {
  test.each([
    [1, 3],
    [1, 1],
    [0.001, 0.01],
    [1000, 7],
  ])("is divided by shares: %d and %d", (one, other) => {
    const thread = new Thread();
    const [a, b] = [tenant({ share: one }), tenant({ share: other })];
    thread.spin(a);
    thread.spin(b);
    thread.run(10_000);
    expect(Math.abs(thread.of(a) - (10_000 * one) / (one + other))).toBeLessThanOrEqual(2 * SLICE_MS);
  });

  test("is divided by what turns take, not by how many there are", () => {
    const thread = new Thread();
    const [short, long] = [tenant(), tenant()];
    thread.spin(short, 0.01);
    thread.spin(long, 1.5);
    thread.run(10_000);
    expect(Math.abs(thread.of(short) - thread.of(long))).toBeLessThanOrEqual(1.51);
  });

  test("is a tenant's, however many guests it has: a thousand get what one gets", () => {
    const thread = new Thread();
    const [crowd, single] = [meter({ name: "crowd" }), tenant()];
    const guests = Array.from({ length: 1_000 }, () => crowd.child({ name: "guest" }).account);
    for (const guest of guests) thread.spin(guest);
    thread.spin(single);
    thread.run(10_000);
    expect(Math.abs(thread.of(crowd.account) - thread.of(single))).toBeLessThanOrEqual(2 * SLICE_MS);
    const each = guests.map(thread.of);
    expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(SLICE_MS);
  });

  test("is a guest's, however many domains it makes, and theirs: its own account pays for all", () => {
    const thread = new Thread();
    const [forks, single] = [tenant(), tenant()];
    let [newest, made] = [forks, 0];
    const forking: Guest = {
      account: forks,
      next() {
        // Wide and deep.
        newest = made++ % 10 === 0 ? below(forks) : (newAccount(newest) ?? forks);
        thread.spin(newest);
        return { costs: 0.5 };
      },
    };
    thread.begin(forking);
    thread.spin(single);
    thread.run(5_000);
    expect(made).toBeGreaterThan(15);
    expect(Math.abs(thread.of(forks) - thread.of(single))).toBeLessThanOrEqual(2 * SLICE_MS);
  });

  test("goes around among the domains of one account", () => {
    const thread = new Thread();
    const [shared, ran] = [tenant(), [] as number[]];
    for (let i = 0; i < 5; i++)
      thread.begin({
        account: shared,
        next() {
          ran.push(i);
          return { costs: 1 };
        },
      });
    thread.run(15);
    expect(ran).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  });

  test("that was not used is lost: who slept for an hour has no more than its share then", () => {
    const thread = new Thread();
    const [sleeper, ...others] = [tenant(), tenant(), tenant()];
    for (const other of others) thread.spin(other);
    let naps = 0;
    thread.begin({ account: sleeper!, next: () => (naps++ === 0 ? { costs: 1, sleeps: 360_000 } : { costs: 1 }) });
    thread.run(360_001);
    const before = others.map(thread.of);
    thread.run(900);
    expect(thread.of(sleeper!)).toBeLessThanOrEqual(303);
    others.forEach((other, i) => void expect(thread.of(other) - before[i]!).toBeGreaterThanOrEqual(298));
  });

  test("that was used while nobody else wanted it is nobody's debt", () => {
    const thread = new Thread();
    const [first, second] = [tenant(), tenant()];
    // Past the queue, as who is entered by its host.
    for (let i = 0; i < 1_000; i++) thread.use(first, 1_000);
    thread.spin(first);
    thread.spin(second);
    thread.run(100);
    expect(Math.abs(thread.of(first) - 1_000_000 - thread.of(second))).toBeLessThanOrEqual(2 * SLICE_MS);
  });

  test.each([
    ["whose share is not used up", "normal", 300],
    ["of a higher priority, whatever it uses", "interactive", 3],
  ] as const)("is next for one %s: it waits for a turn, not for all those that spin", (_, priority, sleeps) => {
    const thread = new Thread();
    const [server, delays] = [tenant({ priority }), [] as number[]];
    for (let i = 0; i < 1_000; i++) thread.spin(tenant(), 0.5 + ((i * 617) % 1_000) / 1_000);
    thread.run(5_000);
    let wakes = thread.now;
    thread.begin({
      account: server,
      next() {
        delays.push(thread.now - wakes);
        wakes = thread.now + 0.1 + sleeps;
        return { costs: 0.1, sleeps };
      },
    });
    thread.run(6_000);
    expect(delays.length).toBeGreaterThanOrEqual(6_000 / (sleeps + 2));
    expect(Math.max(...delays)).toBeLessThanOrEqual(2 * 1.5);
  });
});

describe("whoever cheats", () => {
  const even = (thread: Thread, cheat: Account, victim: Account): void => {
    expect(thread.of(cheat) - thread.of(victim)).toBeLessThanOrEqual(4 * SLICE_MS);
  };

  test.each([true, false])("by sleeping just before its turn is over gains nothing (entered at once: %s)", (enters) => {
    const thread = new Thread();
    const [cheat, victim] = [tenant(), tenant()];
    for (let i = 0; i < 50; i++)
      thread.begin({ account: cheat, next: () => ({ costs: 0.999 * SLICE_MS, sleeps: 1e-6 }) });
    thread.spin(victim);
    thread.run(10_000, enters);
    even(thread, cheat, victim);
  });

  test("by being entered from settled promises pays, and waits when it is ahead", () => {
    const thread = new Thread();
    const [cheat, victim] = [tenant(), tenant()];
    for (let i = 0; i < 200; i++) thread.begin({ account: cheat, next: () => ({ costs: 0.02, sleeps: 0 }) });
    for (let i = 0; i < 100; i++) thread.spin(victim, 0.01);
    thread.run(2_000, true);
    even(thread, cheat, victim);
    expect(thread.of(victim)).toBeGreaterThan(990);
  });

  test("by sleeping first, and being entered from settled promises then, has no more than its share", () => {
    const thread = new Thread();
    const [cheat, ...victims] = [tenant(), tenant(), tenant()];
    for (const victim of victims) thread.spin(victim, 0.01);
    thread.run(1);
    thread.use(cheat!, 0.5);
    thread.run(10_000);
    const before = victims.map(thread.of);
    const entered: Guest = {
      account: victims[0]!,
      next() {
        while (thread.queue.isDue?.(cheat!) === true) thread.use(cheat!, 0.5);
        return { costs: 0.01 };
      },
    };
    thread.begin(entered);
    thread.run(900);
    expect(thread.of(cheat!) - 0.5).toBeLessThanOrEqual(304);
    victims.forEach((victim, i) => void expect(thread.of(victim) - before[i]!).toBeGreaterThanOrEqual(296));
  });

  test("by ending and beginning anew, again and again, gains nothing", () => {
    const thread = new Thread();
    const [cheat, victim] = [meter({ name: "cheat" }), tenant()];
    const again = (): void =>
      thread.begin({
        account: cheat.child({ name: "guest" }).account,
        next() {
          again();
          return { costs: SLICE_MS, sleeps: Infinity };
        },
      });
    again();
    thread.spin(victim);
    thread.run(5_000);
    even(thread, cheat.account, victim);
  });

  test("by long turns pays for them, but for what a pause of the host may take", () => {
    const thread = new Thread();
    const [cheat, victim] = [tenant(), tenant()];
    let turns = 0;
    thread.begin({ account: cheat, next: () => ({ costs: turns++ % 2 === 0 ? 500 : 0.001 }) });
    thread.spin(victim);
    thread.run(20_000);
    const grace = 50 + 0.01 * thread.of(cheat);
    expect(thread.of(cheat) - thread.of(victim)).toBeLessThanOrEqual(grace + 501);
    expect(thread.of(victim)).toBeGreaterThan(9_500);
  });
});

describe("accounts that are gone", () => {
  test("are not kept: of 100,000 that had a turn none is left", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const thread = new Thread();
    const top = meter({ name: "top" });
    const refs: WeakRef<Account>[] = [];
    const born = (): void => {
      for (let i = 0; i < 1_000; i++) {
        const guest = top.child({ name: "guest" });
        refs.push(new WeakRef(guest.account));
        thread.queue.push(() => thread.queue.charge?.(guest.account, 1), guest.account);
        thread.queue.take()?.();
        guest.remove();
      }
    };
    for (let i = 0; i < 100; i++) born();
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(10);
    expect(thread.queue.size()).toBe(0);
  });
});

describe("what is no guest's doing", () => {
  test("one pause of the host in its turn does not cost a guest its next turns", () => {
    const thread = new Thread();
    const guests = Array.from({ length: 200 }, () => tenant());
    let pauses = 0;
    for (const [i, account] of guests.entries())
      thread.begin({ account, next: () => ({ costs: i === 77 && pauses++ === 2 ? 40 : 1 }) });
    thread.run(4_000);
    expect(thread.of(guests[77]!) - 39).toBeGreaterThanOrEqual(18);
  });

  test("time that the machine gave to others is paid by nobody", () => {
    const thread = new Thread();
    const [hit, other] = [tenant(), tenant()];
    let turns = 0;
    thread.begin({
      account: hit,
      next() {
        const stolen = turns++ % 2 === 0 ? 9 : 0;
        thread.lost += stolen;
        return { costs: 1 + stolen };
      },
    });
    thread.spin(other);
    thread.run(20_000);
    const had = turns;
    expect(Math.abs(had - thread.of(other))).toBeLessThanOrEqual(2);
  });

  test("time that was stolen of others, or long ago, excuses no long turn", () => {
    const thread = new Thread();
    const [long, other] = [tenant(), tenant()];
    thread.begin({ account: long, next: () => ({ costs: 20 }) });
    thread.begin({
      account: other,
      next() {
        thread.lost += 1;
        return { costs: 1 };
      },
    });
    thread.run(50_000);
    // What is stolen in the ten short turns before is beyond telling.
    expect(thread.of(long) / thread.of(other)).toBeLessThan(2.2);
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("a host that tells nonsense of it stops nobody: %d", (told) => {
    const queue = fairQueue({ stolen: () => told });
    const [a, b] = [tenant(), tenant()];
    const ran: Account[] = [];
    const spin = (account: Account): void =>
      queue.push(() => {
        ran.push(account);
        queue.charge?.(account, 30);
        spin(account);
      }, account);
    spin(a);
    spin(b);
    for (let i = 0; i < 1_000; i++) queue.take()?.();
    expect(ran.filter((one) => one === a).length).toBeGreaterThan(490);
    expect(ran.filter((one) => one === b).length).toBeGreaterThan(490);
  });
});

describe("priorities", () => {
  test("come before shares, and starve nobody: a hundredth is left for all of the lower one together", () => {
    const thread = new Thread();
    const interactive = tenant({ priority: "interactive", share: 0.001 });
    const batch = Array.from({ length: 50 }, () => tenant({ priority: "batch", share: 1000 }));
    const normal = tenant();
    for (const one of [interactive, normal, ...batch]) thread.spin(one);
    thread.run(1_000_000);
    const parts = [interactive, normal].map((one) => thread.of(one) / 1_000_000);
    expect(parts[0]).toBeCloseTo(10_000 / 10_101, 4);
    expect(parts[1]).toBeCloseTo(100 / 10_101, 4);
    const lowest = batch.reduce((sum, one) => sum + thread.of(one), 0);
    expect(lowest / 1_000_000).toBeCloseTo(1 / 10_101, 4);
    for (const one of batch) expect(thread.of(one)).toBeGreaterThan(0);
  });

  test("hold among brothers: a batch of another tenant is not below this tenant's guests", () => {
    const thread = new Thread();
    const [one, other] = [meter({ name: "one" }), meter({ name: "other" })];
    thread.spin(one.child({ name: "batch", priority: "batch" }).account);
    thread.spin(other.child({ name: "interactive", priority: "interactive" }).account);
    thread.run(1_000);
    expect(Math.abs(thread.of(one.account) - thread.of(other.account))).toBeLessThanOrEqual(2 * SLICE_MS);
  });

  test.each(["urgent", "", "constructor", 3])("that there are not are refused: %j", (priority) => {
    expect(() => meter({ name: "x", priority: priority as "normal" })).toThrow(/priority must be interactive, normal/);
  });
});

describe("among any guests of any accounts", () => {
  const share = fc.constantFrom(0.25, 0.5, 1, 2, 3, 8);
  const costs = fc.integer({ min: 1, max: 15 }).map((n) => n / 10);
  const wild = fc.record({
    share,
    steps: fc.array(fc.record({ costs, sleeps: fc.option(fc.nat(30), { nil: undefined }) }), { minLength: 1 }),
    priority: fc.constantFrom("interactive" as const, "normal" as const, "batch" as const),
    under: fc.nat(3),
  });
  const MOST = 1.5; // ms of a turn

  test("who never sleeps is within a turn or two of its brothers at every moment, whatever the others do", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ share, costs }), { minLength: 2, maxLength: 6 }),
        fc.array(wild, { maxLength: 8 }),
        fc.boolean(),
        (steady, others, entersWhoWakes) => {
          const thread = new Thread();
          const top = meter({ name: "top" });
          const spinners = steady.map((one, i) => {
            const { account } = top.child({ name: `${i}`, share: one.share });
            thread.spin(account, one.costs);
            return { account, share: one.share };
          });
          for (const { under, steps, ...one } of others) {
            const wildMeter = { name: "wild", ...one };
            const places = [() => tenant(wildMeter), () => top.child(wildMeter).account];
            const account = places[under]?.() ?? below(spinners[under - 2]!.account);
            let at = 0;
            thread.begin({ account, next: () => steps[at++ % steps.length]! });
          }
          for (let moment = 0; moment < 40; moment++) {
            thread.run(25, entersWhoWakes);
            for (const a of spinners)
              for (const b of spinners) {
                const apart = thread.of(a.account) / a.share - thread.of(b.account) / b.share;
                expect(apart).toBeLessThanOrEqual((MOST + SLICE_MS) / a.share + MOST / b.share + 1e-6);
              }
          }
        },
      ),
      { numRuns: isDeep ? 3_000 : 200 },
    );
  });

  test("every task that waits is taken once, in the order of its line, and then nobody waits", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(12), fc.nat(3), fc.nat(50)), { maxLength: 120 }), (acts) => {
        const queue = fairQueue();
        const accounts: Account[] = [tenant(), tenant({ priority: "batch" }), tenant({ share: 9 })];
        const lines = new Map<Account, number[]>();
        let size = 0;
        const taken = (): boolean => {
          const task = queue.take();
          task?.();
          return task !== undefined;
        };
        acts.forEach(([who, what, ms], i) => {
          const account = accounts[who % accounts.length]!;
          if (what === 0) accounts.push(newAccount(account) ?? account);
          else if (what === 1) queue.charge?.(account, ms);
          else if (what === 2) size -= taken() ? 1 : 0;
          else {
            lines.set(account, [...(lines.get(account) ?? []), i]);
            queue.push(() => expect(lines.get(account)!.shift()).toBe(i), account);
            size++;
          }
          expect(queue.size()).toBe(size);
          expect(queue.size()).toBe([...lines.values()].reduce((sum, line) => sum + line.length, 0));
        });
        while (taken()) size--;
        expect([size, queue.size()]).toEqual([0, 0]);
      }),
      { numRuns: isDeep ? 5_000 : 300 },
    );
  });
});
