// What WASI calls a filestat: the facts of a file.

import { UNLINKED, path, pathLength, size, stat, state, type } from "./tables";
import { readNumber } from "./value";

/** FNV-1a, 64 bits. */
const SEED: u64 = 0xcbf29ce484222325;
const PRIME: u64 = 0x100000001b3;

/** A number for a name: programs tell files apart by it. */
export function numberOf(from: u32, length: u32): u64 {
  let hash = SEED;
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(from + i)) * PRIME;
  return hash;
}

/** Writes the 64 bytes at `at`. */
export function writeFacts(file: u32, at: u32): i32 {
  let modified: u64 = 0;
  if ((state(file) & UNLINKED) == 0) {
    const error = stat(file);
    if (error != 0) return error;
    modified = u64(max(readNumber(), 0) * 1e6);
  }
  memory.fill(at, 0, 64);
  store<u64>(at, numberOf(path(file), pathLength(file)), 8);
  store<u8>(at, type(file), 16);
  store<u64>(at, 1, 24);
  store<u64>(at, size(file), 32);
  store<u64>(at, modified, 40);
  store<u64>(at, modified, 48);
  store<u64>(at, modified, 56);
  return 0;
}
