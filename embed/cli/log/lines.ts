// A log of any size, line by line. A line that is too long is passed over and counted, so that memory stays small.
import { createReadStream } from "node:fs";
import { UsageError } from "../exit.ts";

/** A record with full arguments has some hundred KiB at most. */
const MOST_LINE = 1024 * 1024; // bytes
const PIECE = 256 * 1024;

export interface Line {
  /** Undefined: it was too long. */
  readonly text: string | undefined;
  /** No line's end came: whoever wrote it was stopped. */
  readonly isTorn: boolean;
}

interface Reading {
  readonly kept: Buffer[];
  length: number;
}

function keep(reading: Reading, piece: Buffer): void {
  reading.length += piece.length;
  if (reading.length <= MOST_LINE) reading.kept.push(piece);
  else reading.kept.splice(0);
}

function finish(reading: Reading, isTorn: boolean): Line {
  const text = reading.length <= MOST_LINE ? Buffer.concat(reading.kept).toString("utf8") : undefined;
  reading.kept.splice(0);
  reading.length = 0;
  return { text, isTorn };
}

async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<Line> {
  const reading: Reading = { kept: [], length: 0 };
  for await (const given of stream) {
    const piece = given as Buffer;
    let from = 0;
    for (let end = piece.indexOf(10, from); end >= 0; end = piece.indexOf(10, from)) {
      keep(reading, piece.subarray(from, end));
      yield finish(reading, false);
      from = end + 1;
    }
    if (from < piece.length) keep(reading, piece.subarray(from));
  }
  if (reading.length > 0) yield finish(reading, true);
}

const WHY = new Map<unknown, string>([
  ["ENOENT", "no such file"],
  ["EACCES", "permission denied"],
  ["EISDIR", "is a directory"],
]);

/** The lines of a file, or of standard input: `-`. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  try {
    yield* linesOf(path === "-" ? process.stdin : createReadStream(path, { highWaterMark: PIECE }));
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    throw new UsageError(`${path}: ${WHY.get(code) ?? message}`);
  }
}
