// Literals as CBOR, in the one encoding of each that crosses (stdlib/abi.ts): a kernel compares them byte for byte.
import type { Literal } from "./types.ts";

const UINT = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const WTF8_TAG = [0xd9, 0x01, 0x11]; // 273
const DOUBLE = 0xfb;

function bigEndian(value: number, width: number): number[] {
  return Array.from({ length: width }, (_, at) => Math.floor(value / 256 ** (width - 1 - at)) % 256);
}

/** A head of the shortest form (RFC 8949 4.2.1). */
function head(major: number, argument: number): number[] {
  if (argument < 24) return [(major << 5) | argument];
  const log = [0x100, 0x1_0000, 0x1_0000_0000].findIndex((limit) => argument < limit);
  const size = log < 0 ? 3 : log;
  return [(major << 5) | (24 + size), ...bigEndian(argument, 1 << size)];
}

function numberItem(value: number): number[] {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    return value < 0 ? head(NEGATIVE, -1 - value) : head(UINT, value);
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return [DOUBLE, ...new Uint8Array(view.buffer)];
}

const tail = (code: number, shift: number): number => 0x80 | ((code >> shift) & 0x3f);

/** UTF-8, and WTF-8 of a lone surrogate. */
function unitsOf(code: number): number[] {
  if (code < 0x80) return [code];
  if (code < 0x800) return [0xc0 | (code >> 6), tail(code, 0)];
  if (code < 0x1_0000) return [0xe0 | (code >> 12), tail(code, 6), tail(code, 0)];
  return [0xf0 | (code >> 18), tail(code, 12), tail(code, 6), tail(code, 0)];
}

function textItem(text: string): number[] {
  const units = Array.from(text, (character) => unitsOf(character.codePointAt(0) ?? 0)).flat();
  return text.isWellFormed()
    ? [...head(TEXT, units.length), ...units]
    : [...WTF8_TAG, ...head(BYTES, units.length), ...units];
}

const SIMPLE: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [false, 0xf4],
  [true, 0xf5],
  [null, 0xf6],
  [undefined, 0xf7],
]);

/** The one CBOR item of a literal. */
export function item(literal: Literal | undefined): Uint8Array {
  if (typeof literal === "number") return Uint8Array.from(numberItem(literal));
  if (typeof literal === "string") return Uint8Array.from(textItem(literal));
  return Uint8Array.of(SIMPLE.get(literal) as number);
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
