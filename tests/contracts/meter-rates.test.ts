// Rates: RepyV2's leaky bucket, shares of it, stops of domains, and the line of host functions that wait.
import { describe, expect, test } from "vitest";
import { adjust, FUEL, newAccount } from "../../kernel/index.ts";
import { type Meter, meter } from "../../policy-libs/index.ts";
import { newBucket } from "../../policy-libs/meter/bucket.ts";
import { freeze, thaw } from "../../policy-libs/meter/freeze.ts";
import { fakeDomain, fakeTime, paying, settle, watched } from "./meter-kit.ts";

const bucketAt = (perSecond: number, burst = perSecond, resume = burst) => {
  const time = fakeTime();
  return { time, bucket: newBucket(() => ({ perSecond, burst, resume }), time.now) };
};

describe("a bucket", () => {
  test("lets one second's worth pass at once, and makes wait for what is above, as RepyV2 does", async () => {
    const { time, bucket } = bucketAt(100);
    bucket.add(100);
    expect(bucket.delay()).toBe(0);
    bucket.add(50);
    expect(bucket.delay()).toBe(500);
    await time.advance(250);
    expect([bucket.level(), bucket.delay()]).toEqual([125, 250]);
    await time.advance(250);
    expect(bucket.delay()).toBe(0);
    await time.advance(10_000);
    expect(bucket.level()).toBe(0);
    bucket.add(1000);
    expect(bucket.delay()).toBe(9000);
  });

  test("lets what it stopped go on once it has drained to where that may", async () => {
    const { time, bucket } = bucketAt(100, 100, 20);
    bucket.add(100);
    expect(bucket.delay()).toBe(0);
    bucket.add(50);
    expect([bucket.delay(), bucket.rest()]).toEqual([500, 1300]);
    await time.advance(500);
    expect([bucket.delay(), bucket.rest()]).toEqual([0, 800]);
    await time.advance(800);
    expect(bucket.rest()).toBe(0);
  });

  test("ignores a clock that goes back, and one that is no number", async () => {
    const { time, bucket } = bucketAt(100);
    bucket.add(300);
    time.jump(-3_600_000);
    expect(bucket.delay()).toBe(2000);
    await time.advance(1000);
    expect(bucket.delay()).toBe(1000);
    let now = 0;
    const odd = newBucket(
      () => ({ perSecond: 100, burst: 100, resume: 100 }),
      () => now,
    );
    odd.add(200);
    for (now of [Number.NaN, Infinity, -Infinity]) expect(odd.delay()).toBe(1000);
    now = 500;
    expect(odd.delay()).toBe(500);
  });

  test("stays a number with the largest and the smallest amounts", async () => {
    const { time, bucket } = bucketAt(1e-300, 0);
    bucket.add(Number.MAX_SAFE_INTEGER);
    expect(bucket.delay()).toBe(Infinity);
    await time.advance(1e12);
    expect(bucket.level()).toBe(Number.MAX_SAFE_INTEGER);
    const fast = bucketAt(1e300);
    fast.bucket.add(1e300);
    await fast.time.advance(1);
    expect(fast.bucket.level()).toBeCloseTo(1e300 * 0.999, -290);
  });

  test("that cannot drain holds its burst and no more", () => {
    const { bucket } = bucketAt(0, 10);
    expect(bucket.delay()).toBe(0);
    bucket.add(10);
    expect(bucket.delay()).toBe(Infinity);
    expect(bucketAt(0).bucket.delay()).toBe(Infinity);
  });
});

describe("a rate of 0", () => {
  test("forbids, and says so in a way that a program can catch", async () => {
    const none = meter({ name: "none", rates: { fileRead: 0 } });
    const payer = paying(none.account);
    await expect(payer.wait("fileRead")).rejects.toMatchObject({ code: "E_QUOTA" });
    expect(() => payer.charge("fileRead", 1)).toThrow(expect.objectContaining({ code: "E_QUOTA" }));
  });

  test("with a burst allows the burst, whatever the limit is raised to", async () => {
    const some = meter({ name: "some", rates: { fileRead: { perSecond: 0, burst: 10 } } });
    const payer = paying(some.account);
    await payer.wait("fileRead", 10);
    some.limit("fileRead", 1e9);
    await expect(payer.wait("fileRead", 1)).rejects.toMatchObject({ code: "E_QUOTA" });
    expect(some.usage().fileRead).toBe(10);
  });
});

