// Taking back: revocable and leased.
import { describe, expect, test } from "vitest";
import { signal, within } from "../../policy-libs/call.ts";
import { capability, type Granted, leased, only, quota, revocable } from "../../policy-libs/index.ts";
import { BOX, functionsOf, manualClock, newListener, newWorld, outcome, settled } from "./attenuate-world.ts";

describe("revocable", () => {
  test("passes everything until it is revoked, then nothing, and for good", async () => {
    const world = newWorld();
    const { granted, revoke, isRevoked } = revocable(world.granted);
    const functions = functionsOf(granted);
    expect([functions["count"]!(), isRevoked()]).toEqual([1, false]);
    revoke();
    revoke();
    expect(isRevoked()).toBe(true);
    for (const name of Object.keys(functions)) expect(await outcome(() => functions[name]!("a"))).toBe("E_REVOKED");
    expect(world.log).toHaveLength(1);
    // The base lives on for others.
    expect(world.functions["count"]!()).toBe(2);
  });

  test("handles, and handles of handles, die with it", async () => {
    const world = newWorld();
    const { granted, revoke } = revocable(world.granted);
    const cell = functionsOf((await functionsOf(granted)["open"]!("a")) as Granted);
    const below = functionsOf((await cell["below"]!("x")) as Granted);
    const [first] = (await functionsOf(granted)["all"]!()) as { cell: Granted }[];
    revoke();
    const { length } = world.log;
    for (const dead of [cell, below, functionsOf(first!.cell)])
      for (const name of ["get", "set", "below", "peek"])
        expect(await outcome(() => dead[name]!("x"))).toBe("E_REVOKED");
    expect(world.log).toHaveLength(length);
  });

  test("calls in flight answer at once, their signals fire, their results reach nobody", async () => {
    const world = newWorld();
    const { granted, revoke } = revocable(world.granted);
    const calls = Array.from({ length: 3 }, () => outcome(() => functionsOf(granted)["slow"]!("a")));
    revoke();
    expect(world.signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
    expect(await Promise.all(calls)).toEqual(new Array(3).fill("E_REVOKED"));
    for (let i = 0; i < 3; i++) world.finish();
    await settled();
  });

  test("a base whose promise fails after the revocation harms nobody", async () => {
    let fail: (error: Error) => void = () => undefined;
    const base = capability({ name: "odd", form: "odd", calls: BOX.calls } as never, {
      ...newWorld().functions,
      slow: () => new Promise((_, reject) => (fail = reject)),
    });
    const { granted, revoke } = revocable(base);
    const call = outcome(() => functionsOf(granted)["slow"]!("a"));
    revoke();
    fail(new Error("late"));
    expect(await call).toBe("E_REVOKED");
    await settled();
  });

  test("a call that revokes what it came through gets no answer, at once or late", async () => {
    const world = newWorld();
    const base = capability({ name: "odd", form: "odd", calls: BOX.calls } as never, {
      ...world.functions,
      count: () => {
        taken.revoke();
        return "secret";
      },
      slow: async () => {
        await settled();
        late.revoke();
        return "secret";
      },
      read: () => {
        thrown.revoke();
        throw Object.assign(new Error("secret"), { code: "E_NOT_FOUND" });
      },
    });
    const [taken, late, thrown] = [revocable(base), revocable(base), revocable(base)];
    expect(await outcome(() => functionsOf(taken.granted)["count"]!())).toBe("E_REVOKED");
    expect(await outcome(() => functionsOf(late.granted)["slow"]!())).toBe("E_REVOKED");
    expect(await outcome(() => functionsOf(thrown.granted)["read"]!())).toBe("E_REVOKED");
  });

  test("what was given to it is cut off, too: no call back, no handle that came with one", async () => {
    const world = newWorld();
    const { granted, revoke } = revocable(world.granted);
    const listener = newListener();
    await functionsOf(granted)["watch"]!(listener.granted);
    await Promise.all(world.tell("a"));
    const cell = functionsOf(listener.told[0]![1] as Granted);
    expect(await cell["get"]!()).toBe("alpha");
    revoke();
    expect(await Promise.all(world.tell("a").map((call) => outcome(() => call)))).toEqual(["E_REVOKED"]);
    expect(await outcome(() => cell["get"]!())).toBe("E_REVOKED");
    expect(listener.told).toHaveLength(1);
  });

  test("a call back in flight is dropped: the base does not learn what the guest answers later", async () => {
    const world = newWorld();
    const { granted, revoke } = revocable(world.granted);
    let answer: (value: unknown) => void = () => undefined;
    const slow = new Promise((resolve) => (answer = resolve));
    const listener = capability({ name: "listener", form: "l", calls: newListener().granted.contract.calls } as never, {
      changed: () => slow,
    });
    await functionsOf(granted)["watch"]!(listener);
    const told = world.tell("a").map((call) => outcome(() => call));
    revoke();
    answer("secret");
    expect(await Promise.all(told)).toEqual(["E_REVOKED"]);
  });

  test("nested: either owner can revoke, and what was attenuated further dies as well", async () => {
    const world = newWorld();
    const inner = revocable(world.granted);
    const outer = revocable(only(inner.granted, ["open", "count"]));
    const derived = functionsOf(quota(outer.granted, { calls: 100 }));
    const cell = functionsOf((await derived["open"]!("a")) as Granted);
    inner.revoke();
    expect(await outcome(() => cell["get"]!())).toBe("E_REVOKED");
    expect(await outcome(() => derived["count"]!())).toBe("E_REVOKED");
    expect(outer.isRevoked()).toBe(false);
  });

  test("the signal of a call also fires when its caller's does, and not for calls that are over", async () => {
    const world = newWorld();
    const { granted, revoke } = revocable(world.granted);
    const caller = new AbortController();
    const call = { account: undefined, interrupt: undefined, signal: () => caller.signal as never };
    const slow = within(call, () => functionsOf(granted)["slow"]!("a"));
    const over = within(call, () => functionsOf(granted)["slow"]!("b"));
    world.finish();
    world.finish();
    expect(await slow).toBe("alpha");
    await over;
    caller.abort();
    revoke();
    expect(world.signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    const pending = within(call, () => outcome(() => functionsOf(revocable(world.granted).granted)["slow"]!("a")));
    expect(world.signals[2]?.aborted).toBe(true);
    world.finish();
    await pending;
    expect(signal().aborted).toBe(false);
  });

  test("10,000 handles are revoked within 5 ms; 10,000 calls in flight with signals within a second", async () => {
    const world = newWorld(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, "x"])));
    const [idle, busy] = [revocable(world.granted), revocable(world.granted)];
    const all = (await functionsOf(idle.granted)["all"]!()) as { cell: Granted }[];
    const calls = all.map(() => outcome(() => functionsOf(busy.granted)["slow"]!("a")));
    const started = performance.now();
    idle.revoke();
    const between = performance.now();
    busy.revoke();
    expect([between - started < 5, performance.now() - between < 1_000]).toEqual([true, true]);
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["E_REVOKED"]));
    expect(await outcome(() => functionsOf(all[9_999]!.cell)["get"]!())).toBe("E_REVOKED");
  });
});

