// CBOR to JavaScript values. Properties are defined, never assigned, so no guest code runs while plain data is built
// and "__proto__" is a name like any other. The result is owned; an exception is pending when it is EXCEPTION.

import { decodeTagged } from "./decode-rich";
import {
  JS_DefinePropertyValue, JS_FreeAtom, JS_FreeValue, JS_NewArray, JS_NewArrayFrom, JS_NewObject, JS_NewUint8ArrayCopy, free, malloc, JS_DefinePropertyValueUint32, JS_ThrowOutOfMemory,
} from "./engine";
import { atomOf, BORROWED } from "./keys";
import {
  address, END, malformed, POSITION, readArgument, readLength, remaining, SHARED_BASE, SHARED_COUNT, SHARE_NEXT, skip, tooDeep,
} from "./reader";
import { dropShared, keepShare, takeShare } from "./sharing";
import { decodeKnown, holds, learn, makeFirst, makeWhole, slotFor, TEMPLATE_FRAME } from "./templates";
import { newText } from "./text";
import { ctx, DEPTH, enter, leave, MAX_DEPTH } from "./state";
import { EXCEPTION, FALSE, fromFloat, fromInt, isException, NULL, PLAIN, TRUE, UNDEFINED } from "./value";

const LEVEL: i32 = 208;

/** Decodes one value at [from, to) of the buffer. Bytes behind it are the caller's matter. */
export function decode(from: i32, to: i32): i64 {
  const position = load<i32>(POSITION);
  const end = load<i32>(END);
  const base = load<i32>(SHARED_BASE);
  const depth = load<i32>(DEPTH);
  store<i32>(POSITION, from);
  store<i32>(END, to);
  store<i32>(SHARED_BASE, load<i32>(SHARED_COUNT));
  store<i32>(SHARE_NEXT, 0);
  store<i32>(DEPTH, 0);
  const v = decodeValue();
  dropShared(load<i32>(SHARED_BASE));
  store<i32>(SHARED_BASE, base);
  store<i32>(DEPTH, depth);
  store<i32>(POSITION, position);
  store<i32>(END, end);
  return v;
}

export function decodeValue(): i64 {
  if (remaining() < 1) return malformed();
  const initial: i32 = load<u8>(address());
  skip(1);
  switch (initial >> 5) {
    case 0:
      return initial < 24 ? fromInt(initial) : decodeNumber(initial, false);
    case 1:
      return decodeNumber(initial, true);
    case 2:
      return decodeBytes(initial);
    case 3:
      return decodeText(initial);
    case 7:
      return decodeSimple(initial);
    default:
      return decodeDeeper(initial);
  }
}

function decodeNumber(initial: i32, negative: bool): i64 {
  const n = readArgument(initial);
  if (n < 0) return malformed();
  const value = negative ? -1 - n : n;
  return value == i64(i32(value)) ? fromInt(i32(value)) : fromFloat(f64(value));
}

function decodeSimple(initial: i32): i64 {
  switch (initial) {
    case 0xf4:
      return FALSE;
    case 0xf5:
      return TRUE;
    case 0xf6:
      return NULL;
    case 0xf7:
      return UNDEFINED;
    case 0xfb:
      if (remaining() < 8) return malformed();
      skip(8);
      return fromFloat(reinterpret<f64>(bswap<u64>(load<u64>(address() - 8))));
    default:
      return malformed();
  }
}

function decodeBytes(initial: i32): i64 {
  const share = takeShare();
  const length = readLength(initial);
  if (length < 0) return malformed();
  const v = JS_NewUint8ArrayCopy(ctx(), address(), length);
  skip(length);
  if (!isException(v)) keepShare(share, v);
  return v;
}

export function decodeText(initial: i32): i64 {
  const length = readLength(initial);
  if (length < 0) return malformed();
  const at = address();
  skip(length);
  return newText(at, length);
}

function decodeDeeper(initial: i32): i64 {
  const depth = load<i32>(DEPTH);
  if (depth >= MAX_DEPTH || enter(LEVEL) == 0) return tooDeep();
  store<i32>(DEPTH, depth + 1);
  const v = decodeCompound(initial);
  store<i32>(DEPTH, depth);
  leave(LEVEL);
  return v;
}

