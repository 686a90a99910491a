// Snapshots to be written and read in tests.
import { fc } from "@fast-check/vitest";
import type { AuthorityPart } from "../../embed/snapshot/authority.ts";
import { GRANULE } from "../../embed/snapshot/granules.ts";
import type { GuestPart } from "../../embed/snapshot/guest.ts";

export const ENGINE = "e1".repeat(32);
export const TEMPLATE = "7e".repeat(32);
export const KEY = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
export const OTHER_KEY = KEY.map((byte) => byte ^ 1);
export const PER_PAGE = 65_536 / GRANULE;

const run = fc.record({
  gap: fc.integer({ min: 1, max: 40 }),
  count: fc.integer({ min: 1, max: 3 }),
  fill: fc.nat(255),
});

/** Runs of granules with gaps between them, in as many pages as they need or more. */
export const anyGuest: fc.Arbitrary<GuestPart> = fc
  .record({
    runs: fc.array(run, { maxLength: 12 }),
    more: fc.nat(3),
    globals: fc.array(fc.oneof(fc.double(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { maxLength: 9 }),
  })
  .map(({ runs, more, globals }) => {
    let at = 0;
    const chunks = runs.map(({ gap, count, fill }, i) => {
      const start = at + (i === 0 ? gap - 1 : gap);
      at = start + count;
      return { at: start * GRANULE, bytes: new Uint8Array(count * GRANULE).map((_, n) => fill + n) };
    });
    return { pages: Math.ceil(at / PER_PAGE) + more, chunks, globals };
  });

const count = fc.integer({ min: 0, max: 2 ** 53 - 1 });
const name = fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => text.isWellFormed());
const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const amount = fc.double({ min: 0, noNaN: true }).map((value) => value + 0); // no -0
const rows = fc.array(fc.tuple(name, amount), { maxLength: 6 }).map((all) => new Map(all));

export const anyAuthority: fc.Arbitrary<AuthorityPart> = fc.record({
  grants: fc.uniqueArray(fc.record({ name, contract: hex }), { selector: ({ name }) => name, maxLength: 6 }),
  nextToken: count,
  incarnation: count,
  clock: fc.double({ noNaN: true, noDefaultInfinity: true }),
  generations: fc.array(fc.nat(2 ** 17 - 1), { maxLength: 9 }),
  limits: rows,
  meter: rows,
  policy: fc.uint8Array({ maxLength: 40 }),
});

export const GUEST: GuestPart = {
  pages: 2,
  chunks: [
    { at: 0, bytes: new Uint8Array(GRANULE).fill(1) },
    { at: 300 * GRANULE, bytes: new Uint8Array(2 * GRANULE).fill(2) },
  ],
  globals: [65_536, -5n],
};

export const AUTHORITY: AuthorityPart = {
  grants: [
    { name: "files", contract: "ab".repeat(32) },
    { name: "__proto__", contract: "cd".repeat(32) },
  ],
  nextToken: 300,
  incarnation: 2,
  clock: 1_700_000_000_000.5,
  generations: [0, 131_071],
  limits: new Map([
    ["fuel", 5e9],
    ["constructor", 1],
  ]),
  meter: new Map([["fuel", 12_345]]),
  policy: Uint8Array.of(1, 2, 3),
};
