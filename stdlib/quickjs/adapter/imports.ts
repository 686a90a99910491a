// What the engine's own binary imports: six host_* functions, which the adapter replaces by callbacks of its own and
// leaves empty here, and six WASI functions. Time and randomness come from the system grants; before they are
// configured both are fixed, so that a memory image made at build time holds no trace of the builder.

import { base, capacityFrom, copy, putHead, put, release, reserve, setTop, top } from "./buffer";
import { call, CALL_ERROR, reply } from "./gates";
import { CLOCK, CLOCK_METHOD, RANDOM, RANDOM_METHOD, SYSTEM, TIME_ZONE } from "./state";

const HAS_CLOCK: i32 = 1;
const HAS_RANDOM: i32 = 2;
const ROOM: i32 = 512; // bytes for a small reply
const CHUNK: i32 = 256; // random bytes per call

export function configureSystem(which: i32, handle: i32, method: i32): void {
  store<i32>(which == HAS_CLOCK ? CLOCK : RANDOM, handle);
  store<i32>(which == HAS_CLOCK ? CLOCK_METHOD : RANDOM_METHOD, method);
  store<i32>(SYSTEM, load<i32>(SYSTEM) | which);
}

/** Calls a system grant with the arguments above `start`; the length of a reply that is there, else -1. */
function ask(handle: i32, method: i32, start: i32): i32 {
  const code = call(handle, method, base() + start, top() - start, capacityFrom(start));
  if (code == CALL_ERROR) reply(base() + start, capacityFrom(start));
  return code > 0 && code <= capacityFrom(start) ? code : -1;
}

function now(): f64 {
  const start = top();
  if ((load<i32>(SYSTEM) & HAS_CLOCK) == 0 || !reserve(ROOM)) return 0;
  put(0x80);
  const length = ask(load<i32>(CLOCK), load<i32>(CLOCK_METHOD), start);
  release(start);
  return length > 0 ? numberAt(base() + start, length) : 0;
}

function numberAt(at: i32, length: i32): f64 {
  const initial: i32 = load<u8>(at);
  if (initial < 24) return initial;
  if (initial == 0xfb && length >= 9) return reinterpret<f64>(bswap<u64>(load<u64>(at, 1)));
  if (initial == 0x1b && length >= 9) return f64(bswap<u64>(load<u64>(at, 1)));
  if (initial == 0x1a && length >= 5) return f64(bswap<u32>(load<u32>(at, 1)));
  if (initial == 0x19 && length >= 3) return f64(bswap<u16>(load<u16>(at, 1)));
  return initial == 0x18 && length >= 2 ? f64(load<u8>(at, 1)) : 0;
}

/** Whole milliseconds, whichever clock is asked for: one clock, one resolution. */
export function clock_time_get(_id: i32, _precision: i64, resultAt: i32): i32 {
  store<i64>(resultAt, i64(floor(now())) * 1000000);
  return 0;
}

export function random_get(at: i32, length: i32): i32 {
  for (let done = 0; done < length; done += CHUNK) fillRandom(at + done, min(length - done, CHUNK));
  return 0;
}

function fillRandom(at: i32, length: i32): void {
  const start = top();
  memory.fill(at, 0, length);
  if ((load<i32>(SYSTEM) & HAS_RANDOM) == 0 || !reserve(ROOM)) return;
  put(0x81);
  putHead(0, length);
  const size = ask(load<i32>(RANDOM), load<i32>(RANDOM_METHOD), start);
  if (size >= length) copy(at, base() + start + size - length, length);
  setTop(start);
}

export function host_get_timezone_offset(_high: i32, _low: i32): i32 {
  return load<i32>(TIME_ZONE);
}

/** The engine's own printing goes nowhere, and says that it went well. */
export function fd_write(_fd: i32, vectors: i32, count: i32, writtenAt: i32): i32 {
  let total = 0;
  for (let i = 0; i < count; i++) total += load<i32>(vectors + i * 8, 4);
  store<i32>(writtenAt, total);
  return 0;
}

const BAD_FILE: i32 = 8; // WASI's errno for a file that is not open

export function fd_close(_fd: i32): i32 {
  return BAD_FILE;
}

export function fd_fdstat_get(_fd: i32, _at: i32): i32 {
  return BAD_FILE;
}

export function fd_seek(_fd: i32, _offset: i64, _whence: i32, _at: i32): i32 {
  return BAD_FILE;
}

export function host_interrupt(): i32 {
  return 0;
}

export function host_module_normalize(_base: i32, _name: i32): i32 {
  return 0;
}

export function host_call(_name: i32, _length: i32, _self: i32, _argc: i32, _argv: i32): i32 {
  return 0;
}
