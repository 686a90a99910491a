// A directory on hosts without a race-free way to walk it: every name is looked at, then used. See directory.ts.
import { constants, promises } from "node:fs";
import { join, sep } from "node:path";
import { type EntryPath, parseEntry, parsePath } from "../files/path.ts";
import { refuse } from "../files/refusal.ts";
import type {
  Entry,
  EntryFacts,
  EntryKind,
  FilesBounds,
  FilesPlace,
  OpenHow,
  OpenWatch,
  OpenWriter,
  WriterMode,
} from "../files/types.ts";
import { demandFile, factsOf, hasCode, isNameable, kindOf, readAll, translated } from "./host.ts";
import { type OpenedFile, openFileOf } from "./open-file.ts";
import { newWatch } from "./watching.ts";
import { appenderTo, type Target, writerTo, writeWhole } from "./writer.ts";

const { lstat, mkdir, open, readdir, realpath, rename, rmdir, unlink } = promises;
type FileHandle = promises.FileHandle;

// Windows: "a:b" is a stream of a, "C:" a drive, "con" and "nul.txt" are devices, and a last dot or space is dropped.
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?$/i;
const UNPORTABLE = /[<>:"|?*\x01-\x1f]|[. ]$/;
// Not on Windows, where a link is found by the looks before and after alone.
const SAFELY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;

interface Root {
  /** The directory's real path, links resolved. */
  readonly path: string;
  readonly bounds: FilesBounds;
}

function checkNames(parts: readonly string[], path: unknown): void {
  const isBad = (name: string): boolean => DEVICE.test(name) || UNPORTABLE.test(name);
  if (process.platform === "win32" && parts.some(isBad)) refuse("E_PATH", String(path));
}

/** The host's path of a directory inside the root, none of whose names is a link. */
async function directoryAt({ path: root }: Root, parts: readonly string[], path: unknown): Promise<string> {
  checkNames(parts, path);
  let at = root;
  for (const part of parts) {
    at = join(at, part);
    const kind = kindOf(await lstat(at));
    if (kind !== "directory") refuse(kind === "link" ? "E_PATH" : "E_KIND", String(path));
  }
  await demandInside(root, at, path);
  return at;
}

async function demandInside(root: string, at: string, path: unknown): Promise<void> {
  const real = await realpath(at);
  if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) refuse("E_PATH", String(path));
}

async function entryAt(root: Root, { parents, name }: EntryPath, path: unknown): Promise<string> {
  checkNames([name], path);
  return join(await directoryAt(root, parents, path), name);
}

/** What there is, or undefined. */
async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  return await work.catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
}

const kindAt = async (at: string): Promise<EntryKind | undefined> => {
  const facts = await ifThere(lstat(at));
  return facts && kindOf(facts);
};

