// Packed differences: what a sleeping sandbox costs. Runs of words that differ from the base, each word as short as it can
// be had fast: one that was there shortly before; one near such a one, as pointers are; or as it is. (The idea is that of
// WKdm: Wilson, Kaplan and Smaragdakis 1999. Measured on a hundred objects: two thirds of the words as they are.)
//
// The form, little-endian: four words, of how many words there are, how many of these are as they are, how many runs there
// are and how many bytes these take; two bits for each word that say its kind; those as they are; then bytes: for each run how far it is from the
// end of the last one and how long, in LEB128; for each word, one if it was there, two if it is near.
// For this process, and for a store whose bytes are compared with what went there: it is not checked. Wrong bytes write
// wrong words into `memory`, or none.
import { runsOf, wordsOf } from "./granules.ts";

const HEAD = 4; // words
const WORDS = 64; // of a granule
const KINDS = 16; // in one word
const [NEAR, SAME, NEW] = [0, 1, 2] as const;

// What was there shortly before, by a hash of its own: words in the first part, in the second what those near each other
// have in common.
const seen = new Int32Array(256 + 64);
const UPPERS = 256;
const LOW = 2 ** 10 - 1; // bits in which words near each other differ
const MIX = 0x9e3779b1; // 2^32 over the golden ratio: Knuth's multiplicative hash
const [WORD, UPPER] = [24, 26] as const; // bits of the product that are no index

const KEPT = 2 ** 20; // words: larger scratch is given back
const scratch = {
  ends: new Int32Array(0),
  kinds: new Int32Array(0),
  news: new Int32Array(0),
  bytes: new Uint8Array(0),
};

function makeRoom(words: number): void {
  if (scratch.news.length >= words && scratch.news.length <= KEPT) return;
  const kinds = new Int32Array(Math.ceil(words / KINDS));
  // Two bytes of each word; ten of each run, of which there are at most half as many.
  const bytes = new Uint8Array(words * 7 + 10);
  Object.assign(scratch, { ends: new Int32Array(words + 1), kinds, news: new Int32Array(words), bytes });
}

/** Finds where each run begins and ends; returns how many numbers that are. */
function findRuns(a: Int32Array, b: Int32Array, granules: readonly number[]): number {
  const { ends } = scratch;
  let [to, end] = [0, -1];
  for (let k = 0; k < granules.length; k += 2) {
    const from = (granules[k] as number) * WORDS;
    for (let i = from, past = from + (granules[k + 1] as number) * WORDS; i < past; i++) {
      if ((i < a.length ? a[i] : 0) === b[i]) continue;
      if (i !== end) {
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

interface Counts {
  words: number;
  news: number;
  bytes: number;
}

function putWord(word: number, counts: Counts): number {
  const { news, bytes } = scratch;
  const hash = Math.imul(word, MIX) >>> WORD;
  if (seen[hash] === word) {
    bytes[counts.bytes++] = hash;
    return SAME;
  }
  seen[hash] = word;
  const upper = word & ~LOW;
  const index = Math.imul(upper, MIX) >>> UPPER;
  if (seen[UPPERS + index] === upper) {
    const pair = (index << 10) | (word & LOW);
    bytes[counts.bytes++] = pair;
    bytes[counts.bytes++] = pair >>> 8;
    return NEAR;
  }
  seen[UPPERS + index] = upper;
  news[counts.news++] = word;
  return NEW;
}

function putWords(b: Int32Array, count: number, counts: Counts): void {
  const { ends, kinds } = scratch;
  for (let k = 0; k < count; k += 2) {
    for (let i = ends[k] as number; i < (ends[k + 1] as number); i++) {
      const kind = putWord(b[i] as number, counts);
      const at = counts.words >>> 4;
      const shift = (counts.words % KINDS) * 2;
      kinds[at] = (shift === 0 ? 0 : (kinds[at] as number)) | (kind << shift);
      counts.words++;
    }
  }
}

/** What makes `base`, longer by zeroes, into `now`, in one piece of memory. */
export function pack(base: Uint8Array, now: Uint8Array): Uint8Array<ArrayBuffer> {
  const [a, b] = [wordsOf(base), wordsOf(now)];
  const granules = runsOf(base, now);
  makeRoom(granules.reduce((sum, count, i) => (i % 2 === 1 ? sum + count * WORDS : sum), 0) + 1);
  const count = findRuns(a, b, granules);
  const runBytes = putRuns(count);
  const counts: Counts = { words: 0, news: 0, bytes: runBytes };
  seen.fill(0);
  putWords(b, count, counts);
  const kinds = Math.ceil(counts.words / KINDS);
  const news = HEAD + kinds;
  const bytes = (news + counts.news) * 4;
  const packed = new Uint8Array(bytes + counts.bytes);
  const words = new Int32Array(packed.buffer, 0, news + counts.news);
  words.set([counts.words, counts.news, count / 2, runBytes]);
  words.set(scratch.kinds.subarray(0, kinds), HEAD);
  words.set(scratch.news.subarray(0, counts.news), news);
  packed.set(scratch.bytes.subarray(0, counts.bytes), bytes);
  return packed;
}

/**
 * Of memory that holds the base, and zeroes beyond, makes what was packed. One loop, without an array or a call in it:
 * this is what waking takes.
 */
export function unpack(packed: Uint8Array<ArrayBuffer>, memory: Uint8Array): void {
  const head = new Int32Array(packed.buffer, packed.byteOffset, packed.length >>> 2);
  const out = new Int32Array(memory.buffer, memory.byteOffset, memory.length >>> 2);
  let kindsAt = HEAD;
  let fresh = HEAD + Math.ceil((head[0] as number) / KINDS);
  let run = (fresh + (head[1] as number)) * 4;
  let next = run + (head[3] as number);
  let at = 0;
  let kinds = 0;
  let left = 0;
  seen.fill(0);
  for (let runs = head[2] as number; runs > 0; runs--) {
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
        kinds = head[kindsAt++] as number;
        left = KINDS;
      }
      const kind = kinds & 3;
      kinds >>= 2;
      left--;
      let word = 0;
      if (kind === SAME) word = seen[packed[next++] as number] as number;
      else {
        if (kind === NEW) {
          word = head[fresh++] as number;
          const upper = word & ~LOW;
          seen[UPPERS + (Math.imul(upper, MIX) >>> UPPER)] = upper;
        } else {
          const pair = (packed[next] as number) | ((packed[next + 1] as number) << 8);
          next += 2;
          word = (seen[UPPERS + (pair >>> 10)] as number) | (pair & LOW);
        }
        seen[Math.imul(word, MIX) >>> WORD] = word;
      }
      out[at] = word;
    }
  }
}
