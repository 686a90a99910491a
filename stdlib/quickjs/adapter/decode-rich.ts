// Tagged values: typed arrays and buffers are copied here, the rest is made by the bootstrap with the intrinsics that
// it captured. A container is made empty before its content is decoded, so that the content may refer to it.

import { decodeText, decodeValue } from "./decode";
import {
  JS_DefinePropertyValueUint32, JS_FreeValue, JS_NewArray, JS_NewArrayBufferCopy, JS_NewBigInt64, JS_NewTypedArray,
  JS_SetLength, stackPointer, JS_NewDate,
} from "./engine";
import { ERROR, MAP, REGEXP, SET } from "./kinds";
import { address, malformed, readLength, remaining, skip } from "./reader";
import { expectShared, keepShare, sharedAt, takeShare } from "./sharing";
import { callHook, callHook1, ctx, HOOK_FILL, HOOK_NEW } from "./state";
import { EXCEPTION, fromInt, isException, PLAIN, TAG_INT, tagOf, floatOf, isFloat, UNDEFINED } from "./value";

/** The engine's element type of each tag from 68 on; -1 has none. */
const ELEMENT_TYPES: i32 = memory.data<i32>([0, 4, 6, 8, 1, -1, -1, -1, -1, 3, 5, 7, -1, -1, -1, -1, -1, 10, 11]) as i32;

export function decodeTagged(tag: i64): i64 {
  if (tag == 28) return expectShared() ? decodeValue() : malformed();
  if (tag == 29) return decodeReference();
  if (tag == 273) return decodeWtf8();
  if (tag == 2 || tag == 3) return decodeBigInt(tag == 3);
  const share = takeShare();
  if (tag >= 68 && tag <= 86) return decodeTyped(load<i32>(ELEMENT_TYPES + i32(tag - 68) * 4), share);
  if (tag == 0x434f01) return decodeDate(share);
  if (tag == 0x434f02) return decodeSparse(share);
  if (tag == 0x434f03) return decodeBuffer(share);
  if (tag == 0x434f04) return decodeWith(0, share);
  if (tag == 27) return decodeWith(ERROR, share);
  if (tag == 258) return decodeWith(SET, share);
  if (tag == 21066) return decodeWith(REGEXP, share);
  if (tag == 259) return decodeMap(share);
  return malformed();
}

function decodeReference(): i64 {
  const number = decodeValue();
  const v = tagOf(number) == TAG_INT ? sharedAt(i64(i32(number))) : EXCEPTION;
  return isException(v) ? malformed() : v;
}

/** The length of the byte string that must follow, or -1. */
function blobLength(): i32 {
  if (remaining() < 1) return -1;
  const initial: i32 = load<u8>(address());
  skip(1);
  return initial >> 5 == 2 ? readLength(initial) : -1;
}

function decodeWtf8(): i64 {
  if (remaining() < 1) return malformed();
  const initial: i32 = load<u8>(address());
  skip(1);
  return initial >> 5 == 2 ? decodeText(initial) : malformed();
}

function decodeBigInt(negative: bool): i64 {
  const length = blobLength();
  if (length < 0) return malformed();
  if (length < 8) return smallBigInt(negative, length);
  const bytes = newBuffer(length);
  if (isException(bytes)) return bytes;
  return fill(fromInt(100), bytes, fromInt(negative ? 1 : 0));
}

function smallBigInt(negative: bool, length: i32): i64 {
  let n: i64 = 0;
  for (let i = 0; i < length; i++) n = (n << 8) | i64(load<u8>(address() + i));
  skip(length);
  return JS_NewBigInt64(ctx(), negative ? ~n : n);
}

function newBuffer(length: i32): i64 {
  const buffer = JS_NewArrayBufferCopy(ctx(), address(), length);
  skip(length);
  return buffer;
}

function decodeBuffer(share: i32): i64 {
  const length = blobLength();
  if (length < 0) return malformed();
  const v = newBuffer(length);
  if (!isException(v)) keepShare(share, v);
  return v;
}

