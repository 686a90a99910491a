// Clocks, sleeping, randomness.

import { INVAL, NOMEM, SUCCESS } from "./errno";
import { CLOCK, CLOCK_NOW, PROCESS, PROCESS_ELAPSED, RANDOM, RANDOM_BYTES, TIMERS, TIMERS_SLEEP } from "./gates";
import { invoke } from "./invoke";
import { start } from "./tables";
import { copyBytes, lastArgument, putDouble, putUint, readHead, readNumber, request, skipString } from "./value";

const REALTIME: u32 = 0;
const LAST_CLOCK: u32 = 3;
const MILLISECOND: u64 = 1000000; // in nanoseconds
let milliseconds: f64 = 0;

/** Reads a clock into `milliseconds`. Time of the processor is time that has passed. */
function readClock(clock: u32): i32 {
  if (clock > LAST_CLOCK) return INVAL;
  if (!request(0, 0)) return NOMEM;
  const error = clock == REALTIME ? invoke(CLOCK, CLOCK_NOW) : invoke(PROCESS, PROCESS_ELAPSED);
  if (error == 0) milliseconds = readNumber();
  return error;
}

/** Whole and fractional milliseconds apart: their product with a million has more digits than a double. */
function nanoseconds(): u64 {
  const whole = Math.floor(milliseconds);
  return u64(max(whole, 0)) * MILLISECOND + u64((milliseconds - whole) * 1e6);
}

export function clock_time_get(clock: u32, _precision: u64, at: u32): i32 {
  let error = start();
  if (error == 0) error = readClock(clock);
  if (error == 0) store<u64>(at, nanoseconds());
  return error;
}

export function clock_res_get(clock: u32, at: u32): i32 {
  if (clock > LAST_CLOCK) return INVAL;
  store<u64>(at, MILLISECOND);
  return SUCCESS;
}

export function sched_yield(): i32 {
  return SUCCESS;
}

const MOST_RANDOM: u32 = 32768; // bytes of one call

export function random_get(at: u32, length: u32): i32 {
  const error = start();
  if (error != 0) return error;
  for (let done: u32 = 0; done < length; ) {
    const bytes = min(length - done, MOST_RANDOM);
    if (!request(1, 0)) return NOMEM;
    putUint(bytes);
    const failed = invoke(RANDOM, RANDOM_BYTES);
    if (failed != 0) return failed;
    readHead();
    copyBytes(at + done, skipString(), min(bytes, u32(lastArgument())));
    done += bytes;
  }
  return SUCCESS;
}

const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;
const CLOCK_EVENT: u8 = 0;
const ABSOLUTE: u16 = 1;
const NEVER: f64 = Infinity;

/** Milliseconds from now until the subscription's time. */
function delayOf(subscription: u32): f64 {
  const timeout = f64(load<u64>(subscription, 24)) / 1e6;
  if ((load<u16>(subscription, 40) & ABSOLUTE) == 0) return timeout;
  return readClock(load<u32>(subscription, 16)) == 0 ? timeout - milliseconds : 0;
}

function putEvent(to: u32, subscription: u32): void {
  memory.fill(to, 0, EVENT);
  store<u64>(to, load<u64>(subscription));
  store<u8>(to, load<u8>(subscription, 8), 10);
  if (load<u8>(subscription, 8) != CLOCK_EVENT) store<u64>(to, 1, 16);
}

/** How long to wait: not at all if there is a descriptor among the subscriptions, since those are always ready. */
function shortest(from: u32, count: u32): f64 {
  let least = NEVER;
  for (let i: u32 = 0; i < count; i++) {
    const subscription = from + i * SUBSCRIPTION;
    least = min(least, load<u8>(subscription, 8) == CLOCK_EVENT ? delayOf(subscription) : 0);
  }
  return least;
}

function sleep(duration: f64): i32 {
  if (duration <= 0) return 0;
  if (!request(1, 0)) return NOMEM;
  putDouble(Math.ceil(duration));
  return invoke(TIMERS, TIMERS_SLEEP);
}

/** Waits for the first of the subscriptions and tells which are due. */
export function poll_oneoff(from: u32, to: u32, count: u32, countAt: u32): i32 {
  let error = start();
  if (error != 0) return error;
  if (count == 0) return INVAL;
  const waits = shortest(from, count);
  error = sleep(waits);
  if (error != 0) return error;
  let events: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const subscription = from + i * SUBSCRIPTION;
    const isDue = load<u8>(subscription, 8) != CLOCK_EVENT || isOver(subscription, waits);
    if (isDue) putEvent(to + EVENT * events++, subscription);
  }
  store<u32>(countAt, events);
  return SUCCESS;
}

function isOver(subscription: u32, waited: f64): bool {
  const isAbsolute = (load<u16>(subscription, 40) & ABSOLUTE) != 0;
  return isAbsolute ? delayOf(subscription) <= 0 : delayOf(subscription) <= waited;
}
