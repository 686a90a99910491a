// CBOR as far as the shim speaks it: requests written into the scratch, values read from a span.

import { ensure, room, scratch, touch } from "./arena";

let out: u32 = 0; // address
let at: u32 = 0;
let limit: u32 = 0;

export const UINT: i32 = 0;
export const NEGATIVE: i32 = 1;
export const BYTES: i32 = 2;
export const TEXT: i32 = 3;
export const ARRAY: i32 = 4;
export const MAP: i32 = 5;
export const TAG: i32 = 6;
export const SIMPLE: i32 = 7;
const END: i32 = -1;

/** The longest request beside its texts and bytes. */
const ENVELOPE: u32 = 64;

/** Begins a request of `count` arguments, whose texts and bytes have `size` bytes in all. */
export function request(count: u32, size: u32): bool {
  if (!ensure(size + ENVELOPE)) return false;
  out = scratch();
  putHead(ARRAY, count);
  return true;
}

export function requestLength(): u32 {
  return out - scratch();
}

export function putHead(major: i32, n: u32): void {
  const high = major << 5;
  if (n < 24) {
    store<u8>(out, high | n);
    out += 1;
  } else if (n < 0x10000) {
    store<u8>(out, high | 25);
    store<u16>(out, bswap<u16>(u16(n)), 1);
    out += 3;
  } else {
    store<u8>(out, high | 26);
    store<u32>(out, bswap<u32>(n), 1);
    out += 5;
  }
}

export function putUint(n: u32): void {
  putHead(UINT, n);
}

export function putDouble(value: f64): void {
  store<u8>(out, 0xfb);
  store<u64>(out, bswap<u64>(reinterpret<u64>(value)), 1);
  out += 9;
}

/** A text or byte string of which the contents follow: returns where they go. */
export function putString(major: i32, length: u32): u32 {
  putHead(major, length);
  const to = out;
  out += length;
  return to;
}

export function putCopy(major: i32, from: u32, length: u32): void {
  copyBytes(putString(major, length), from, length);
}

/** Short copies are loops: a bulk instruction costs more than they do once the module is instrumented. */
export function copyBytes(to: u32, from: u32, length: u32): void {
  if (length > 64) memory.copy(to, from, length);
  else for (let i: u32 = 0; i < length; i++) store<u8>(to + i, load<u8>(from + i));
}

/** Reads from here: a value of `length` bytes. */
export function readFrom(address: u32, length: u32): void {
  at = address;
  limit = address + length;
}

// @ts-ignore: decorator
@inline
export function position(): u32 {
  return at;
}

// @ts-ignore: decorator
@inline
export function positionEnd(): u32 {
  return limit;
}

let argument: u64 = 0;

/** The number or length that the last head told; of a double its bits. */
// @ts-ignore: decorator
@inline
export function lastArgument(): u64 {
  return argument;
}

/** Reads a head and returns its major type; END where there is none. */
export function readHead(): i32 {
  if (at >= limit) return END;
  const head = load<u8>(at++);
  const info = head & 31;
  if (info < 24) {
    argument = info;
    return head >>> 5;
  }
  const width: u32 = 1 << (info - 24);
  if (info > 27 || width > limit - at) return END;
  argument = 0;
  for (let i: u32 = 0; i < width; i++) argument = (argument << 8) | load<u8>(at++);
  return head >>> 5;
}

/** Steps over the contents of the string whose head was read; returns their address. */
export function skipString(): u32 {
  const from = at;
  at = argument > u64(limit - at) ? limit : at + u32(argument);
  return from;
}

/** A number, whether integer or double; 0 for anything else. */
export function readNumber(): f64 {
  const from = at;
  const major = readHead();
  if (major == UINT) return f64(argument);
  if (major == NEGATIVE) return -1 - f64(argument);
  return major == SIMPLE && at - from == 9 ? reinterpret<f64>(argument) : 0;
}

/** Steps over one value. */
export function skipValue(): void {
  for (let left: u64 = 1; left > 0; left--) {
    const major = readHead();
    if (major == END) return;
    if (major == BYTES || major == TEXT) skipString();
    else if (major == ARRAY) left += argument;
    else if (major == MAP) left += argument * 2;
    else if (major == TAG) left++;
  }
}

export { room, touch };
