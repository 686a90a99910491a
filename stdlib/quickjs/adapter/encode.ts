// JavaScript values to CBOR, at the top of the buffer. `encode` leaves an engine exception when it answers false.
//
// Guest code runs inside: getters are property reads. So a length is read once and then kept, everything read is owned
// while it is used, and the output is addressed by offsets.

import { put, putBytes, putDouble, putHead, putHead64, release, reserve, top } from "./buffer";
import { encodeObject } from "./encode-object";
import { JS_FreeCString, JS_ToCStringLen2, stackPointer } from "./engine";
import { begin, end, isShared, mend } from "./identity";
import { encodeBigInt } from "./encode-rich";
import { raise, refuse, REASON_DEPTH, REASON_KIND, throughIndex } from "./refusal";
import { ctx, DEPTH, enter, leave, MAX_DEPTH, PASSING } from "./state";
import { putAscii, putText } from "./text";
import {
  floatOf, isFloat, TAG_BIG_INT, TAG_BOOL, TAG_INT, TAG_NULL, TAG_OBJECT, TAG_ROPE, TAG_SHORT_BIG_INT, TAG_STRING,
  TAG_UNDEFINED, tagOf,
} from "./value";

/** At least the host's frames for one level of nesting, so that the engine's stack limit ends a deep chain. */
const LEVEL: i32 = 208;
const MAX_SAFE: f64 = 9007199254740991;

/** Writes `count` values at `values` as an array, or with `single` the one value alone. */
function encode(values: i32, count: i32, single: bool): bool {
  const start = top();
  const done = reserve(9) ? encodeSimple(values, count, single) : -1;
  if (done == count || (done >= 0 && encodeFrom(done, values, count, single, start))) return true;
  release(start);
  raise();
  return false;
}

/** The same, where capabilities and objects of the guest may cross, or may not. Guest code inside may cross as well. */
export function encodePassing(values: i32, count: i32, single: bool, passes: bool): bool {
  const before = load<i32>(PASSING);
  store<i32>(PASSING, passes ? 1 : 0);
  const ok = encode(values, count, single);
  store<i32>(PASSING, before);
  return ok;
}

/** Most arguments are no objects: how many of the first ones, written without any preparation. */
function encodeSimple(values: i32, count: i32, single: bool): i32 {
  if (!single) putHead(0x80, count);
  for (let i = 0; i < count; i++) if (!reserve(16) || !putSimple(load<i64>(values + i * 8))) return i;
  return count;
}

/** The rest of them. What is shared among them all is noted. */
function encodeFrom(from: i32, values: i32, count: i32, single: bool, start: i32): bool {
  const save = enter(32);
  const depth = load<i32>(DEPTH);
  store<i32>(DEPTH, 0);
  begin(save);
  let ok = true;
  for (let i = from; ok && i < count; i++) ok = encodeValue(load<i64>(values + i * 8)) || (!single && throughIndex(i));
  ok = ok && (!isShared() || mend(start));
  end(save);
  store<i32>(DEPTH, depth);
  leave(32);
  return ok;
}

/** Writes a number, a boolean, nothing, or a string as most are, for which there is room. False: it is another kind. */
// @ts-ignore: decorator
@inline
export function putSimple(v: i64): bool {
  const tag = tagOf(v);
  if (tag == TAG_INT) {
    const n = i32(v);
    if (n >= 0) putHead(0, n);
    else putHead(0x20, ~n);
    return true;
  }
  if (isFloat(tag)) encodeNumber(floatOf(v));
  else return putPlain(tag, v);
  return true;
}

function putPlain(tag: i32, v: i64): bool {
  if (tag == TAG_STRING) return putAscii(i32(v));
  if (tag == TAG_BOOL) put(i32(v) != 0 ? 0xf5 : 0xf4);
  else if (tag == TAG_NULL) put(0xf6);
  else if (tag == TAG_UNDEFINED) put(0xf7);
  else return false;
  return true;
}

export function encodeValue(v: i64): bool {
  return reserve(16) && (putSimple(v) || encodeOther(tagOf(v), v));
}

function encodeNumber(d: f64): void {
  if (trunc(d) != d || abs(d) > MAX_SAFE || (d == 0 && reinterpret<i64>(d) < 0)) putDouble(d);
  else if (d >= 0) putHead64(0, u64(d));
  else putHead64(0x20, u64((-1 as f64) - d));
}

function encodeOther(tag: i32, v: i64): bool {
  switch (tag) {
    case TAG_STRING:
    case TAG_ROPE:
      return encodeString(v);
    case TAG_OBJECT:
      return encodeDeeper(v);
    case TAG_SHORT_BIG_INT:
    case TAG_BIG_INT:
      return encodeBigInt(v);
    default:
      return refuse(v, REASON_KIND);
  }
}

function encodeString(v: i64): bool {
  stackPointer -= 16;
  const lengthAt = stackPointer;
  const text = JS_ToCStringLen2(ctx(), lengthAt, v, 0);
  const length = load<i32>(lengthAt);
  stackPointer += 16;
  if (text == 0) return false;
  const ok = putText(text, length);
  JS_FreeCString(ctx(), text);
  return ok;
}

function encodeDeeper(v: i64): bool {
  const depth = load<i32>(DEPTH);
  if (depth >= MAX_DEPTH) return refuse(v, REASON_DEPTH);
  const frame = enter(LEVEL);
  if (frame == 0) return refuse(v, REASON_DEPTH);
  store<i32>(DEPTH, depth + 1);
  const ok = encodeObject(v, frame);
  store<i32>(DEPTH, depth);
  leave(LEVEL);
  return ok;
}

export function putBlob(at: i32, length: i32): bool {
  if (!reserve(length + 16)) return false;
  putHead(0x40, length);
  putBytes(at, length);
  return true;
}
