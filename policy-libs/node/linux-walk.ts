// Walking a directory on Linux one name at a time, through /proc/self/fd. See directory.ts for what this keeps.
import { constants, promises, type Stats } from "node:fs";
import type { FilesBounds } from "../files/types.ts";
import { hasCode } from "./host.ts";

const { lstat, open } = promises;
type FileHandle = promises.FileHandle;

// Opens the thing itself and does nothing with it: no device is woken, no pipe waited for, no link followed.
const O_PATH = 0o10000000;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const LOOK = O_PATH | constants.O_NOFOLLOW;

/** The open directory. Its descriptor is closed when nobody can reach this record any more: pass it, not the number. */
export interface Root {
  readonly fd: number;
  readonly bounds: FilesBounds;
}

export const inside = (fd: number, name: string): string => `/proc/self/fd/${fd}/${name}`;

type Step = (at: string) => Promise<unknown>;

/** A link is "not a directory" to the host; the guest shall know which of the two it was. */
async function explain(error: unknown, at: string): Promise<never> {
  const isLink = hasCode(error, "ENOTDIR") && (await lstat(at)).isSymbolicLink();
  throw isLink ? Object.assign(new Error(), { code: "ELOOP" }) : error;
}

/** The directory that `parts` lead to, open; undefined for the root itself. */
async function walk(root: Root, parts: readonly string[], step: Step | undefined): Promise<FileHandle | undefined> {
  let last: FileHandle | undefined;
  for (const part of parts) {
    const at = inside(last?.fd ?? root.fd, part);
    try {
      await step?.(at);
      const next = await open(at, DIRECTORY).catch((error: unknown) => explain(error, at));
      await last?.close();
      last = next;
    } catch (error) {
      await last?.close();
      throw error;
    }
  }
  return last;
}

/** Opens the directory that `parts` lead to, and closes it when `use` is done. */
export async function within<T>(
  root: Root,
  parts: readonly string[],
  use: (fd: number) => Promise<T>,
  step?: Step,
): Promise<T> {
  const last = await walk(root, parts, step);
  try {
    return await use(last?.fd ?? root.fd);
  } finally {
    await last?.close();
  }
}

/** The same directory for longer: who gets it closes it. */
export const openDirectory = async (root: Root, parts: readonly string[]): Promise<FileHandle> =>
  (await walk(root, parts, undefined)) ?? (await open(inside(root.fd, "."), DIRECTORY));

/** Looks at the entry `name` of the directory `fd`; `use` gets what it is and a path that means this very thing. */
export async function looking<T>(
  fd: number,
  name: string,
  use: (facts: Stats, itself: string) => Promise<T>,
): Promise<T> {
  const handle = await open(inside(fd, name), LOOK);
  try {
    return await use(await handle.stat(), `/proc/self/fd/${handle.fd}`);
  } finally {
    await handle.close();
  }
}
