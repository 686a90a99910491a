// Where calls go and what comes back: faults, recorded and replay, tee, clamp.
import { describe, expect, test } from "vitest";
import {
  COMMON_REFUSALS,
  clamp,
  faults,
  type Granted,
  only,
  type Recording,
  recorded,
  replay,
  revocable,
  tee,
} from "../../policy-libs/index.ts";
import { BOX, CELL, functionsOf, manualClock, newListener, newWorld, outcome, settled } from "./attenuate-world.ts";

describe("faults", () => {
  const run = async (seed: number, options: object = {}, calls = 200): Promise<unknown[]> => {
    const functions = functionsOf(faults(newWorld().granted, { seed, probability: 0.3, ...options }));
    const got: unknown[] = [];
    for (let i = 0; i < calls; i++) got.push(await outcome(() => functions["read"]!("a")));
    return got;
  };

  test("the same seed makes the same faults, another one others, about as many as were asked for", async () => {
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    const hits = first.filter((value) => value === "E_NOT_FOUND").length;
    expect(hits).toBeGreaterThan(30);
    expect(hits).toBeLessThan(90);
    expect(first.filter((value) => value === "alpha")).toHaveLength(200 - hits);
  });

  test("never and always are what they say", async () => {
    expect(new Set(await run(1, { probability: 0 }))).toEqual(new Set(["alpha"]));
    expect(new Set(await run(1, { probability: 1 }))).toEqual(new Set(["E_NOT_FOUND"]));
  });

  test("only errors that the contract declares, or that are common to all", async () => {
    const errors = ["E_NOT_FOUND", "E_FULL", "E_DENIED", "E_MADE_UP"];
    expect(new Set(await run(3, { probability: 1, errors }))).toEqual(new Set(["E_NOT_FOUND", "E_DENIED"]));
    const functions = functionsOf(faults(newWorld().granted, { seed: 1, probability: 1, errors: ["E_MADE_UP"] }));
    expect(await functions["read"]!("a")).toBe("alpha");
    // A call that declares nothing cannot fail but in the common ways.
    expect(
      await outcome(() => functionsOf(faults(newWorld().granted, { seed: 1, probability: 1 }))["all"]!()),
    ).toHaveLength(2);
    expect(COMMON_REFUSALS).toContain("E_DENIED");
  });

  test("before: the base is not called; after: it was, and the result is lost", async () => {
    for (const when of ["before", "after"] as const) {
      const world = newWorld();
      const functions = functionsOf(faults(world.granted, { seed: 1, probability: 1, when }));
      expect(await outcome(() => functions["count"]!())).toBe("E_FULL");
      expect(await outcome(() => functions["read"]!("a"))).toBe("E_NOT_FOUND");
      expect(world.log.map(({ call }) => call)).toEqual(when === "before" ? [] : ["count", "read"]);
    }
  });

  test("delay: every call waits, within the bounds, and blocks where it answered at once", async () => {
    const [world, clock] = [newWorld(), manualClock()];
    const granted = faults(world.granted, { seed: 5, probability: 0, delay: [10, 20], clock });
    expect(granted.modes["count"]).toBe("blocking");
    const calls = Array.from({ length: 20 }, () => functionsOf(granted)["count"]!());
    await clock.advance(9);
    expect(world.log).toHaveLength(0);
    await clock.advance(11);
    await Promise.all(calls);
    expect(world.log).toHaveLength(20);
  });

  test("options that are none are refused", () => {
    const { granted } = newWorld();
    for (const options of [{ seed: Number.NaN }, { probability: -1 }, { delay: [5, 1] }, { delay: Number.NaN }])
      expect(() => faults(granted, { seed: 1, probability: 1, ...options } as never)).toThrow(TypeError);
  });
});

/** A program with everything in it: errors, handles, handles of handles, pending calls that end out of order. */
async function program(granted: Granted, finish: () => void = () => undefined): Promise<unknown[]> {
  const functions = functionsOf(granted);
  const got: unknown[] = [functions["count"]!(3), await outcome(() => functions["read"]!("missing"))];
  const cell = functionsOf((await functions["open"]!("a")) as Granted);
  const order: string[] = [];
  const slow = ["a", "b"].map(async (path) => {
    const text = await functions["slow"]!(path);
    order.push(path);
    return text;
  });
  got.push(await cell["get"]!(), cell["peek"]!());
  const below = (await cell["below"]!("x")) as Granted;
  await functionsOf(below)["set"]!("deep");
  got.push(await functionsOf(below)["get"]!(), await functions["isMine"]!(below));
  const all = (await functions["all"]!()) as { path: string; cell: Granted }[];
  got.push(await functionsOf(all[1]!.cell)["get"]!());
  finish();
  got.push(await Promise.all(slow), order);
  return got;
}

