// How much, how often, how large, when: quota, rate, size, window.
import { describe, expect, test } from "vitest";
import { within } from "../../policy-libs/call.ts";
import { type Granted, quota, type RateLimit, rate, size, window } from "../../policy-libs/index.ts";
import { functionsOf, manualClock, newListener, newWorld, outcome, settled } from "./attenuate-world.ts";

const codes = async (calls: readonly Promise<unknown>[]): Promise<unknown[]> =>
  await Promise.all(calls.map((call) => outcome(() => call)));
const attempt = (call: () => unknown): Promise<unknown> => Promise.resolve().then(call);

describe("quota", () => {
  test("calls are counted before they are made: of a hundred at once exactly the first five reach the base", async () => {
    const world = newWorld();
    const limited = functionsOf(quota(world.granted, { calls: 5 }));
    const answers = codes(Array.from({ length: 100 }, () => attempt(() => limited["slow"]!("a"))));
    await settled();
    expect(world.pending()).toBe(5);
    for (let i = 0; i < 5; i++) world.finish();
    const got = await answers;
    expect(got.filter((answer) => answer === "alpha")).toHaveLength(5);
    expect(got.filter((answer) => answer === "E_QUOTA")).toHaveLength(95);
  });

  test("a call that fails is spent, one that the quota refuses is not", async () => {
    const world = newWorld();
    const limited = functionsOf(quota(world.granted, { calls: 3, perCall: { count: 1 } }));
    expect(await outcome(() => limited["read"]!("missing"))).toBe("E_NOT_FOUND");
    expect(await outcome(() => limited["count"]!())).toBe(1);
    for (let i = 0; i < 10; i++) expect(await outcome(() => limited["count"]!())).toBe("E_QUOTA");
    expect(await outcome(() => limited["read"]!("a"))).toBe("alpha");
    expect(await outcome(() => limited["read"]!("a"))).toBe("E_QUOTA");
  });

  test("handles spend the same account, and have their own lines in it", async () => {
    const world = newWorld();
    const limited = functionsOf(quota(world.granted, { calls: 4, perCall: { "cell.get": 1 } }));
    const cell = functionsOf((await limited["open"]!("a")) as Granted);
    expect(await outcome(() => cell["get"]!())).toBe("alpha");
    expect(await outcome(() => cell["get"]!())).toBe("E_QUOTA");
    expect(await outcome(() => cell["set"]!("x"))).toBeUndefined();
    expect(await outcome(() => limited["read"]!("a"))).toBe("x");
    expect(await outcome(() => cell["set"]!("y"))).toBe("E_QUOTA");
  });

  test("bytes count arguments, results and errors; what does not fit is not delivered", async () => {
    const world = newWorld({ a: "x".repeat(100) });
    const limited = functionsOf(quota(world.granted, { bytes: 150 }));
    // A list of one text: 1 + 1 + 1, and 101 back.
    expect(await outcome(() => limited["read"]!("a"))).toHaveLength(100);
    expect(await outcome(() => limited["read"]!("a"))).toBe("E_QUOTA");
    expect(await outcome(() => limited["write"]!("a", "y".repeat(100)))).toBe("E_QUOTA");
    expect(await outcome(() => limited["write"]!("a", "y"))).toBeUndefined();
    expect(world.texts.get("a")).toBe("y");
  });

  test("bytes: a guest cannot read through errors what it may not read as results", async () => {
    const world = newWorld();
    const limited = functionsOf(quota(world.granted, { bytes: 20 }));
    const got = [];
    for (let i = 0; i < 5; i++) got.push(await outcome(() => limited["read"]!("missing")));
    expect(got).toEqual(new Array(5).fill("E_QUOTA"));
  });

  test("bytes of concurrent results together never pass the quota", async () => {
    const world = newWorld({ a: "x".repeat(100) });
    const limited = functionsOf(quota(world.granted, { bytes: 1_000 }));
    const answers = codes(Array.from({ length: 50 }, () => attempt(() => limited["slow"]!("a"))));
    await settled();
    while (world.pending() > 0) world.finish();
    const delivered = (await answers).filter((answer) => answer !== "E_QUOTA") as string[];
    expect(delivered.join("").length).toBeLessThanOrEqual(1_000);
    expect(delivered.length).toBeGreaterThan(5);
  });

  test("bytes: what the base tells a listener counts", async () => {
    const world = newWorld({ ["p".repeat(100)]: "1" });
    const listener = newListener();
    await functionsOf(quota(world.granted, { bytes: 150 }))["watch"]!(listener.granted);
    const told = await codes(["p".repeat(100), "p".repeat(100)].flatMap((path) => world.tell(path)));
    expect(told).toEqual([undefined, "E_QUOTA"]);
    expect(listener.told).toHaveLength(1);
  });

  test("a cyclic argument is counted once and a shared one too", async () => {
    const world = newWorld();
    const limited = functionsOf(quota(world.granted, { bytes: 500 }));
    let bomb: unknown = ["x"];
    for (let i = 0; i < 40; i++) bomb = [bomb, bomb];
    expect(await outcome(() => limited["isMine"]!(bomb))).toBe(false);
  });

  test("limits that are no counts are refused", () => {
    const { granted } = newWorld();
    for (const limit of [-1, Number.NaN, 1.5, "7", null])
      for (const limits of [{ calls: limit }, { bytes: limit }, { perCall: { read: limit } }])
        expect(() => quota(granted, limits as never)).toThrow(TypeError);
    expect(() => quota(granted, { perCall: { reed: 1 } })).toThrow(TypeError);
  });
});

