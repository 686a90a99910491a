// What the two kinds of real directories share: errors of the host become errors of the capability; bounded reading.
import type { promises, Stats } from "node:fs";
import { isPlainName } from "../files/path.ts";
import { FILES_ERRORS, type FilesErrorCode, filesError, refuse } from "../files/refusal.ts";
import type { EntryFacts, EntryKind } from "../files/types.ts";

// ELOOP and ENOTDIR: a link, or a file, where the walk needed a directory.
const CODES = new Map<unknown, FilesErrorCode>([
  ["ENOENT", "E_NOT_FOUND"],
  ["EEXIST", "E_EXISTS"],
  ["ELOOP", "E_PATH"],
  ["ENOTDIR", "E_KIND"],
  ["EISDIR", "E_KIND"],
  ["ENOTEMPTY", "E_NOT_EMPTY"],
  ["ENAMETOOLONG", "E_PATH"],
  ["EINVAL", "E_PATH"],
  ["EFBIG", "E_TOO_LARGE"],
  ["EROFS", "E_READ_ONLY"],
  ["ENOSPC", "E_FULL"],
  ["EDQUOT", "E_FULL"],
  ["EMFILE", "E_QUOTA"],
  ["ENFILE", "E_QUOTA"],
]);

/** Of an open thing, which has no path any more. */
const USE_CODES = new Map<unknown, FilesErrorCode>([
  ["EFBIG", "E_TOO_LARGE"],
  ["ENOSPC", "E_FULL"],
  ["EDQUOT", "E_FULL"],
]);

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

export const hasCode = (error: unknown, code: string): boolean => codeOf(error) === code;

async function withCodes<T>(
  codes: ReadonlyMap<unknown, FilesErrorCode>,
  path: unknown,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (Object.hasOwn(FILES_ERRORS, String(codeOf(error)))) throw error;
    throw filesError(codes.get(codeOf(error)) ?? "E_IO", String(path));
  }
}

/** Runs what the guest asked for. A failure of the host loses its message, which names paths of the host. */
export const translated = <T>(path: unknown, work: () => Promise<T>): Promise<T> => withCodes(CODES, path, work);

/** The same for what is done with something that is open. */
export const translatedUse = <T>(path: unknown, work: () => Promise<T>): Promise<T> => withCodes(USE_CODES, path, work);

type Kinds = Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink">;

export const kindOf = (facts: Kinds): EntryKind => {
  if (facts.isFile()) return "file";
  if (facts.isDirectory()) return "directory";
  return facts.isSymbolicLink() ? "link" : "other";
};

export const factsOf = (facts: Stats): EntryFacts => {
  const kind = kindOf(facts);
  return { kind, size: kind === "file" ? facts.size : 0, modified: new Date(Math.trunc(facts.mtimeMs)) };
};

export function demandFile(facts: Kinds, path: unknown): void {
  const kind = kindOf(facts);
  if (kind === "link") refuse("E_PATH", String(path));
  if (kind !== "file") refuse("E_KIND", String(path));
}

/** A name that cannot be asked for is not shown: one that is no UTF-8, and that of a file that is being written. */
export const isNameable = (name: string): boolean => isPlainName(name) && !name.includes("\ufffd");

const PIECE = 65_536;

/** Reads to the end, or refuses at `most` bytes: the size told before may be a lie by now, or by nature (/proc). */
export async function readAll(file: promises.FileHandle, most: number, path: unknown): Promise<Uint8Array> {
  const { size } = await file.stat();
  if (size > most) refuse("E_TOO_LARGE", String(path));
  let room = new Uint8Array(Math.max(size + 1, PIECE));
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(room, length, room.length - length);
    if (bytesRead === 0) return room.subarray(0, length);
    length += bytesRead;
    if (length > most) refuse("E_TOO_LARGE", String(path));
    if (length === room.length) {
      const more = new Uint8Array(2 * length);
      more.set(room);
      room = more;
    }
  }
}

/** Reads at an offset: `most` bytes, or what there is. Room is made for what the file is said to have, and a piece. */
export async function readSome(file: promises.FileHandle, offset: number, most: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  const room = new Uint8Array(Math.min(most, Math.max(size - offset, PIECE)));
  let length = 0;
  while (length < room.length) {
    const { bytesRead } = await file.read(room, length, room.length - length, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return room.subarray(0, length);
}

/** Writes all of it: at an offset, or where the file stands. */
export async function writeAll(file: promises.FileHandle, bytes: Uint8Array, offset: number | null): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = offset === null ? null : offset + done;
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at);
    done += bytesWritten;
  }
}
