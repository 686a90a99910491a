// What programs written in AssemblyScript import from "env" when they are compiled without further options.

import { PROCESS, PROCESS_WRITE, RANDOM, RANDOM_BYTES } from "./gates";
import { invoke } from "./invoke";
import { start } from "./tables";
import { BYTES, putString, putUint, readHead, request, skipString } from "./value";

const ERRORS: u32 = 2;
const MOST_UNITS: u32 = 1000;

/** UTF-16 units of a string object: its size in bytes stands before it. */
function units(text: u32): u32 {
  return text == 0 ? 0 : min(load<u32>(text - 4) >>> 1, MOST_UNITS);
}

/** UTF-8 of one unit. Halves of pairs become "?": this is for people to read. */
function putUnit(to: u32, unit: u32): u32 {
  if (unit < 0x80) {
    store<u8>(to, unit);
    return to + 1;
  }
  if (unit < 0x800) {
    store<u8>(to, 0xc0 | (unit >>> 6));
    store<u8>(to, 0x80 | (unit & 63), 1);
    return to + 2;
  }
  if (unit >= 0xd800 && unit < 0xe000) return putUnit(to, 0x3f);
  store<u8>(to, 0xe0 | (unit >>> 12));
  store<u8>(to, 0x80 | ((unit >>> 6) & 63), 1);
  store<u8>(to, 0x80 | (unit & 63), 2);
  return to + 3;
}

function putText(to: u32, text: u32): u32 {
  const count = units(text);
  for (let i: u32 = 0; i < count; i++) to = putUnit(to, load<u16>(text + 2 * i));
  return to;
}

function putDecimal(to: u32, n: u32): u32 {
  if (n > 9) to = putDecimal(to, n / 10);
  return putUnit(to, 0x30 + (n % 10));
}

function lengthOf(text: u32): u32 {
  let bytes: u32 = 0;
  const count = units(text);
  for (let i: u32 = 0; i < count; i++) {
    const unit = load<u16>(text + 2 * i);
    bytes += unit < 0x80 || (unit >= 0xd800 && unit < 0xe000) ? 1 : unit < 0x800 ? 2 : 3;
  }
  return bytes;
}

function digits(n: u32): u32 {
  return n > 9 ? 1 + digits(n / 10) : 1;
}

/** "message (file:line:column)" and a new line, on the stream for errors; then the end. */
export function env_abort(message: u32, file: u32, line: u32, column: u32): void {
  const length = lengthOf(message) + lengthOf(file) + digits(line) + digits(column) + 6;
  if (start() == 0 && request(2, length)) {
    putUint(ERRORS);
    let to = putText(putString(BYTES, length), message);
    to = putUnit(putUnit(to, 0x20), 0x28);
    to = putUnit(putText(to, file), 0x3a);
    to = putUnit(putDecimal(to, line), 0x3a);
    putUnit(putUnit(putDecimal(to, column), 0x29), 0x0a);
    invoke(PROCESS, PROCESS_WRITE);
  }
  unreachable();
}

/** What `Math.random` begins with. */
export function env_seed(): f64 {
  if (start() != 0 || !request(1, 0)) return 0;
  putUint(8);
  if (invoke(RANDOM, RANDOM_BYTES) != 0) return 0;
  readHead();
  return f64(load<u32>(skipString()));
}
