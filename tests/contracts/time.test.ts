// Clocks and timers: real, injected, and virtual.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { newAgenda } from "../../policy-libs/clock/agenda.ts";
import { clock, realTime, type TimePowers, timers, virtualClock } from "../../policy-libs/index.ts";
import { newGuest, outcome, settle } from "./guest.ts";

vi.mock("../../policy-libs/call.ts", async (original) => {
  return { ...(await original<object>()), signal: (await import("./guest.ts")).signal };
});

/** A host whose clocks show what they are told to, and whose timers fire when they are told to. */
function host(times: number[]) {
  const armed: { task: () => void; ms: number }[] = [];
  const powers: TimePowers = {
    now: () => 1_700_000_000_123.9,
    monotonic: () => times[0] as number,
    setTimeout: (task, ms) => armed.push({ task, ms }),
    clearTimeout: () => armed.splice(0),
  };
  return { powers, armed };
}

describe("a clock", () => {
  test("tells the host's time of day, in steps of its resolution", () => {
    const { powers } = host([0]);
    expect(clock({ time: realTime(powers) }).functions.now()).toBe(1_700_000_000_123);
    expect(clock({ time: realTime(powers), resolution: 100 }).functions.now()).toBe(1_700_000_000_100);
    const before = Date.now();
    expect(clock().functions.now()).toBeGreaterThanOrEqual(before);
  });

  test("begins at 0, whatever the host's own age", () => {
    const times = [123_456.7];
    const { monotonic } = clock({ time: realTime(host(times).powers), resolution: 5 }).functions;
    expect(monotonic()).toBe(0);
    times[0] = 123_456.7 + 14.9;
    expect(monotonic()).toBe(10);
  });

  test("never goes back, although the host's does", () => {
    const times = [1_000];
    const { monotonic } = clock({ time: realTime(host(times).powers) }).functions;
    times[0] = 1_500;
    expect(monotonic()).toBe(500);
    times[0] = 900;
    expect(monotonic()).toBe(500);
  });

  test.for([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("has no resolution of %d", (resolution) => {
    expect(() => clock({ resolution })).toThrow(TypeError);
  });
});

describe("a sleep", () => {
  test("is never short, although the host's timer fires early", async () => {
    const times = [0];
    const { powers, armed } = host(times);
    const slept = timers({ time: realTime(powers) }).functions.sleep(10);
    const ended = vi.fn();
    void Promise.resolve(slept).then(ended);
    times[0] = 9.2;
    armed.shift()?.task();
    await settle();
    expect(ended).not.toHaveBeenCalled();
    expect(armed[0]?.ms).toBe(1);
    times[0] = 10.1;
    armed.shift()?.task();
    await settle();
    expect(ended).toHaveBeenCalledOnce();
  });

  test("of a month is made of what the host's timer can wait", async () => {
    const times = [0];
    const { powers, armed } = host(times);
    const slept = Promise.resolve(timers({ time: realTime(powers) }).functions.sleep(2 ** 31 + 5));
    expect(armed[0]?.ms).toBe(2 ** 31 - 1);
    times[0] = 2 ** 31 - 1;
    armed.shift()?.task();
    expect(armed[0]?.ms).toBe(6);
    times[0] = 2 ** 31 + 5;
    armed.shift()?.task();
    await slept;
  });

  test("of the host takes its time", async () => {
    const start = performance.now();
    await timers().functions.sleep(20);
    expect(performance.now() - start).toBeGreaterThanOrEqual(20);
  });

  test("ends for good with its guest, and its timer is taken back", async () => {
    const time = virtualClock();
    const guest = newGuest();
    const { sleep } = timers({ time }).functions;
    const slept = outcome(() => guest.as(() => sleep(1_000)));
    expect(time.waiting()).toBe(1);
    guest.end();
    expect(await slept).toBe("E_ENDED");
    expect(time.waiting()).toBe(0);
    expect(await outcome(() => guest.as(() => sleep(0)))).toBe("E_ENDED");
  });

  test("is refused when too many are open, and possible again when they are over: 10,000 of them, twice", async () => {
    const time = virtualClock();
    const { sleep } = timers({ time }).functions;
    for (const round of [1, 2]) {
      const all = Array.from({ length: 10_000 }, (_, i) => Promise.resolve(sleep(i % 100)));
      expect(await outcome(() => sleep(1))).toBe("E_BUSY");
      time.advance(100);
      await Promise.all(all);
      expect(time.waiting(), `round ${round}`).toBe(0);
    }
  });

  test.for([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300])("of %d milliseconds is refused", async (ms) => {
    expect(await outcome(() => timers().functions.sleep(ms))).toBe("E_VALUE");
  });
});

describe("a virtual clock", () => {
  test("stands still until it is moved", () => {
    const time = virtualClock({ start: Date.UTC(2000, 0, 1), resolution: 10 });
    expect(time.granted.functions.now()).toBe(946_684_800_000);
    time.advance(25);
    expect(time.granted.functions.now()).toBe(946_684_800_020);
    expect(time.granted.functions.monotonic()).toBe(20);
  });

  test("runs what becomes due at its own time, in order, those of one time as they were added", () => {
    const time = virtualClock();
    const seen: [string, number][] = [];
    const note = (name: string) => () => void seen.push([name, time.monotonic()]);
    time.after(20, note("late"));
    time.after(10, note("first"));
    time.after(10, note("second"));
    time.after(30, note("never"));
    time.advance(20);
    expect(seen).toEqual([
      ["first", 10],
      ["second", 10],
      ["late", 20],
    ]);
    expect(time.monotonic()).toBe(20);
  });

  test("goes from one task to the next, and says when none waits", () => {
    const time = virtualClock();
    time.after(5, () => time.after(5, () => undefined));
    expect([time.advanceToNext(), time.monotonic()]).toEqual([true, 5]);
    expect([time.advanceToNext(), time.monotonic()]).toEqual([true, 10]);
    expect(time.advanceToNext()).toBe(false);
  });

  test("can be set back without its timers or the time that passed noticing", () => {
    const time = virtualClock({ start: 1_000_000 });
    const task = vi.fn();
    time.after(50, task);
    time.advance(20);
    time.setNow(5);
    expect([time.now(), time.monotonic()]).toEqual([5, 20]);
    time.advance(30);
    expect(task).toHaveBeenCalledOnce();
    expect(time.now()).toBe(35);
  });

  test.for([Number.NaN, -1, Number.POSITIVE_INFINITY])("cannot be advanced by %d", (ms) => {
    expect(() => virtualClock().advance(ms)).toThrow(TypeError);
  });
});

describe("an agenda", () => {
  test("gives tasks by time and then by turn, also when others were taken back", () => {
    const tasks = fc.array(fc.record({ due: fc.integer({ min: 0, max: 20 }), isBack: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(tasks, (all) => {
        const agenda = newAgenda();
        const seen: number[] = [];
        const backs = all.map(({ due }, i) => agenda.add(due, () => void seen.push(i)));
        for (const [i, { isBack }] of all.entries()) if (isBack) backs[i]?.();
        for (const [i, { isBack }] of all.entries()) if (isBack) backs[i]?.();
        const left = all.flatMap(({ due, isBack }, i) => (isBack ? [] : [{ due, i }]));
        const expected = left.toSorted((a, b) => a.due - b.due || a.i - b.i).map(({ i }) => i);
        expect(agenda.size).toBe(expected.length);
        for (let task = agenda.take(); task !== undefined; task = agenda.take()) task();
        expect(seen).toEqual(expected);
      }),
    );
  });
});
