// The buffer in which values are written and read: one growing block used as a stack. A crossing works above OUT_TOP
// and gives back what it took, because guest code may run in its middle (a getter, a stack-trace hook) and cross again.
// The block may move, so positions are offsets, never addresses.

import { dropBlock, growBlock, OUT, OUT_CAPACITY, OUT_TOP } from "./state";

/** Larger than this the block is given back once nothing uses it. */
const KEEP: i32 = 1 << 20;

// @ts-ignore: decorator
@inline
export function top(): i32 {
  return load<i32>(OUT_TOP);
}

// @ts-ignore: decorator
@inline
export function setTop(to: i32): void {
  store<i32>(OUT_TOP, to);
}

// @ts-ignore: decorator
@inline
export function base(): i32 {
  return load<i32>(OUT);
}

// @ts-ignore: decorator
@inline
export function capacityFrom(offset: i32): i32 {
  return load<i32>(OUT_CAPACITY) - offset;
}

/** Makes room for `size` bytes above the top. */
// @ts-ignore: decorator
@inline
export function reserve(size: i32): bool {
  const need = load<i32>(OUT_TOP) + size;
  if (u32(need) <= u32(load<i32>(OUT_CAPACITY))) return true;
  return growBlock(OUT, need);
}

export function release(to: i32): void {
  setTop(to);
  if (to == 0 && load<i32>(OUT_CAPACITY) > KEEP) dropBlock(OUT);
}

/** Short copies are loops: a bulk instruction costs a trampoline once the module is instrumented. */
export function copy(to: i32, from: i32, length: i32): void {
  if (length > 256) {
    memory.copy(to, from, length);
    return;
  }
  let at = 0;
  for (; at + 8 <= length; at += 8) store<u64>(to + at, load<u64>(from + at));
  for (; at < length; at++) store<u8>(to + at, load<u8>(from + at));
}

// Writers. All expect room for what they write; a head takes at most 9 bytes.

// @ts-ignore: decorator
@inline
export function put(byte: i32): void {
  const at = load<i32>(OUT_TOP);
  store<u8>(load<i32>(OUT) + at, byte);
  store<i32>(OUT_TOP, at + 1);
}

/** A CBOR head in its shortest form: major type in the upper three bits of `major`. */
export function putHead(major: i32, n: u32): void {
  const at = load<i32>(OUT) + load<i32>(OUT_TOP);
  if (n < 24) {
    store<u8>(at, major | n);
    store<i32>(OUT_TOP, load<i32>(OUT_TOP) + 1);
  } else if (n < 0x100) {
    store<u8>(at, major | 24);
    store<u8>(at, n, 1);
    store<i32>(OUT_TOP, load<i32>(OUT_TOP) + 2);
  } else if (n < 0x10000) {
    store<u8>(at, major | 25);
    store<u16>(at, bswap<u16>(u16(n)), 1);
    store<i32>(OUT_TOP, load<i32>(OUT_TOP) + 3);
  } else {
    store<u8>(at, major | 26);
    store<u32>(at, bswap<u32>(n), 1);
    store<i32>(OUT_TOP, load<i32>(OUT_TOP) + 5);
  }
}

export function putHead64(major: i32, n: u64): void {
  if (n <= 0xffffffff) {
    putHead(major, u32(n));
    return;
  }
  const at = load<i32>(OUT) + load<i32>(OUT_TOP);
  store<u8>(at, major | 27);
  store<u64>(at, bswap<u64>(n), 1);
  store<i32>(OUT_TOP, load<i32>(OUT_TOP) + 9);
}

export function putDouble(d: f64): void {
  const at = load<i32>(OUT) + load<i32>(OUT_TOP);
  store<u8>(at, 0xfb);
  // One bit pattern for all NaN: the bits of a NaN depend on the host.
  store<u64>(at, bswap<u64>(d == d ? reinterpret<u64>(d) : 0x7ff8000000000000), 1);
  store<i32>(OUT_TOP, load<i32>(OUT_TOP) + 9);
}

/** Copies whole words: reads and writes up to 7 bytes too many, for which there must be room on both sides. */
// @ts-ignore: decorator
@inline
export function putWords(from: i32, length: i32): void {
  const at = load<i32>(OUT_TOP);
  const to = load<i32>(OUT) + at;
  for (let i = 0; i < length; i += 8) store<u64>(to + i, load<u64>(from + i));
  store<i32>(OUT_TOP, at + length);
}

export function putBytes(from: i32, length: i32): void {
  const at = load<i32>(OUT_TOP);
  copy(load<i32>(OUT) + at, from, length);
  store<i32>(OUT_TOP, at + length);
}