describe("recorded and replay", () => {
  async function record() {
    const world = newWorld();
    const { granted, recording } = recorded(world.granted);
    const result = await program(granted, () => {
      world.finish();
      world.finish();
    });
    return { result, recording: recording(), world };
  }

  test("a replay answers as the base did: values, errors, handles, and in the same order", async () => {
    const { result, recording } = await record();
    expect(result).toEqual([3, "E_NOT_FOUND", "alpha", "alpha", "deep", true, "beta", ["alpha", "beta"], ["a", "b"]]);
    expect(await program(replay(recording, BOX))).toEqual(result);
    // It is data: it can be kept.
    const kept = structuredClone(recording) as Recording;
    expect(await program(replay(JSON.parse(JSON.stringify(kept)) as Recording, BOX))).toEqual(result);
  });

  test("a replay has the contract and the modes of what was recorded", async () => {
    const { recording, world } = await record();
    const granted = replay(recording, BOX);
    expect(granted.contract).toBe(BOX);
    expect(granted.modes).toEqual(world.granted.modes);
  });

  test("another call, or other arguments, end the replay and say what was expected", async () => {
    const { recording } = await record();
    const differ: ((f: ReturnType<typeof functionsOf>) => unknown)[] = [
      (f) => f["count"]!(4),
      (f) => f["count"]!(),
      (f) => f["count"]!(3, 4),
      (f) => f["read"]!("missing"),
    ];
    for (const call of differ) {
      const functions = functionsOf(replay(recording, BOX));
      const error = await Promise.resolve()
        .then(() => call(functions))
        .catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: "E_DENIED" });
      expect((error as Error).message).toContain("the recording goes on with call 0: box.count");
      expect(await outcome(() => functions["count"]!(3))).toBe("E_DENIED");
    }
  });

  test("after the end, and on the wrong handle, there is nothing", async () => {
    const { recording } = await record();
    const granted = replay(recording, BOX);
    await program(granted);
    const error = await functionsOf(granted)["read"]!("a").catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "E_DENIED" });
    expect((error as Error).message).toContain("no more calls");
    const other = functionsOf(replay(recording, BOX));
    other["count"]!(3);
    await outcome(() => other["read"]!("missing"));
    const cell = functionsOf((await other["open"]!("a")) as Granted);
    expect(await outcome(() => cell["peek"]!())).toBe("E_DENIED");
  });

  test("pending calls are refused when the replay ends, and what never ended stays pending", async () => {
    const world = newWorld();
    const { granted, recording } = recorded(world.granted);
    void functionsOf(granted)["slow"]!("a");
    const functions = functionsOf(replay(recording(), BOX));
    const slow = outcome(() => functions["slow"]!("a"));
    let isOver = false;
    void slow.then(() => {
      isOver = true;
    });
    await settled();
    expect(isOver).toBe(false);
    expect(await outcome(() => functions["read"]!("a"))).toBe("E_DENIED");
    expect(await slow).toBe("E_DENIED");
  });

  test("handles that the guest gives are its own in the replay, and one of another contract is not the same", async () => {
    const { granted, recording } = recorded(newWorld().granted);
    await functionsOf(granted)["watch"]!(newListener().granted);
    const again = functionsOf(replay(recording(), BOX));
    expect(await outcome(() => again["watch"]!(newListener().granted))).toBeUndefined();
    const other = functionsOf(replay(recording(), BOX));
    const cell = await newWorld().functions["open"]!("a");
    expect(await outcome(() => other["watch"]!(cell))).toBe("E_DENIED");
  });

  test("a full recording refuses calls, and delivers nothing that it could not keep", async () => {
    const world = newWorld({ a: "x".repeat(1_000) });
    const few = recorded(world.granted, { calls: 1 });
    functionsOf(few.granted)["count"]!();
    expect(await outcome(() => functionsOf(few.granted)["count"]!())).toBe("E_QUOTA");
    const small = recorded(world.granted, { bytes: 100 });
    expect(await outcome(() => functionsOf(small.granted)["read"]!("a"))).toBe("E_QUOTA");
    expect(await outcome(() => functionsOf(small.granted)["read"]!("a".repeat(200)))).toBe("E_QUOTA");
    expect(world.log).toHaveLength(2);
  });

  test("what was recorded does not change with what was passed", async () => {
    const { granted, recording } = recorded(newWorld().granted);
    const value = { deep: ["was"] };
    await functionsOf(granted)["isMine"]!(value);
    value.deep[0] = "is";
    const first = recording();
    (first.calls as unknown[]).length = 0;
    expect(recording().calls[0]?.args.data).toEqual([{ deep: ["was"] }]);
  });

  test("a recording is data of anybody", async () => {
    const { recording } = await record();
    for (const bad of [undefined, {}, { version: 2 }, { version: 1, things: [], calls: [] }, { version: 1 }])
      expect(() => replay(bad as never, BOX)).toThrow(TypeError);
    expect(() => replay(recording, CELL)).toThrow(TypeError);
    const forged = structuredClone(recording) as unknown as { things: { form: string }[] };
    for (const thing of forged.things.slice(1)) thing.form = "another";
    const functions = functionsOf(replay(forged as never, BOX));
    functions["count"]!(3);
    await outcome(() => functions["read"]!("missing"));
    expect(await outcome(() => functions["open"]!("a"))).toBe("E_TARGET");
  });
});