describe("size", () => {
  test("an argument that is too large never reaches the base", async () => {
    const world = newWorld();
    const limited = functionsOf(size(world.granted, { argument: 50 }));
    expect(await outcome(() => limited["write"]!("a", "x".repeat(100)))).toBe("E_QUOTA");
    expect(await outcome(() => limited["write"]!("a", "x".repeat(10)))).toBeUndefined();
    expect(world.log).toHaveLength(1);
  });

  test("a result or error that is too large is not delivered, also when it is late or comes from a handle", async () => {
    const world = newWorld({ a: "x".repeat(100), b: "y" });
    const limited = functionsOf(size(world.granted, { result: 50 }));
    expect(await outcome(() => limited["read"]!("a"))).toBe("E_QUOTA");
    expect(await outcome(() => limited["read"]!("b"))).toBe("y");
    const cell = functionsOf((await limited["open"]!("a")) as Granted);
    expect(await outcome(() => cell["get"]!())).toBe("E_QUOTA");
    expect(await outcome(() => cell["peek"]!())).toBe("E_QUOTA");
    const errors = functionsOf(size(world.granted, { result: 5 }));
    expect(await outcome(() => errors["read"]!("missing"))).toBe("E_QUOTA");
  });

  test("what goes to a listener is a result, and what it answers an argument", async () => {
    const world = newWorld();
    const [loud, quiet] = [newListener("x".repeat(100)), newListener("x")];
    await functionsOf(size(world.granted, { argument: 50 }))["watch"]!(loud.granted);
    await functionsOf(size(world.granted, { result: 50 }))["watch"]!(quiet.granted);
    expect(await codes(world.tell("a"))).toEqual(["E_QUOTA", "x"]);
    expect(await codes(world.tell("p".repeat(100)))).toEqual(["E_QUOTA", "E_QUOTA"]);
  });
});

