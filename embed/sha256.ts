// SHA-256 (FIPS 180-4) at once: by the host where it can, else here. WebCrypto answers later, and a record of a call
// cannot wait: what is hashed is gone by then.
import { findSha256 } from "./host.ts";

const BLOCK = 64; // bytes
const LENGTH_AT = 56; // of the last block

const primes = (count: number): number[] => {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
};
/** The first 32 bits of the fraction: what the standard takes of roots of primes (4.2.2, 5.3.3). */
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32) | 0;
const K = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

/** Numbers of the schedule and of the state, named as in the standard: W, and a to h. */
function compress(state: Int32Array, block: DataView, at: number, w: Int32Array): void {
  for (let t = 0; t < 16; t++) w[t] = block.getInt32(at + 4 * t);
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15] as number;
    const y = w[t - 2] as number;
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    w[t] = ((w[t - 16] as number) + s0 + (w[t - 7] as number) + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = Array.from(state) as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[t] as number) + (w[t] as number)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const words = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] = (state[i] as number) + (words[i] as number);
}

/** The last bytes with their padding: a bit, zeros, and the length in bits. */
function padded(rest: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(rest.length < LENGTH_AT ? BLOCK : 2 * BLOCK);
  out.set(rest);
  out[rest.length] = 0x80;
  new DataView(out.buffer).setBigUint64(out.length - 8, BigInt(length) * 8n);
  return out;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The same on every host. */
export function plainSha256(bytes: Uint8Array): string {
  const [state, w, whole] = [START.slice(), new Int32Array(64), bytes.length - (bytes.length % BLOCK)];
  const last = padded(bytes.subarray(whole), bytes.length);
  const [view, end] = [viewOf(bytes), viewOf(last)];
  for (let at = 0; at < whole; at += BLOCK) compress(state, view, at, w);
  for (let at = 0; at < last.length; at += BLOCK) compress(state, end, at, w);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** In hexadecimal. */
export const sha256: (bytes: Uint8Array) => string = findSha256() ?? plainSha256;
