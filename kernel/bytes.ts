// Bytes: bounds-checked reading and canonical writing of LEB128.
//
// Invariants
//   B1  A reader never reads outside [0, end): running out is a Refusal, thrown and caught in verify.ts alone.
// Trust
//   Trusted by decode.ts and verify.ts.
import type { RuleId } from "./rules.ts";

/** What a reader throws; becomes an outcome in `attempt`, the only place that catches it. */
export type Refusal = { readonly at: number; readonly rule: RuleId };

export const refuse = (rule: RuleId, at: number): never => {
  throw { at, rule } satisfies Refusal;
};

export type Reader = { readonly bytes: Uint8Array; at: number; end: number };

export function readByte(reader: Reader): number {
  if (reader.at >= reader.end) refuse("malformed", reader.at);
  return reader.bytes[reader.at++] as number;
}

/** An unsigned LEB128 of at most 32 bits. Overlong forms are read: linkers emit them. */
export function readU32(reader: Reader): number {
  const first = readByte(reader);
  if (first < 0x80) return first;
  let value = first & 0x7f;
  for (let shift = 7; shift < 35; shift += 7) {
    const byte = readByte(reader);
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value <= 0xffff_ffff ? value : refuse("malformed", reader.at);
  }
  return refuse("malformed", reader.at);
}

/** A signed LEB128 of at most 32 bits. */
export function readI32(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = readByte(reader);
    value |= (byte & 0x7f) << shift;
    if (shift === 28 && byte > 7 && byte < 0x78) break; // bits beyond the 32nd that are not its sign
    if (byte < 0x80) return shift < 25 && byte & 0x40 ? value | (-1 << (shift + 7)) : value;
  }
  return refuse("malformed", reader.at);
}

/** A count of things that take at least one byte each: so a lying length cannot make a long loop. */
export function readCount(reader: Reader, most: number): number {
  const at = reader.at;
  const count = readU32(reader);
  if (count > reader.end - reader.at) refuse("malformed", at);
  return count <= most ? count : refuse("S-entries", at);
}

export function u32(value: number): number[] {
  const out: number[] = [];
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
  return out;
}

/** Of a safe integer. */
export function i64(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest < -64 || rest > 63; rest = Math.floor(rest / 128)) out.push((rest & 0x7f) | 0x80);
  out.push(rest & 0x7f);
  return out;
}
export const i32 = (value: number): number[] => i64(value | 0);

/** Are the bytes at `at` exactly `pattern`? */
export function matches(bytes: Uint8Array, at: number, pattern: ArrayLike<number>): boolean {
  if (at + pattern.length > bytes.length) return false;
  for (let i = 0; i < pattern.length; i++) if (bytes[at + i] !== pattern[i]) return false;
  return true;
}

/** i32, i64, f32 or f64. Others take part in features that have no row in the opcode table. */
export const isNumeric = (type: number): boolean => type >= 0x7c && type <= 0x7f;
