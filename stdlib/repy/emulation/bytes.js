// RepyV2's strings are bytes: a byte is a character from 0 to 255. Below, capabilities take and give Uint8Arrays.
import { argument, checkString } from "./check.js";

const PIECE = 8_192; // arguments of one call of String.fromCharCode
const BEYOND_BYTES = /[^\0-\xff]/;

export function toBytes(text, what) {
  checkString(text, what);
  if (BEYOND_BYTES.test(text)) argument(`${what} must hold bytes: characters from 0 to 255`);
  const { length } = text;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export function toText(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += PIECE)
    pieces.push(String.fromCharCode.apply(undefined, bytes.subarray(at, at + PIECE)));
  return pieces.join("");
}
