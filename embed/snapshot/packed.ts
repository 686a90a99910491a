// Packed differences: what a sleeping sandbox costs. Runs of words that differ from the base. Of most words the upper half
// is one of few: small numbers, tags, pointers into the same pages. Such a word is four bits that say which, and its lower
// half. (Measured on a hundred objects and a function: 3 bytes a word. Coding against what was there shortly before, as WKdm
// of Wilson, Kaplan and Smaragdakis 1999 does, takes a fifth less and 1.4 times the time.)
//
// The form, little-endian: three words, of how many words there are, how many runs, and how many halves; the upper halves
// that are known; four bits for each word; the halves, of a word whose upper half is not known both, the lower one first;
// then for each run how far it is from the end of the last one and how long, in LEB128.
// For this process, and for a store whose bytes are compared with what went there: it is not checked. Wrong bytes write
// wrong words into `memory`, or none.
import { runsOf, wordsOf } from "./granules.ts";

const WORDS = 64; // of a granule
const HEAD = 3; // words
const KNOWN = 15; // upper halves
const OTHER = 15; // what the four bits of a word with another one say
const UPPERS = HEAD * 2; // halves before those that are known
const BITS = HEAD + 8; // words before the first bits
const NIBBLES = 8; // in one word

/** Words that are the same between two that are not, and are packed with them: shorter than another run. */
const GAP = 1;

/** Of a memory of `size` bytes, packed: more than words can take, every other one a run, and the head. */
export const mostPacked = (size: number): number => size * 2 + 65_536;

const KEPT = 2 ** 20; // words: larger scratch is given back
const scratch = {
  ends: new Int32Array(0),
  bits: new Int32Array(0),
  halves: new Uint16Array(0),
  bytes: new Uint8Array(0),
};

function makeRoom(words: number): void {
  if (scratch.ends.length > words && scratch.ends.length <= KEPT) return;
  const [ends, bits] = [new Int32Array(words + 1), new Int32Array((words >>> 3) + 1)];
  // Ten bytes of each run, of which there are at most half as many.
  const bytes = new Uint8Array(words * 5 + 10);
  Object.assign(scratch, { ends, bits, bytes, halves: new Uint16Array(words * 2) });
}

/** Finds where each run begins and ends; returns how many numbers that are. */
function findRuns(a: Int32Array, b: Int32Array, granules: readonly number[]): number {
  const { ends } = scratch;
  let [to, end] = [0, -1 - GAP];
  for (let k = 0; k < granules.length; k += 2) {
    const from = (granules[k] as number) * WORDS;
    for (let i = from, past = from + (granules[k + 1] as number) * WORDS; i < past; i++) {
      if ((i < a.length ? a[i] : 0) === b[i]) continue;
      if (i > end + GAP) {
        ends[to] = i;
        to += 2;
      }
      end = i + 1;
      ends[to - 1] = end;
    }
  }
  return to;
}

function putNumber(bytes: Uint8Array, at: number, value: number): number {
  let [left, to] = [value, at];
  for (; left > 127; left >>>= 7) bytes[to++] = (left & 127) | 128;
  bytes[to++] = left;
  return to;
}

/** Returns where the bytes end. */
function putRuns(count: number): number {
  const { ends, bytes } = scratch;
  let [to, last] = [0, 0];
  for (let i = 0; i < count; i += 2) {
    const [from, end] = [ends[i] as number, ends[i + 1] as number];
    to = putNumber(bytes, putNumber(bytes, to, from - last), end - from);
    last = end;
  }
  return to;
}

/** How often each upper half occurs; zero between calls. */
const times = new Int32Array(2 ** 16);

/** The upper halves that occur most often. */
function findUppers(b: Int32Array, count: number): Uint16Array {
  const { ends } = scratch;
  const found: number[] = [];
  for (let k = 0; k < count; k += 2)
    for (let i = ends[k] as number; i < (ends[k + 1] as number); i++) {
      const upper = (b[i] as number) >>> 16;
      const before = times[upper] as number;
      if (before === 0) found.push(upper);
      times[upper] = before + 1;
    }
  const often = found.toSorted((x, y) => (times[y] as number) - (times[x] as number)).slice(0, KNOWN);
  for (const upper of found) times[upper] = 0;
  return Uint16Array.from(often);
}

