// A pipe: bytes from one domain to another, in order, with back-pressure.
//
// Invariants
//   P1  At most `capacity` bytes wait in the pipe, and at most MOST_HELD in writes that wait for room.
//   P2  Every byte of a write that was taken is read once, in the order of the writes, or the pipe was aborted.
//   P3  Readers and writers never both wait: whoever changes the pipe serves the other side at once.
import { type Signal, signal } from "../call.ts";
import { type Line, newLine } from "../line.ts";
import { refusal, refuse } from "../refusal.ts";
import { MOST_PIECE } from "./contract.ts";
import { checkCount } from "./count.ts";
import { newRing, type Ring } from "./ring.ts";

/** Bytes of all writes of one pipe that wait for room, unless one alone is larger. */
const MOST_HELD = 8 * 1024 * 1024;
const MOST_CAPACITY = 64 * 1024 * 1024;
const CAPACITY = 65_536;

/** How much a pipe holds. */
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

interface Pipe {
  readonly ring: Ring;
  /** How much each reader takes at most. */
  readonly readers: Line<number, Uint8Array | undefined>;
  readonly writers: Line<Write, void>;
  state: "open" | "ended" | "aborted";
  /** Bytes of writes that wait. */
  held: number;
}

const aborted = (): Error => refusal("E_ABORTED", "the pipe was aborted");

const isFinished = ({ state, ring, writers }: Pipe): boolean =>
  state === "ended" && ring.length === 0 && writers.size === 0;

/** Moves what the first writers hold into the pipe, as far as there is room. */
function admit(pipe: Pipe): void {
  for (let write = pipe.writers.first(); write !== undefined; write = pipe.writers.first()) {
    const count = pipe.ring.put(write.bytes.subarray(write.taken));
    write.taken += count;
    pipe.held -= count;
    if (write.taken < write.bytes.length) return;
    pipe.writers.serve();
  }
}

/** Serves both sides until one of them has to wait (P3). */
function settle(pipe: Pipe): void {
  const { readers, ring } = pipe;
  admit(pipe);
  for (let most = readers.first(); most !== undefined && ring.length > 0; most = readers.first()) {
    readers.serve(ring.take(most));
    admit(pipe);
  }
  if (isFinished(pipe)) while (readers.serve(undefined));
}

function abort(pipe: Pipe): void {
  if (pipe.state === "aborted" || isFinished(pipe)) return;
  pipe.state = "aborted";
  pipe.held = 0;
  pipe.ring.clear();
  pipe.readers.dismiss(aborted);
  pipe.writers.dismiss(aborted);
}

function checkWritable({ state, held }: Pipe, length: number): void {
  if (state === "aborted") throw aborted();
  if (state === "ended") refuse("E_CLOSED", "the pipe was ended");
  if (length > MOST_PIECE) refuse("E_TOO_LARGE", `at most ${MOST_PIECE} bytes at a time`);
  if (held > 0 && held + length > MOST_HELD) refuse("E_BUSY", "too many bytes wait already");
}

async function write(pipe: Pipe, bytes: Uint8Array, guest: Signal): Promise<void> {
  checkWritable(pipe, bytes.length);
  const own = { bytes, taken: 0 };
  const { done } = pipe.writers.enter(own, guest, (how) => {
    if (how !== "gone") return;
    pipe.held -= bytes.length - own.taken;
    settle(pipe);
  });
  pipe.held += bytes.length;
  settle(pipe);
  await done;
}

async function read(pipe: Pipe, most: number, guest: Signal): Promise<Uint8Array | undefined> {
  if (pipe.state === "aborted") throw aborted();
  if (!(Number.isInteger(most) && most >= 1 && most <= MOST_PIECE))
    refuse("E_VALUE", `a number of bytes from 1 to ${MOST_PIECE}`);
  const { done } = pipe.readers.enter(most, guest);
  settle(pipe);
  return await done;
}

function end(pipe: Pipe): void {
  if (pipe.state === "aborted") throw aborted();
  pipe.state = "ended";
  settle(pipe);
}

export function pipePlace({ capacity = CAPACITY, mostWaiting }: PipeOptions = {}): PipePlace {
  const ring = newRing(checkCount("capacity", capacity, 1, MOST_CAPACITY));
  const [readers, writers] = [newLine<number, Uint8Array | undefined>(mostWaiting), newLine<Write, void>(mostWaiting)];
  const pipe: Pipe = { ring, readers, writers, state: "open", held: 0 };
  return {
    reader: {
      read: async (most) => await read(pipe, most, signal()),
      abort: () => abort(pipe),
    },
    writer: {
      write: async (bytes) => await write(pipe, bytes, signal()),
      end: () => end(pipe),
      abort: () => abort(pipe),
    },
  };
}
