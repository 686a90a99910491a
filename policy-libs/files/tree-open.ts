// Open files of a tree in memory. An open file is a node, whatever its name means by now; a writer's file has no name
// until it is finished.
import { refuse } from "./refusal.ts";
import { addEntry, type File, fileAt, findSpot, free, newFile, putEntry, type Spot, type Tree } from "./tree.ts";
import { bytesBetween, cut, fill, type Writing, writeAt } from "./tree-bytes.ts";
import type { OpenFile, OpenHow, OpenWriter, Payer, WriterMode } from "./types.ts";

function letGo(tree: Tree, file: File): void {
  file.opened--;
  free(tree, file);
}

/** A file with these bytes takes the spot. Its old file stays for those who have it open. */
export function replace(tree: Tree, spot: Spot, bytes: Uint8Array, payer: Payer | undefined, path: unknown): void {
  const file = newFile(tree.now());
  file.opened++;
  try {
    fill({ tree, file, payer, path }, bytes);
    putEntry(tree, spot, file, path);
  } finally {
    letGo(tree, file);
  }
}

function fileFor(tree: Tree, path: unknown, how: OpenHow): { readonly file: File; readonly made: boolean } {
  const spot = findSpot(tree, path);
  if (spot.node !== undefined && how.exclusive) return refuse("E_EXISTS", String(path));
  if (spot.node !== undefined || !how.create) return { file: fileAt(spot, path), made: false };
  const file = newFile(tree.now());
  addEntry(tree, spot, file, path);
  return { file, made: true };
}

export function openFile(tree: Tree, path: unknown, how: OpenHow, payer?: Payer): OpenFile {
  const { file, made } = fileFor(tree, path, how);
  const writing = (by: Payer | undefined): Writing => ({ tree, file, payer: by, path });
  if (how.truncate && file.size > 0) cut(writing(payer), 0);
  file.opened++;
  return {
    made,
    size: async () => file.size,
    read: async (offset, most) => bytesBetween(file, offset, offset + most),
    write: async (offset, bytes, by = payer) => writeAt(writing(by), offset, bytes),
    truncate: async (size) => cut(writing(file.payer), size),
    flush: async () => undefined,
    close: async () => letGo(tree, file),
  };
}

/** Adds to a file that is there, or to a new one, at once: there is nothing to finish. */
function appender(tree: Tree, path: unknown, payer: Payer | undefined): OpenWriter {
  const { file } = fileFor(tree, path, { write: true, create: true, exclusive: false, truncate: false });
  file.opened++;
  return {
    write: async (bytes, by = payer) => writeAt({ tree, file, payer: by, path }, file.size, bytes),
    finish: async () => letGo(tree, file),
    abort: async () => letGo(tree, file),
  };
}

/** What stands at the spot by now; refuses what the writer may not replace. */
function lookAgain({ parent, name }: Spot, mode: WriterMode, path: unknown): Spot {
  const spot = { parent, name, node: parent.entries.get(name) };
  if (parent.isGone) return refuse("E_NOT_FOUND", String(path));
  if (spot.node !== undefined && mode === "create") return refuse("E_EXISTS", String(path));
  if (spot.node !== undefined) fileAt(spot, path);
  return spot;
}

export function openWriter(tree: Tree, path: unknown, mode: WriterMode, payer?: Payer): OpenWriter {
  if (mode === "append") return appender(tree, path, payer);
  const spot = lookAgain(findSpot(tree, path), mode, path);
  const file = newFile(tree.now());
  file.opened++;
  return {
    write: async (bytes, by = payer) => writeAt({ tree, file, payer: by, path }, file.size, bytes),
    finish: async () => {
      try {
        putEntry(tree, lookAgain(spot, mode, path), file, path);
      } finally {
        letGo(tree, file);
      }
    },
    abort: async () => letGo(tree, file),
  };
}
