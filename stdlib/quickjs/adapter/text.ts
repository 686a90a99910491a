// Text: the engine speaks WTF-8, CBOR text must be UTF-8, so a string with a lone surrogate travels as tag 273.

import { base, put, putBytes, putHead, reserve, setTop, top } from "./buffer";
import { JS_NewStringLen, js_free, js_malloc } from "./engine";
import { isKnown, makeString, narrowLength, TEXT } from "./layout";
import { ctx } from "./state";
import { EXCEPTION } from "./value";

const HIGH_BITS: u64 = 0x8080808080808080;

/** Is there a three-byte sequence ED A0..BF xx, that is an encoded surrogate? Skips ASCII eight bytes at a time. */
function hasSurrogate(at: i32, length: i32): bool {
  let i = 0;
  while (i < length) {
    if (i + 8 <= length && (load<u64>(at + i) & HIGH_BITS) == 0) i += 8;
    else if (load<u8>(at + i) == 0xed && i + 1 < length && load<u8>(at + i + 1) >= 0xa0) return true;
    else i++;
  }
  return false;
}

export function putText(at: i32, length: i32): bool {
  if (!reserve(length + 16)) return false;
  if (hasSurrogate(at, length)) {
    put(0xd9);
    put(0x01);
    put(0x11);
    putHead(0x40, length);
  } else putHead(0x60, length);
  putBytes(at, length);
  return true;
}

const WORD: i32 = 8;
const LONGEST: i32 = 4096; // bytes that are worth a second look: longer text is scanned by the engine alone

/**
 * Copies ASCII in words from `from` to `to`; false, and the copy is worthless, where it is none. Reads up to seven bytes
 * before `from` where the text is short, and writes as many behind `to + length`.
 */
function copyAscii(to: i32, from: i32, length: i32): bool {
  let seen: u64 = 0;
  let at = 0;
  for (; at + WORD <= length; at += WORD) {
    const word = load<u64>(from + at);
    seen |= word;
    store<u64>(to + at, word);
  }
  if (at < length) {
    const last = load<u64>(from + length - WORD) >> (u64(at + WORD - length) * 8);
    seen |= last;
    store<u64>(to + at, last);
  }
  return (seen & HIGH_BITS) == 0;
}

/** Writes a string that the engine keeps as plain ASCII; false when it does not. There is room for a short head. */
export function putAscii(text: i32): bool {
  const length = narrowLength(text);
  if (u32(length) > u32(LONGEST) || !reserve(length + 16)) return false;
  const start = top();
  putHead(0x60, length);
  const at = top();
  setTop(at + length);
  if (copyAscii(base() + at, text + TEXT, length)) return true;
  setTop(start);
  return false;
}

/** A string of the UTF-8, or WTF-8, at `at`. */
export function newText(at: i32, length: i32): i64 {
  if (isKnown() && length > 0 && length <= LONGEST) {
    const text = js_malloc(ctx(), TEXT + length + WORD);
    if (text == 0) return EXCEPTION;
    if (copyAscii(text + TEXT, at, length)) return makeString(text, length);
    js_free(ctx(), text);
  }
  return JS_NewStringLen(ctx(), at, length);
}