describe("a stop", () => {
  const limited = (time = fakeTime()) => ({ time, one: meter({ name: "one", rates: { fuel: 1000 }, time }) });

  test("lasts until the bucket has drained, and is told of", async () => {
    const { time, one } = limited();
    const domain = fakeDomain(one);
    await time.advance(50);
    domain.burn(1500);
    expect(one.isFrozen).toBe(true);
    await time.advance(499);
    expect(one.isFrozen).toBe(true);
    await time.advance(1);
    expect([one.isFrozen, one.stops()]).toEqual([false, [[50, 500]]]);
  });

  test("ends at once when what was granted was not spent", () => {
    const { one } = limited();
    const domain = fakeDomain(one);
    domain.burn(5000);
    expect(one.isFrozen).toBe(true);
    domain.burn(-4900);
    expect([one.isFrozen, one.totals().fuel]).toEqual([false, 100]);
  });

  test("is longer when more is charged meanwhile, and has one thaw", async () => {
    const { time, one } = limited();
    const domain = fakeDomain(one);
    domain.burn(2000);
    await time.advance(500);
    domain.burn(1000);
    await time.advance(1499);
    expect([one.isFrozen, one.account.frozen]).toEqual([true, 1]);
    await time.advance(1);
    expect([one.isFrozen, one.account.frozen, one.stops()]).toEqual([false, 0, [[0, 2000]]]);
  });

  test("for two resources ends when both have drained", async () => {
    const time = fakeTime();
    const one = meter({ name: "one", rates: { fuel: 1000, calls: 10 }, time });
    fakeDomain(one).burn(2000);
    paying(one.account).charge("calls", 40);
    await time.advance(2990);
    expect(one.isFrozen).toBe(true);
    await time.advance(10);
    expect(one.isFrozen).toBe(false);
  });

  test("holds no timer when the last domain has ended, and still holds the next one", async () => {
    const { time, one } = limited();
    const domain = fakeDomain(one);
    domain.burn(100_000);
    expect(time.timers).toBe(1);
    domain.end();
    expect(time.timers).toBe(0);
    await time.advance(1000);
    fakeDomain(one);
    expect([one.isFrozen, time.timers]).toEqual([true, 1]);
    await time.advance(98_000);
    expect([one.isFrozen, one.stops(), time.timers]).toEqual([false, [[0, 99_000]], 0]);
  });

  test("of every resource that the kernel uses by itself, starts of domains too", async () => {
    const time = fakeTime();
    const one = meter({ name: "one", rates: { domains: 2 }, time });
    for (let i = 0; i < 3; i++) fakeDomain(one).end();
    fakeDomain(one);
    expect([one.isFrozen, one.delay("domains")]).toEqual([true, 1000]);
    await time.advance(1000);
    expect(one.isFrozen).toBe(false);
  });

  test("keeps the records of the last hundred", async () => {
    const { time, one } = limited();
    const domain = fakeDomain(one);
    domain.burn(1000);
    for (let i = 0; i < 150; i++) {
      domain.burn(10);
      await time.advance(10);
    }
    expect(one.stops()).toHaveLength(100);
    expect(one.stops()[0]).toEqual([500, 10]);
  });

  test("thaws what waits once, and other freezes of the account are left alone", async () => {
    const { time, one } = limited();
    let thawed = 0;
    freeze(one.account);
    fakeDomain(one).burn(2000);
    one.account.waiting.add(() => thawed++);
    await time.advance(5000);
    expect([thawed, one.account.frozen]).toEqual([0, 1]);
    thaw(one.account);
    expect(thawed).toBe(1);
  });
});

