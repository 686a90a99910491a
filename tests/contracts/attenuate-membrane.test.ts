// The membrane itself, and facets, which are nothing but a membrane that says no.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { sizeOf } from "../../policy-libs/attenuate/bytes.ts";
import { copyOf, mapGranted } from "../../policy-libs/attenuate/copy.ts";
import { digest, sha256 } from "../../policy-libs/attenuate/digest.ts";
import { isEqual } from "../../policy-libs/attenuate/equal.ts";
import { membrane } from "../../policy-libs/attenuate/membrane.ts";
import { COMMON } from "../../policy-libs/attenuate/refusal.ts";
import { COMMON_REFUSALS, capability, type Granted, isGranted, only, without } from "../../policy-libs/index.ts";
import { functionsOf, newListener, newWorld, outcome } from "./attenuate-world.ts";

const nothing = (granted: Granted): Granted => membrane(granted, { around: ({ args }, next) => next(args) });

describe("a membrane", () => {
  test("keeps contract, modes and caretaker, and answers at once what was answered at once", () => {
    const { granted } = newWorld();
    const wrapped = nothing(granted);
    expect(wrapped.contract).toBe(granted.contract);
    expect(wrapped.modes).toEqual(granted.modes);
    expect(isGranted(wrapped)).toBe(true);
    expect(functionsOf(wrapped)["count"]!(4)).toBe(4);
    expect(Object.isFrozen(wrapped)).toBe(true);
  });

  test("wraps what comes through, in lists and records as well, and always with the same wrapper", async () => {
    const { granted, functions } = newWorld();
    const wrapped = functionsOf(nothing(granted));
    const raw = (await functions["open"]!("a")) as Granted;
    const cell = (await wrapped["open"]!("a")) as Granted;
    const all = (await wrapped["all"]!()) as { path: string; cell: Granted }[];
    expect(cell).not.toBe(raw);
    expect(all.map(({ path }) => path)).toEqual(["a", "b"]);
    expect(all[0]?.cell).toBe(cell);
  });

  test("gives each side its own things back", async () => {
    const world = newWorld();
    const wrapped = functionsOf(nothing(world.granted));
    const cell = await wrapped["open"]!("a");
    expect(await wrapped["isMine"]!(cell)).toBe(true);
    const listener = newListener(cell);
    await wrapped["watch"]!(listener.granted);
    const answers = await Promise.all(world.tell("a"));
    // What the listener was handed is the guest's face of the cell; what it answers with is the base's own again.
    expect(listener.told).toEqual([["a", cell]]);
    expect(listener.told[0]![1]).toBe(cell);
    expect(answers[0]).toBe(await world.functions["open"]!("a"));
  });

  test("sees calls of handles of handles, and calls back", async () => {
    const seen: string[] = [];
    const world = newWorld({ a: "1", "a/x": "2" });
    const wrapped = functionsOf(
      membrane(world.granted, {
        around: ({ contract, call, args, isDerived }, next) => {
          seen.push(`${contract.name}.${call} ${isDerived}`);
          return next(args);
        },
        back: ({ contract, call, args }, next) => {
          seen.push(`back ${contract.name}.${call}`);
          return next(args);
        },
      }),
    );
    const cell = functionsOf((await wrapped["open"]!("a")) as Granted);
    expect(await functionsOf((await cell["below"]!("x")) as Granted)["get"]!()).toBe("2");
    await wrapped["watch"]!(newListener().granted);
    await Promise.all(world.tell("b"));
    expect(seen).toEqual([
      ...["box.open false", "cell.below true", "cell.get true", "box.watch false", "back listener.changed"],
    ]);
  });

  test("lets nothing live through but capabilities", async () => {
    const results: unknown[] = [() => 1, { deep: [Symbol("s")] }, new (class Live {})(), new Map([["f", () => 1]])];
    for (const result of results) {
      const odd = capability({ name: "odd", form: "odd", calls: newWorld().granted.contract.calls } as never, {
        ...newWorld().functions,
        read: () => result,
      });
      expect(await outcome(() => functionsOf(nothing(odd))["read"]!("a"))).toBe("E_VALUE");
    }
  });

  test("takes no capability for what is none", () => {
    for (const value of [undefined, null, {}, { contract: {}, functions: {} }])
      expect(() => only(value as never, [])).toThrow(TypeError);
  });
});

