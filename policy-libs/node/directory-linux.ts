// A directory on Linux, walked one name at a time through /proc/self/fd. See directory.ts for what this keeps.
import { constants, promises } from "node:fs";
import { parseEntry, parsePath } from "../files/path.ts";
import { refuse } from "../files/refusal.ts";
import type { Entry, EntryFacts, FilesPlace } from "../files/types.ts";
import { factsOf, hasCode, isNameable, kindOf, readAll, translated } from "./host.ts";
import { openAppending, openEntry, openFile, openWatch, openWriter } from "./linux-open.ts";
import { inside, looking, type Root, within } from "./linux-walk.ts";
import { openFileOf } from "./open-file.ts";
import { appenderTo, writeWhole } from "./writer.ts";

const { mkdir, opendir, rename, rmdir, unlink } = promises;

function readBytes(root: Root, path: unknown): Promise<Uint8Array> {
  const { parents, name } = parseEntry(path);
  return within(root, parents, async (fd) => {
    const file = await openEntry(fd, name, path, constants.O_RDONLY);
    try {
      return await readAll(file, root.bounds.maxFileBytes, path);
    } finally {
      await file.close();
    }
  });
}

async function append(root: Root, path: unknown, bytes: Uint8Array): Promise<void> {
  const { maxFileBytes } = root.bounds;
  if (bytes.length > maxFileBytes) refuse("E_TOO_LARGE", String(path));
  await writeWhole(appenderTo(await openAppending(root, path), String(path), maxFileBytes), bytes);
}

async function writeBytes(root: Root, path: unknown, bytes: Uint8Array): Promise<void> {
  if (bytes.length > root.bounds.maxFileBytes) refuse("E_TOO_LARGE", String(path));
  await writeWhole(await openWriter(root, path, "replace"), bytes);
}

function list(root: Root, path: unknown): Promise<Entry[]> {
  return within(root, parsePath(path), async (fd) => {
    const found: Entry[] = [];
    for await (const entry of await opendir(inside(fd, "."))) {
      if (found.length >= root.bounds.maxEntries) refuse("E_TOO_LARGE", String(path));
      if (isNameable(entry.name)) found.push({ name: entry.name, kind: kindOf(entry) });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

function stat(root: Root, path: unknown): Promise<EntryFacts> {
  const parts = parsePath(path);
  const name = parts.at(-1) ?? ".";
  return within(root, parts.slice(0, -1), (fd) => looking(fd, name, async (facts) => factsOf(facts)));
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

/** The place of an open directory. */
export function linuxPlace(root: Root): FilesPlace {
  const { bounds } = root;
  return {
    bounds,
    readBytes: (path) => translated(path, () => readBytes(root, path)),
    list: (path) => translated(path, () => list(root, path)),
    stat: (path) => translated(path, () => stat(root, path)),
    writeBytes: (path, bytes) => translated(path, () => writeBytes(root, path, bytes)),
    append: (path, bytes) => translated(path, () => append(root, path, bytes)),
    remove: (path) => translated(path, () => remove(root, path)),
    makeDirectory: (path) =>
      translated(path, () => within(root, parsePath(path), async () => undefined, makeIfMissing)),
    rename: (from, to) => translated(from, () => move(root, from, to)),
    open: (path, how) =>
      translated(path, async () => openFileOf(await openFile(root, path, how), String(path), bounds.maxFileBytes)),
    openWriter: (path, mode) => translated(path, () => openWriter(root, path, mode)),
    watch: (path) => translated(path, () => openWatch(root, path)),
  };
}