function decodeTyped(type: i32, share: i32): i64 {
  const length = blobLength();
  if (type < 0 || length < 0) return malformed();
  const buffer = newBuffer(length);
  if (isException(buffer)) return buffer;
  stackPointer -= 32;
  store<i64>(stackPointer, buffer);
  store<i64>(stackPointer, UNDEFINED, 8);
  store<i64>(stackPointer, UNDEFINED, 16);
  const v = JS_NewTypedArray(ctx(), 3, stackPointer, type);
  stackPointer += 32;
  JS_FreeValue(ctx(), buffer);
  if (!isException(v)) keepShare(share, v);
  return v;
}

function decodeDate(share: i32): i64 {
  const ms = decodeValue();
  if (tagOf(ms) != TAG_INT && !isFloat(tagOf(ms))) return drop(ms);
  const v = JS_NewDate(ctx(), tagOf(ms) == TAG_INT ? f64(i32(ms)) : floatOf(ms));
  if (!isException(v)) keepShare(share, v);
  return v;
}

function drop(v: i64): i64 {
  JS_FreeValue(ctx(), v);
  return malformed();
}

/** [length, index, value, index, value, ...] */
function decodeSparse(share: i32): i64 {
  if (remaining() < 1) return malformed();
  const initial: i32 = load<u8>(address());
  skip(1);
  const count = initial >> 5 == 4 ? readLength(initial) : -1;
  if (count < 1 || (count & 1) == 0) return malformed();
  const v = JS_NewArray(ctx());
  if (isException(v)) return v;
  keepShare(share, v);
  const length = decodeIndex();
  if (length >= 0 && JS_SetLength(ctx(), v, length) >= 0 && decodeIndexed(v, count / 2)) return v;
  return drop(v);
}

function decodeIndex(): i64 {
  const v = decodeValue();
  if (tagOf(v) == TAG_INT) return i64(i32(v));
  if (isFloat(tagOf(v)) && floatOf(v) >= 0 && floatOf(v) <= 4294967295) return i64(floatOf(v));
  JS_FreeValue(ctx(), v);
  return -1;
}

function decodeIndexed(v: i64, count: i32): bool {
  for (let i = 0; i < count; i++) {
    const index = decodeIndex();
    if (index < 0) return false;
    const value = decodeValue();
    if (isException(value) || JS_DefinePropertyValueUint32(ctx(), v, u32(index), value, PLAIN) < 0) return false;
  }
  return true;
}

/** A kind made from one decoded value: an empty one first, then filled. */
function decodeWith(kind: i32, share: i32): i64 {
  const v = callHook1(HOOK_NEW, fromInt(kind));
  if (isException(v)) return v;
  keepShare(share, v);
  const content = decodeValue();
  if (isException(content)) return drop(v);
  return filled(kind, v, content, share);
}

/** RegExp and handle have no empty form: the bootstrap gives back the value to use. */
function filled(kind: i32, v: i64, content: i64, share: i32): i64 {
  const result = fill(fromInt(kind), content, v);
  JS_FreeValue(ctx(), v);
  if (!isException(result) && (kind == REGEXP || kind == 0)) keepShare(share, result);
  return result;
}

/** Frees `content`. */
function fill(kind: i64, content: i64, extra: i64): i64 {
  stackPointer -= 32;
  store<i64>(stackPointer, kind);
  store<i64>(stackPointer, content, 8);
  store<i64>(stackPointer, extra, 16);
  const v = callHook(HOOK_FILL, 3, stackPointer);
  stackPointer += 32;
  JS_FreeValue(ctx(), content);
  return v;
}

function decodeMap(share: i32): i64 {
  if (remaining() < 1) return malformed();
  const initial: i32 = load<u8>(address());
  skip(1);
  const count = initial >> 5 == 5 ? readLength(initial) : -1;
  if (count < 0) return malformed();
  const v = callHook1(HOOK_NEW, fromInt(MAP));
  if (isException(v)) return v;
  keepShare(share, v);
  const flat = decodeFlat(count * 2);
  return isException(flat) ? drop(v) : filled(MAP, v, flat, share);
}

function decodeFlat(count: i32): i64 {
  const flat = JS_NewArray(ctx());
  for (let i = 0; i < count; i++) {
    const value = decodeValue();
    if (!isException(value) && JS_DefinePropertyValueUint32(ctx(), flat, i, value, PLAIN) >= 0) continue;
    return drop(flat);
  }
  return flat;
}
