// A tree of files in memory: for tests, for guests that need scratch space, and for browsers.
//
// Invariants
//   T1  The tree never holds more than MAX_TREE_BYTES (room that doubles: twice that) and MAX_TREE_NODES, whatever a guest writes.
//   T2  Bytes go in and out as copies.
import { type EntryPath, parseEntry, parsePath } from "./path.ts";
import { refuse } from "./refusal.ts";
import { encodeText } from "./text.ts";
import { DEFAULT_BOUNDS, type Entry, type EntryFacts, type FilesBounds, type FilesPlace } from "./types.ts";

/** What a tree begins with: text, bytes, or a directory. */
export interface TreeContents {
  readonly [name: string]: string | Uint8Array | TreeContents;
}

/** Bytes of all files of one tree. */
export const MAX_TREE_BYTES = 64 * 1024 * 1024;
/** Files and directories of one tree. */
export const MAX_TREE_NODES = 100_000;

/** The file's bytes are the first `size` of `room`, which doubles: many small appends cost what one large one does. */
interface File {
  readonly kind: "file";
  room: Uint8Array;
  size: number;
  modified: number;
}
interface Directory {
  readonly kind: "directory";
  // A Map: a guest may name a file "__proto__".
  readonly entries: Map<string, Node>;
  modified: number;
}
type Node = File | Directory;

export interface TreeOptions extends Partial<FilesBounds> {
  /** What `modified` says of new files, in milliseconds. Default: always 0, so that runs repeat. */
  readonly now?: () => number;
}

interface Tree {
  readonly root: Directory;
  readonly bounds: FilesBounds;
  readonly now: () => number;
  bytes: number;
  nodes: number;
}

const newFile = (modified: number): File => ({ kind: "file", room: new Uint8Array(0), size: 0, modified });
const newDirectory = (modified: number): Directory => ({ kind: "directory", entries: new Map(), modified });

function find(tree: Tree, parts: readonly string[], path: unknown): Node {
  let node: Node = tree.root;
  for (const part of parts) {
    if (node.kind !== "directory") return refuse("E_KIND", String(path));
    node = node.entries.get(part) ?? refuse("E_NOT_FOUND", String(path));
  }
  return node;
}

function findDirectory(tree: Tree, parts: readonly string[], path: unknown): Directory {
  const node = find(tree, parts, path);
  return node.kind === "directory" ? node : refuse("E_KIND", String(path));
}

function findFile(tree: Tree, path: unknown): File {
  const { parents, name } = parseEntry(path);
  const node = find(tree, [...parents, name], path);
  return node.kind === "file" ? node : refuse("E_KIND", String(path));
}

/** Accounts for what is to be added, before it is. */
function reserve(tree: Tree, bytes: number, nodes: number, path: unknown): void {
  const isTooMuch = tree.bytes + bytes > MAX_TREE_BYTES || tree.nodes + nodes > MAX_TREE_NODES;
  if (isTooMuch) refuse("E_TOO_LARGE", String(path));
  tree.bytes += bytes;
  tree.nodes += nodes;
}

function addEntry(tree: Tree, parent: Directory, name: string, node: Node, path: unknown): void {
  if (parent.entries.size >= tree.bounds.maxEntries) refuse("E_TOO_LARGE", String(path));
  reserve(tree, 0, 1, path);
  parent.entries.set(name, node);
  parent.modified = tree.now();
}

/** The file of this path, made if there is none. */
function fileFor(tree: Tree, path: unknown): File {
  const { parents, name } = parseEntry(path);
  const parent = findDirectory(tree, parents, path);
  if (!parent.entries.has(name)) addEntry(tree, parent, name, newFile(tree.now()), path);
  const node = parent.entries.get(name) as Node;
  return node.kind === "file" ? node : refuse("E_KIND", String(path));
}

/** Writes `bytes` at `at`, which becomes the file's end. */
function write(tree: Tree, file: File, at: number, bytes: Uint8Array, path: unknown): void {
  const size = at + bytes.length;
  if (size > tree.bounds.maxFileBytes) refuse("E_TOO_LARGE", String(path));
  reserve(tree, size - file.size, 0, path);
  if (size > file.room.length) {
    const room = new Uint8Array(Math.min(Math.max(size, 2 * file.room.length), tree.bounds.maxFileBytes));
    room.set(file.room.subarray(0, at));
    file.room = room;
  }
  file.room.set(bytes, at);
  file.size = size;
  file.modified = tree.now();
}

