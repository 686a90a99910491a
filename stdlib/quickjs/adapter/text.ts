// Text: the engine speaks WTF-8, CBOR text must be UTF-8, so a string with a lone surrogate travels as tag 273.

import { put, putBytes, putHead, reserve } from "./buffer";

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
