// Arguments, environment, the end of the program.

import { isOpen } from "./arena";
import { writeBackAll } from "./contents";
import { NOMEM, SUCCESS } from "./errno";
import { PROCESS, PROCESS_ARGUMENTS, PROCESS_ENVIRONMENT, PROCESS_EXIT } from "./gates";
import { invoke } from "./invoke";
import * as tables from "./tables";
import { copyBytes, lastArgument, position, putUint, readHead, request, skipString } from "./value";

/** Asks for a list of texts. Negative: an error, else how many there are; they are read next. */
function askList(method: i32): i32 {
  const error = tables.start();
  if (error != 0) return -error;
  if (!request(0, 0)) return -NOMEM;
  const failed = invoke(PROCESS, method);
  if (failed != 0) return -failed;
  readHead();
  return i32(lastArgument());
}

function sizes(method: i32, countAt: u32, bytesAt: u32): i32 {
  const count = askList(method);
  if (count < 0) return -count;
  let bytes: u32 = 0;
  for (let i = 0; i < count; i++) {
    readHead();
    const text = skipString();
    bytes += position() - text + 1;
  }
  store<u32>(countAt, count);
  store<u32>(bytesAt, bytes);
  return SUCCESS;
}

/** Pointers go to `at`, the texts, each with a NUL behind it, to `to`. */
function texts(method: i32, at: u32, to: u32): i32 {
  const count = askList(method);
  if (count < 0) return -count;
  let next = to;
  for (let i = 0; i < count; i++) {
    readHead();
    const text = skipString();
    const length = position() - text;
    store<u32>(at + 4 * i, next);
    copyBytes(next, text, length);
    store<u8>(next + length, 0);
    next += length + 1;
  }
  return SUCCESS;
}

export function args_sizes_get(countAt: u32, bytesAt: u32): i32 {
  return sizes(PROCESS_ARGUMENTS, countAt, bytesAt);
}

export function args_get(at: u32, to: u32): i32 {
  return texts(PROCESS_ARGUMENTS, at, to);
}

export function environ_sizes_get(countAt: u32, bytesAt: u32): i32 {
  return sizes(PROCESS_ENVIRONMENT, countAt, bytesAt);
}

export function environ_get(at: u32, to: u32): i32 {
  return texts(PROCESS_ENVIRONMENT, at, to);
}

/** Ends the program: the capability tells the embedder, who ends the domain. */
export function proc_exit(code: u32): void {
  if (tables.start() == 0) {
    writeBackAll();
    if (request(1, 0)) {
      putUint(code);
      invoke(PROCESS, PROCESS_EXIT);
    }
  }
  unreachable();
}

/** Called by the embedder when the program has returned: what it wrote and did not close is written back. */
export function cordon_finish(): void {
  if (isOpen()) writeBackAll();
}
