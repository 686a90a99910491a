// What the embedder is told when a file of blobs fails: which file, what is wrong, what to do.
import { resultOf } from "./sqlite.ts";
import type { Words } from "./sqlite-line.ts";

/** Found by us, not by SQLite. Its message has no path yet. */
export class BlobError extends Error {
  override readonly name = "BlobError";
}

export const BROKEN = "the file is damaged (restore it from a copy)";

// Primary result codes (sqlite.org/rescode.html).
const REASONS = new Map<number, string>([
  [3, "the file may not be read"],
  [5, "another process has been using the file for too long"],
  [6, "another process has been using the file for too long"],
  [8, "the file may not be written"],
  [10, "the disk fails, or is full"],
  [11, BROKEN],
  [13, "the disk is full: make room"],
  [14, "the file cannot be opened: is its directory there, and may it be written?"],
  [26, BROKEN],
]);

function reasonOf(error: unknown): string {
  if (error instanceof BlobError) return error.message;
  const { message } = error as { readonly message?: unknown };
  return REASONS.get(resultOf(error) ?? -1) ?? String(message);
}

export const wordsOf = (path: string): Words => ({
  told: (error) => Object.assign(new BlobError(`${path}: ${reasonOf(error)}`), { cause: error }),
  closed: () => new BlobError(`${path}: the store was closed`),
});
