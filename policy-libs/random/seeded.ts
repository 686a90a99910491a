// Randomness of a seed: the same for the same seed, everywhere and for ever. NOT for secrets: whoever sees a few outputs
// can compute all others.
//
// xoshiro128** 1.1 by D. Blackman and S. Vigna (2018, public domain): 32-bit words, period 2^128 - 1, passes BigCrush.
// The state is drawn from the seed's text by a 32-bit hash and a mixing counter, as its authors advise (never all zero).
import type { RandomSource } from "./source.ts";

/** The generator itself: 32 bits at a time. */
export function xoshiro128(state: readonly [number, number, number, number]): () => number {
  const s = Uint32Array.from(state);
  return () => {
    const [a, b, c, d] = s as unknown as [number, number, number, number];
    const scrambled = Math.imul(b, 5);
    const [x, y] = [c ^ a, d ^ b];
    s[0] = a ^ y;
    s[1] = b ^ x;
    s[2] = x ^ (b << 9);
    s[3] = (y << 11) | (y >>> 21);
    return Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
  };
}

/** FNV-1a over UTF-16 units. Each of the four words has its own starting point, so 128 bits depend on every unit. */
function hash(text: string, basis: number): number {
  let h = basis;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The finaliser of MurmurHash3 (A. Appleby, public domain): every bit of the input reaches every bit of the result. */
function mix(n: number): number {
  let x = n >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const GOLDEN = 0x9e3779b9;

/** Bytes of a seed: every word gives four, the lowest first. */
export function seededSource(seed: string | number): RandomSource {
  if (typeof seed !== "string" && !Number.isSafeInteger(seed)) {
    throw new TypeError("seed must be text or a whole number");
  }
  const word = (i: number): number => mix(hash(`${typeof seed}:${seed}`, 0x811c9dc5 + Math.imul(i, GOLDEN)) + i);
  const next = xoshiro128([word(1) | 1, word(2), word(3), word(4)]);
  let [bits, left] = [0, 0];
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      if (left === 0) [bits, left] = [next(), 4];
      bytes[i] = bits & 255;
      bits >>>= 8;
      left--;
    }
    return bytes;
  };
}
