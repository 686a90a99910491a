// G1 and G9 in segment mode: nothing outside its segment can a guest change, and nothing out there changes what it does.
import { test as fuzz } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GUARD, PAGE } from "../../kernel/index.ts";
import { anyProgram } from "../kit/generators.ts";
import { segmentWorld } from "../kit/segment.ts";
import { artifactBytes, newKernel } from "../kit/world.ts";
import { type Call, EDGES, ENTRIES, EVERYWHERE, MODE, MUTANTS, SIZE, SOURCE, STRIDE } from "./segment-guest.ts";
import "../kit/vitest.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const runs = (count: number): { numRuns: number } => ({ numRuns: isDeep ? count * 10 : count });

const BASE = STRIDE; // one neighbour below, one above
const PAGES = (3 * STRIDE) / PAGE;
const FILLS = [0xa5, 0x5a] as const;

/** All that a guest says and leaves behind, and how many bytes of others it changed. */
function story(bytes: Uint8Array, calls: readonly Call[], fill: number, own = STRIDE) {
  const { memory, birth } = segmentWorld(MODE, PAGES);
  memory.fill(fill);
  memory.fill(0, BASE, BASE + own);
  const guest = birth(bytes, BASE);
  const told = calls.map(([name, args]) => [guest.call(name, args), guest.spent(), guest.global(2).value]);
  const foreign = Buffer.concat([memory.subarray(0, BASE), memory.subarray(BASE + own)]);
  return {
    told,
    own: Buffer.from(memory.subarray(BASE, BASE + own)),
    isKept: foreign.equals(Buffer.alloc(foreign.length, fill)),
  };
}

type Story = ReturnType<typeof story>;

/** Does the guest do the same whatever its neighbours hold, and leave them alone? */
function isConfined(bytes: Uint8Array, calls: readonly Call[], own?: number): boolean {
  const [a, b] = FILLS.map((fill) => story(bytes, calls, fill, own)) as [Story, Story];
  const isSame = Buffer.compare(a.own, b.own) === 0 && fc.stringify(a.told) === fc.stringify(b.told);
  return isSame && a.isKept && b.isKept;
}

const GUEST = artifactBytes(SOURCE, MODE);
const place = fc.oneof(fc.constantFrom(...EDGES), fc.integer(), fc.integer({ min: -STRIDE, max: STRIDE }), fc.nat(99));
const anyCall = fc
  .constantFrom(...ENTRIES)
  .chain(({ exported, params }) =>
    fc.tuple(
      fc.constant(exported),
      fc.tuple(
        ...[...params].map(
          (letter): fc.Arbitrary<number | bigint> =>
            letter === "l" ? fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) : place,
        ),
      ),
    ),
  );

describe("G1 memory: segments of one shared memory", () => {
  test("the guest of these tests is accepted, and reaches for memory in some five hundred ways", () => {
    expect(newKernel().load(GUEST, MODE)).toBeReturned();
    expect(ENTRIES.length).toBeGreaterThan(500);
    expect(EVERYWHERE.length).toBeGreaterThan(10_000);
  });

  test("noninterference: every access at every edge, whatever the neighbours hold", () => {
    expect(isConfined(GUEST, EVERYWHERE)).toBe(true);
  });

  fuzz.prop([fc.array(anyCall, { maxLength: 60 })], runs(60))(
    "noninterference: any calls one after another",
    (calls) => {
      expect(isConfined(GUEST, calls)).toBe(true);
    },
  );

  fuzz.prop([anyProgram({ addresses: "wild" })], runs(120))("noninterference: any program", ({ bytes, args }) => {
    const artifact = artifactBytes(bytes, MODE);
    expect(newKernel().load(artifact, MODE)).toBeReturned();
    expect(
      isConfined(artifact, [
        ["run", args],
        ["digest", [0]],
        ["run", args],
      ]),
    ).toBe(true);
  });

  test("the end of a memory of 4 GiB is a place like any other", () => {
    const calls = EVERYWHERE.filter((_, index) => index % 7 === 0);
    const { memory, birth } = segmentWorld(MODE, 65_536);
    const base = memory.length - STRIDE;
    memory.fill(0xa5, base - STRIDE, base);
    memory.fill(0xa5, 0, STRIDE);
    const guest = birth(GUEST, base);
    const told = calls.map(([name, args]) => [guest.call(name, args), guest.spent(), guest.global(2).value]);
    const below = story(GUEST, calls, 0xa5);
    expect(told).toEqual(below.told);
    expect(Buffer.compare(memory.subarray(base), below.own)).toBe(0);
    const others = [memory.subarray(0, STRIDE), memory.subarray(base - STRIDE, base)];
    expect(others.every((part) => part.every((byte) => byte === 0xa5))).toBe(true);
  });

  test("frames' artifacts are refused in a segment, and segments' in a frame or in a segment of another size", () => {
    const kernel = newKernel();
    expect(kernel.load(artifactBytes(SOURCE), MODE)).toBeInvalid();
    expect(kernel.load(GUEST, { kind: "frame" })).toBeInvalid();
    expect(kernel.load(GUEST, { ...MODE, mask: 2 * SIZE - 1 })).toBeInvalid();
  });

  test.each([
    0,
    1,
    PAGE - 2,
    PAGE,
    SIZE - 2,
    2 ** 28 - 1,
    -1,
    2 ** 32 - 1,
    65_535.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])("a mask that makes no segment is refused: %d", (mask) => {
    expect(newKernel().load(GUEST, { ...MODE, mask })).toBeInvalid("V7-segment");
  });

  test.each([0, GUARD - 16, GUARD + 1, 2 * GUARD, Number.NaN])("a guard of another size is refused: %d", (guard) => {
    expect(newKernel().load(GUEST, { ...MODE, guard })).toBeInvalid("V7-segment");
  });

  test.each([
    ["another kind", { ...MODE, kind: "Segment" }],
    ["text for a number", { ...MODE, mask: String(MODE.mask) }],
    ["no guard", { kind: "segment", mask: MODE.mask }],
  ])("a mode of no known form is refused: %s", (_, mode) => {
    expect(newKernel().load(GUEST, mode as never)).toBeInvalid("V7-segment");
  });
});

describe("G9 determinism: fuel", () => {
  test("every way of reaching for memory costs the same in a frame and in a segment", () => {
    const spent = (bytes: Uint8Array, base: number): unknown[] => {
      const guest = segmentWorld(MODE, PAGES).birth(bytes, base);
      return ENTRIES.map(({ exported, params }) => {
        const before = guest.spent();
        // What lies out of a frame's bounds traps there, behind the charge.
        guest.call(
          exported,
          [...params].map((letter) => (letter === "l" ? 8n : 8)),
        );
        return [exported, guest.spent() - before];
      });
    };
    expect(spent(GUEST, BASE)).toEqual(spent(artifactBytes(SOURCE), 0));
  });
});

describe("the tests of segments notice", () => {
  test.each(Object.keys(MUTANTS))("%s; and the verifier refuses it", (name) => {
    const mutant = (MUTANTS[name] as () => Uint8Array<ArrayBuffer>)();
    expect(WebAssembly.validate(mutant)).toBe(true);
    expect(isConfined(mutant, EVERYWHERE)).toBe(false);
    expect(newKernel().load(mutant, MODE)).toBeInvalid();
  });

  test("a guard that is 16 bytes short", () => {
    expect(isConfined(GUEST, EVERYWHERE, STRIDE - 16)).toBe(false);
  });
});
