// How the engine lays out objects, shapes and strings on a 32-bit machine. Asking its C interface for one property at
// a time costs more than all the rest of a small call, so plain data is read and made here by its layout.
//
// What this file claims is tried on samples at start. If one claim is false, as with another engine, `isKnown` says no
// for good and everything goes through the C interface. A wrong claim could harm this domain alone.

import {
  JS_DefinePropertyValue, JS_DupValue, JS_FreeAtom, JS_FreeValue, JS_GetClassID, JS_NewArrayFrom, JS_NewAtomLen, JS_NewObject,
  JS_NewStringLen, stackPointer,
} from "./engine";
import { ctx, OBJECT_PROTOTYPE } from "./state";
import { fromFloat, fromInt, PLAIN, TAG_OBJECT, TAG_STRING } from "./value";

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(32, 16) as i32, KNOWN = WORDS, EMPTY = WORDS + 8, RECORD_CLASS = WORDS + 16, ARRAY_CLASS = WORDS + 20,
  STRINGS = WORDS + 24;


// An object.
const FLAGS: i32 = 8, CLASS: i32 = 10, SHAPE: i32 = 12, VALUES: i32 = 16, ELEMENTS: i32 = 28, ELEMENT_COUNT: i32 = 32;
const IS_FAST_ARRAY: i32 = 1 << 4;
// A shape: behind its table of hashes come two words for each property, flags (the upper six bits) and name.
const MASK: i32 = 16, SIZE: i32 = 20, USED: i32 = 24, DELETED: i32 = 28, PROTOTYPE: i32 = 36, TABLE: i32 = 40;
const ENTRY: i32 = 8;
const ENUMERABLE: i32 = 4, NOT_DATA: i32 = 3 << 4;
// A string: its length, negative where characters have two bytes; stored behind its head where `KIND` is 0.
const KIND: i32 = 3 << 28;
/** Every string is in a list of them all: the one before it, the one behind it; the list's own head closes the ring. */
const BEFORE: i32 = 16, BEHIND: i32 = 20;
export const TEXT: i32 = 24;

/** Their count lies before every object, shape and string. */
// @ts-ignore: decorator
@inline
function references(to: i32): i32 {
  return load<i32>(to - 4);
}

// @ts-ignore: decorator
@inline
export function isKnown(): bool {
  return load<i32>(KNOWN) != 0;
}

// @ts-ignore: decorator
@inline
export function shapeOf(object: i32): i32 {
  return load<i32>(object, SHAPE);
}

// @ts-ignore: decorator
@inline
export function valuesOf(object: i32): i32 {
  return load<i32>(object, VALUES);
}

// @ts-ignore: decorator
@inline
export function fieldCount(shape: i32): i32 {
  return load<i32>(shape, USED);
}

/** The two words of each property: see `nameAt`. */
// @ts-ignore: decorator
@inline
export function fieldsOf(shape: i32): i32 {
  return shape + TABLE + (load<i32>(shape, MASK) + 1) * 4;
}

// @ts-ignore: decorator
@inline
export function nameAt(fields: i32, index: i32): i32 {
  return load<i32>(fields + index * ENTRY, 4);
}

/** Is it enumerable and no accessor? */
// @ts-ignore: decorator
@inline
export function isPlainField(fields: i32, index: i32): bool {
  return ((load<i32>(fields + index * ENTRY) >>> 26) & (ENUMERABLE | NOT_DATA)) == ENUMERABLE;
}

/** A record by its class and prototype, of which no property was ever deleted. */
export function isRecord(object: i32): bool {
  if (!isKnown() || i32(load<u16>(object, CLASS)) != load<i32>(RECORD_CLASS)) return false;
  const shape = shapeOf(object);
  const prototype = load<i32>(shape, PROTOTYPE);
  return (prototype == 0 || prototype == load<i32>(OBJECT_PROTOTYPE)) && load<i32>(shape, DELETED) == 0;
}

/** The element at `index` of a dense array, borrowed; 0 as its address when there is none to be read like this. */
// @ts-ignore: decorator
@inline
export function elementAt(array: i32, index: u32): i32 {
  if (!isKnown() || i32(load<u16>(array, CLASS)) != load<i32>(ARRAY_CLASS)) return 0;
  if ((load<u8>(array, FLAGS) & IS_FAST_ARRAY) == 0 || index >= load<u32>(array, ELEMENT_COUNT)) return 0;
  return load<i32>(array, ELEMENTS) + index * 8;
}

/** The length of a string that is stored in one piece, a byte a character; else -1. */
// @ts-ignore: decorator
@inline
export function narrowLength(text: i32): i32 {
  const head = load<i32>(text);
  return isKnown() && head >= 0 && (load<i32>(text, 4) & KIND) == 0 ? head : -1;
}

/** Writes the head of a new string of `length` bytes, which follow, with a zero behind them. */
export function makeString(text: i32, length: i32): i64 {
  store<i32>(text - 4, 1);
  store<i32>(text, length);
  store<i64>(text, 0, 4);
  store<u8>(text + length, 0, TEXT);
  const list = load<i32>(STRINGS);
  const last = load<i32>(list);
  store<i32>(text, last, BEFORE);
  store<i32>(text, list, BEHIND);
  store<i32>(last, text + BEFORE, BEHIND - BEFORE);
  store<i32>(list, text + BEFORE);
  return boxed(TAG_STRING, text);
}

