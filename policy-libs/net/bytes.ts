// Bytes in a row: what was pushed is taken in the same order, however it was cut.
//
// Invariants
//   Q1  Many small pushes hold no more memory than one large push of the same bytes does (twice their number, at most).
//   Q2  What is taken is a copy; what was pushed is copied.

export interface ByteQueue {
  readonly size: number;
  push(bytes: Uint8Array): void;
  /** At most `most` bytes. */
  take(most: number): Uint8Array;
  clear(): void;
}

const SMALLEST = 1024;
const NONE = new Uint8Array(0);

export function newByteQueue(): ByteQueue {
  // The bytes are ring[head, head + size), going on at 0 after the ring's end.
  let ring = NONE;
  let head = 0;
  let size = 0;

  function copyOut(to: Uint8Array): void {
    const first = ring.subarray(head, head + to.length);
    to.set(first);
    to.set(ring.subarray(0, to.length - first.length), first.length);
  }
  function grow(needed: number): void {
    let length = Math.max(ring.length, SMALLEST);
    while (length < needed) length *= 2;
    const wider = new Uint8Array(length);
    copyOut(wider.subarray(0, size));
    ring = wider;
    head = 0;
  }
  function clear(): void {
    ring = NONE;
    head = size = 0;
  }
  return {
    get size() {
      return size;
    },
    push(bytes) {
      if (size + bytes.length > ring.length) grow(size + bytes.length);
      const at = (head + size) % Math.max(ring.length, 1);
      const first = bytes.subarray(0, ring.length - at);
      ring.set(first, at);
      ring.set(bytes.subarray(first.length), 0);
      size += bytes.length;
    },
    take(most) {
      const bytes = new Uint8Array(Math.min(most, size));
      copyOut(bytes);
      head = (head + bytes.length) % Math.max(ring.length, 1);
      size -= bytes.length;
      if (size === 0 && ring.length > SMALLEST) clear();
      return bytes;
    },
    clear,
  };
}
