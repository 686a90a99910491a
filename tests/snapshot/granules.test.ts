// Granules: the difference of two memories, and what it makes of the first.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { apply, type Chunk, difference, GRANULE, joined, runsOf } from "../../embed/snapshot/granules.ts";
import { pack, unpack } from "../../embed/snapshot/packed.ts";

const MOST = 24; // granules

/** Writes of few bytes anywhere: most granules stay as they were. */
const writes = fc.array(fc.tuple(fc.nat(MOST * GRANULE - 1), fc.uint8Array({ minLength: 1, maxLength: 9 })), {
  maxLength: 12,
});
const granules = fc.nat(MOST);
const filled = (count: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: count * GRANULE }, (_, i) => (Math.imul(i + seed, 0x9e37_79b1) >>> 16) & 0xff);

function written(base: Uint8Array, size: number, all: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const now = new Uint8Array(size);
  now.set(base.subarray(0, size));
  for (const [at, bytes] of all) if (at + bytes.length <= size) now.set(bytes, at);
  return now;
}

const grown = (base: Uint8Array, size: number): Uint8Array => {
  const memory = new Uint8Array(size);
  memory.set(base);
  return memory;
};

/** By bytes and one at a time: what the specification says, slowly. */
function differingGranules(base: Uint8Array, now: Uint8Array): number[] {
  const found: number[] = [];
  for (let granule = 0; granule * GRANULE < now.length; granule++) {
    const span = Array.from({ length: GRANULE }, (_, i) => granule * GRANULE + i);
    if (span.some((at) => now[at] !== (base[at] ?? 0))) found.push(granule);
  }
  return found;
}

