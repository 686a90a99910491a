// The guest part of a snapshot, as bytes: memory as runs of granules, and the guest's own globals.
//
// Invariants
//   U1  Untrusted: it can harm its own domain alone. Reserved globals (fuel, depth, pages, base, registers) are not in
//       it, whoever reads it restores guest globals only.
//   U2  Each run begins where the last one ended or later, and ends inside the pages: runs out of order or on top of one
//       another cannot be written in this form, runs out of range are refused.
//   U3  Nothing is allocated for a claim: the chunks that are read are views of the file.
//
// The form: pages; number of globals, each a kind and eight bytes; number of runs, each how many granules lie between it
// and the last one and how many it has; then the bytes of all runs. Numbers are LEB128.
import { MAX_PAGES, PAGE } from "../../kernel/index.ts";
import {
  type Input,
  type Output,
  putDouble,
  putLong,
  putNumber,
  takeBytes,
  takeCount,
  takeDouble,
  takeLong,
  takeNumber,
} from "./bytes.ts";
import { type Chunk, GRANULE, joined } from "./granules.ts";

/** What the guest is made of: pages of 64 KiB, what differs from what it is a copy of, its globals in their order. */
export interface GuestPart {
  readonly pages: number;
  readonly chunks: readonly Chunk[];
  readonly globals: readonly (number | bigint)[];
}

/** Kinds of globals: a bigint is an i64, every other type is a double's number. */
const [NUMBER, LONG] = [0, 1];
/** Heads of runs and globals: far more than an engine needs. */
const MAX_HEADS = 4 * 1024 * 1024; // bytes
/** Bytes of a guest part of so many pages. */
export const mostGuestBytes = (pages: number): number => pages * PAGE + MAX_HEADS;
/** A module has no more: kernel/limits.ts, entries of a section. */
const MAX_GLOBALS = 50_000;
const GRANULES_PER_PAGE = PAGE / GRANULE;

function putGlobal(output: Output, value: number | bigint): void {
  const isLong = typeof value === "bigint";
  if (isLong && BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} is no i64`);
  putNumber(output, isLong ? LONG : NUMBER);
  if (isLong) putLong(output, value);
  // One form of NaN: its bits are nobody's to observe.
  else putDouble(output, Number.isNaN(value) ? Number.NaN : value);
}

/** Throws RangeError for chunks that are not of whole granules, overlap or lie outside: ours are not. */
export function putGuest(output: Output, { pages, chunks, globals }: GuestPart): void {
  if (pages > MAX_PAGES) throw new RangeError(`${pages} pages`);
  putNumber(output, pages);
  putNumber(output, globals.length);
  for (const value of globals) putGlobal(output, value);
  const runs = joined(chunks);
  putNumber(output, runs.length);
  let last = 0;
  for (const { at, bytes } of runs) {
    const [start, count] = [at / GRANULE, bytes.length / GRANULE];
    if (!Number.isInteger(start) || !Number.isInteger(count) || start + count > pages * GRANULES_PER_PAGE)
      throw new RangeError("a chunk that is not of whole granules, or outside");
    putNumber(output, start - last);
    putNumber(output, count);
    last = start + count;
  }
  for (const { bytes } of runs) output.push(bytes);
}

function takeGlobal(input: Input): number | bigint {
  return takeNumber(input, LONG) === LONG ? takeLong(input) : takeDouble(input);
}

/** Reads a guest part of at most so many pages. Its chunks are views of the file. */
export function takeGuest(input: Input, mostPages: number): GuestPart {
  const pages = takeNumber(input, Math.min(mostPages, MAX_PAGES));
  const globals = Array.from({ length: takeCount(input, MAX_GLOBALS, 9) }, () => takeGlobal(input));
  const runs = takeRuns(input, pages * GRANULES_PER_PAGE);
  const chunks = runs.map(({ start, count }) => ({ at: start * GRANULE, bytes: takeBytes(input, count * GRANULE) }));
  return { pages, chunks, globals };
}

interface Run {
  readonly start: number;
  readonly count: number;
}

function takeRuns(input: Input, granules: number): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (let left = takeCount(input, granules, 2 + GRANULE); left > 0; left--) {
    const at = input.at;
    const [gap, count] = [takeNumber(input, granules), takeNumber(input, granules)];
    if (count === 0) input.fail(at, "an empty run");
    if (gap === 0 && runs.length > 0) input.fail(at, "two runs that touch");
    if (count > granules - end - gap) input.fail(at, "a run past the end of the memory");
    runs.push({ start: end + gap, count });
    end += gap + count;
  }
  return runs;
}