describe("a share", () => {
  /** Fuel that each gets through in `ms` when all want as much as they can, in steps of 10 ms. */
  async function race(meters: readonly Meter[], ms: number, advance: (ms: number) => Promise<void>): Promise<number[]> {
    const before = meters.map((one) => one.totals().fuel);
    const domains = meters.map(fakeDomain);
    for (let at = 0; at < ms; at += 10) {
      for (const [i, one] of meters.entries()) if (!one.isFrozen) domains[i]!.burn(5);
      await advance(10);
    }
    for (const domain of domains) domain.end();
    return meters.map((one, i) => one.totals().fuel - before[i]!);
  }

  test("with resume a domain stands still until that is reached: rarely and long instead of often and briefly", async () => {
    const time = fakeTime();
    const tenant = meter({ name: "tenant", rates: { fuel: { perSecond: 100, burst: 90, resume: 0 } }, time });
    const domain = fakeDomain(tenant);
    domain.burn(90);
    expect(tenant.isFrozen).toBe(false);
    domain.burn(1);
    expect(tenant.isFrozen).toBe(true);
    await time.advance(900);
    expect(tenant.isFrozen).toBe(true);
    await time.advance(10);
    expect(tenant.isFrozen).toBe(false);
    expect(tenant.stops()).toEqual([[0, 910]]);
    domain.burn(90);
    expect(tenant.isFrozen).toBe(false);
    domain.end();
  });

  test("resume above the burst is refused", () => {
    expect(() => meter({ name: "odd", rates: { fuel: { perSecond: 10, resume: 11 } } })).toThrow("at most the burst");
    expect(() => meter({ name: "odd", rates: { fuel: { perSecond: 10, resume: Number.NaN } } })).toThrow("rates");
  });

  test("of 1 and 3 divides the parent's rate, and both together keep it", async () => {
    const time = fakeTime();
    const tenant = meter({ name: "tenant", rates: { fuel: { perSecond: 200, burst: 10 } }, time });
    const meters = [tenant.child({ name: "one", share: 1 }), tenant.child({ name: "three", share: 3 })];
    const [one, three] = (await race(meters, 60_000, time.advance)) as [number, number];
    expect(one + three).toBeGreaterThan(11_500);
    expect(one + three).toBeLessThan(12_100);
    expect(three / one).toBeGreaterThan(2.8);
    expect(three / one).toBeLessThan(3.2);
  });

  test("holds at every level, not only below the meter that has the rate", async () => {
    const time = fakeTime();
    const tenant = meter({ name: "tenant", rates: { fuel: { perSecond: 200, burst: 10 } }, time });
    const [left, right] = [tenant.child({ name: "left" }), tenant.child({ name: "right" })];
    const meters = [left.child({ name: "a", share: 1 }), left.child({ name: "b", share: 4 }), right];
    const [a, b, c] = (await race(meters, 60_000, time.advance)) as [number, number, number];
    expect((a + b) / c).toBeGreaterThan(0.9);
    expect((a + b) / c).toBeLessThan(1.1);
    expect(b / a).toBeGreaterThan(3.4);
    expect(b / a).toBeLessThan(4.6);
  });

  test("is of those that use the rate: one alone has all of it, also after the others fell silent", async () => {
    const time = fakeTime();
    const tenant = meter({ name: "tenant", rates: { fuel: { perSecond: 200, burst: 10 } }, time });
    const meters = [tenant.child({ name: "one" }), tenant.child({ name: "two", share: 9 })];
    const [alone] = (await race(meters.slice(0, 1), 30_000, time.advance)) as [number];
    expect(alone).toBeGreaterThan(5_700);
    await race(meters, 10_000, time.advance);
    const [again] = (await race(meters.slice(0, 1), 30_000, time.advance)) as [number];
    expect(again).toBeGreaterThan(5_400);
  });

  test("is not lost by standing still for long", async () => {
    const time = fakeTime();
    const tenant = meter({ name: "tenant", rates: { fuel: { perSecond: 100, burst: 10 } }, time });
    const [one, two] = [tenant.child({ name: "one" }), tenant.child({ name: "two" })];
    const [first, second] = [fakeDomain(one), fakeDomain(two)];
    first.burn(5);
    second.burn(1000); // it stands still for 20 seconds, and counts as one of two all the while
    await time.advance(5_000);
    first.burn(50);
    expect(one.delay("fuel")).toBeGreaterThan(800);
    expect(two.isFrozen).toBe(true);
  });

  test("of what one resource has does not depend on who uses another", async () => {
    const time = fakeTime();
    const tenant = meter({ name: "tenant", rates: { fileRead: 100 }, time });
    const [reader, busy] = [tenant.child({ name: "reader" }), tenant.child({ name: "busy" })];
    fakeDomain(busy).burn(5);
    paying(reader.account).charge("fileRead", 100);
    expect(reader.delay("fileRead")).toBe(0);
  });

  test("of a meter that was removed goes to the others", async () => {
    const time = fakeTime();
    const tenant = meter({ name: "tenant", rates: { fileRead: 100 }, time });
    const [one, two] = [tenant.child({ name: "one" }), tenant.child({ name: "two" })];
    for (const each of [one, two]) paying(each.account).charge("fileRead", 50);
    expect(one.delay("fileRead")).toBe(0);
    two.remove();
    paying(two.account).charge("fileRead", 1);
    paying(one.account).charge("fileRead", 50);
    // Its own part is the whole now; the parent's bucket has 151.
    expect(one.delay("fileRead")).toBe(510);
  });
});

