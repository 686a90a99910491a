// Bytes that wait between a writer and a reader: first in, first out, never more than `capacity`.
//
// Invariants
//   B1  Holds at most `capacity` bytes in at most twice the room that was ever needed: many small writes cost what one
//       large one does.
//   B2  Bytes go in and out as copies.

export interface Ring {
  readonly length: number;
  readonly free: number;
  /** Takes as many of these as there is room for; says how many. */
  put(bytes: Uint8Array): number;
  /** Gives at most so many. */
  take(most: number): Uint8Array;
  clear(): void;
}

const LEAST_ROOM = 64; // bytes

export function newRing(capacity: number): Ring {
  let room = new Uint8Array(0);
  let [start, length] = [0, 0];

  function copyOut(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    const first = Math.min(count, room.length - start);
    bytes.set(room.subarray(start, start + first));
    bytes.set(room.subarray(0, count - first), first);
    return bytes;
  }
  function reserve(needed: number): void {
    if (needed <= room.length) return;
    const grown = new Uint8Array(Math.min(capacity, Math.max(needed, 2 * room.length, LEAST_ROOM)));
    grown.set(copyOut(length));
    [room, start] = [grown, 0];
  }
  return {
    get length() {
      return length;
    },
    get free() {
      return capacity - length;
    },
    put(bytes) {
      const count = Math.min(bytes.length, capacity - length);
      if (count === 0) return 0;
      reserve(length + count);
      const at = (start + length) % room.length;
      const first = Math.min(count, room.length - at);
      room.set(bytes.subarray(0, first), at);
      room.set(bytes.subarray(first, count), 0);
      length += count;
      return count;
    },
    take(most) {
      const count = Math.min(most, length);
      const bytes = copyOut(count);
      length -= count;
      start = length === 0 ? 0 : (start + count) % room.length;
      return bytes;
    },
    clear() {
      room = new Uint8Array(0);
      [start, length] = [0, 0];
    },
  };
}