/** Opens a file: one that was looked at before, and is looked at again. */
async function openAt(root: Root, at: string, path: unknown, flags: number): Promise<FileHandle> {
  const handle = await open(at, flags | SAFELY, 0o666);
  try {
    demandFile(await handle.stat(), path);
    await demandInside(root.path, at, path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(root: Root, path: unknown, how: OpenHow): Promise<OpenedFile> {
  const at = await entryAt(root, parseEntry(path), path);
  const before = how.create ? await ifThere(lstat(at)) : await lstat(at);
  if (before !== undefined && how.exclusive) refuse("E_EXISTS", String(path));
  if (before !== undefined) demandFile(before, path);
  const making = before === undefined ? O_CREAT | O_EXCL : 0;
  const flags = (how.write ? O_RDWR : O_RDONLY) | (how.truncate ? O_TRUNC : 0) | making;
  return { handle: await openAt(root, at, path, flags), made: before === undefined };
}

async function readBytes(root: Root, path: unknown): Promise<Uint8Array> {
  const how = { write: false, create: false, exclusive: false, truncate: false };
  const { handle } = await openFile(root, path, how);
  try {
    return await readAll(handle, root.bounds.maxFileBytes, path);
  } finally {
    await handle.close();
  }
}

async function targetOf(root: Root, path: unknown): Promise<Target> {
  const entry = parseEntry(path);
  const at = await entryAt(root, entry, path);
  const directory = await directoryAt(root, entry.parents, path);
  const look = async (): Promise<number | undefined> => {
    await directoryAt(root, entry.parents, path);
    const facts = await ifThere(lstat(at));
    if (facts === undefined) return undefined;
    demandFile(facts, path);
    await (await openAt(root, at, path, O_WRONLY)).close();
    return facts.mode & 0o777;
  };
  const leave = async (): Promise<void> => undefined;
  return { path: String(path), name: entry.name, at: (name) => join(directory, name), look, leave };
}

async function openAppending(root: Root, path: unknown): Promise<FileHandle> {
  const at = await entryAt(root, parseEntry(path), path);
  const before = await ifThere(lstat(at));
  if (before !== undefined) demandFile(before, path);
  return await openAt(root, at, path, O_WRONLY | O_APPEND | O_CREAT);
}

async function openWriter(root: Root, path: unknown, mode: WriterMode): Promise<OpenWriter> {
  const most = root.bounds.maxFileBytes;
  if (mode === "append") return appenderTo(await openAppending(root, path), String(path), most);
  return await writerTo(await targetOf(root, path), mode, most);
}

async function write(root: Root, path: unknown, bytes: Uint8Array, mode: WriterMode): Promise<void> {
  if (bytes.length > root.bounds.maxFileBytes) refuse("E_TOO_LARGE", String(path));
  await writeWhole(await openWriter(root, path, mode), bytes);
}

async function list(root: Root, path: unknown): Promise<Entry[]> {
  const found = await readdir(await directoryAt(root, parsePath(path), path), { withFileTypes: true });
  if (found.length > root.bounds.maxEntries) refuse("E_TOO_LARGE", String(path));
  const entries = found.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  return entries.filter(({ name }) => isNameable(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function stat(root: Root, path: unknown): Promise<EntryFacts> {
  const isRoot = parsePath(path).length === 0;
  return factsOf(await lstat(isRoot ? root.path : await entryAt(root, parseEntry(path), path)));
}

async function remove(root: Root, path: unknown): Promise<void> {
  const at = await entryAt(root, parseEntry(path), path);
  await ((await lstat(at)).isDirectory() ? rmdir(at) : unlink(at));
}

async function makeDirectory(root: Root, path: unknown): Promise<void> {
  const parts = parsePath(path);
  for (let n = 1; n <= parts.length; n++) {
    const at = await entryAt(root, { parents: parts.slice(0, n - 1), name: parts[n - 1] as string }, path);
    if ((await kindAt(at)) === undefined) await mkdir(at);
  }
  await directoryAt(root, parts, path);
}

async function move(root: Root, from: unknown, to: unknown): Promise<void> {
  const [source, target] = [parseEntry(from), parseEntry(to)];
  await rename(await entryAt(root, source, from), await entryAt(root, target, to));
}

async function openWatch(root: Root, path: unknown): Promise<OpenWatch> {
  const parts = parsePath(path);
  const isDirectory = parts.length === 0 || (await kindAt(await entryAt(root, parseEntry(path), path))) === "directory";
  const only = isDirectory ? undefined : (parts.at(-1) as string);
  const host = await directoryAt(root, isDirectory ? parts : parts.slice(0, -1), path);
  return await newWatch({
    ...{ path: String(path), host, only, most: root.bounds.maxEntries },
    look: (name) => lstat(join(host, name), { bigint: true }),
    names: async () => (await list(root, (isDirectory ? parts : parts.slice(0, -1)).join("/"))).map(({ name }) => name),
    isGone: async () => (await kindAt(host)) === undefined,
    leave: async () => undefined,
  });
}

/** A place that checks names before it uses them. Without `raceUnsafe` it only reads. */
export function checkedPlace(path: string, bounds: FilesBounds, raceUnsafe: boolean): FilesPlace {
  const root: Root = { path, bounds };
  const change = <T>(at: unknown, work: () => Promise<T>): Promise<T> =>
    translated(at, async () => (raceUnsafe ? await work() : refuse("E_READ_ONLY", String(at))));
  const open = async (at: unknown, how: OpenHow) =>
    openFileOf(await openFile(root, at, how), String(at), bounds.maxFileBytes);
  return {
    bounds,
    readBytes: (at) => translated(at, () => readBytes(root, at)),
    list: (at) => translated(at, () => list(root, at)),
    stat: (at) => translated(at, () => stat(root, at)),
    writeBytes: (at, bytes) => change(at, () => write(root, at, bytes, "replace")),
    append: (at, bytes) => change(at, () => write(root, at, bytes, "append")),
    remove: (at) => change(at, () => remove(root, at)),
    makeDirectory: (at) => change(at, () => makeDirectory(root, at)),
    rename: (from, to) => change(from, () => move(root, from, to)),
    open: (at, how) => (how.write ? change : translated)(at, () => open(at, how)),
    openWriter: (at, mode) => change(at, () => openWriter(root, at, mode)),
    watch: (at) => translated(at, () => openWatch(root, at)),
  };
}