/** Which of those that are known an upper half is; none between calls. */
const which = new Uint8Array(2 ** 16).fill(OTHER);

/** Returns how many words and how many halves there are. */
function putWords(b: Int32Array, count: number): [words: number, halves: number] {
  const { ends, bits, halves } = scratch;
  let [words, to] = [0, 0];
  for (let k = 0; k < count; k += 2) {
    for (let i = ends[k] as number; i < (ends[k + 1] as number); i++) {
      const word = b[i] as number;
      const known = which[word >>> 16] as number;
      const [at, shift] = [words >>> 3, (words & 7) * 4];
      bits[at] = (shift === 0 ? 0 : (bits[at] as number)) | (known << shift);
      halves[to++] = word;
      if (known === OTHER) halves[to++] = word >>> 16;
      words++;
    }
  }
  return [words, to];
}

/** What makes `base`, longer by zeroes, into `now`, in one piece of memory. */
export function pack(base: Uint8Array, now: Uint8Array): Uint8Array<ArrayBuffer> {
  const [a, b] = [wordsOf(base), wordsOf(now)];
  const granules = runsOf(base, now);
  makeRoom(granules.reduce((sum, count, i) => (i % 2 === 1 ? sum + count * WORDS : sum), 0) + 1);
  const count = findRuns(a, b, granules);
  const uppers = findUppers(b, count);
  for (let i = 0; i < uppers.length; i++) which[uppers[i] as number] = i;
  const [words, halves] = putWords(b, count);
  for (const upper of uppers) which[upper] = OTHER;
  return assemble(uppers, words, halves, count);
}

const halvesAt = (words: number): number => (BITS + Math.ceil(words / NIBBLES)) * 2;
const even = (count: number): number => count + (count & 1);

function assemble(uppers: Uint16Array, words: number, halves: number, count: number): Uint8Array<ArrayBuffer> {
  const runBytes = putRuns(count);
  const from = halvesAt(words);
  const runsAt = (from + even(halves)) * 2;
  const packed = new Uint8Array(runsAt + runBytes);
  const head = new Int32Array(packed.buffer, 0, from / 2);
  head.set([words, count / 2, halves]);
  head.set(scratch.bits.subarray(0, from / 2 - BITS), BITS);
  const all = new Uint16Array(packed.buffer, 0, from + halves);
  all.set(uppers, UPPERS);
  all.set(scratch.halves.subarray(0, halves), from);
  packed.set(scratch.bytes.subarray(0, runBytes), runsAt);
  return packed;
}

/**
 * Of memory that holds the base, and zeroes beyond, makes what was packed. One loop, without an array or a call in it:
 * this is what waking takes.
 */
export function unpack(packed: Uint8Array<ArrayBuffer>, memory: Uint8Array): void {
  const head = new Int32Array(packed.buffer, packed.byteOffset, packed.length >>> 2);
  const halves = new Uint16Array(packed.buffer, packed.byteOffset, packed.length >>> 1);
  const out = new Int32Array(memory.buffer, memory.byteOffset, memory.length >>> 2);
  let half = halvesAt(head[0] as number);
  let run = (half + even(head[2] as number)) * 2;
  let bitsAt = BITS;
  let bits = 0;
  let left = 0;
  let at = 0;
  for (let runs = head[1] as number; runs > 0; runs--) {
    let byte = packed[run++] as number;
    at += byte & 127;
    for (let shift = 7; byte > 127; shift += 7) {
      byte = packed[run++] as number;
      at += (byte & 127) << shift;
    }
    byte = packed[run++] as number;
    let end = at + (byte & 127);
    for (let shift = 7; byte > 127; shift += 7) {
      byte = packed[run++] as number;
      end += (byte & 127) << shift;
    }
    for (; at < end; at++) {
      if (left === 0) {
        bits = head[bitsAt++] as number;
        left = NIBBLES;
      }
      const known = bits & 15;
      bits >>>= 4;
      left--;
      const lower = halves[half++] as number;
      const upper = (known === OTHER ? halves[half++] : halves[UPPERS + known]) as number;
      out[at] = lower | (upper << 16);
    }
  }
}
