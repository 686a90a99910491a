// Reading CBOR out of the buffer. The kernel has checked what it delivers, but the engine must not corrupt itself on
// anything: every read is bounded by END, and a bad byte is an exception of the guest.

import { base } from "./buffer";
import { JS_HasException, JS_Throw } from "./engine";
import { callHook1, ctx, HOOK_STRAY, STRAY_DEEP, STRAY_MALFORMED } from "./state";
import { EXCEPTION, fromInt, isException } from "./value";

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(64, 16) as i32;
export const POSITION = WORDS, END = WORDS + 4, SHARED = WORDS + 8, SHARED_COUNT = WORDS + 16, SHARED_BASE = WORDS + 20,
  SHARE_NEXT = WORDS + 24;

// @ts-ignore: decorator
@inline
export function position(): i32 {
  return load<i32>(POSITION);
}

// @ts-ignore: decorator
@inline
export function address(): i32 {
  return base() + load<i32>(POSITION);
}

// @ts-ignore: decorator
@inline
export function skip(n: i32): void {
  store<i32>(POSITION, load<i32>(POSITION) + n);
}

// @ts-ignore: decorator
@inline
export function remaining(): i32 {
  return load<i32>(END) - load<i32>(POSITION);
}

/** The argument of a head whose first byte has been read; -1 when it is cut off or indefinite. */
export function readArgument(initial: i32): i64 {
  const low = initial & 31;
  if (low < 24) return low;
  const size = 1 << (low - 24);
  if (low > 27 || remaining() < size) return -1;
  const at = address();
  skip(size);
  if (low == 24) return load<u8>(at);
  if (low == 25) return bswap<u16>(load<u16>(at));
  if (low == 26) return bswap<u32>(load<u32>(at));
  return i64(bswap<u64>(load<u64>(at)));
}

/** A length that is still within the input, or -1. */
export function readLength(initial: i32): i32 {
  const n = readArgument(initial);
  return n >= 0 && n <= i64(remaining()) ? i32(n) : -1;
}

/** Throws the guest's error for bytes that are no value, unless something else has been thrown already. */
export function malformed(): i64 {
  return stray(STRAY_MALFORMED);
}

export function tooDeep(): i64 {
  return stray(STRAY_DEEP);
}

function stray(why: i32): i64 {
  if (JS_HasException(ctx())) return EXCEPTION;
  const error = callHook1(HOOK_STRAY, fromInt(why));
  return isException(error) ? error : JS_Throw(ctx(), error);
}
