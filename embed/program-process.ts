// A program's process: its arguments, environment, streams and end. PROGRAM.PROCESS of stdlib/abi.ts.
import type { Contract, Target } from "../kernel/index.ts";
import { permissive } from "../policy-libs/index.ts";
import { PROGRAM } from "../stdlib/abi.ts";
import { CordonError } from "./errors.ts";
import { ignoreResult } from "./output.ts";
import { isBytes } from "./plain.ts";
import { hostTarget } from "./power.ts";
import { newMeter } from "./target.ts";

export type InputOption = string | Uint8Array | AsyncIterable<Uint8Array>;
export type Sink = (bytes: Uint8Array) => void;

export interface ProcessParts {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly read: (most: number) => Uint8Array | Promise<Uint8Array>;
  readonly write: (stream: number, bytes: Uint8Array) => void;
  readonly exit: (code: number) => void;
  readonly elapsed: () => number;
}

type Method = (typeof PROGRAM.PROCESS.methods)[number];
const MOST_READ = 1 << 20; // bytes of one call

const count = (alleged: unknown, most: number): number =>
  typeof alleged === "number" && alleged >= 0 ? Math.trunc(Math.min(alleged, most)) : 0;

/** Error numbers of WASI preview 1. */
const [IO, NO_SPACE] = [29, 51];

const wasiError = (code: number, message: string): Error => Object.assign(new Error(message), { code });

function checkBytes(alleged: unknown): Uint8Array {
  if (alleged instanceof Uint8Array) return alleged;
  throw new TypeError("write takes a stream and bytes");
}

/** Arguments are alleged. */
export function programProcess(parts: ProcessParts): { readonly contract: Contract; readonly target: Target } {
  const contract = permissive("process", PROGRAM.PROCESS.methods);
  const work: Readonly<Record<Method, (...alleged: never[]) => unknown>> = {
    arguments: () => parts.args,
    environment: () => parts.env,
    exit: (code: unknown) => parts.exit(count(code, 0xffff_ffff)),
    write: (stream: unknown, bytes: unknown) => parts.write(stream === 2 ? 2 : 1, checkBytes(bytes)),
    read: (most: unknown) => parts.read(count(most, MOST_READ)),
    elapsed: () => parts.elapsed(),
  };
  const functions = PROGRAM.PROCESS.methods.map((name) => work[name]);
  return { contract, target: hostTarget({ name: "process", contract, functions, meter: newMeter() }) };
}

const NOTHING = new Uint8Array(0);

/** Reads of bytes that are all there. */
function readerOf(bytes: Uint8Array): ProcessParts["read"] {
  let at = 0;
  return (most) => {
    const piece = bytes.subarray(at, at + most);
    at += piece.length;
    return piece;
  };
}

/** Reads of bytes that come by and by. A piece that is longer than was asked for is kept for the next read. */
function streamReader(source: AsyncIterable<Uint8Array>): ProcessParts["read"] {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = NOTHING;
  return async (most) => {
    while (rest.length === 0) {
      const { done, value } = await iterator.next();
      if (done === true) return NOTHING;
      rest = value;
    }
    const piece = rest.subarray(0, most);
    rest = rest.subarray(piece.length);
    return piece;
  };
}

export function inputReader(input: unknown): ProcessParts["read"] {
  if (input === undefined) return readerOf(NOTHING);
  if (typeof input === "string") return readerOf(new TextEncoder().encode(input));
  if (isBytes(input)) return readerOf(input);
  try {
    return streamReader(input as AsyncIterable<Uint8Array>);
  } catch (cause) {
    throw new CordonError("E_OPTION", "stdin must be text, a Uint8Array or an async iterable of Uint8Array", { cause });
  }
}

export interface Streams {
  write(stream: number, bytes: Uint8Array): void;
  /** What was written to stream 1 or 2 and not handed on. */
  written(stream: 1 | 2): Uint8Array;
}

/** Bytes of the host's memory for a piece that is kept. */
const PIECE_COST = 64;

function handOn(sink: Sink, piece: Uint8Array): void {
  try {
    ignoreResult(sink(piece));
  } catch {
    throw wasiError(IO, "the stream is closed"); // What the embedder's function says is not for the program.
  }
}

/**
 * Keeps what is written, or hands it on: at most `most` bytes. Beyond it a program is told, as of a full disk: to drop
 * in silence what it wrote would be to change it.
 */
export function newStreams(sinks: readonly (Sink | undefined)[], most: number): Streams {
  const kept: Uint8Array[][] = [[], []];
  let left = most;
  return {
    write(stream, bytes) {
      if (bytes.length > left) throw wasiError(NO_SPACE, "the limit of output is reached");
      const [piece, sink] = [bytes.slice(), sinks[stream - 1]];
      left -= piece.length + PIECE_COST;
      if (sink === undefined) kept[stream - 1]?.push(piece);
      else handOn(sink, piece);
    },
    written(stream) {
      const pieces = kept[stream - 1] ?? [];
      const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const piece of pieces) {
        all.set(piece, at);
        at += piece.length;
      }
      return all;
    },
  };
}
