// A directory on hosts without a race-free way to walk it: every name is looked at, then used. See directory.ts.
import { constants, promises, type Stats } from "node:fs";
import { join, sep } from "node:path";
import { parseEntry, parsePath } from "../files/path.ts";
import { refuse } from "../files/refusal.ts";
import type { Entry, EntryFacts, EntryKind, FilesBounds, FilesPlace } from "../files/types.ts";
import { hasCode, readAll, translated } from "./host.ts";

const { lstat, mkdir, open, readdir, realpath, rename, rmdir, unlink } = promises;

// Windows: "a:b" is a stream of a, "C:" a drive, "con" and "nul.txt" are devices, and a last dot or space is dropped.
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?$/i;
const UNPORTABLE = /[<>:"|?*\x01-\x1f]|[. ]$/;
// Not on Windows, where a link is found by the looks before and after alone.
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;

interface Root {
  /** The directory's real path, links resolved. */
  readonly path: string;
  readonly bounds: FilesBounds;
}

const kindOf = (facts: Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink">): EntryKind => {
  if (facts.isFile()) return "file";
  if (facts.isDirectory()) return "directory";
  return facts.isSymbolicLink() ? "link" : "other";
};

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

async function entryAt(root: Root, path: unknown): Promise<string> {
  const { parents, name } = parseEntry(path);
  checkNames([name], path);
  return join(await directoryAt(root, parents, path), name);
}

/** The entry's kind, or undefined if there is none. */
async function kindAt(at: string): Promise<EntryKind | undefined> {
  const facts = await lstat(at).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
  return facts && kindOf(facts);
}

async function readBytes(root: Root, path: unknown): Promise<Uint8Array> {
  const at = await entryAt(root, path);
  const kind = kindOf(await lstat(at));
  if (kind !== "file") refuse(kind === "link" ? "E_PATH" : "E_KIND", String(path));
  const file = await open(at, constants.O_RDONLY | NOFOLLOW);
  try {
    await demandInside(root.path, at, path);
    return await readAll(file, root.bounds.maxFileBytes, path);
  } finally {
    await file.close();
  }
}

async function write(root: Root, path: unknown, bytes: Uint8Array, flags: number): Promise<void> {
  const at = await entryAt(root, path);
  const kind = await kindAt(at);
  if (kind !== undefined && kind !== "file") refuse(kind === "link" ? "E_PATH" : "E_KIND", String(path));
  if (bytes.length > root.bounds.maxFileBytes) refuse("E_TOO_LARGE", String(path));
  const file = await open(at, constants.O_WRONLY | constants.O_CREAT | NOFOLLOW | flags, 0o666);
  try {
    const { size } = await file.stat();
    if (size + bytes.length > root.bounds.maxFileBytes) refuse("E_TOO_LARGE", String(path));
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}

async function list(root: Root, path: unknown): Promise<Entry[]> {
  const found = await readdir(await directoryAt(root, parsePath(path), path), { withFileTypes: true });
  if (found.length > root.bounds.maxEntries) refuse("E_TOO_LARGE", String(path));
  const entries = found.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  return entries.filter(({ name }) => !name.includes("\ufffd")).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function stat(root: Root, path: unknown): Promise<EntryFacts> {
  const isRoot = parsePath(path).length === 0;
  const facts = await lstat(isRoot ? root.path : await entryAt(root, path));
  const kind = kindOf(facts);
  return { kind, size: kind === "file" ? facts.size : 0, modified: new Date(Math.trunc(facts.mtimeMs)) };
}

async function remove(root: Root, path: unknown): Promise<void> {
  const at = await entryAt(root, path);
  await ((await lstat(at)).isDirectory() ? rmdir(at) : unlink(at));
}

async function makeDirectory(root: Root, path: unknown): Promise<void> {
  const parts = parsePath(path);
  for (let n = 1; n <= parts.length; n++) {
    const at = await entryAt(root, parts.slice(0, n).join("/"));
    if ((await kindAt(at)) === undefined) await mkdir(at);
  }
  await directoryAt(root, parts, path);
}

/** A place that checks names before it uses them. Without `raceUnsafe` it only reads. */
export function checkedPlace(path: string, bounds: FilesBounds, raceUnsafe: boolean): FilesPlace {
  const root: Root = { path, bounds };
  const change = (at: unknown, work: () => Promise<void>): Promise<void> =>
    translated(at, async () => (raceUnsafe ? await work() : refuse("E_READ_ONLY", String(at))));
  return {
    readBytes: (at) => translated(at, () => readBytes(root, at)),
    list: (at) => translated(at, () => list(root, at)),
    stat: (at) => translated(at, () => stat(root, at)),
    writeBytes: (at, bytes) => change(at, () => write(root, at, bytes, constants.O_TRUNC)),
    append: (at, bytes) => change(at, () => write(root, at, bytes, constants.O_APPEND)),
    remove: (at) => change(at, () => remove(root, at)),
    makeDirectory: (at) => change(at, () => makeDirectory(root, at)),
    rename: (from, to) => change(from, async () => rename(await entryAt(root, from), await entryAt(root, to))),
  };
}