describe("tee", () => {
  test("both make every call, once and in order; the answer is given when they agree", async () => {
    const [one, two] = [newWorld(), newWorld()];
    const both = functionsOf(tee(one.granted, two.granted));
    expect([await both["read"]!("a"), both["count"]!(2), await outcome(() => both["read"]!("x"))]).toEqual([
      ...["alpha", 2, "E_NOT_FOUND"],
    ]);
    await both["write"]!("a", "new");
    expect(one.log).toEqual(two.log);
    expect([one.texts.get("a"), two.texts.get("a")]).toEqual(["new", "new"]);
  });

  test("where they differ, in value, in error, or one in error, nothing is given", async () => {
    const [one, two] = [newWorld({ a: "1", b: "x" }), newWorld({ a: "2" })];
    const both = functionsOf(tee(one.granted, two.granted));
    expect(await outcome(() => both["read"]!("a"))).toBe("E_DENIED");
    expect(await outcome(() => both["read"]!("b"))).toBe("E_DENIED");
    two.functions["count"]!();
    expect(await outcome(() => both["count"]!())).toBe("E_DENIED");
    const revoked = revocable(two.granted);
    revoked.revoke();
    expect(await outcome(() => functionsOf(tee(one.granted, revoked.granted))["read"]!("c"))).toBe("E_DENIED");
  });

  test("a handle is a pair: each side is called with its own, and one side's is never the other's", async () => {
    const [one, two] = [newWorld(), newWorld()];
    const both = functionsOf(tee(one.granted, two.granted));
    const cell = (await both["open"]!("a")) as Granted;
    expect(await functionsOf(cell)["get"]!()).toBe("alpha");
    await functionsOf((await functionsOf(cell)["below"]!("x")) as Granted)["set"]!("deep");
    expect([one.texts.get("a/x"), two.texts.get("a/x")]).toEqual(["deep", "deep"]);
    expect(await both["isMine"]!(cell)).toBe(true);
    const all = (await both["all"]!()) as { cell: Granted }[];
    expect(all[0]?.cell).toBe(cell);
    const calls = [one, two].map(({ log }) => log.map(({ call, args }) => [call, args]));
    expect(calls[0]).toEqual(calls[1]);
  });

  test("a capability of the guest's own is refused before anybody acts: it would be called twice", async () => {
    const [one, two] = [newWorld(), newWorld()];
    const both = functionsOf(tee(one.granted, two.granted));
    expect(await outcome(() => both["watch"]!(newListener().granted))).toBe("E_DENIED");
    expect([one.log, two.log]).toEqual([[], []]);
  });

  test("compare decides; what throws or is no true is a no", async () => {
    const [one, two] = [newWorld({ a: "1" }), newWorld({ a: "2" })];
    const seen: unknown[] = [];
    const lax = tee(one.granted, two.granted, (request, first, second) => seen.push(request, first, second) > 0);
    expect(await functionsOf(lax)["read"]!("a")).toBe("1");
    expect(seen).toEqual([{ capability: "box", call: "read", args: ["a"] }, { gave: "1" }, { gave: "2" }]);
    const bad: unknown[] = ["yes", 1, undefined, Promise.resolve(true)];
    for (const answer of bad)
      expect(await outcome(() => functionsOf(tee(one.granted, two.granted, () => answer as never))["read"]!("a"))).toBe(
        "E_DENIED",
      );
    const throws = tee(one.granted, two.granted, () => {
      throw new Error("secret");
    });
    expect(await outcome(() => functionsOf(throws)["read"]!("a"))).toBe("E_DENIED");
  });

  test("neither side sees what the other does to the arguments", async () => {
    const got: unknown[] = [];
    const taking = (): Granted => {
      const { granted } = newWorld();
      const isMine = async (value: string[]): Promise<void> => void got.push(value.splice(0));
      return { ...granted, functions: { ...granted.functions, isMine } as never };
    };
    await functionsOf(tee(taking(), taking()))["isMine"]!(["x"]);
    expect(got).toEqual([["x"], ["x"]]);
  });

  test("two contracts are no tee", () => {
    const { granted } = newWorld();
    expect(() => tee(granted, newListener().granted)).toThrow(TypeError);
    expect(() => tee(granted, undefined as never)).toThrow(TypeError);
  });
});

