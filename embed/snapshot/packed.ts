// Packed differences: what a sleeping sandbox costs. Of a granule that differs, most words do not (measured: one in
// seven), so only those that do are kept, behind 64 bits that say which they are.
//
// The form, in words of 32 bits: number of runs; per run its first granule and its number of granules; then per granule
// two words of bits, the first for its first 32 words, and the words that differ.
// For this process, and for a store whose bytes are compared with what went there: it is not checked.
import { type Chunk, GRANULE, runsOf, wordsOf } from "./granules.ts";

const WORDS = GRANULE / 4;
const HALF = 32; // words, and bits of one

const KEPT = 2 ** 20; // words: a larger scratch is given back
let scratch = new Int32Array(0);

/** Writes one half of a granule at `to`, its bits at `bits`; returns where the next goes. `a` may end before it. */
function packHalf(a: Int32Array, b: Int32Array, at: number, bits: number, to: number): number {
  let [mask, next] = [0, to];
  for (let i = 0; i < HALF; i++) {
    const word = b[at + i] as number;
    if (word === (at + i < a.length ? a[at + i] : 0)) continue;
    mask |= 1 << i;
    scratch[next++] = word;
  }
  scratch[bits] = mask;
  return next;
}

/** What makes `base`, longer by zeroes, into `now`, in one piece of memory. */
export function pack(base: Uint8Array, now: Uint8Array): Uint8Array<ArrayBuffer> {
  const runs = runsOf(base, now);
  const [a, b] = [wordsOf(base), wordsOf(now)];
  let granules = 0;
  for (let i = 1; i < runs.length; i += 2) granules += runs[i] as number;
  const most = 1 + runs.length + granules * (2 + WORDS);
  if (scratch.length < most) scratch = new Int32Array(most);
  scratch[0] = runs.length / 2;
  scratch.set(runs, 1);
  let to = 1 + runs.length;
  for (let i = 0; i < runs.length; i += 2) {
    const end = (runs[i] as number) + (runs[i + 1] as number);
    for (let granule = runs[i] as number; granule < end; granule++) {
      const middle = packHalf(a, b, granule * WORDS, to, to + 2);
      to = packHalf(a, b, granule * WORDS + HALF, to + 1, middle);
    }
  }
  const packed = new Uint8Array(scratch.slice(0, to).buffer);
  if (scratch.length > KEPT) scratch = new Int32Array(0);
  return packed;
}

/** Writes the words of one half at `at` of `out`; returns where the next ones are. */
function unpackHalf(packed: Int32Array, mask: number, from: number, out: Int32Array, at: number): number {
  let next = from;
  for (let left = mask; left !== 0; left &= left - 1)
    out[at + 31 - Math.clz32(left & -left)] = packed[next++] as number;
  return next;
}

/** The chunks of what `pack` made over the same base: whole granules, views of one buffer. */
export function unpack(packed: Uint8Array<ArrayBuffer>, base: Uint8Array): Chunk[] {
  const words = new Int32Array(packed.buffer, packed.byteOffset, packed.length / 4);
  const heads = 1 + (words[0] as number) * 2;
  let granules = 0;
  for (let i = 2; i < heads; i += 2) granules += words[i] as number;
  const out = new Int32Array(granules * WORDS);
  const bytes = new Uint8Array(out.buffer);
  const chunks: Chunk[] = [];
  for (let i = 1, from = heads, to = 0; i < heads; i += 2) {
    const [at, length] = [(words[i] as number) * GRANULE, (words[i + 1] as number) * GRANULE];
    const chunk = bytes.subarray(to * 4, to * 4 + length);
    chunk.set(base.subarray(at, at + length));
    chunks.push({ at, bytes: chunk });
    for (const end = to + length / 4; to < end; to += WORDS) {
      const middle = unpackHalf(words, words[from] as number, from + 2, out, to);
      from = unpackHalf(words, words[from + 1] as number, middle, out, to + HALF);
    }
  }
  return chunks;
}
