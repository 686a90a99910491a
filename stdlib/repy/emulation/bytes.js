// RepyV2's strings are bytes: a byte is a character from 0 to 255. Below, capabilities take and give Uint8Arrays.
import { argument, checkString } from "./check.js";

const PIECE = 8_192; // arguments of one call of String.fromCharCode

export function toBytes(text, what) {
  checkString(text, what);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 255) argument(`${what} must hold bytes: character ${at} is beyond 255`);
    bytes[at] = code;
  }
  return bytes;
}

export function toText(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += PIECE)
    pieces.push(String.fromCharCode.apply(undefined, bytes.subarray(at, at + PIECE)));
  return pieces.join("");
}