describe("leased", () => {
  test("ends after its term, calls in flight and handles included, with E_EXPIRED", async () => {
    const [world, clock] = [newWorld(), manualClock()];
    const lease = leased(world.granted, 100, clock);
    const functions = functionsOf(lease.granted);
    const cell = functionsOf((await functions["open"]!("a")) as Granted);
    const slow = outcome(() => functions["slow"]!("a"));
    await clock.advance(99);
    expect([lease.isRevoked(), await cell["get"]!()]).toEqual([false, "alpha"]);
    await clock.advance(1);
    expect(await slow).toBe("E_EXPIRED");
    expect(world.signals[0]?.aborted).toBe(true);
    expect(await outcome(() => cell["get"]!())).toBe("E_EXPIRED");
    expect(lease.isRevoked()).toBe(true);
    expect(clock.timers()).toBe(0);
  });

  test("is renewed while it lasts, and never after", async () => {
    const [world, clock] = [newWorld(), manualClock()];
    const lease = leased(world.granted, 100, clock);
    await clock.advance(90);
    expect(lease.renew(100)).toBe(true);
    await clock.advance(99);
    expect(functionsOf(lease.granted)["count"]!()).toBe(1);
    await clock.advance(1);
    expect(lease.renew(100)).toBe(false);
    expect(await outcome(() => functionsOf(lease.granted)["count"]!())).toBe("E_EXPIRED");
  });

  test("a timer that never comes gives nothing: calls, answers and renewals look at the clock", async () => {
    const world = newWorld();
    let time = 0;
    const clock = { now: () => time, elapsed: () => time, after: () => () => undefined };
    const lease = leased(world.granted, 100, clock);
    const slow = outcome(() => functionsOf(lease.granted)["slow"]!("a"));
    time = 100;
    world.finish();
    expect(await slow).toBe("E_EXPIRED");
    expect(lease.renew(1_000)).toBe(false);
    time = 0;
    expect(await outcome(() => functionsOf(lease.granted)["count"]!())).toBe("E_EXPIRED");
  });

  test("a term is measured by a clock that nobody sets; a moment by the one that people read", async () => {
    const world = newWorld();
    const time = { wall: 1_000, elapsed: 0 };
    const clock = { now: () => time.wall, elapsed: () => time.elapsed, after: () => () => undefined };
    const [term, moment] = [leased(world.granted, 100, clock), leased(world.granted, { until: 2_000 }, clock)];
    time.wall = -1_000_000;
    time.elapsed = 100;
    expect([term.isRevoked(), moment.isRevoked()]).toEqual([true, false]);
    time.wall = 2_000;
    expect(moment.isRevoked()).toBe(true);
  });

  test("a moment in the past, and a clock that says NaN, are no lease", async () => {
    const { granted } = newWorld();
    expect(leased(granted, { until: new Date(0) }).isRevoked()).toBe(true);
    const broken = { now: () => Number.NaN, elapsed: () => Number.NaN, after: () => () => undefined };
    expect(leased(granted, { until: 5 }, broken).isRevoked()).toBe(true);
    expect(() => leased(granted, Number.NaN)).toThrow(TypeError);
    expect(() => leased(granted, { until: new Date(Number.NaN) })).toThrow(TypeError);
  });

  test("is revoked before its term with E_REVOKED", async () => {
    const [world, clock] = [newWorld(), manualClock()];
    const lease = leased(world.granted, 100, clock);
    lease.revoke();
    expect(await outcome(() => functionsOf(lease.granted)["count"]!())).toBe("E_REVOKED");
    expect([lease.renew(5), clock.timers()]).toEqual([false, 0]);
  });
});