describe("rate", () => {
  const limited = (options: Partial<RateLimit>, world = newWorld(), clock = manualClock()) => {
    const granted = rate(world.granted, { calls: 2, per: 100, burst: 1, clock, ...options });
    return { world, clock, granted, functions: functionsOf(granted) };
  };

  test("refuse: one call, then one for every 50 ms that pass", async () => {
    const { functions, clock } = limited({ mode: "refuse" });
    const count = (): Promise<unknown> => outcome(() => functions["count"]!());
    expect([await count(), await count()]).toEqual([1, "E_RATE"]);
    await clock.advance(49);
    expect(await count()).toBe("E_RATE");
    await clock.advance(1);
    expect([await count(), await count()]).toEqual([2, "E_RATE"]);
    await clock.advance(100_000);
    expect([await count(), await count()]).toEqual([3, "E_RATE"]);
  });

  test("burst: so many at once after a pause, and never more in any span than burst and rate allow", async () => {
    const { functions, clock } = limited({ mode: "refuse", burst: 3 });
    const times: number[] = [];
    let seed = 7;
    for (let i = 0; i < 500; i++) {
      if ((await outcome(() => functions["count"]!())) !== "E_RATE") times.push(clock.now());
      seed = (seed * 48_271) % 2_147_483_647;
      await clock.advance(seed % 40);
    }
    for (const [i, from] of times.entries())
      for (const [j, to] of times.entries())
        if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(3 + ((to - from) * 2) / 100);
    expect(times.length).toBeGreaterThan(100);
  });

  test("wait: calls are served in order, each at its time, and the event loop goes on", async () => {
    const { world, functions, clock } = limited({});
    const order: number[] = [];
    const calls = Array.from({ length: 5 }, (_, i) =>
      attempt(() => functions["read"]!("a")).then(() => order.push(clock.now() * 10 + i)),
    );
    await settled();
    expect(world.log).toHaveLength(1);
    await clock.advance(120);
    expect(world.log).toHaveLength(3);
    await clock.advance(1_000);
    await Promise.all(calls);
    expect(order).toEqual([0, 501, 1_002, 1_503, 2_004]);
    expect(clock.timers()).toBe(0);
  });

  test("wait: the queue has an end", async () => {
    const { functions, clock } = limited({ waiting: 3 });
    const calls = codes(Array.from({ length: 10 }, () => attempt(() => functions["read"]!("a"))));
    await settled();
    await clock.advance(10_000);
    const got = await calls;
    expect(got.filter((answer) => answer === "alpha")).toHaveLength(4);
    expect(got.filter((answer) => answer === "E_RATE")).toHaveLength(6);
  });

  test("wait: a call whose guest is gone is never made, and gives its turn to the next", async () => {
    const { world, functions, clock } = limited({});
    const gone = new AbortController();
    const inCall = (controller: AbortController, path: string) =>
      attempt(() =>
        within({ account: undefined, interrupt: undefined, signal: () => controller.signal as never }, () =>
          functions["read"]!(path),
        ),
      );
    const calls = codes([
      inCall(new AbortController(), "a"),
      inCall(gone, "a"),
      inCall(new AbortController(), "b"),
      inCall(gone, "a"),
    ]);
    await settled();
    gone.abort();
    await clock.advance(50);
    expect(world.log.map(({ args }) => args[0])).toEqual(["a", "b"]);
    expect(await calls).toEqual(["alpha", "E_REVOKED", "beta", "E_REVOKED"]);
    expect(clock.timers()).toBe(0);
    expect(await outcome(() => inCall(gone, "a"))).toBe("E_REVOKED");
  });

  test("wait: a call whose guest goes in the very moment of its turn is not made", async () => {
    const gone = new AbortController();
    const clock = manualClock();
    const after = (ms: number, task: () => void) =>
      clock.after(ms, () => {
        task();
        gone.abort();
      });
    const { world, functions } = limited({}, newWorld(), { ...clock, after });
    functions["count"]!();
    const call = { account: undefined, interrupt: undefined, signal: () => gone.signal as never };
    const late = outcome(() => within(call, () => functions["read"]!("a")));
    await clock.advance(60);
    expect([await late, world.log.length]).toEqual(["E_REVOKED", 1]);
  });

  test("handles wait in the same queue; calls that answered at once now block, and no call of theirs overtakes", async () => {
    const { world, granted, functions, clock } = limited({});
    expect(granted.modes["count"]).toBe("blocking");
    expect(granted.modes["read"]).toBe(world.granted.modes["read"]);
    expect(rate(world.granted, { calls: 1, per: 1, mode: "refuse" }).modes["count"]).toBe("sync");
    const cell = functionsOf((await functions["open"]!("a")) as Granted);
    const late = attempt(() => functions["count"]!());
    const later = attempt(() => cell["peek"]!());
    await settled();
    await clock.advance(60);
    expect(world.log.map(({ call }) => call)).toEqual(["open", "count"]);
    await clock.advance(60);
    expect(await Promise.all([late, later])).toEqual([1, "alpha"]);
  });

  test("a clock that goes back, or timers that fire early, let nothing through", async () => {
    const clock = manualClock(1_000);
    const early = { ...clock, elapsed: clock.now, after: (ms: number, task: () => void) => clock.after(ms / 10, task) };
    const { world, functions } = limited({}, newWorld(), early);
    const calls = [0, 1, 2].map(() => attempt(() => functions["count"]!()));
    await settled();
    await clock.advance(49);
    expect(world.log).toHaveLength(1);
    await clock.advance(200);
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
    let time = 1_000;
    const back = rate(world.granted, {
      calls: 1,
      per: 10,
      burst: 1,
      mode: "refuse",
      clock: { ...clock, elapsed: () => time },
    });
    functionsOf(back)["count"]!();
    time = 0;
    expect(await outcome(() => functionsOf(back)["count"]!())).toBe("E_RATE");
    time = 10;
    expect(await outcome(() => functionsOf(back)["count"]!())).toBe(5);
  });

  test("options that are no rates are refused", () => {
    const { granted } = newWorld();
    const bad = [
      { calls: 0, per: 1 },
      { calls: Number.NaN, per: 1 },
      { calls: 1, per: Number.POSITIVE_INFINITY },
      { calls: 1, per: -1 },
      { calls: 1, per: 1, burst: 0.5 },
      { calls: 1, per: 1, mode: "later" },
    ];
    for (const options of bad) expect(() => rate(granted, options as never)).toThrow(TypeError);
  });
});

