// Objects to CBOR: records and arrays here, the rarer kinds in encode-rich.ts. `frame` is scratch of at least 32 bytes
// on the engine's stack.

import { put, putHead, release, reserve, setTop, top } from "./buffer";
import { encodeValue, putSimple } from "./encode";
import { encodeBuffer, encodePassed, encodeRich, encodeTyped, NOT_PASSED, PASSED } from "./encode-rich";
import {
  JS_AtomToValue, JS_DupAtom, JS_FreeAtom, JS_FreePropertyEnum, JS_FreeValue, JS_GetLength, JS_GetOwnProperty,
  JS_GetOwnPropertyNames, JS_GetProperty, JS_GetPropertyInt64, JS_GetPrototype, JS_ToFloat64, JS_ValueToAtom,
} from "./engine";
import { AGAIN, mark, meet, NO_MEMORY, rewind } from "./identity";
import { isKnownKey, KEY_ROOM, putKey, putKnownKey } from "./keys";
import { ARRAY, BUFFER, kindOf, OTHER, RECORD, TYPED } from "./kinds";
import {
  elementAt, fieldCount, fieldsOf, isPlainField, isRecord, nameAt, shapeOf, valuesOf,
} from "./layout";
import { refuse, REASON_KIND, throughAtom, throughIndex } from "./refusal";
import { ctx, OBJECT_PROTOTYPE, PASSING } from "./state";
import { fromFloat, fromInt, isException, NULL, TAG_UNDEFINED, tagOf } from "./value";

const STRINGS_ENUMERABLE: i32 = 1 | 16;

export function encodeObject(v: i64, frame: i32): bool {
  const passed = load<i32>(PASSING) != 0 ? encodePassed(v) : NOT_PASSED;
  if (passed != NOT_PASSED) return passed == PASSED;
  const kind = kindOf(v);
  if (kind == OTHER || (kind == RECORD && !isPlain(v))) return refuse(v, REASON_KIND);
  const met = meet(v);
  if (met == AGAIN) return true;
  if (met == NO_MEMORY) return false;
  if (kind == RECORD) return encodeRecord(v, frame);
  if (kind == ARRAY) return encodeArray(v, frame);
  if (kind == TYPED) return encodeTyped(v, frame);
  if (kind == BUFFER) return encodeBuffer(v, frame);
  return encodeRich(v, kind);
}

/** A record's prototype is the intrinsic Object.prototype or null; anything else is an instance of a class. */
function isPlain(v: i64): bool {
  const prototype = JS_GetPrototype(ctx(), v);
  JS_FreeValue(ctx(), prototype);
  return prototype == load<i64>(OBJECT_PROTOTYPE) || prototype == NULL;
}

export function encodeRecord(v: i64, frame: i32): bool {
  if (!isOrdinary(i32(v))) return encodeNamed(v, -1, frame);
  const count = fieldCount(shapeOf(i32(v)));
  if (!reserve(16)) return false;
  putHead(0xa0, count);
  const done = encodeData(i32(v), count);
  return done == count || (done >= 0 && encodeNamed(v, done, frame));
}

/** Is every property plain data under a name that is known by heart? Then their order in the shape is the right one. */
function isOrdinary(object: i32): bool {
  if (!isRecord(object)) return false;
  const shape = shapeOf(object);
  const fields = fieldsOf(shape);
  for (let i = 0, n = fieldCount(shape); i < n; i++) {
    if (!isPlainField(fields, i) || !isKnownKey(nameAt(fields, i))) return false;
  }
  return true;
}

/**
 * Writes properties as they lie, up to the first that is no simple value: how many, or -1 for want of memory. No guest
 * code has run until then, so the object is still what it was.
 */
function encodeData(object: i32, count: i32): i32 {
  const fields = fieldsOf(shapeOf(object));
  const values = valuesOf(object);
  for (let i = 0; i < count; i++) {
    if (!reserve(KEY_ROOM)) return -1;
    const start = top();
    putKnownKey(nameAt(fields, i));
    if (putSimple(load<i64>(values + i * 8))) continue;
    setTop(start);
    return i;
  }
  return count;
}

/** Writes properties by name, from number `from` on; with -1 the head and all of them. */
function encodeNamed(v: i64, from: i32, frame: i32): bool {
  if (JS_GetOwnPropertyNames(ctx(), frame, frame + 4, v, STRINGS_ENUMERABLE) < 0) return false;
  const table = load<i32>(frame);
  const count = load<i32>(frame, 4);
  if (from < 0) putHead(0xa0, count);
  const ok = encodeFields(v, table, max(from, 0), count);
  JS_FreePropertyEnum(ctx(), table, count);
  return ok;
}

