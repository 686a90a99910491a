// A directory on Linux, walked one name at a time through /proc/self/fd. See directory.ts for what this keeps.
import { constants, promises, type Stats } from "node:fs";
import { parseEntry, parsePath } from "../files/path.ts";
import { refuse } from "../files/refusal.ts";
import type { Entry, EntryFacts, EntryKind, FilesBounds, FilesPlace } from "../files/types.ts";
import { hasCode, readAll, translated } from "./host.ts";

const { lstat, mkdir, open, opendir, rename, rmdir, unlink } = promises;
type FileHandle = promises.FileHandle;

// Opens the thing itself and does nothing with it: no device is woken, no pipe waited for, no link followed.
const O_PATH = 0o10000000;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const LOOK = O_PATH | constants.O_NOFOLLOW;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const TRIES = 8;

interface Root {
  readonly fd: number;
  readonly bounds: FilesBounds;
}

type Kinds = Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink">;

const inside = (fd: number, name: string): string => `/proc/self/fd/${fd}/${name}`;

/** Opens the directory that `parts` lead to, and closes it, and all on the way, when `use` is done. */
async function within<T>(
  root: Root,
  parts: readonly string[],
  use: (fd: number) => Promise<T>,
  step: (at: string) => Promise<unknown> = async () => undefined,
): Promise<T> {
  let last: FileHandle | undefined;
  try {
    for (const part of parts) {
      const at = inside(last?.fd ?? root.fd, part);
      await step(at);
      const next = await open(at, DIRECTORY).catch((error: unknown) => explain(error, at));
      await last?.close();
      last = next;
    }
    return await use(last?.fd ?? root.fd);
  } finally {
    await last?.close();
  }
}

/** A link is "not a directory" to the host; the guest shall know which of the two it was. */
async function explain(error: unknown, at: string): Promise<never> {
  const isLink = hasCode(error, "ENOTDIR") && (await lstat(at)).isSymbolicLink();
  throw isLink ? Object.assign(new Error(), { code: "ELOOP" }) : error;
}

const kindOf = (facts: Kinds): EntryKind => {
  if (facts.isFile()) return "file";
  if (facts.isDirectory()) return "directory";
  return facts.isSymbolicLink() ? "link" : "other";
};

/** Looks at the entry `name` of the directory `fd`; `use` gets what it is and a path that means this very thing. */
async function looking<T>(fd: number, name: string, use: (facts: Stats, itself: string) => Promise<T>): Promise<T> {
  const handle = await open(inside(fd, name), LOOK);
  try {
    return await use(await handle.stat(), `/proc/self/fd/${handle.fd}`);
  } finally {
    await handle.close();
  }
}

function demandFile(facts: Stats, path: unknown): void {
  const kind = kindOf(facts);
  if (kind === "link") refuse("E_PATH", String(path));
  if (kind !== "file") refuse("E_KIND", String(path));
}

function readBytes(root: Root, path: unknown): Promise<Uint8Array> {
  const { parents, name } = parseEntry(path);
  const read = async (facts: Stats, itself: string): Promise<Uint8Array> => {
    demandFile(facts, path);
    const file = await open(itself, constants.O_RDONLY);
    try {
      return await readAll(file, root.bounds.maxFileBytes, path);
    } finally {
      await file.close();
    }
  };
  return within(root, parents, (fd) => looking(fd, name, read));
}

async function writeTo(file: FileHandle, bytes: Uint8Array, path: unknown, most: number): Promise<void> {
  try {
    const { size } = await file.stat();
    if (size + bytes.length > most) refuse("E_TOO_LARGE", String(path));
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}

/** The entry, made if there is none. Somebody else may make or remove it between two looks: then look again. */
async function openForWriting(fd: number, name: string, path: unknown, flags: number): Promise<FileHandle> {
  for (let left = TRIES; left > 0; left--) {
    try {
      return await open(inside(fd, name), CREATE, 0o666);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    try {
      return await looking(fd, name, async (facts, itself) => {
        demandFile(facts, path);
        return await open(itself, constants.O_WRONLY | flags);
      });
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
  return refuse("E_IO", String(path));
}

function write(root: Root, path: unknown, bytes: Uint8Array, flags: number): Promise<void> {
  const { parents, name } = parseEntry(path);
  if (bytes.length > root.bounds.maxFileBytes) refuse("E_TOO_LARGE", String(path));
  return within(root, parents, async (fd) => {
    const file = await openForWriting(fd, name, path, flags);
    await writeTo(file, bytes, path, root.bounds.maxFileBytes);
  });
}

/** A name that is no UTF-8 cannot be asked for, so it is not shown. */
const isNameable = (name: string): boolean => !name.includes("\ufffd") && !name.includes("\\");

function list(root: Root, path: unknown): Promise<Entry[]> {
  return within(root, parsePath(path), async (fd) => {
    const found: Entry[] = [];
    for await (const entry of await opendir(`/proc/self/fd/${fd}`)) {
      if (found.length >= root.bounds.maxEntries) refuse("E_TOO_LARGE", String(path));
      if (isNameable(entry.name)) found.push({ name: entry.name, kind: kindOf(entry) });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

const factsFor = (facts: Stats): EntryFacts => {
  const kind = kindOf(facts);
  return { kind, size: kind === "file" ? facts.size : 0, modified: new Date(Math.trunc(facts.mtimeMs)) };
};

function stat(root: Root, path: unknown): Promise<EntryFacts> {
  const parts = parsePath(path);
  const name = parts.at(-1) ?? ".";
  return within(root, parts.slice(0, -1), (fd) => looking(fd, name, async (facts) => factsFor(facts)));
}

function remove(root: Root, path: unknown): Promise<void> {
  const { parents, name } = parseEntry(path);
  return within(root, parents, async (fd) => {
    const isDirectory = await looking(fd, name, async (facts) => facts.isDirectory());
    // Neither follows a link. If the entry changes its kind here, the call fails.
    await (isDirectory ? rmdir(inside(fd, name)) : unlink(inside(fd, name)));
  });
}

async function makeIfMissing(at: string): Promise<void> {
  await mkdir(at).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
}

function move(root: Root, allegedFrom: unknown, allegedTo: unknown): Promise<void> {
  const [from, to] = [parseEntry(allegedFrom), parseEntry(allegedTo)];
  return within(root, from.parents, (source) =>
    within(root, to.parents, (target) => rename(inside(source, from.name), inside(target, to.name))),
  );
}

/** The place of an open directory. `fd` must stay open as long as the place is used. */
export function linuxPlace(fd: number, bounds: FilesBounds): FilesPlace {
  const root: Root = { fd, bounds };
  return {
    readBytes: (path) => translated(path, () => readBytes(root, path)),
    list: (path) => translated(path, () => list(root, path)),
    stat: (path) => translated(path, () => stat(root, path)),
    writeBytes: (path, bytes) => translated(path, () => write(root, path, bytes, constants.O_TRUNC)),
    append: (path, bytes) => translated(path, () => write(root, path, bytes, constants.O_APPEND)),
    remove: (path) => translated(path, () => remove(root, path)),
    makeDirectory: (path) =>
      translated(path, () => within(root, parsePath(path), async () => undefined, makeIfMissing)),
    rename: (from, to) => translated(from, () => move(root, from, to)),
  };
}
