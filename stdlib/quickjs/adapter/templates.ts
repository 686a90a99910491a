// Records come in few shapes, again and again. A template keeps the encoded keys of one and an object that has its
// shape: a record whose keys are those, in that order, takes the shape at once instead of one definition per key.
//
// Templates are found by their number of keys and the first bytes of the first. The guest never sees one.

import { base, copy, setTop, top } from "./buffer";
import { decodeValue } from "./decode";
import {
  free, JS_DefinePropertyValue, JS_FreeValue, JS_GetException, JS_HasException, JS_NewObject, js_free, js_malloc, malloc,
} from "./engine";
import { putKey, sameText } from "./keys";
import { fieldCount, fieldsOf, isEmpty, isKnown, nameAt, reshape, shapeOf, valuesOf, valuesSize } from "./layout";
import { address, remaining, skip } from "./reader";
import { ctx } from "./state";
import { EXCEPTION, isException, PLAIN, UNDEFINED } from "./value";

const SLOTS: i32 = 64;
const SLOT: i32 = 24; // object i64, keys i32, count i32, misses i32, users i32
const TABLE: i32 = memory.data(64 * 24, 16) as i32;
const MOST_FIELDS: i32 = 16;
const MOST_MISSES: i32 = 8; // in a row, before another record takes the slot
export const TEMPLATE_FRAME: i32 = 16 * 8; // bytes of scratch for `decodeByTemplate`

const WORD: i32 = 8;

/** Where a template for the record that follows is or would be; 0: none. */
export function slotFor(count: i32): i32 {
  if (!isKnown() || u32(count - 1) >= u32(MOST_FIELDS) || remaining() < WORD) return 0;
  const hash = (load<u64>(address()) ^ count) * 0x9e3779b97f4a7c15;
  return TABLE + i32(hash >> 58) * SLOT;
}

// @ts-ignore: decorator
@inline
export function holds(slot: i32, count: i32): bool {
  return load<i32>(slot, 12) == count;
}

// @ts-ignore: decorator
@inline
function shapeIn(slot: i32): i32 {
  return shapeOf(load<i32>(slot));
}

/** Decodes values into the frame as long as the keys are the template's; how many there were, or -1. */
export function decodeKnown(slot: i32, count: i32, frame: i32): i32 {
  // The slot must stay while nested records are decoded.
  store<i32>(slot, load<i32>(slot, 20) + 1, 20);
  const done = decodeMatching(load<i32>(slot, 8), count, frame);
  store<i32>(slot, load<i32>(slot, 20) - 1, 20);
  return done;
}

function decodeMatching(keys: i32, count: i32, frame: i32): i32 {
  for (let i = 0; i < count; i++) {
    const length = load<i32>(keys);
    if (remaining() < length || !sameText(keys + 4, address(), length)) return i;
    skip(length);
    keys += 4 + ((length + WORD - 1) & -WORD);
    const value = decodeValue();
    if (isException(value)) {
      freeAll(frame, i);
      return -1;
    }
    store<i64>(frame + i * 8, value);
  }
  return count;
}

function freeAll(values: i32, count: i32): void {
  for (let i = 0; i < count; i++) JS_FreeValue(ctx(), load<i64>(values + i * 8));
}

/** The record of all the values in the frame, which it takes. */
export function makeWhole(slot: i32, count: i32, frame: i32): i64 {
  store<i32>(slot, 0, 16);
  const v = JS_NewObject(ctx());
  if (isException(v)) {
    freeAll(frame, count);
    return v;
  }
  const shape = shapeIn(slot);
  const values = isEmpty(i32(v)) ? js_malloc(ctx(), valuesSize(shape)) : 0;
  if (values == 0) return defineFirst(v, slot, count, frame);
  for (let i = 0; i < count; i++) store<i64>(values + i * 8, load<i64>(frame + i * 8));
  js_free(ctx(), valuesOf(i32(v)));
  reshape(i32(v), shape, values);
  return v;
}

/** A record of the first `count` values in the frame; the rest of it is to follow. */
export function makeFirst(slot: i32, count: i32, frame: i32): i64 {
  const v = JS_NewObject(ctx());
  if (!isException(v)) return defineFirst(v, slot, count, frame);
  freeAll(frame, count);
  return v;
}

function defineFirst(v: i64, slot: i32, count: i32, frame: i32): i64 {
  const fields = fieldsOf(shapeIn(slot));
  for (let i = 0; i < count; i++) {
    if (JS_DefinePropertyValue(ctx(), v, nameAt(fields, i), load<i64>(frame + i * 8), PLAIN) >= 0) continue;
    freeAll(frame + (i + 1) * 8, count - i - 1);
    JS_FreeValue(ctx(), v);
    return EXCEPTION;
  }
  return v;
}

/** Makes a template of a record that was decoded without one, if its slot is free or of little use. */
export function learn(slot: i32, v: i64, count: i32): void {
  const misses = load<i32>(slot, 16) + 1;
  store<i32>(slot, misses, 16);
  if (load<i32>(slot, 20) > 0 || (load<i32>(slot, 12) != 0 && misses < MOST_MISSES)) return;
  const shape = shapeOf(i32(v));
  // Fewer properties than keys: one came twice.
  if (fieldCount(shape) != count) return;
  const model = modelOf(fieldsOf(shape), count);
  const keys = isException(model) ? 0 : writeKeys(fieldsOf(shape), count);
  if (keys != 0 && shapeOf(i32(model)) == shape) return replace(slot, model, keys, count);
  if (keys != 0) free(keys);
  JS_FreeValue(ctx(), model);
  // Without memory there is no template, and that is all.
  if (JS_HasException(ctx())) JS_FreeValue(ctx(), JS_GetException(ctx()));
}

function replace(slot: i32, model: i64, keys: i32, count: i32): void {
  forget(slot);
  store<i64>(slot, model);
  store<i32>(slot, keys, 8);
  store<i32>(slot, count, 12);
  store<i32>(slot, 0, 16);
}

function forget(slot: i32): void {
  if (load<i32>(slot, 12) == 0) return;
  JS_FreeValue(ctx(), load<i64>(slot));
  free(load<i32>(slot, 8));
}

function modelOf(fields: i32, count: i32): i64 {
  const v = JS_NewObject(ctx());
  if (isException(v)) return v;
  for (let i = 0; i < count; i++) {
    if (JS_DefinePropertyValue(ctx(), v, nameAt(fields, i), UNDEFINED, PLAIN) >= 0) continue;
    JS_FreeValue(ctx(), v);
    return EXCEPTION;
  }
  return v;
}

const MOST_BYTES: i32 = 1024; // of the keys of one template

/** The encoded keys, each behind its length, in words; 0 when there is no memory for them, or they are too long. */
function writeKeys(fields: i32, count: i32): i32 {
  const start = top();
  let ok = true;
  for (let i = 0; ok && i < count; i++) ok = putKey(nameAt(fields, i));
  const length = top() - start;
  setTop(start);
  const keys = ok && length <= MOST_BYTES ? malloc(length + count * (4 + WORD)) : 0;
  if (keys != 0) copyKeys(keys, fields, count, start);
  return keys;
}

function copyKeys(keys: i32, fields: i32, count: i32, start: i32): void {
  for (let i = 0; i < count; i++) {
    putKey(nameAt(fields, i));
    const length = top() - start;
    store<i32>(keys, length);
    copy(keys + 4, base() + start, length);
    keys += 4 + ((length + WORD - 1) & -WORD);
    setTop(start);
  }
}
