// Opening files on Linux: what was looked at is what is opened, by its descriptor and not by its name again.
import { constants, promises } from "node:fs";
import { parseEntry, parsePath } from "../files/path.ts";
import { refuse } from "../files/refusal.ts";
import type { OpenHow, OpenWatch, OpenWriter, WriterMode } from "../files/types.ts";
import { demandFile, hasCode, isNameable } from "./host.ts";
import { inside, looking, openDirectory, type Root, within } from "./linux-walk.ts";
import type { OpenedFile } from "./open-file.ts";
import { newWatch } from "./watching.ts";
import { appenderTo, type Target, writerTo } from "./writer.ts";

const { lstat, open, opendir } = promises;
type FileHandle = promises.FileHandle;

// O_NONBLOCK: what was looked at is a file, and opening one waits for nothing but for whoever holds a lease on it.
const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const TRIES = 8;

/** Opens the file that an entry is. */
export const openEntry = (fd: number, name: string, path: unknown, flags: number): Promise<FileHandle> =>
  looking(fd, name, async (facts, itself) => {
    demandFile(facts, path);
    return await open(itself, flags | O_NONBLOCK);
  });

interface Creating {
  readonly flags: number;
  readonly exclusive: boolean;
}

/** The entry, made if there is none. Somebody else may make or remove it between two looks: then look again. */
async function openOrMake(
  fd: number,
  name: string,
  path: unknown,
  { flags, exclusive }: Creating,
): Promise<OpenedFile> {
  for (let left = TRIES; left > 0; left--) {
    try {
      const access = flags & (O_WRONLY | O_RDWR | O_APPEND);
      const handle = await open(inside(fd, name), access | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
      return { handle, made: true };
    } catch (error) {
      if (exclusive || !hasCode(error, "EEXIST")) throw error;
    }
    try {
      return { handle: await openEntry(fd, name, path, flags), made: false };
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
  return refuse("E_IO", String(path));
}

export function openFile(root: Root, path: unknown, how: OpenHow): Promise<OpenedFile> {
  const { parents, name } = parseEntry(path);
  const flags = (how.write ? O_RDWR : O_RDONLY) | (how.truncate ? O_TRUNC : 0);
  return within(root, parents, async (fd) => {
    if (how.create) return await openOrMake(fd, name, path, { flags, exclusive: how.exclusive });
    return { handle: await openEntry(fd, name, path, flags), made: false };
  });
}

async function permissionsOf(fd: number, name: string, path: unknown): Promise<number | undefined> {
  try {
    return await looking(fd, name, async (facts, itself) => {
      demandFile(facts, path);
      // Taking a file's place needs leave to write into it, as writing into it does.
      await (await open(itself, O_WRONLY | O_NONBLOCK)).close();
      return facts.mode & 0o777;
    });
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function targetOf(root: Root, path: unknown): Promise<Target> {
  const { parents, name } = parseEntry(path);
  const directory = await openDirectory(root, parents);
  const { fd } = directory;
  return {
    path: String(path),
    name,
    at: (entry) => inside(fd, entry),
    look: () => permissionsOf(fd, name, path),
    leave: () => directory.close(),
  };
}

export async function openAppending(root: Root, path: unknown): Promise<FileHandle> {
  const { parents, name } = parseEntry(path);
  const creating = { flags: O_WRONLY | O_APPEND, exclusive: false };
  return await within(root, parents, async (fd) => (await openOrMake(fd, name, path, creating)).handle);
}

export async function openWriter(root: Root, path: unknown, mode: WriterMode): Promise<OpenWriter> {
  const most = root.bounds.maxFileBytes;
  if (mode === "append") return appenderTo(await openAppending(root, path), String(path), most);
  return await writerTo(await targetOf(root, path), mode, most);
}

/** Names in an open directory. */
async function namesIn(fd: number, most: number, path: unknown): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of await opendir(inside(fd, "."))) {
    if (found.length >= most) refuse("E_TOO_LARGE", String(path));
    if (isNameable(name)) found.push(name);
  }
  return found;
}

/** The directory to watch, and the one entry of it if the path means no directory. */
async function openWatched(root: Root, path: unknown): Promise<{ directory: FileHandle; only: string | undefined }> {
  const parts = parsePath(path);
  try {
    return { directory: await openDirectory(root, parts), only: undefined };
  } catch (error) {
    const isNoDirectory = ["ENOENT", "ENOTDIR", "ELOOP"].some((code) => hasCode(error, code));
    if (!isNoDirectory || parts.length === 0) throw error;
    return { directory: await openDirectory(root, parts.slice(0, -1)), only: parts.at(-1) as string };
  }
}

export async function openWatch(root: Root, path: unknown): Promise<OpenWatch> {
  const { directory, only } = await openWatched(root, path);
  const { fd } = directory;
  return await newWatch({
    path: String(path),
    // The last name is what the host calls events of the directory itself: it must be no entry's name.
    host: inside(fd, "."),
    only,
    most: root.bounds.maxEntries,
    look: (name) => lstat(inside(fd, name), { bigint: true }),
    names: () => namesIn(fd, root.bounds.maxEntries, path),
    isGone: async () => (await directory.stat()).nlink === 0,
    leave: () => directory.close(),
  });
}