function decodeCompound(initial: i32): i64 {
  if (initial >= 0xc0) return decodeTagged(readArgument(initial));
  const share = takeShare();
  // An entry of a map takes two bytes at least, an element of an array one: a lying count fails before it allocates.
  const count = readLength(initial);
  if (count < 0) return malformed();
  if (initial >= 0xa0) return decodeRecord(count, share);
  return share != 0 ? decodeSharedArray(count, share) : decodeArray(count);
}

function decodeRecord(count: i32, share: i32): i64 {
  const slot = share == 0 ? slotFor(count) : 0;
  if (slot != 0 && holds(slot, count)) return decodeByTemplate(slot, count);
  const v = JS_NewObject(ctx());
  if (isException(v)) return v;
  keepShare(share, v);
  return decodeFields(v, 0, count, slot);
}

function decodeByTemplate(slot: i32, count: i32): i64 {
  const frame = enter(TEMPLATE_FRAME);
  if (frame == 0) return tooDeep();
  const done = decodeKnown(slot, count, frame);
  const v = done < 0 ? EXCEPTION : done == count ? makeWhole(slot, count, frame) : makeFirst(slot, done, frame);
  leave(TEMPLATE_FRAME);
  return done == count || isException(v) ? v : decodeFields(v, done, count, slot);
}

/** Decodes the fields from number `from` on into `v`, and makes a template of it if there is a slot for one. */
function decodeFields(v: i64, from: i32, count: i32, slot: i32): i64 {
  for (let i = from; i < count; i++) {
    if (decodeField(v)) continue;
    JS_FreeValue(ctx(), v);
    return malformed();
  }
  if (slot != 0) learn(slot, v, count);
  return v;
}

function decodeField(v: i64): bool {
  const key = decodeKey();
  const atom = i32(key);
  if (atom == 0) return false;
  const value = decodeValue();
  const ok = !isException(value) && JS_DefinePropertyValue(ctx(), v, atom, value, PLAIN) >= 0;
  if ((key & BORROWED) == 0) JS_FreeAtom(ctx(), atom);
  return ok;
}

/** A text key, or tag 273 over bytes. 0 when it is neither. */
function decodeKey(): i64 {
  if (remaining() < 1) return 0;
  let initial: i32 = load<u8>(address());
  skip(1);
  if (initial == 0xd9 && remaining() >= 3 && load<u16>(address()) == 0x1101) {
    skip(2);
    initial = i32(load<u8>(address())) + 0x20;
    skip(1);
  }
  if (initial >> 5 != 3) return 0;
  const length = readLength(initial);
  if (length < 0) return 0;
  const at = address();
  skip(length);
  return atomOf(at, length);
}

const FEW: i32 = 16; // elements that fit on the stack

function decodeArray(count: i32): i64 {
  const few = count <= FEW;
  const values = few ? enter(FEW * 8) : malloc(count * 8);
  if (values == 0) return few ? tooDeep() : JS_ThrowOutOfMemory(ctx());
  const v = decodeElements(values, count);
  if (few) leave(FEW * 8);
  else free(values);
  return v;
}

function decodeElements(values: i32, count: i32): i64 {
  for (let i = 0; i < count; i++) {
    const value = decodeValue();
    if (isException(value)) {
      for (let j = 0; j < i; j++) JS_FreeValue(ctx(), load<i64>(values + j * 8));
      return value;
    }
    store<i64>(values + i * 8, value);
  }
  return JS_NewArrayFrom(ctx(), count, values);
}

/** An array that its own elements may refer to has to exist before them. */
function decodeSharedArray(count: i32, share: i32): i64 {
  const v = JS_NewArray(ctx());
  if (isException(v)) return v;
  keepShare(share, v);
  for (let i = 0; i < count; i++) {
    const value = decodeValue();
    if (!isException(value) && JS_DefinePropertyValueUint32(ctx(), v, i, value, PLAIN) >= 0) continue;
    JS_FreeValue(ctx(), v);
    return EXCEPTION;
  }
  return v;
}
