// A tree of files in memory: for tests, for guests that need scratch space, and for browsers. What it holds is bounded
// by tree.ts. Every change is made in one go: no other call sees a part of it.
import { boundsOf } from "./bounds.ts";
import { type EntryPath, parseEntry, parsePath } from "./path.ts";
import { refuse } from "./refusal.ts";
import { encodeText } from "./text.ts";
import {
  addEntry,
  type Directory,
  type File,
  fileAt,
  find,
  findDirectory,
  findSpot,
  moveEntry,
  type Node,
  newDirectory,
  newFile,
  removeEntry,
  type Spot,
  type Tree,
} from "./tree.ts";
import { bytesOf, fill, writeAt } from "./tree-bytes.ts";
import { openFile, openWriter, replace } from "./tree-open.ts";
import { openWatch } from "./tree-watch.ts";
import type { Entry, EntryFacts, FilesBounds, FilesPlace, Payer } from "./types.ts";

export { MAX_TREE_BYTES, MAX_TREE_NODES } from "./tree.ts";

/** What a tree begins with: text, bytes, or a directory. */
export interface TreeContents {
  readonly [name: string]: string | Uint8Array | TreeContents;
}

/** How much a tree in memory holds. */
export interface TreeOptions extends Partial<FilesBounds> {
  /** What `modified` says of new files, in milliseconds. Default: always 0, so that runs repeat. */
  readonly now?: () => number;
}

function put(tree: Tree, path: unknown, bytes: Uint8Array, payer?: Payer): void {
  const spot = findSpot(tree, path);
  const file = spot.node === undefined ? newFile(tree.now()) : fileAt(spot, path);
  // Nobody has it open: its bytes may as well be exchanged.
  if (spot.node !== undefined && file.opened === 0) return fill({ tree, file, payer, path }, bytes);
  replace(tree, spot, bytes, payer, path);
}

function append(tree: Tree, path: unknown, bytes: Uint8Array, payer?: Payer): void {
  const spot = findSpot(tree, path);
  if (spot.node === undefined) return put(tree, path, bytes, payer);
  const file = fileAt(spot, path);
  writeAt({ tree, file, payer, path }, file.size, bytes);
}

function remove(tree: Tree, path: unknown): void {
  const spot = findSpot(tree, path);
  const node = spot.node ?? refuse("E_NOT_FOUND", String(path));
  if (node.kind === "directory" && node.entries.size > 0) refuse("E_NOT_EMPTY", String(path));
  removeEntry(tree, spot, node);
}

function makeDirectory(tree: Tree, path: unknown): void {
  let node: Node = tree.root;
  for (const name of parsePath(path)) {
    if (node.kind !== "directory") return refuse("E_KIND", String(path));
    const spot: Spot = { parent: node, name, node: node.entries.get(name) };
    node = spot.node ?? newDirectory(tree.now());
    if (spot.node === undefined) addEntry(tree, spot, node, path);
  }
  if (node.kind !== "directory") refuse("E_EXISTS", String(path));
}

const isInside = (from: EntryPath, to: EntryPath): boolean =>
  [...from.parents, from.name].every((part, at) => [...to.parents, to.name][at] === part);

/** As POSIX does it: a file takes the place of a file, a directory that of nothing or of an empty directory. */
function rename(tree: Tree, allegedFrom: unknown, allegedTo: unknown): void {
  const [from, to] = [findSpot(tree, allegedFrom), findSpot(tree, allegedTo)];
  const node = from.node ?? refuse("E_NOT_FOUND", String(allegedFrom));
  if (to.node === node) return;
  const isLoop = node.kind === "directory" && isInside(parseEntry(allegedFrom), parseEntry(allegedTo));
  if (isLoop) refuse("E_PATH", String(allegedTo));
  if (to.node !== undefined && to.node.kind !== node.kind) refuse("E_KIND", String(allegedTo));
  if (to.node === undefined && to.parent.entries.size >= tree.bounds.maxEntries && to.parent !== from.parent)
    refuse("E_TOO_LARGE", String(allegedTo));
  moveEntry(tree, from, to, node, allegedTo);
}

const factsOf = (node: Node): EntryFacts => ({
  kind: node.kind,
  size: node.kind === "file" ? node.size : 0,
  modified: new Date(node.modified),
});

const entriesOf = (directory: Directory): Entry[] =>
  [...directory.entries].map(([name, { kind }]) => ({ name, kind })).sort((a, b) => (a.name < b.name ? -1 : 1));

const fileOf = (tree: Tree, path: unknown): File => fileAt(findSpot(tree, path), path);

function plant(tree: Tree, contents: TreeContents, path: string): void {
  for (const [name, value] of Object.entries(contents)) {
    const here = `${path}${name}`;
    if (parsePath(name).length !== 1) refuse("E_PATH", here);
    if (typeof value === "string") put(tree, here, encodeText(value));
    else if (value instanceof Uint8Array) put(tree, here, value);
    else {
      makeDirectory(tree, here);
      plant(tree, value, `${here}/`);
    }
  }
}

function newTree(contents: TreeContents, options: TreeOptions): Tree {
  const { now = () => 0 } = options;
  const tree: Tree = { root: newDirectory(now()), bounds: boundsOf(options), now, bytes: 0, nodes: 0 };
  plant(tree, contents, "");
  return tree;
}

/** Files in memory, beginning with these contents. */
export function treePlace(contents: TreeContents = {}, options: TreeOptions = {}): FilesPlace {
  const tree = newTree(contents, options);
  return {
    bounds: tree.bounds,
    readBytes: async (path) => bytesOf(fileOf(tree, path)),
    list: async (path) => entriesOf(findDirectory(tree, parsePath(path), path)),
    stat: async (path) => factsOf(find(tree, parsePath(path), path)),
    writeBytes: async (path, bytes, payer) => put(tree, path, bytes, payer),
    append: async (path, bytes, payer) => append(tree, path, bytes, payer),
    remove: async (path) => remove(tree, path),
    makeDirectory: async (path) => makeDirectory(tree, path),
    rename: async (from, to) => rename(tree, from, to),
    open: async (path, how, payer) => openFile(tree, path, how, payer),
    openWriter: async (path, mode, payer) => openWriter(tree, path, mode, payer),
    watch: async (path) => openWatch(tree, path),
  };
}
