// A pipe: bytes from one domain to another, in order, with back-pressure.
//
// Invariants
//   P1  At most `capacity` bytes wait in the pipe, and at most MOST_HELD in writes that wait for room.
//   P2  Every byte of a write that was taken is read once, in the order of the writes, or the pipe was aborted.
//   P3  Readers and writers never both wait: whoever changes the pipe serves the other side at once.
import type { AbortSource } from "../abort.ts";
import { signal } from "../call.ts";
import { MOST_WAITING, newLine } from "../line.ts";
import { refusal, refuse } from "../refusal.ts";
import { checkCount } from "./count.ts";
import { newRing } from "./ring.ts";

/** Bytes of one write or read. */
export const MOST_PIECE = 1024 * 1024;
/** Bytes of all writes of one pipe that wait for room, unless one alone is larger. */
const MOST_HELD = 8 * 1024 * 1024;
const MOST_CAPACITY = 64 * 1024 * 1024;
const CAPACITY = 65_536;

export interface PipeOptions {
  /** Bytes that wait in the pipe. Default: 65,536. */
  readonly capacity?: number | undefined;
  /** Calls that wait on either side. Default: 10,000. */
  readonly mostWaiting?: number | undefined;
}

export interface PipePlace {
  readonly reader: {
    /** At least one byte and at most so many; undefined at the end. Waits while there is none. */
    read(most: number): Promise<Uint8Array | undefined>;
    abort(): void;
  };
  readonly writer: {
    /** Waits until the pipe has taken all of it. A write whose guest ends leaves what was taken. */
    write(bytes: Uint8Array): Promise<void>;
    end(): void;
    abort(): void;
  };
}

interface Write {
  readonly bytes: Uint8Array;
  taken: number;
}

export function pipePlace({ capacity = CAPACITY, mostWaiting = MOST_WAITING }: PipeOptions = {}): PipePlace {
  const ring = newRing(checkCount("capacity", capacity, 1, MOST_CAPACITY));
  const readers = newLine<number, Uint8Array | undefined>({ most: mostWaiting });
  const writers = newLine<Write, void>({ most: mostWaiting });
  let state: "open" | "ended" | "aborted" = "open";
  let held = 0;

  const aborted = (): Error => refusal("E_ABORTED", "the pipe was aborted");
  const isFinished = (): boolean => state === "ended" && ring.length === 0 && writers.size === 0;

  /** Moves what the first writers hold into the pipe, as far as there is room. */
  function admit(): void {
    for (let write = writers.first(); write !== undefined; write = writers.first()) {
      const count = ring.put(write.bytes.subarray(write.taken));
      write.taken += count;
      held -= count;
      if (write.taken < write.bytes.length) return;
      writers.serve();
    }
  }
  /** Serves both sides until one of them has to wait (P3). */
  function settle(): void {
    admit();
    for (let most = readers.first(); most !== undefined && ring.length > 0; most = readers.first()) {
      readers.serve(ring.take(most));
      admit();
    }
    if (isFinished()) while (readers.serve(undefined));
  }
  function leaveWrite(write: Write): void {
    held -= write.bytes.length - write.taken;
    settle();
  }
  function abort(): void {
    if (state === "aborted" || isFinished()) return;
    state = "aborted";
    held = 0;
    ring.clear();
    readers.dismiss(aborted);
    writers.dismiss(aborted);
  }
  function checkWritable(length: number): void {
    if (state === "aborted") throw aborted();
    if (state === "ended") refuse("E_CLOSED", "the pipe was ended");
    if (length > MOST_PIECE) refuse("E_TOO_LARGE", `at most ${MOST_PIECE} bytes at a time`);
    if (held > 0 && held + length > MOST_HELD) refuse("E_BUSY", "too many bytes wait already");
  }
  function join(bytes: Uint8Array, guest: AbortSource): Promise<void> {
    const write = { bytes, taken: 0 };
    const { done } = writers.enter(write, guest, (how) => (how === "gone" ? leaveWrite(write) : undefined));
    held += bytes.length;
    settle();
    return done;
  }
  return {
    reader: {
      async read(most) {
        const guest = signal();
        if (state === "aborted") throw aborted();
        if (!(most >= 1 && most <= MOST_PIECE)) refuse("E_VALUE", `a number of bytes from 1 to ${MOST_PIECE}`);
        const { done } = readers.enter(Math.floor(most), guest);
        settle();
        return await done;
      },
      abort,
    },
    writer: {
      async write(bytes) {
        const guest = signal();
        checkWritable(bytes.length);
        await join(bytes, guest);
      },
      end() {
        if (state === "aborted") throw aborted();
        state = "ended";
        settle();
      },
      abort,
    },
  };
}