describe("clamp", () => {
  test("calls that are picked go to the other target, all others to the first; handles stay where they are from", async () => {
    const [real, decoy] = [newWorld(), newWorld({ a: "decoy", b: "decoy" })];
    const clamped = functionsOf(clamp(real.granted, ({ args }) => args[0] === "a", decoy.granted));
    expect(await clamped["read"]!("a")).toBe("decoy");
    expect(await clamped["read"]!("b")).toBe("beta");
    const [fake, true_] = [(await clamped["open"]!("a")) as Granted, (await clamped["open"]!("b")) as Granted];
    expect([await functionsOf(fake)["get"]!(), await functionsOf(true_)["get"]!()]).toEqual(["decoy", "beta"]);
    expect(real.log.some(({ args }) => args[0] === "a")).toBe(false);
  });

  test("a handle's calls that are picked have nowhere to go", async () => {
    const [real, decoy] = [newWorld(), newWorld()];
    const clamped = functionsOf(clamp(real.granted, ({ call }) => call === "set" || call === "write", decoy.granted));
    const cell = functionsOf((await clamped["open"]!("a")) as Granted);
    expect(await outcome(() => cell["set"]!("x"))).toBe("E_DENIED");
    expect(await cell["get"]!()).toBe("alpha");
    expect([real.texts.get("a"), decoy.texts.get("a")]).toEqual(["alpha", "alpha"]);
  });

  test("without another target they are refused; a predicate that throws or dithers picks neither", async () => {
    const world = newWorld();
    const none = functionsOf(clamp(world.granted, ({ args }) => args[0] === "a"));
    expect(await outcome(() => none["read"]!("a"))).toBe("E_DENIED");
    const predicates: unknown[] = [() => "a", () => undefined, async () => false];
    predicates.push(() => {
      throw new Error("secret");
    });
    for (const predicate of predicates)
      expect(
        await outcome(() => functionsOf(clamp(world.granted, predicate as never, world.granted))["read"]!("a")),
      ).toBe("E_DENIED");
    expect(world.log).toEqual([]);
  });

  test("what the predicate does to arguments changes nothing", async () => {
    const world = newWorld();
    const sly = clamp(world.granted, ({ args }) => {
      (args as unknown[])[0] = "b";
      return false;
    });
    expect(await functionsOf(sly)["read"]!("a")).toBe("alpha");
  });

  test("the other target must keep the same contract", () => {
    const { granted } = newWorld();
    expect(() => clamp(granted, () => true, newListener().granted)).toThrow(TypeError);
    expect(() => clamp(only(granted, ["read"]), () => true, granted)).not.toThrow();
  });
});
