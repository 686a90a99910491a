// Random bytes for guests: the host's, or of a seed. The seeded ones are repeatable, not secret.
import { CordonError } from "./errors.ts";

export type RandomBytes = (count: number) => Uint8Array;

/** What crypto.getRandomValues gives at once. */
const MOST = 65_536; // bytes

export function checkCount(alleged: unknown): number {
  if (Number.isInteger(alleged) && (alleged as number) >= 0 && (alleged as number) <= MOST) return alleged as number;
  throw new RangeError(`a count of random bytes from 0 to ${MOST}`);
}

export const realRandom: RandomBytes = (count) => crypto.getRandomValues(new Uint8Array(count));

/** 32 bits of a seed, whatever it is: FNV-1a over its text. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Mixes a counter into 32 bits (the finaliser of MurmurHash3 with other constants, "lowbias32" by C. Wellons). */
function mix(n: number): number {
  let x = n >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** xoshiro128** (Blackman and Vigna, 2018): small, fast, 2^128 long. */
export function seededRandom(seed: unknown): RandomBytes {
  if (seed !== undefined && typeof seed !== "string" && !Number.isSafeInteger(seed)) {
    throw new CordonError("E_OPTION", "virtual.seed must be a whole number or text");
  }
  const root = hash(String(seed ?? 0));
  const s = Uint32Array.from([1, 2, 3, 4], (i) => mix(root + Math.imul(i, 0x9e3779b9)) | 1);
  const next = (): number => {
    const [a, b, c, d] = [s[0] as number, s[1] as number, s[2] as number, s[3] as number];
    const t = Math.imul(b, 5);
    const result = Math.imul((t << 7) | (t >>> 25), 9) >>> 0;
    const [x, y] = [c ^ a, d ^ b];
    s[0] = a ^ y;
    s[1] = b ^ x;
    s[2] = x ^ (b << 9);
    s[3] = (y << 11) | (y >>> 21);
    return result;
  };
  return (count) => Uint8Array.from({ length: count }, () => next() >>> 24);
}
