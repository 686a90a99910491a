// Record keys are few and repeat: two direct-mapped caches, atom to encoded text and text to atom.
// An entry owns its atom, so the atom's number cannot come to mean another name. Entries of the second cache are never
// replaced, so that a key read from it can be used without counting references. The first has two places for each atom,
// or two keys of one record that collide would push each other out for ever.

import { base, copy, putWords, reserve, top } from "./buffer";
import {
  free, JS_AtomToCStringLen, JS_DupAtom, JS_FreeAtom, JS_FreeCString, JS_NewAtomLen, malloc, stackPointer,
} from "./engine";
import { ctx } from "./state";
import { putText } from "./text";

const SLOTS: i32 = 256; // entries of 12 bytes: atom, address of the text, its length
const LONGEST: i32 = 40; // bytes
const WORD: i32 = 8; // keys are copied, hashed and compared in words, with room for one behind each
const ENCODED: i32 = memory.data(256 * 12, 16) as i32;
const DECODED: i32 = memory.data(256 * 12, 16) as i32;

// @ts-ignore: decorator
@inline
function secondPlace(atom: i32): i32 {
  return ENCODED + ((atom * 0x9e3779b1) >>> 24) * 12;
}

/** The entry of an atom, else the place for one; 0 as its atom where it is free. */
// @ts-ignore: decorator
@inline
function placeOf(atom: i32): i32 {
  const first = ENCODED + (atom & (SLOTS - 1)) * 12;
  return load<i32>(first) == atom || load<i32>(first) == 0 ? first : secondPlace(atom);
}

/** Is it a key that `putKey` knows by heart? Such a one is text and no index, so its place is where it was defined. */
// @ts-ignore: decorator
@inline
export function isKnownKey(atom: i32): bool {
  return atom > 0 && load<i32>(placeOf(atom)) == atom;
}

/** Room that a known key and a number behind it need. */
export const KEY_ROOM: i32 = 64;

/** Writes a known key, for which there is room. */
// @ts-ignore: decorator
@inline
export function putKnownKey(atom: i32): void {
  const slot = placeOf(atom);
  putWords(load<i32>(slot, 4), load<i32>(slot, 8));
}

export function putKey(atom: i32): bool {
  const slot = placeOf(atom);
  if (load<i32>(slot) != atom || atom == 0) return putNewKey(atom, slot);
  const length = load<i32>(slot, 8);
  if (!reserve(length + WORD)) return false;
  putWords(load<i32>(slot, 4), length);
  return true;
}

function putNewKey(atom: i32, slot: i32): bool {
  stackPointer -= 16;
  const lengthAt = stackPointer;
  const text = JS_AtomToCStringLen(ctx(), lengthAt, atom);
  const length = load<i32>(lengthAt);
  stackPointer += 16;
  if (text == 0) return false;
  const start = top();
  const ok = putText(text, length);
  JS_FreeCString(ctx(), text);
  // A negative atom is an array index in disguise, and other indices are texts of digits: not worth a slot.
  if (ok && atom > 0 && !isDigit(load<u8>(base() + start, 1))) remember(slot, atom, base() + start, top() - start);
  return ok;
}

function isDigit(byte: i32): bool {
  return u32(byte - 0x30) < 10;
}

function remember(slot: i32, atom: i32, from: i32, length: i32): void {
  if (length > LONGEST) return;
  const kept = malloc(length + WORD);
  if (kept == 0) return;
  copy(kept, from, length);
  JS_DupAtom(ctx(), atom);
  if (load<i32>(slot) != 0) {
    JS_FreeAtom(ctx(), load<i32>(slot));
    free(load<i32>(slot, 4));
  }
  store<i32>(slot, atom);
  store<i32>(slot, kept, 4);
  store<i32>(slot, length, 8);
}

/** Set in an answer of `atomOf` that the caller must not free. */
export const BORROWED: i64 = 1 << 32;

/** The atom of a key in the low word; 0 when an exception is pending. */
export function atomOf(at: i32, length: i32): i64 {
  if (length > LONGEST || length == 0) return i64(u32(JS_NewAtomLen(ctx(), at, length)));
  const slot = DECODED + (hash(at, length) & (SLOTS - 1)) * 12;
  if (load<i32>(slot, 8) == length && sameText(load<i32>(slot, 4), at, length)) return i64(load<i32>(slot)) | BORROWED;
  const atom = JS_NewAtomLen(ctx(), at, length);
  if (atom > 0 && load<i32>(slot) == 0) remember(slot, atom, at, length);
  return i64(u32(atom));
}

// @ts-ignore: decorator
@inline
function masked(at: i32, length: i32): u64 {
  const word = load<u64>(at);
  return length >= WORD ? word : word & (((1 as u64) << (length * 8)) - 1);
}

function hash(at: i32, length: i32): i32 {
  let sum: u64 = length;
  for (let i = 0; i < length; i += WORD) sum = (sum ^ masked(at + i, length - i)) * 0x9e3779b97f4a7c15;
  return i32(sum >> 40);
}

/** Reads in words: there must be room for one behind each text. */
export function sameText(a: i32, b: i32, length: i32): bool {
  for (let i = 0; i < length; i += WORD) if (masked(a + i, length - i) != masked(b + i, length - i)) return false;
  return true;
}
