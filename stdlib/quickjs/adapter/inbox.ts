// Messages: taken from the gate into the buffer. While a blocking call waits for its own completion, the others are
// put aside, in order.

import { base, capacityFrom, copy, reserve, setTop } from "./buffer";
import { free, malloc } from "./engine";
import { receive } from "./gates";

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(16, 16) as i32, FIRST = WORDS, LAST = WORDS + 4;
const HEADER: i32 = 8; // next i32, length i32
export const FIRST_TRY: i32 = 4096; // bytes

/** The next message, put aside or waiting: its length, at `start` of the buffer. Negative when there is none. */
export function nextMessage(start: i32): i32 {
  const aside = load<i32>(FIRST);
  return aside == 0 ? fetch(start, 0) : unshelve(start, aside);
}

/** Takes a message from the gate, parking for it if `wait` is 1. */
export function fetch(start: i32, wait: i32): i32 {
  setTop(start);
  if (!reserve(FIRST_TRY)) unreachable();
  let n = receive(base() + start, capacityFrom(start), wait);
  if (n > capacityFrom(start)) {
    // A message that does not fit in memory cannot be answered, nor left: the domain ends here.
    if (!reserve(n)) unreachable();
    n = receive(base() + start, capacityFrom(start), 0);
  }
  if (n > 0) setTop(start + n);
  return n;
}

function unshelve(start: i32, aside: i32): i32 {
  const length = load<i32>(aside, 4);
  setTop(start);
  if (!reserve(length)) unreachable();
  copy(base() + start, aside + HEADER, length);
  setTop(start + length);
  store<i32>(FIRST, load<i32>(aside));
  if (load<i32>(FIRST) == 0) store<i32>(LAST, 0);
  free(aside);
  return length;
}

export function shelve(start: i32, length: i32): void {
  const aside = malloc(HEADER + length);
  if (aside == 0) unreachable();
  store<i32>(aside, 0);
  store<i32>(aside, length, 4);
  copy(aside + HEADER, base() + start, length);
  if (load<i32>(LAST) != 0) store<i32>(load<i32>(LAST), aside);
  else store<i32>(FIRST, aside);
  store<i32>(LAST, aside);
}