describe("window", () => {
  const at = async (when: Parameters<typeof window>[1], time: string | number): Promise<unknown> => {
    const clock = manualClock(typeof time === "string" ? Date.parse(time) : time);
    return await outcome(() => functionsOf(window(newWorld().granted, when, clock))["count"]!());
  };

  test("before it E_DENIED, in it open, from its end on E_EXPIRED", async () => {
    const span = { from: new Date("2030-01-01T00:00:00Z"), to: Date.parse("2030-02-01T00:00:00Z") };
    expect(await at(span, "2029-12-31T23:59:59.999Z")).toBe("E_DENIED");
    expect(await at(span, "2030-01-01T00:00:00Z")).toBe(1);
    expect(await at(span, "2030-01-31T23:59:59.999Z")).toBe(1);
    expect(await at(span, "2030-02-01T00:00:00Z")).toBe("E_EXPIRED");
  });

  test("days and hours in a time zone; the 1st of July 2030 is a Monday", async () => {
    const office = { days: [1, 2, 3, 4, 5], hours: [9, 17.5] as const, timeZone: 120 };
    expect(await at(office, "2030-07-01T06:59:59Z")).toBe("E_DENIED");
    expect(await at(office, "2030-07-01T07:00:00Z")).toBe(1);
    expect(await at(office, "2030-07-05T15:29:59Z")).toBe(1);
    expect(await at(office, "2030-07-05T15:30:00Z")).toBe("E_DENIED");
    expect(await at(office, "2030-07-06T10:00:00Z")).toBe("E_DENIED");
    // 23:30 on Sunday in UTC is Monday, 01:30, two hours east of it.
    expect(await at({ days: [1], timeZone: 120 }, "2030-06-30T23:30:00Z")).toBe(1);
    expect(await at({ days: [1] }, "2030-06-30T23:30:00Z")).toBe("E_DENIED");
  });

  test("a window over midnight belongs to the day when it began", async () => {
    const night = { days: [5], hours: [22, 6] as const };
    expect(await at(night, "2030-07-05T22:00:00Z")).toBe(1);
    expect(await at(night, "2030-07-06T05:59:00Z")).toBe(1);
    expect(await at(night, "2030-07-06T06:00:00Z")).toBe("E_DENIED");
    expect(await at(night, "2030-07-05T05:00:00Z")).toBe("E_DENIED");
    expect(await at(night, "2030-07-06T22:00:00Z")).toBe("E_DENIED");
  });

  test("times before 1970 have days as well, and a clock that says NaN opens nothing", async () => {
    expect(await at({ days: [3] }, "1969-12-31T12:00:00Z")).toBe(1);
    expect(await at({ days: [1, 2, 3, 4, 5, 6, 7] }, Number.NaN)).toBe("E_DENIED");
    expect(await at({ from: 0, to: 1e15 }, Number.NaN)).toBe("E_EXPIRED");
  });

  test("handles and calls back are judged when they begin", async () => {
    const [world, clock] = [newWorld(), manualClock()];
    const wrapped = functionsOf(window(world.granted, { to: 100 }, clock));
    const cell = functionsOf((await wrapped["open"]!("a")) as Granted);
    const listener = newListener();
    await wrapped["watch"]!(listener.granted);
    await clock.advance(100);
    expect(await outcome(() => cell["get"]!())).toBe("E_EXPIRED");
    expect(await codes(world.tell("a"))).toEqual(["E_EXPIRED"]);
    expect(listener.told).toEqual([]);
  });

  test("windows that are none are refused", () => {
    const { granted } = newWorld();
    const bad = [{}, { from: 5, to: 5 }, { from: Number.NaN }, { from: 1, days: [1] }, { days: [0] }, { days: [8] }];
    for (const when of [...bad, { hours: [9, 9] }, { hours: [9, 25] }, { days: [1], timeZone: Number.NaN }])
      expect(() => window(granted, when as never)).toThrow(TypeError);
  });
});