describe("waiting for a rate", () => {
  const limited = (perSecond = 100) => {
    const time = fakeTime();
    const tenant = meter({ name: "tenant", rates: { netSend: perSecond }, time });
    return { time, tenant, run: tenant.child({ name: "run" }) };
  };

  test("takes what the whole tree takes, then charges", async () => {
    const { time, tenant, run } = limited();
    const payer = paying(run.account);
    await payer.wait("netSend", 150);
    const seen = watched(time, payer.wait("netSend", 10));
    await time.advance(10_000);
    expect(seen).toEqual({ at: 500 });
    expect([run.usage().netSend, tenant.usage().netSend]).toEqual([160, 160]);
  });

  test("is first come, first served, and nobody overtakes", async () => {
    const { time, run } = limited();
    const payer = paying(run.account);
    payer.charge("netSend", 200);
    const seen = [100, 1, 100].map((amount) => watched(time, payer.wait("netSend", amount)));
    await time.advance(999);
    expect(seen.map(({ at }) => at)).toEqual([undefined, undefined, undefined]);
    await time.advance(1);
    const late = watched(time, payer.wait("netSend", 0));
    await time.advance(5_000);
    expect(seen.map(({ at }) => at)).toEqual([1000, 2000, 2010]);
    expect(late.at).toBe(3010);
  });

  test("is over at once if the rate has room and nobody stands before", async () => {
    const { time, run } = limited();
    const payer = paying(run.account);
    expect(payer.isReady("netSend")).toBe(true);
    payer.charge("netSend", 101);
    expect([payer.isReady("netSend"), payer.isReady("netReceive")]).toEqual([false, true]);
    await time.advance(10);
    expect(payer.isReady("netSend")).toBe(true);
  });

  test("has one timer, however many wait", async () => {
    const { time, run } = limited();
    const payer = paying(run.account);
    payer.charge("netSend", 200);
    const all = Array.from({ length: 10_000 }, () => payer.wait("netSend"));
    await settle();
    expect(time.timers).toBe(1);
    await expect(payer.wait("netSend")).rejects.toMatchObject({ code: "E_BUSY" });
    await time.advance(1000);
    await Promise.all(all);
    expect(time.timers).toBe(0);
  });

  test("ends with the call: it is not charged, and those behind it move up", async () => {
    const { time, run } = limited();
    const [gone, next] = [paying(run.account), paying(run.account)];
    gone.charge("netSend", 200);
    const seen = [watched(time, gone.wait("netSend", 100)), watched(time, next.wait("netSend", 5))];
    await time.advance(100);
    gone.drop();
    await time.advance(5_000);
    expect(seen).toEqual([{ at: 100, code: "E_ENDED" }, { at: 1000 }]);
    expect(run.usage().netSend).toBe(205);
    await expect(gone.wait("netSend")).rejects.toMatchObject({ code: "E_ENDED" });
  });

  test("leaves no timer behind when the last one has gone", async () => {
    const { time, run } = limited();
    const gone = paying(run.account);
    gone.charge("netSend", 200);
    const seen = watched(time, gone.wait("netSend", 1));
    await settle();
    gone.drop();
    await settle();
    expect([seen.code, time.timers]).toEqual(["E_ENDED", 0]);
  });

  test("for more than a limit allows is refused when its turn comes, and charges nothing", async () => {
    const { time, tenant, run } = limited();
    tenant.limit("netSend", 210);
    const payer = paying(run.account);
    payer.charge("netSend", 200);
    const seen = [watched(time, payer.wait("netSend", 11)), watched(time, payer.wait("netSend", 10))];
    await time.advance(2_000);
    expect(seen).toEqual([{ at: 1000, code: "E_QUOTA" }, { at: 1000 }]);
    expect(tenant.usage().netSend).toBe(210);
  });

  test("goes by an account that no meter made, to the meters above it", async () => {
    const { time, run } = limited();
    const bare = newAccount(run.account)!;
    adjust(bare, FUEL, 1);
    const payer = paying(bare);
    payer.charge("netSend", 200);
    const seen = watched(time, payer.wait("netSend"));
    await time.advance(1_000);
    expect([seen.at, run.usage().netSend]).toEqual([1000, 200]);
  });

  test("counts as use among siblings: who waits keeps its part", async () => {
    const { time, tenant, run } = limited();
    const other = tenant.child({ name: "other" });
    paying(run.account).charge("netSend", 500);
    const seen = watched(time, paying(run.account).wait("netSend"));
    await time.advance(3_000);
    paying(other.account).charge("netSend", 60);
    expect(seen).toEqual({});
    expect(other.delay("netSend")).toBeGreaterThanOrEqual(200);
  });
});
