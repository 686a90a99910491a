// Requests that are not answered yet. What the bootstrap cannot answer is answered here with bytes made in advance, so
// that running out of memory is an answer too.

import { base, release, top } from "./buffer";
import { encodePassing } from "./encode";
import { answer } from "./gates";
import { growBlock } from "./state";

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(32, 16) as i32, OPEN = WORDS, OPEN_COUNT = WORDS + 8, TROUBLE = WORDS + 12, LAST = WORDS + 16;

/** Open requests, two words each: the number that the bootstrap knows it by, and the token to answer it with. */
const ENTRY: i32 = 8;

/** ["Error", { name: "InternalError", message: "out of memory" }] under tag 27. */
// biome-ignore format: bytes of text
const OUT_OF_MEMORY: i32 = memory.data<u8>([
  0xd8, 0x1b, 0x82, 0x65, 69, 114, 114, 111, 114, 0xa2, 0x64, 110, 97, 109, 101,
  0x6d, 73, 110, 116, 101, 114, 110, 97, 108, 69, 114, 114, 111, 114,
  0x67, 109, 101, 115, 115, 97, 103, 101, 0x6d, 111, 117, 116, 32, 111, 102, 32, 109, 101, 109, 111, 114, 121,
]) as i32;
const OUT_OF_MEMORY_LENGTH: i32 = 51;

export function openRequests(): i32 {
  return load<i32>(OPEN_COUNT);
}

/** In a copy: they are asked of the original, and nothing that still works on them answers anybody. */
export function forgetRequests(): void {
  store<i32>(OPEN_COUNT, 0);
}

/** Something was lost for want of memory in this turn: an open request may wait for it in vain. */
export function noteTrouble(): void {
  store<i32>(TROUBLE, 1);
}

/**
 * Keeps the token of a request under a number, which it answers; 0 when there is no memory. Numbers are not tokens: in a
 * copy a new request may have the token of one that the original still works on, and the copy too.
 */
export function open(token: i32): i32 {
  const count = load<i32>(OPEN_COUNT);
  if (!growBlock(OPEN, (count + 1) * ENTRY)) return 0;
  const number = (load<i32>(LAST) & 0x3fffffff) + 1;
  store<i32>(LAST, number);
  const entry = load<i32>(OPEN) + count * ENTRY;
  store<i32>(entry, number);
  store<i32>(entry, token, 4);
  store<i32>(OPEN_COUNT, count + 1);
  return number;
}

/** Answers a request that is open, once. */
function close(number: i32, ok: i32, at: i32, length: i32): void {
  const count = load<i32>(OPEN_COUNT);
  const list = load<i32>(OPEN);
  for (let i = 0; i < count; i++) {
    const entry = list + i * ENTRY;
    if (load<i32>(entry) != number) continue;
    const token = load<i32>(entry, 4);
    store<i64>(entry, load<i64>(list + (count - 1) * ENTRY));
    store<i32>(OPEN_COUNT, count - 1);
    answer(token, ok, at, length);
    return;
  }
}

/** Answers with the value at `at`. False, with an exception pending, when it cannot cross. */
export function answerWith(number: i32, ok: bool, at: i32, passes: bool): bool {
  const start = top();
  if (!encodePassing(at, 1, true, passes)) return false;
  close(number, ok ? 1 : 0, base() + start, top() - start);
  release(start);
  return true;
}

export function fail(number: i32): void {
  close(number, 0, OUT_OF_MEMORY, OUT_OF_MEMORY_LENGTH);
}

/** Answers what could not even be opened. */
export function refuse(token: i32): void {
  answer(token, 0, OUT_OF_MEMORY, OUT_OF_MEMORY_LENGTH);
}

/** At the end of a turn in which something was lost, nothing that is still open may wait for it. */
export function failTheLost(): void {
  const trouble = load<i32>(TROUBLE);
  store<i32>(TROUBLE, 0);
  if (trouble == 0) return;
  while (load<i32>(OPEN_COUNT) > 0) fail(load<i32>(load<i32>(OPEN)));
}