describe("granules", () => {
  prop.prop([granules, granules, fc.nat(), writes])(
    "a difference that is applied to its base gives the memory, to the byte, and names no granule in vain",
    (before, more, seed, all) => {
      const base = filled(before, seed);
      const now = written(base, (before + more) * GRANULE, all);
      const chunks = difference(base, now);
      const memory = grown(base, now.length);
      apply(memory, chunks);
      expect(Buffer.compare(memory, now)).toBe(0);
      const named = chunks.flatMap(({ at, bytes }) =>
        Array.from({ length: bytes.length / GRANULE }, (_, i) => at / GRANULE + i),
      );
      expect(named).toEqual(differingGranules(base, now));
    },
  );

  const unpacked = (packed: Uint8Array<ArrayBuffer>, base: Uint8Array, size: number): Uint8Array => {
    const memory = grown(base, size);
    unpack(packed, memory);
    return memory;
  };

  prop.prop([granules, granules, fc.nat(), writes])(
    "packed and unpacked over its base, a memory is as it was, and what does not differ costs nothing",
    (before, more, seed, all) => {
      const base = filled(before, seed);
      const now = written(base, (before + more) * GRANULE, all);
      const packed = pack(base, now);
      expect(Buffer.compare(unpacked(packed, base, now.length), now)).toBe(0);
      const words = all.reduce((sum, [, bytes]) => sum + 2 + Math.ceil(bytes.length / 4), 0);
      // Three words and sixteen halves at the head, four bits for each word, ten bytes for each run, whole words.
      expect(packed.length).toBeLessThanOrEqual(44 + 4 + words * 4.5 + 2 + all.length * 10);
    },
  );

  const anyWord = fc.oneof(
    fc.constantFrom(0, -1, 1, 7, -7, 0x7fffffff, -0x80000000),
    fc.integer(),
    fc.integer({ min: 0x100000, max: 0x100fff }),
  );
  prop.prop([granules, fc.array(anyWord, { minLength: 1, maxLength: 3_000 }), fc.nat()])(
    "words of every kind come back: zeroes, those that were there, those near each other, and any others",
    (before, words, at) => {
      const base = filled(before, 5);
      const now = grown(base, base.length + Math.ceil(words.length / 64) * GRANULE);
      new Int32Array(now.buffer).set(words, (at % (now.length / 4 - words.length + 1)) | 0);
      const packed = pack(base, now);
      expect(Buffer.compare(unpacked(packed, base, now.length), now)).toBe(0);
    },
  );

  test("every word of a granule is told from the others", () => {
    const base = filled(3, 1);
    for (let word = 0; word < GRANULE / 4; word++) {
      const now = base.slice();
      now[GRANULE + word * 4]! ^= 0x80;
      const packed = pack(base, now);
      // The head, the kinds, the word's lower half in a word; how far and how long.
      expect(packed.length).toBe(44 + 4 + 4 + 2);
      expect(Buffer.compare(unpacked(packed, base, now.length), now)).toBe(0);
    }
  });

  test("a hundred objects with a pointer each take less than two thirds of their words", () => {
    const base = new Uint8Array(256 * GRANULE);
    const now = base.slice();
    const words = new Int32Array(now.buffer);
    for (let i = 0; i < 100; i++) words.set([1, 0x1438f0, -7, 0x150000 + i * 40, i, 0], 400 + i * 10);
    const packed = pack(base, now);
    expect(packed.length).toBeLessThan((100 * 6 * 4 * 2) / 3);
    expect(Buffer.compare(unpacked(packed, base, now.length), now)).toBe(0);
  });

  test("wrong bytes end, and write nowhere else", () => {
    const now = filled(4, 9);
    const packed = pack(new Uint8Array(GRANULE), now);
    for (let i = 0; i < packed.length; i += 7) {
      const memory = new Uint8Array(new ArrayBuffer(6 * GRANULE), GRANULE, 4 * GRANULE);
      unpack(packed.slice(0, i + 16 - (i % 4)), memory);
      expect(new Uint8Array(memory.buffer, 0, GRANULE).every((byte) => byte === 0)).toBe(true);
      expect(new Uint8Array(memory.buffer, 5 * GRANULE).every((byte) => byte === 0)).toBe(true);
    }
  });

  prop.prop([granules, fc.nat(), writes])("runs are in order and never touch", (count, seed, all) => {
    const base = filled(count, seed);
    const runs = runsOf(base, written(base, base.length, all));
    for (let i = 2; i < runs.length; i += 2)
      expect(runs[i]).toBeGreaterThan((runs[i - 2] as number) + (runs[i - 1] as number));
  });

  test.each<[string, number, number]>([
    ["0 and -0", 0, -0],
    ["two NaNs of other bits", Number.NaN, -Number.NaN],
  ])("tells %s apart, and the same NaN from nothing", (_what, one, other) => {
    const [a, b] = [new Float64Array(GRANULE / 8), new Float64Array(GRANULE / 8)];
    const words = new Uint32Array(b.buffer);
    a[3] = one;
    b[3] = other;
    if (Number.isNaN(other)) words[6] = 1; // another payload
    const [left, right] = [new Uint8Array(a.buffer), new Uint8Array(b.buffer)];
    expect(runsOf(left, right)).toEqual([0, 1]);
    expect(runsOf(right, right.slice())).toEqual([]);
  });

  test("every single bit of a granule counts", () => {
    const base = filled(3, 1);
    for (let bit = 0; bit < GRANULE * 8; bit++) {
      const now = base.slice();
      now[GRANULE + (bit >> 3)]! ^= 1 << (bit & 7);
      expect(runsOf(base, now)).toEqual([1, 1]);
    }
  });

  test("a memory at an odd address is the same memory", () => {
    const [base, room] = [filled(4, 7), new Uint8Array(4 * GRANULE + 1)];
    const odd = room.subarray(1);
    odd.set(base);
    expect(runsOf(base, odd)).toEqual([]);
    odd[GRANULE] = (odd[GRANULE] as number) ^ 1;
    expect(runsOf(base, odd)).toEqual([1, 1]);
    expect(runsOf(odd, base)).toEqual([1, 1]);
  });

  test("what the base had and the memory has lost is not there: a memory never shrinks", () => {
    expect(difference(filled(2, 1), filled(2, 1).subarray(0, GRANULE))).toEqual([]);
  });

  test("a chunk that is not inside is refused before a byte is written", () => {
    const memory = new Uint8Array(GRANULE);
    const bytes = new Uint8Array(8).fill(1);
    for (const at of [-1, GRANULE - 7, GRANULE, 2 ** 32, 2 ** 53, Number.NaN, 0.5])
      expect(() =>
        apply(memory, [
          { at: 0, bytes },
          { at, bytes },
        ]),
      ).toThrow(RangeError);
    expect(() => apply(memory, [{ at: 0, bytes: new Uint8Array(GRANULE + 1) }])).toThrow(RangeError);
    expect(memory.every((byte) => byte === 0)).toBe(true);
    apply(memory, [{ at: GRANULE - 8, bytes }]);
    expect(memory.at(-1)).toBe(1);
  });

  prop.prop([fc.uniqueArray(fc.nat(30), { maxLength: 20 })])(
    "chunks that touch become one, and nothing else changes",
    (places) => {
      const chunks: Chunk[] = places.map((at) => ({ at: at * 8, bytes: new Uint8Array(8).fill(at + 1) }));
      const [plain, one] = [new Uint8Array(256), new Uint8Array(256)];
      apply(plain, chunks);
      const merged = joined(chunks);
      apply(one, merged);
      expect(one).toEqual(plain);
      for (const [i, { at }] of merged.entries()) {
        const last = merged[i - 1];
        if (last !== undefined) expect(at).toBeGreaterThan(last.at + last.bytes.length);
      }
    },
  );

  test("chunks that overlap are refused", () => {
    const chunk = (at: number, length: number): Chunk => ({ at, bytes: new Uint8Array(length) });
    expect(() => joined([chunk(8, 8), chunk(0, 9)])).toThrow(RangeError);
    expect(() => joined([chunk(0, 8), chunk(0, 8)])).toThrow(RangeError);
    expect(joined([chunk(8, 8), chunk(0, 8), chunk(4, 0)])).toEqual([chunk(0, 16)]);
  });
});
