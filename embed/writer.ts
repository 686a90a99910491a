// CBOR being written: one growing buffer and the heads of RFC 8949.
import { MAX_VALUE_BYTES } from "../kernel/index.ts";

/** Thrown when a value outgrows the limit; encode.ts tells the embedder. */
export const TOO_BIG = Symbol("a value of more than 64 MiB");

const START_SIZE = 65_536; // bytes
/** What is kept between values. A larger buffer is given back. */
const KEPT_SIZE = 1 << 20; // bytes

interface Output {
  bytes: Uint8Array;
  at: number;
}
export const out: Output = { bytes: new Uint8Array(START_SIZE), at: 0 };

/** Makes room for `size` more bytes. */
export function reserve(size: number): void {
  if (out.at + size > out.bytes.length) grow(out.at + size);
}

function grow(need: number): void {
  // Text reserves three bytes a character, so the buffer may be larger than what may cross.
  if (out.at > MAX_VALUE_BYTES || need > MAX_VALUE_BYTES * 4) throw TOO_BIG;
  const larger = new Uint8Array(Math.max(need, out.bytes.length * 2));
  larger.set(out.bytes.subarray(0, out.at));
  out.bytes = larger;
}

/** Begins anew with a buffer of moderate size. */
export function restart(): void {
  if (out.bytes.length > KEPT_SIZE) out.bytes = new Uint8Array(START_SIZE);
  out.at = 0;
}

export function putByte(byte: number): void {
  reserve(1);
  out.bytes[out.at++] = byte;
}

/** `major` is the major type, shifted: 0x80 for an array. */
export function putHead(major: number, argument: number): void {
  reserve(9);
  const { bytes } = out;
  if (argument < 24) {
    bytes[out.at++] = major | argument;
  } else if (argument < 0x100) {
    bytes[out.at++] = major | 24;
    bytes[out.at++] = argument;
  } else if (argument < 0x1_0000) {
    bytes[out.at++] = major | 25;
    bytes[out.at++] = argument >> 8;
    bytes[out.at++] = argument;
  } else putLongHead(major, argument);
}

function putLongHead(major: number, argument: number): void {
  const isWide = argument > 0xffff_ffff;
  out.bytes[out.at++] = major | (isWide ? 27 : 26);
  if (isWide) putWord(Math.floor(argument / 0x1_0000_0000));
  putWord(argument % 0x1_0000_0000);
}

export function putWord(word: number): void {
  const { bytes } = out;
  bytes[out.at++] = word >>> 24;
  bytes[out.at++] = word >>> 16;
  bytes[out.at++] = word >>> 8;
  bytes[out.at++] = word;
}

const scratch = new DataView(new ArrayBuffer(8));

function putDouble(value: number): void {
  reserve(9);
  scratch.setFloat64(0, value);
  out.bytes[out.at++] = 0xfb;
  putWord(scratch.getInt32(0));
  putWord(scratch.getInt32(4));
}

/** Integers as integers, everything else and -0 as a double. */
export function putNumber(value: number): void {
  if (value >>> 0 === value && value !== 0) return putHead(0, value);
  if (Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)) {
    if (value >= 0) putHead(0, value);
    else putHead(0x20, -1 - value);
  } else putDouble(value);
}

export function putBytes(bytes: Uint8Array): void {
  putHead(0x40, bytes.length);
  reserve(bytes.length);
  out.bytes.set(bytes, out.at);
  out.at += bytes.length;
}

const SHORT = 40; // characters that a loop copies faster than the platform's encoder
const encoder = new TextEncoder();

export function putText(text: string): void {
  const { length } = text;
  if (length < SHORT && putAscii(text)) return;
  reserve(length * 3 + 5);
  const headAt = out.at;
  putHead(0x60, length); // right if it is ASCII: one byte a character
  const textAt = out.at;
  const { written } = encoder.encodeInto(text, tail(textAt));
  out.at = textAt + written;
  if (written !== length) fixText(text, headAt, textAt, written);
}

/** Views of the buffer from its first places on: a long text is often the whole value. */
const KEPT_TAILS = 64;
const tails = new Array<Uint8Array | undefined>(KEPT_TAILS).fill(undefined);
let viewed = out.bytes;

function tail(at: number): Uint8Array {
  const { bytes } = out;
  if (at >= KEPT_TAILS) return bytes.subarray(at);
  if (viewed !== bytes) tails.fill(undefined);
  viewed = bytes;
  const known = tails[at];
  if (known !== undefined) return known;
  const made = bytes.subarray(at);
  tails[at] = made;
  return made;
}

function putAscii(text: string): boolean {
  const { length } = text;
  reserve(length + 2);
  const start = out.at;
  const { bytes } = out;
  let at = length < 24 ? start : start + 1;
  if (length >= 24) bytes[start] = 0x78;
  bytes[at++] = length < 24 ? 0x60 | length : length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return false;
    bytes[at++] = unit;
  }
  out.at = at;
  return true;
}

/** Not ASCII after all: the head may need more bytes, and a lone surrogate needs another tag. */
function fixText(text: string, headAt: number, textAt: number, written: number): void {
  if (!text.isWellFormed()) {
    out.at = headAt;
    return putWtf8(text);
  }
  out.at = headAt;
  putHead(0x60, written); // at most as long as three bytes a character, which is reserved, plus 5
  if (out.at !== textAt) shiftText(text, written);
  else out.at += written;
}

function shiftText(text: string, written: number): void {
  reserve(written);
  encoder.encodeInto(text, tail(out.at));
  out.at += written;
}

const WTF8_TAG = [0xd9, 0x01, 0x11];

/** UTF-8 in which a lone surrogate is three bytes like any other unit. */
function putWtf8(text: string): void {
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    if (point >= 0xd800 && point < 0xe000) {
      bytes[at++] = 0xe0 | (point >> 12);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else at += encoder.encodeInto(character, bytes.subarray(at)).written;
  }
  for (const byte of WTF8_TAG) putByte(byte);
  putBytes(bytes.subarray(0, at));
}
