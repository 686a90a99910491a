// JSValues as the engine boxes them on 32-bit machines: the tag in the high word, the payload in the low one;
// doubles are biased so that no double looks like a tag.

export const TAG_BIG_INT: i32 = -9;
export const TAG_STRING: i32 = -7;
export const TAG_ROPE: i32 = -6;
export const TAG_MODULE: i32 = -3;
export const TAG_FUNCTION_BYTECODE: i32 = -2;
export const TAG_OBJECT: i32 = -1;
export const TAG_INT: i32 = 0;
export const TAG_BOOL: i32 = 1;
export const TAG_NULL: i32 = 2;
export const TAG_UNDEFINED: i32 = 3;
export const TAG_EXCEPTION: i32 = 6;
export const TAG_SHORT_BIG_INT: i32 = 7;

const FIRST_TAG: i32 = -9;
const FLOAT_TAG: i32 = 8;
const FLOAT_BIAS: i64 = i64(0x7ff80000 + 9 + 1) << 32;

export const FALSE: i64 = i64(TAG_BOOL) << 32;
export const TRUE: i64 = FALSE | 1;
export const NULL: i64 = i64(TAG_NULL) << 32;
export const UNDEFINED: i64 = i64(TAG_UNDEFINED) << 32;
export const EXCEPTION: i64 = i64(TAG_EXCEPTION) << 32;

/** Configurable, writable, enumerable: what an assignment would make. */
export const PLAIN: i32 = 7;

// @ts-ignore: decorator
@inline
export function tagOf(v: i64): i32 {
  return i32(v >> 32);
}

// @ts-ignore: decorator
@inline
export function isFloat(tag: i32): bool {
  return u32(tag - FIRST_TAG) >= u32(FLOAT_TAG - FIRST_TAG);
}

// @ts-ignore: decorator
@inline
export function floatOf(v: i64): f64 {
  return reinterpret<f64>(v + FLOAT_BIAS);
}

// @ts-ignore: decorator
@inline
export function fromFloat(d: f64): i64 {
  return d == d ? reinterpret<i64>(d) - FLOAT_BIAS : (0x7ff8000000000000 as i64) - FLOAT_BIAS;
}

// @ts-ignore: decorator
@inline
export function fromInt(n: i32): i64 {
  return i64(u64(u32(n)));
}

// @ts-ignore: decorator
@inline
export function isException(v: i64): bool {
  return tagOf(v) == TAG_EXCEPTION;
}

// @ts-ignore: decorator
@inline
export function isObject(v: i64): bool {
  return tagOf(v) == TAG_OBJECT;
}
