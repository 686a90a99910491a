// SHA-256 (FIPS 180-4) of values, at once: the host's own is asynchronous, and an audit record is written now.
import { MAX_VALUE_DEPTH } from "../../kernel/index.ts";
import { isGranted } from "../capability.ts";
import { bytesOf } from "./equal.ts";
import { deny } from "./refusal.ts";
import { type Fields, kindOf } from "./values.ts";

declare const TextEncoder: new () => { encode(text: string): Uint8Array };
const encoder = new TextEncoder();

// Fractional parts of the roots of the first primes (FIPS 180-4 4.2.2, 5.3.3).
const primes: number[] = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
const K = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const START = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

const BLOCK = 64;
const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

function pad(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK) * BLOCK);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const bits = new DataView(padded.buffer);
  bits.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  bits.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);
  return padded;
}

function schedule(words: Int32Array, block: DataView, at: number): void {
  for (let t = 0; t < 16; t++) words[t] = block.getInt32(at + t * 4);
  for (let t = 16; t < 64; t++) {
    const [a, b] = [words[t - 15] as number, words[t - 2] as number];
    const low = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const high = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    words[t] = (words[t - 16] as number) + low + (words[t - 7] as number) + high;
  }
}

type State = [number, number, number, number, number, number, number, number];

/** Letters as in FIPS 180-4 6.2.2. */
function compress(hash: Int32Array, words: Int32Array): void {
  let [a, b, c, d, e, f, g, h] = hash as unknown as State;
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + sum1 + ((e & f) ^ (~e & g)) + (K[t] as number) + (words[t] as number)) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => {
    hash[index] = (hash[index] as number) + word;
  });
}

/** In hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  const padded = pad(bytes);
  const view = new DataView(padded.buffer);
  const hash = Int32Array.from(START);
  const words = new Int32Array(64);
  for (let at = 0; at < padded.length; at += BLOCK) {
    schedule(words, view, at);
    compress(hash, words);
  }
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** Bytes of one value that are hashed: some milliseconds of work. */
export const MOST_HASHED = 1 << 20;

interface Writing {
  readonly pieces: Uint8Array[];
  left: number;
  depth: number;
  readonly met: Map<unknown, number>;
}

function put(writing: Writing, piece: Uint8Array): void {
  if (writing.left <= 0) return;
  writing.pieces.push(piece.subarray(0, writing.left));
  writing.left -= piece.length;
}

/** Every piece says its kind and length, so that no two values are written alike. */
const putText = (writing: Writing, kind: string, text: string): void => {
  const bytes = encoder.encode(text.slice(0, MOST_HASHED));
  put(writing, encoder.encode(`${kind}${text.length}:`));
  put(writing, bytes);
};

function putLeaf(writing: Writing, value: unknown): void {
  const bytes = bytesOf(value);
  if (bytes !== undefined) {
    putText(writing, "b", `${(value as object).constructor.name} ${bytes.length}`);
    put(writing, bytes);
  } else if (isGranted(value)) putText(writing, "c", value.contract.name);
  else if (value instanceof Date) putText(writing, "d", String(value.getTime()));
  else if (value instanceof Error) putText(writing, "e", `${value.name}: ${value.message}`);
  else putText(writing, typeof value, Object.is(value, -0) ? "-0" : String(value));
}

function putValue(writing: Writing, value: unknown): void {
  if (writing.left <= 0) return;
  const kind = kindOf(value);
  if (kind === "leaf") return putLeaf(writing, value);
  const number = writing.met.get(value);
  if (number !== undefined) return putText(writing, "r", String(number));
  writing.met.set(value, writing.met.size);
  if (++writing.depth > MAX_VALUE_DEPTH) deny("E_VALUE", "nested too deep");
  if (kind === "record") putRecord(writing, value as Fields);
  else putItems(writing, kind, value as Iterable<unknown>);
  writing.depth--;
}

function putItems(writing: Writing, kind: string, items: Iterable<unknown>): void {
  const list = kind === "map" ? [...(items as Map<unknown, unknown>)].flat(1) : [...items];
  putText(writing, kind, String(list.length));
  for (const item of list) putValue(writing, item);
}

function putRecord(writing: Writing, record: Fields): void {
  const keys = Object.keys(record).sort();
  putText(writing, "record", String(keys.length));
  for (const key of keys) {
    putText(writing, "k", key);
    putValue(writing, record[key]);
  }
}

/** `sha256:...` of a value, of its first MOST_HASHED bytes. The same for the same values in any order of keys. */
export function digest(value: unknown): string {
  const writing: Writing = { pieces: [], left: MOST_HASHED, depth: 0, met: new Map() };
  putValue(writing, value);
  const all = new Uint8Array(MOST_HASHED - Math.max(0, writing.left));
  let at = 0;
  for (const piece of writing.pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return `sha256:${sha256(all)}`;
}