describe("values", () => {
  const { granted } = newWorld();
  const cyclic: Record<string, unknown> = { bytes: Uint8Array.of(1, 2), when: new Date(5), holes: new Array(3) };
  cyclic["self"] = cyclic;
  (cyclic["holes"] as unknown[])[0] = 1;

  test("a copy shares nothing, keeps cycles, holes and a key named __proto__", () => {
    const copy = copyOf(cyclic);
    expect(copy).toEqual(cyclic);
    expect(copy["self"]).toBe(copy);
    expect(copy["bytes"]).not.toBe(cyclic["bytes"]);
    expect(1 in (copy["holes"] as unknown[])).toBe(false);
    const odd = JSON.parse('{"__proto__": {"polluted": true}}') as object;
    expect(Object.keys(copyOf(odd))).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("a copy of a Buffer has bytes of its own", () => {
    const buffer = Buffer.from("secret");
    const copy = copyOf(buffer);
    buffer.fill(0);
    expect(Buffer.from(copy).toString()).toBe("secret");
  });

  test("what holds no capability is not copied", () => {
    expect(mapGranted(cyclic, () => granted)).toBe(cyclic);
    expect(mapGranted([{ x: granted }], () => granted)).toEqual([{ x: granted }]);
  });

  test("a list of a thousand million holes is refused without walking it", () => {
    const started = performance.now();
    expect(() => copyOf(new Array(1e9))).toThrow();
    expect(() => mapGranted(new Array(1e9), () => granted)).toThrow();
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test("sizes are those of UTF-8, and stop counting at the limit", () => {
    for (const text of ["", "abc", "ä", "€", "𝄞"])
      expect(sizeOf(text, 1e9)).toBe(1 + new TextEncoder().encode(text).length);
    expect(sizeOf(new Uint8Array(100), 1e9)).toBe(101);
    expect(sizeOf({ ab: 1 }, 1e9)).toBe(1 + 3 + 8);
    expect(sizeOf(cyclic, 1e9)).toBeLessThan(200);
    expect(sizeOf(new Array(1_000).fill("x".repeat(100)), 50)).toBeLessThan(300);
    const error = Object.assign(new Error("x".repeat(500)), { cause: new Error("y".repeat(500)) });
    expect(sizeOf(error, 1e9)).toBeGreaterThan(1_000);
  });

  test("SHA-256 is that of FIPS 180-4, for every length around a block", () => {
    for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 127, 128, 1_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
      expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  });

  test("digests tell values apart and not orders of keys", () => {
    expect(digest({ a: 1, b: [2] })).toBe(digest({ b: [2], a: 1 }));
    const values: unknown[] = [
      1,
      "1",
      [1],
      [[1]],
      { a: 1 },
      { a: "1" },
      null,
      undefined,
      -0,
      0,
      1n,
      Uint8Array.of(1),
      ["a", "b"],
    ];
    values.push(["ab"], ["a", ["b"]], new Date(1), Int8Array.of(1), new Map([["a", 1]]), new Set(["a", 1]), true);
    expect(new Set(values.map(digest)).size).toBe(values.length);
    expect(digest(cyclic)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("equality looks at kinds, bytes and cycles", () => {
    expect(isEqual(cyclic, copyOf(cyclic))).toBe(true);
    expect(isEqual([Number.NaN, -0], [Number.NaN, -0])).toBe(true);
    expect(isEqual([0], [-0])).toBe(false);
    expect(isEqual({ a: undefined }, {})).toBe(false);
    expect(isEqual(Uint8Array.of(1), Int8Array.of(1))).toBe(false);
    expect(isEqual(new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]]))).toBe(false);
    expect(isEqual(granted, newWorld().granted)).toBe(true);
  });

  test("the common refusals are those of contracts", () => {
    expect(Object.keys(COMMON).sort()).toEqual([...COMMON_REFUSALS].sort());
  });
});

describe("facets", () => {
  test("only: named calls pass, all others are denied and never reach the base", async () => {
    const world = newWorld();
    const facet = functionsOf(only(world.granted, ["read"]));
    expect(await outcome(() => facet["read"]!("a"))).toBe("alpha");
    for (const name of ["write", "open", "all", "watch", "count", "slow", "isMine"])
      expect(await outcome(() => facet[name]!("a", "b"))).toBe("E_DENIED");
    expect(world.log.map(({ call }) => call)).toEqual(["read"]);
  });

  test("only: handles keep their calls unless some of theirs are named", async () => {
    const world = newWorld();
    const wide = functionsOf(only(world.granted, ["open"]));
    expect(await functionsOf(await wide["open"]!("a"))["get"]!()).toBe("alpha");
    const narrow = functionsOf(only(world.granted, ["open", "cell.get", "cell.below"]));
    const cell = functionsOf(await narrow["open"]!("a"));
    expect(await cell["get"]!()).toBe("alpha");
    expect(await outcome(() => cell["set"]!("x"))).toBe("E_DENIED");
    const below = functionsOf(await cell["below"]!("x"));
    expect(await outcome(() => below["set"]!("x"))).toBe("E_DENIED");
    expect(world.texts.get("a/x")).toBeUndefined();
  });

  test("without: named calls are denied, of handles too", async () => {
    const world = newWorld();
    const facet = functionsOf(without(world.granted, ["write", "cell.set"]));
    expect(await outcome(() => facet["write"]!("a", "x"))).toBe("E_DENIED");
    const [first] = (await facet["all"]!()) as { cell: Granted }[];
    expect(await outcome(() => functionsOf(first!.cell)["set"]!("x"))).toBe("E_DENIED");
    expect(world.texts.get("a")).toBe("alpha");
  });

  test("a handle that a listener is handed is narrowed as well", async () => {
    const world = newWorld();
    const listener = newListener();
    await functionsOf(without(world.granted, ["cell.set"]))["watch"]!(listener.granted);
    await Promise.all(world.tell("a"));
    expect(await outcome(() => functionsOf(listener.told[0]![1] as Granted)["set"]!("x"))).toBe("E_DENIED");
  });

  test("a name that the capability does not have is a mistake of the embedder's", () => {
    const { granted } = newWorld();
    for (const names of [["reed"], ["box.reed"], [""], ["."], ["cell."], [7], "read"])
      expect(() => without(granted, names as never)).toThrow(TypeError);
  });

  test("facets nest: what one denies, no other gives back", async () => {
    const { granted } = newWorld();
    const nested = functionsOf(only(only(granted, ["read", "write"]), ["write", "count"]));
    expect(await outcome(() => nested["write"]!("a", "x"))).toBeUndefined();
    expect(await outcome(() => nested["read"]!("a"))).toBe("E_DENIED");
    expect(await outcome(() => nested["count"]!())).toBe("E_DENIED");
  });
});
