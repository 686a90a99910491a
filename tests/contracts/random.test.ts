// Random bytes and whole numbers.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { random } from "../../policy-libs/index.ts";
import { randomPlace } from "../../policy-libs/random/random.ts";
import { seededSource, xoshiro128 } from "../../policy-libs/random/seeded.ts";
import { newGuest, outcome } from "./guest.ts";

vi.mock("../../policy-libs/meter/index.ts", async (original) => {
  return { ...(await original<object>()), account: (await import("./guest.ts")).account };
});

describe("randomness of a seed", () => {
  test("is xoshiro128** 1.1: the outputs of its authors' program from the state 1, 2, 3, 4", () => {
    // As in rand_xoshiro's tests, which were made with xoshiro128starstar.c.
    const expected = [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ];
    const next = xoshiro128([1, 2, 3, 4]);
    expect(expected.map(() => next())).toEqual(expected);
  });

  test("is the same for the same seed, in whatever pieces it is drawn, and another for another", async () => {
    const whole = seededSource("seed")(1_000);
    const draw = seededSource("seed");
    expect([...draw(1), ...draw(6), ...draw(993)]).toEqual([...whole]);
    expect(seededSource("seeds")(16)).not.toEqual(seededSource("seed")(16));
    expect(seededSource(1)(16)).not.toEqual(seededSource("1")(16));
    expect(await random({ seed: 7 }).functions.integer(0, 99)).toBe(await random({ seed: 7 }).functions.integer(0, 99));
  });

  test("differs in all its words for seeds that differ in one bit", () => {
    const words = (seed: number): Uint32Array => new Uint32Array(seededSource(seed)(64).buffer);
    const [a, b] = [words(1), words(2)];
    expect(a.every((word, i) => word !== b[i])).toBe(true);
  });

  test.for([Number.NaN, 1.5, {}, null])("has no seed %s", (seed) => {
    expect(() => random({ seed: seed as never })).toThrow(TypeError);
  });
});

describe.for([
  ["of the host", {}],
  ["of a seed", { seed: "x" }],
] as const)("randomness %s", ([, options]) => {
  test("gives as many bytes as were asked for, up to 65,536", async () => {
    const { bytes } = random(options).functions;
    for (const length of [0, 1, 1_000, 65_536]) expect((await bytes(length)).length).toBe(length);
    for (const length of [-1, 1.5, 65_537, Number.NaN]) expect(await outcome(() => bytes(length))).toBe("E_VALUE");
  });

  test("looks random: every byte is about as often as every other (chi-squared, p > 0.999999)", async () => {
    const counts = new Array<number>(256).fill(0);
    for (const byte of await random(options).functions.bytes(65_536)) counts[byte]!++;
    const chi = counts.reduce((sum, count) => sum + (count - 256) ** 2 / 256, 0);
    // 255 degrees of freedom: mean 255, deviation 22.6.
    expect(chi).toBeGreaterThan(150);
    expect(chi).toBeLessThan(380);
  });

  test("gives every number of a range and no other", async () => {
    const { integer } = random(options).functions;
    const seen = new Set<number>();
    for (let i = 0; i < 500; i++) seen.add(await integer(-3, 3));
    expect([...seen].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    expect(await integer(5, 5)).toBe(5);
  });

  test("stays in any range of safe numbers, the widest included", async () => {
    const { integer } = random(options).functions;
    const safe = fc.maxSafeInteger();
    await fc.assert(
      fc.asyncProperty(safe, safe, async (a, b) => {
        const found = await integer(Math.min(a, b), Math.max(a, b));
        expect(Number.isSafeInteger(found) && found >= Math.min(a, b) && found <= Math.max(a, b)).toBe(true);
      }),
    );
    expect(Number.isSafeInteger(await integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))).toBe(true);
  });

  test.for([
    [2, 1],
    [0.5, 1],
    [0, 2 ** 53],
    [Number.NaN, 1],
  ])("refuses the range from %d to %d", async ([min, max]) => {
    expect(await outcome(() => random(options).functions.integer(min as number, max as number))).toBe("E_VALUE");
  });
});

describe("a whole number", () => {
  test("is drawn without bias: what does not fit is thrown away", async () => {
    // Of 0 to 2 two bits are drawn: 3 does not fit. Every byte once, four times each of its lower bits.
    let next = 0;
    const { integer } = randomPlace((length) => Uint8Array.from({ length }, () => next++ & 255));
    const counts = [0, 0, 0];
    for (let i = 0; i < 192; i++) counts[await integer(0, 2)]!++;
    expect(counts).toEqual([64, 64, 64]);
  });

  test("is paid for by the bytes that were drawn, before they are", async () => {
    const guest = newGuest();
    const { bytes, integer } = random().functions;
    await guest.as(() => bytes(100));
    expect(guest.charges).toEqual([["randomBytes", 100]]);
    await guest.as(() => integer(0, 65_535));
    expect(guest.charges.at(-1)).toEqual(["randomBytes", 2]);
    guest.limits.set("randomBytes", 150);
    expect(await outcome(() => guest.as(() => bytes(49)))).toBe("E_QUOTA");
    expect(((await guest.as(() => bytes(48))) as Uint8Array).length).toBe(48);
  });
});
