// CBOR being read: bounds-checked, whatever the kernel has checked before.
import { utf8Slice } from "./host.ts";

/** Thrown for bytes that are not ours. The kernel refuses such bytes first, so it tells of a bug of ours. */
export class Malformed extends Error {}

interface Input {
  bytes: Uint8Array;
  at: number;
  end: number;
}
export const input: Input = { bytes: new Uint8Array(0), at: 0, end: 0 };

export const malformed = (why: string): never => {
  throw new Malformed(`malformed value: ${why}`);
};

export function takeByte(): number {
  if (input.at >= input.end) malformed("cut off");
  return input.bytes[input.at++] as number;
}

/** The argument of a head. */
export function takeArgument(info: number): number {
  if (info < 24) return info;
  if (info === 24) return takeByte();
  if (info === 25) return takeByte() * 0x100 + takeByte();
  return info < 28 ? takeLongArgument(info) : malformed("an indefinite length");
}

function takeLongArgument(info: number): number {
  let value = 0;
  for (let left = 1 << (info - 24); left > 0; left--) value = value * 256 + takeByte();
  return value <= Number.MAX_SAFE_INTEGER ? value : malformed("a number beyond 2^53");
}

/** A count of items or bytes, each of at least one byte. */
export function takeCount(info: number): number {
  const count = takeArgument(info);
  return count <= input.end - input.at ? count : malformed("cut off");
}

const scratch = new DataView(new ArrayBuffer(8));

export function takeDouble(): number {
  const { bytes, at } = input;
  if (input.end - at < 8) malformed("cut off");
  scratch.setInt32(0, word(bytes, at));
  scratch.setInt32(4, word(bytes, at + 4));
  input.at = at + 8;
  return scratch.getFloat64(0);
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 24) |
  ((bytes[at + 1] as number) << 16) |
  ((bytes[at + 2] as number) << 8) |
  (bytes[at + 3] as number);

/** A copy of the next bytes, aligned for every typed array. */
export function takeBytes(length: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(length);
  copy.set(input.bytes.subarray(input.at, input.at + length));
  input.at += length;
  return copy;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const SHORT = 32; // bytes that a loop decodes faster than the platform's decoder
const { fromCharCode } = String;

export function takeText(length: number): string {
  const { bytes, at } = input;
  if (length < SHORT) {
    const text = shortText(bytes, at, at + length);
    if (text !== undefined) {
      input.at = at + length;
      return text;
    }
  }
  input.at = at + length;
  if (utf8Slice !== undefined) return utf8Slice.call(bytes, at, at + length);
  return decoder.decode(bytes.subarray(at, at + length));
}

/** Undefined if it is not ASCII. Four at a time: a string per character would cost more than the copying. */
function shortText(bytes: Uint8Array, from: number, end: number): string | undefined {
  let text = "";
  let at = from;
  for (; at + 4 <= end; at += 4) {
    const [a, b] = [bytes[at] as number, bytes[at + 1] as number];
    const [c, d] = [bytes[at + 2] as number, bytes[at + 3] as number];
    if ((a | b | c | d) > 0x7f) return undefined;
    text += fromCharCode(a, b, c, d);
  }
  for (; at < end; at++) {
    const unit = bytes[at] as number;
    if (unit > 0x7f) return undefined;
    text += fromCharCode(unit);
  }
  return text;
}

/** UTF-8 with lone surrogates; what is no such thing becomes U+FFFD. */
export function takeWtf8(length: number): string {
  const end = input.at + length;
  let [text, run] = ["", input.at];
  for (let at = input.at; at < end; at++) {
    if (input.bytes[at] !== 0xed || at + 2 >= end) continue;
    const [second, third] = [input.bytes[at + 1] as number, input.bytes[at + 2] as number];
    if (second < 0xa0 || second > 0xbf || third >> 6 !== 2) continue;
    text += textOf(run, at) + fromCharCode(0xd800 | ((second & 0x1f) << 6) | (third & 0x3f));
    at += 2;
    run = at + 1;
  }
  text += textOf(run, end);
  input.at = end;
  return text;
}

/** Most runs between surrogates are empty or short, and a call of the decoder costs as much as many of them. */
function textOf(from: number, end: number): string {
  const short = end - from < SHORT ? shortText(input.bytes, from, end) : undefined;
  return short ?? decoder.decode(input.bytes.subarray(from, end));
}

// Keys repeat, and so does the order in which they come. A key that was seen lately costs no new string, and the
// engine's own look-up gets the same one again; the key that followed it last is looked at first.
const KEYS = 512;
const LONGEST_KEY = 24; // bytes
const ROW = 32; // bytes of a row: the key's length, then the key
const keys: string[] = new Array<string>(KEYS).fill("");
const rows = new Uint8Array(KEYS * ROW);
const followers = new Uint16Array(KEYS);
let last = 0;

export function takeKey(length: number): string {
  if (length > LONGEST_KEY || length === 0) return takeText(length);
  const { bytes, at } = input;
  let slot = followers[last] as number;
  if (!isAt(slot, bytes, at, length)) {
    slot = slotOf(bytes, at, length);
    if (!isAt(slot, bytes, at, length)) return takeNewKey(slot, length);
    followers[last] = slot;
  }
  last = slot;
  input.at = at + length;
  return keys[slot] as string;
}

function slotOf(bytes: Uint8Array, at: number, length: number): number {
  let hash = length;
  for (let i = at; i < at + length; i++) hash = (hash * 31 + (bytes[i] as number)) | 0;
  return (hash ^ (hash >>> 9)) & (KEYS - 1);
}

function isAt(slot: number, bytes: Uint8Array, at: number, length: number): boolean {
  const row = slot * ROW;
  if (rows[row] !== length) return false;
  for (let i = 0; i < length; i++) if (rows[row + 1 + i] !== bytes[at + i]) return false;
  return true;
}

function takeNewKey(slot: number, length: number): string {
  const { bytes, at } = input;
  const key = takeText(length);
  keys[slot] = key;
  rows[slot * ROW] = length;
  rows.set(bytes.subarray(at, at + length), slot * ROW + 1);
  return key;
}