function put(tree: Tree, path: unknown, bytes: Uint8Array): void {
  if (bytes.length > tree.bounds.maxFileBytes) refuse("E_TOO_LARGE", String(path));
  const file = fileFor(tree, path);
  write(tree, file, 0, bytes, path);
  if (bytes.length < file.room.length / 2) file.room = bytes.slice();
}

function append(tree: Tree, path: unknown, bytes: Uint8Array): void {
  const file = fileFor(tree, path);
  write(tree, file, file.size, bytes, path);
}

function remove(tree: Tree, path: unknown): void {
  const { parents, name } = parseEntry(path);
  const parent = findDirectory(tree, parents, path);
  const node = parent.entries.get(name) ?? refuse("E_NOT_FOUND", String(path));
  if (node.kind === "directory" && node.entries.size > 0) refuse("E_NOT_EMPTY", String(path));
  reserve(tree, node.kind === "file" ? -node.size : 0, -1, path);
  parent.entries.delete(name);
  parent.modified = tree.now();
}

function makeDirectory(tree: Tree, path: unknown): void {
  let node: Node = tree.root;
  for (const part of parsePath(path)) {
    if (node.kind !== "directory") return refuse("E_KIND", String(path));
    if (!node.entries.has(part)) addEntry(tree, node, part, newDirectory(tree.now()), path);
    node = node.entries.get(part) as Node;
  }
  if (node.kind !== "directory") refuse("E_EXISTS", String(path));
}

const isInside = (from: EntryPath, to: EntryPath): boolean =>
  [...from.parents, from.name].every((part, at) => [...to.parents, to.name][at] === part);

/** As POSIX does it: a file takes the place of a file, a directory that of nothing or of an empty directory. */
function rename(tree: Tree, allegedFrom: unknown, allegedTo: unknown): void {
  const [from, to] = [parseEntry(allegedFrom), parseEntry(allegedTo)];
  const [source, target] = [findDirectory(tree, from.parents, allegedFrom), findDirectory(tree, to.parents, allegedTo)];
  const node = source.entries.get(from.name) ?? refuse("E_NOT_FOUND", String(allegedFrom));
  const old = target.entries.get(to.name);
  if (old === node) return;
  if (node.kind === "directory" && isInside(from, to)) refuse("E_PATH", String(allegedTo));
  if (old !== undefined && old.kind !== node.kind) refuse("E_KIND", String(allegedTo));
  if (old !== undefined) remove(tree, allegedTo);
  else if (target.entries.size >= tree.bounds.maxEntries) refuse("E_TOO_LARGE", String(allegedTo));
  source.entries.delete(from.name);
  target.entries.set(to.name, node);
  source.modified = target.modified = tree.now();
}

const contentsOf = ({ room, size }: File): Uint8Array => room.slice(0, size);

const factsOf = (node: Node): EntryFacts => ({
  kind: node.kind,
  size: node.kind === "file" ? node.size : 0,
  modified: new Date(node.modified),
});

const entriesOf = (directory: Directory): Entry[] =>
  [...directory.entries].map(([name, { kind }]) => ({ name, kind })).sort((a, b) => (a.name < b.name ? -1 : 1));

function fill(tree: Tree, parent: Directory, contents: TreeContents, path: string): void {
  for (const [name, value] of Object.entries(contents)) {
    const here = `${path}${name}`;
    if (parsePath(name).length !== 1) refuse("E_PATH", here);
    if (typeof value === "string") put(tree, here, encodeText(value));
    else if (value instanceof Uint8Array) put(tree, here, value);
    else {
      makeDirectory(tree, here);
      fill(tree, parent.entries.get(name) as Directory, value, `${here}/`);
    }
  }
}

function newTree(contents: TreeContents, { now = () => 0, ...bounds }: TreeOptions): Tree {
  const tree: Tree = { root: newDirectory(now()), bounds: { ...DEFAULT_BOUNDS, ...bounds }, now, bytes: 0, nodes: 0 };
  fill(tree, tree.root, contents, "");
  return tree;
}

/** Files in memory, beginning with these contents. */
export function treePlace(contents: TreeContents = {}, options: TreeOptions = {}): FilesPlace {
  const tree = newTree(contents, options);
  return {
    readBytes: async (path) => contentsOf(findFile(tree, path)),
    list: async (path) => entriesOf(findDirectory(tree, parsePath(path), path)),
    stat: async (path) => factsOf(find(tree, parsePath(path), path)),
    writeBytes: async (path, bytes) => put(tree, path, bytes),
    append: async (path, bytes) => append(tree, path, bytes),
    remove: async (path) => remove(tree, path),
    makeDirectory: async (path) => makeDirectory(tree, path),
    rename: async (from, to) => rename(tree, from, to),
  };
}
