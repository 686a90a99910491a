// Vectors of buffers in the program's memory: pairs of address and length.

import { copyBytes } from "./value";

/** Bytes moved by one call. Programs go on where a call stopped. */
export const MOST_MOVED: u32 = 1 << 20;

/** How many bytes the vectors name, at most MOST_MOVED. */
export function total(vectors: u32, count: u32): u32 {
  let sum: u64 = 0;
  for (let i: u32 = 0; i < count && sum < MOST_MOVED; i++) sum += load<u32>(vectors + i * 8, 4);
  return min(u32(sum), MOST_MOVED);
}

/** Copies the first `bytes` bytes that the vectors name. */
export function gather(to: u32, vectors: u32, count: u32, bytes: u32): void {
  let done: u32 = 0;
  for (let i: u32 = 0; i < count && done < bytes; i++) {
    const length = min(load<u32>(vectors + i * 8, 4), bytes - done);
    copyBytes(to + done, load<u32>(vectors + i * 8), length);
    done += length;
  }
}

/** Copies `bytes` bytes to where the vectors say. */
export function scatter(from: u32, bytes: u32, vectors: u32, count: u32): void {
  let done: u32 = 0;
  for (let i: u32 = 0; i < count && done < bytes; i++) {
    const length = min(load<u32>(vectors + i * 8, 4), bytes - done);
    copyBytes(load<u32>(vectors + i * 8), from + done, length);
    done += length;
  }
}