function encodeFields(v: i64, table: i32, from: i32, count: i32): bool {
  for (let i = from; i < count; i++) {
    const atom = load<i32>(table + i * 8, 4);
    if (!reserve(16) || !putKey(atom) || !encodeField(v, atom)) return false;
  }
  return true;
}

function encodeField(v: i64, atom: i32): bool {
  const value = JS_GetProperty(ctx(), v, atom);
  if (isException(value)) return false;
  const ok = encodeValue(value);
  JS_FreeValue(ctx(), value);
  return ok || throughAtom(atom);
}

/** A huge array is never probed index by index on its word alone: the first hole ends that. */
function encodeArray(v: i64, frame: i32): bool {
  if (JS_GetLength(ctx(), v, frame) < 0) return false;
  const length = load<i64>(frame);
  const start = top();
  const before = mark();
  putHead(0x80, u32(length));
  const holeAt = encodeDense(v, length);
  if (holeAt != HOLE) return holeAt == DONE;
  // A hole: take the dense attempt back and write the elements that are there, with their indices.
  rewind(before);
  release(start);
  return encodeSparse(v, u32(length), frame);
}

const DONE: i32 = 1, FAILED: i32 = 0, HOLE: i32 = 2;

function encodeDense(v: i64, length: i64): i32 {
  for (let i: i64 = encodeElements(i32(v), length); i < length; i++) {
    const value = JS_GetPropertyInt64(ctx(), v, i);
    if (isException(value)) return FAILED;
    if (tagOf(value) == TAG_UNDEFINED && isHole(v, u32(i))) return HOLE;
    const ok = encodeValue(value);
    JS_FreeValue(ctx(), value);
    if (!ok) {
      throughIndex(u32(i));
      return FAILED;
    }
  }
  return DONE;
}

/** Writes elements up to the first that is no simple value: how many. */
function encodeElements(array: i32, length: i64): i64 {
  let i: i64 = 0;
  for (; i < length; i++) {
    const element = elementAt(array, u32(i));
    if (element == 0 || !reserve(16) || !putSimple(load<i64>(element))) break;
  }
  return i;
}

function isHole(v: i64, index: u32): bool {
  const atom = indexAtom(index);
  const found = JS_GetOwnProperty(ctx(), 0, v, atom);
  JS_FreeAtom(ctx(), atom);
  return found == 0;
}

function indexAtom(index: u32): i32 {
  return JS_ValueToAtom(ctx(), index <= 0x7fffffff ? fromInt(index) : fromFloat(f64(index)));
}

function encodeSparse(v: i64, length: u32, frame: i32): bool {
  if (JS_GetOwnPropertyNames(ctx(), frame, frame + 4, v, STRINGS_ENUMERABLE) < 0) return false;
  const table = load<i32>(frame);
  const names = load<i32>(frame, 4);
  const count = countIndices(table, names, length, frame + 8);
  put(0xda);
  put(0x00);
  put(0x43);
  put(0x4f);
  put(0x02);
  putHead(0x80, 1 + 2 * count);
  putHead(0, length);
  const ok = encodeIndices(v, table, count, frame + 8);
  JS_FreePropertyEnum(ctx(), table, names);
  return ok;
}

/** Indices come first and ascending among an object's own names. */
function countIndices(table: i32, names: i32, length: u32, scratch: i32): i32 {
  let count = 0;
  while (count < names && indexOf(load<i32>(table + count * 8, 4), scratch) < f64(length)) count++;
  return count;
}

/** The array index that an atom stands for, else infinity. */
function indexOf(atom: i32, scratch: i32): f64 {
  if (atom < 0) return f64(atom & 0x7fffffff);
  const name = JS_AtomToValue(ctx(), atom);
  const isNumber = JS_ToFloat64(ctx(), scratch, name) == 0;
  const n = load<f64>(scratch);
  JS_FreeValue(ctx(), name);
  // Only a canonical index above 2^31 is an atom of its own; every other name sorts behind the indices.
  return isNumber && n >= 2147483648 && n < 4294967295 && trunc(n) == n ? n : Infinity;
}

function encodeIndices(v: i64, table: i32, count: i32, scratch: i32): bool {
  for (let i = 0; i < count; i++) {
    const atom = JS_DupAtom(ctx(), load<i32>(table + i * 8, 4));
    const index = u32(indexOf(atom, scratch));
    let ok = reserve(16);
    if (ok) putHead(0, index);
    ok = ok && encodeField(v, atom);
    JS_FreeAtom(ctx(), atom);
    if (!ok) return false;
  }
  return true;
}