/** The object with no properties that all new records begin as: one is kept, so that its shape stays. */
// @ts-ignore: decorator
@inline
export function isEmpty(object: i32): bool {
  return shapeOf(object) == shapeOf(load<i32>(EMPTY));
}

/** Bytes of the values of an object of this shape. */
// @ts-ignore: decorator
@inline
export function valuesSize(shape: i32): i32 {
  return load<i32>(shape, SIZE) * 8;
}

/** Gives an empty record another shape and the values that belong to it. */
// @ts-ignore: decorator
@inline
export function reshape(object: i32, shape: i32, values: i32): void {
  const old = shapeOf(object);
  store<i32>(old - 4, references(old) - 1);
  store<i32>(shape - 4, references(shape) + 1);
  store<i32>(object, shape, SHAPE);
  store<i32>(object, values, VALUES);
}

// @ts-ignore: decorator
@inline
function boxed(tag: i32, at: i32): i64 {
  return (i64(tag) << 32) | i64(u32(at));
}

/** Tries every claim above on samples. */
export function learnLayout(): void {
  store<i64>(EMPTY, JS_NewObject(ctx()));
  const a = sampleRecord();
  const b = sampleRecord();
  store<i32>(RECORD_CLASS, JS_GetClassID(a));
  // For the time of the trial, or the readers above say no to everything.
  store<i32>(KNOWN, 1);
  const ok = recordsFit(i32(a), i32(b)) && arrayFits() && stringFits();
  store<i32>(KNOWN, ok ? 1 : 0);
  JS_FreeValue(ctx(), a);
  JS_FreeValue(ctx(), b);
}

const NAMES: i32 = memory.data<u8>([97, 98, 99, 0]) as i32; // "abc"

/** { a: 7, b: 1.5, c: {} }, the last of them not enumerable */
function sampleRecord(): i64 {
  const v = JS_NewObject(ctx());
  defineSample(v, 0, fromInt(7), PLAIN);
  defineSample(v, 1, fromFloat(1.5), PLAIN);
  defineSample(v, 2, JS_DupValue(ctx(), load<i64>(EMPTY)), PLAIN & ~ENUMERABLE);
  return v;
}

function defineSample(v: i64, index: i32, value: i64, flags: i32): void {
  const name = JS_NewAtomLen(ctx(), NAMES + index, 1);
  JS_DefinePropertyValue(ctx(), v, name, value, flags);
  JS_FreeAtom(ctx(), name);
}

function recordsFit(a: i32, b: i32): bool {
  const shape = shapeOf(a);
  if (shape != shapeOf(b) || references(shape) < 2 || references(a) != 1) return false;
  if (!isRecord(a) || !isRecord(load<i32>(EMPTY)) || !isEmpty(load<i32>(EMPTY)) || isEmpty(a)) return false;
  if (fieldCount(shape) != 3 || load<i32>(shape, SIZE) < 3 || fieldCount(shapeOf(load<i32>(EMPTY))) != 0) return false;
  return namesFit(fieldsOf(shape)) && valuesFit(valuesOf(a));
}

function namesFit(fields: i32): bool {
  for (let i = 0; i < 3; i++) {
    const name = JS_NewAtomLen(ctx(), NAMES + i, 1);
    JS_FreeAtom(ctx(), name);
    if (nameAt(fields, i) != name || isPlainField(fields, i) != (i < 2)) return false;
  }
  return true;
}

/** Both samples hold the empty object, and so does this file. */
function valuesFit(values: i32): bool {
  if (load<i64>(values) != fromInt(7) || load<i64>(values, 8) != fromFloat(1.5)) return false;
  return load<i64>(values, 16) == load<i64>(EMPTY) && references(load<i32>(EMPTY)) == 3;
}

function arrayFits(): bool {
  stackPointer -= 16;
  store<i64>(stackPointer, fromInt(7));
  store<i64>(stackPointer, fromFloat(1.5), 8);
  const v = JS_NewArrayFrom(ctx(), 2, stackPointer);
  stackPointer += 16;
  store<i32>(ARRAY_CLASS, JS_GetClassID(v));
  const first = elementAt(i32(v), 0);
  const ok = first != 0 && load<i64>(first) == fromInt(7) && load<i64>(elementAt(i32(v), 1)) == fromFloat(1.5);
  const ends = elementAt(i32(v), 2) == 0;
  JS_FreeValue(ctx(), v);
  return ok && ends && elementAt(load<i32>(EMPTY), 0) == 0;
}

function stringFits(): bool {
  const v = JS_NewStringLen(ctx(), NAMES, 3);
  const text = i32(v);
  const isSame = narrowLength(text) == 3 && load<u32>(text, TEXT) == load<u32>(NAMES) && references(text) == 1;
  // What `makeString` writes is what the engine has written, and the newest string is the list's last.
  const list = load<i32>(text, BEHIND);
  const isListed = load<i32>(list) == text + BEFORE && load<i32>(load<i32>(text, BEFORE), 4) == text + BEFORE;
  const isBare = load<i64>(text, 4) == 0 && boxed(TAG_STRING, text) == v && isListed;
  store<i32>(STRINGS, list);
  JS_FreeValue(ctx(), v);
  return isSame && isBare && boxed(TAG_OBJECT, load<i32>(EMPTY)) == load<i64>(EMPTY);
}
