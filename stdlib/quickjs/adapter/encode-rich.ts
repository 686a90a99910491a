// The rarer kinds: what an object holds is asked of the bootstrap, which captured the intrinsic getters before any
// guest code ran, and then written.

import { put, putHead, reserve } from "./buffer";
import { encodeValue, putBlob } from "./encode";
import { encodeRecord } from "./encode-object";
import {
  JS_FreeValue, JS_GetArrayBuffer, JS_GetLength, JS_GetPropertyInt64, JS_GetTypedArrayBuffer, JS_GetTypedArrayType, JS_HasException,
  stackPointer,
} from "./engine";
import { DATE, ERROR, MAP, REGEXP } from "./kinds";
import { refuse, REASON_BIG, REASON_KIND, throughIndex } from "./refusal";
import { callHook1, callHook2, ctx, HOOK_ERROR_PARTS, HOOK_PARTS } from "./state";
import { fromInt, isException, TAG_INT, TAG_OBJECT, TAG_SHORT_BIG_INT, tagOf } from "./value";

/** Tags of RFC 8746 by the engine's number of the element type; 0 is plain bytes, -1 cannot cross. */
const ELEMENT_TAGS: i32 = memory.data<i32>([68, 72, 0, 77, 69, 78, 70, 79, 71, -1, 85, 86]) as i32;

const MAX_BIG_INT: i32 = 4096; // bytes

function putTag(tag: i32): void {
  putHead(0xc0, tag);
}

export function encodeTyped(v: i64, frame: i32): bool {
  const type = JS_GetTypedArrayType(v);
  const tag = u32(type) < 12 ? load<i32>(ELEMENT_TAGS + type * 4) : -1;
  if (tag < 0) return refuse(v, REASON_KIND);
  const buffer = JS_GetTypedArrayBuffer(ctx(), v, frame, frame + 4, frame + 8);
  if (isException(buffer)) return false;
  const at = JS_GetArrayBuffer(ctx(), frame + 12, buffer);
  // A view on a buffer that has shrunk may say more than there is.
  const length = min(load<i32>(frame, 4), max(load<i32>(frame, 12) - load<i32>(frame), 0));
  store<i32>(frame, length, 4);
  // An empty buffer may have no address; a detached one raises.
  let ok = at != 0 || length == 0;
  if (ok && tag != 0) putTag(tag);
  ok = ok && putBlob(at + load<i32>(frame), length);
  JS_FreeValue(ctx(), buffer);
  return ok;
}

export function encodeBuffer(v: i64, frame: i32): bool {
  store<i32>(frame, 0);
  const at = JS_GetArrayBuffer(ctx(), frame, v);
  const length = load<i32>(frame);
  if (at == 0 && (length != 0 || JS_HasException(ctx()))) return false;
  putTag(0x434f03);
  return putBlob(at, length);
}

export function encodeRich(v: i64, kind: i32): bool {
  if (kind == ERROR) return encodeError(v);
  const parts = callHook2(HOOK_PARTS, fromInt(kind), v);
  if (isException(parts)) return false;
  const ok = encodeParts(parts, kind);
  JS_FreeValue(ctx(), parts);
  return ok;
}

function encodeParts(parts: i64, kind: i32): bool {
  if (kind == DATE) {
    putTag(0x434f01);
    return encodeValue(parts);
  }
  const count = lengthOf(parts);
  if (count < 0) return false;
  if (kind == REGEXP) putTag(21066);
  else putTag(kind == MAP ? 259 : 258);
  if (kind == MAP) putHead(0xa0, count / 2);
  else putHead(0x80, count);
  return encodeElements(parts, count);
}

function lengthOf(array: i64): i32 {
  stackPointer -= 16;
  const ok = JS_GetLength(ctx(), array, stackPointer) == 0;
  const length = load<i32>(stackPointer);
  stackPointer += 16;
  return ok ? length : -1;
}

function encodeElements(parts: i64, count: i32): bool {
  for (let i = 0; i < count; i++) {
    const value = JS_GetPropertyInt64(ctx(), parts, i);
    if (isException(value)) return false;
    const ok = encodeValue(value);
    JS_FreeValue(ctx(), value);
    if (!ok) return throughIndex(i);
  }
  return true;
}

function encodeError(v: i64): bool {
  const parts = callHook1(HOOK_ERROR_PARTS, v);
  if (isException(parts)) return false;
  put(0xd8);
  put(0x1b);
  put(0x82);
  put(0x65);
  put(0x45);
  put(0x72);
  put(0x72);
  put(0x6f);
  put(0x72);
  stackPointer -= 32;
  const ok = reserve(16) && encodeRecord(parts, stackPointer);
  stackPointer += 32;
  JS_FreeValue(ctx(), parts);
  return ok;
}

export const NOT_PASSED: i32 = 0, PASSED: i32 = 1, RAISED: i32 = 2;

/** Where capabilities may cross: what came as a handle goes as one, what can be called goes as an object of ours. */
export function encodePassed(v: i64): i32 {
  const parts = callHook2(HOOK_PARTS, fromInt(0), v);
  if (isException(parts)) return RAISED;
  if (tagOf(parts) != TAG_INT) {
    JS_FreeValue(ctx(), parts);
    return NOT_PASSED;
  }
  if (!reserve(16)) return RAISED;
  const number = i32(parts);
  putTag(number < 0 ? 0x434f05 : 0x434f04);
  putWide(number < 0 ? ~number : number);
  return PASSED;
}

/** In four bytes always: the kernel writes another number over it. */
function putWide(number: i32): void {
  put(0x1a);
  for (let shift = 24; shift >= 0; shift -= 8) put((number >>> shift) & 0xff);
}

export function encodeBigInt(v: i64): bool {
  if (tagOf(v) == TAG_SHORT_BIG_INT) {
    encodeShort(i32(v));
    return true;
  }
  const parts = callHook2(HOOK_PARTS, fromInt(BIG_INT_PARTS), v);
  if (isException(parts)) return false;
  const ok = tagOf(parts) == TAG_OBJECT ? encodeBig(parts) : refuse(v, REASON_BIG);
  JS_FreeValue(ctx(), parts);
  return ok;
}

/** Not a kind of object, so a number of its own. */
const BIG_INT_PARTS: i32 = 100;

function encodeShort(n: i32): void {
  const rest = u32(n < 0 ? ~n : n);
  put(n < 0 ? 0xc3 : 0xc2);
  const size = rest == 0 ? 0 : 4 - i32(clz(rest)) / 8;
  putHead(0x40, size);
  for (let i = size - 1; i >= 0; i--) put(i32((rest >> (i * 8)) & 0xff));
}

/** `parts` is [is it negative, bytes of the number, or of its complement]. */
function encodeBig(parts: i64): bool {
  const negative = JS_GetPropertyInt64(ctx(), parts, 0);
  const bytes = JS_GetPropertyInt64(ctx(), parts, 1);
  stackPointer -= 32;
  const frame = stackPointer;
  put(i32(negative) != 0 ? 0xc3 : 0xc2);
  const ok = encodeTyped(bytes, frame) && load<i32>(frame, 4) <= MAX_BIG_INT;
  stackPointer += 32;
  JS_FreeValue(ctx(), bytes);
  return ok;
}
