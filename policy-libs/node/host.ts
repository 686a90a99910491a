// What the two kinds of real directories share: errors of the host become errors of the capability; bounded reading.
import type { promises } from "node:fs";
import { FILES_ERRORS, type FilesErrorCode, filesError, refuse } from "../files/refusal.ts";

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
]);

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

export const hasCode = (error: unknown, code: string): boolean => codeOf(error) === code;

/** Runs what the guest asked for. A failure of the host loses its message, which names paths of the host. */
export async function translated<T>(path: unknown, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (Object.hasOwn(FILES_ERRORS, String(codeOf(error)))) throw error;
    throw filesError(CODES.get(codeOf(error)) ?? "E_IO", String(path));
  }
}

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

/** At most `most` of these pieces of work at a time: each holds descriptors, of which the process has few. */
export function newQueue(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  };
  return async (work) => {
    if (running < most) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return await work().finally(leave);
  };
}
