// The nodes of a tree of files in memory, and what all of them together may hold.
//
// Invariants
//   T1  The tree never holds more than MAX_TREE_BYTES (room that doubles: twice that) and MAX_TREE_NODES, whatever a
//       guest writes: bytes of a file that was removed count until the last who has it open closes it.
//   T2  Bytes go in and out as copies.
//   T3  A file's bytes are charged to one payer, who wrote it last, and are refunded once.
import { parseEntry } from "./path.ts";
import { refuse } from "./refusal.ts";
import type { ChangeKind, FilesBounds, Payer } from "./types.ts";

/** Bytes of all files of one tree. */
export const MAX_TREE_BYTES = 64 * 1024 * 1024;
/** Files and directories of one tree. */
export const MAX_TREE_NODES = 100_000;

interface Entry {
  readonly parent: Directory;
  readonly name: string;
}

/** The file's bytes are the first `size` of `room`, which doubles: many small appends cost what one large one does. */
export interface File {
  readonly kind: "file";
  room: Uint8Array;
  size: number;
  modified: number;
  payer: Payer | undefined;
  /** The entry that it is; undefined when it was removed, or has no name yet. */
  entry: Entry | undefined;
  /** How many have it open. */
  opened: number;
}

/** Is told of what happens to an entry of a directory, or to the directory itself: ".". */
export type Watcher = (kind: ChangeKind, name: string) => void;

export interface Directory {
  readonly kind: "directory";
  // A Map: a guest may name a file "__proto__".
  readonly entries: Map<string, Node>;
  readonly watchers: Set<Watcher>;
  modified: number;
  /** It was removed: nothing may be put into it. */
  isGone: boolean;
}

export type Node = File | Directory;

export interface Tree {
  readonly root: Directory;
  readonly bounds: FilesBounds;
  readonly now: () => number;
  bytes: number;
  nodes: number;
}

export const newFile = (modified: number): File => ({
  kind: "file",
  room: new Uint8Array(0),
  size: 0,
  modified,
  payer: undefined,
  entry: undefined,
  opened: 0,
});

export const newDirectory = (modified: number): Directory => ({
  kind: "directory",
  entries: new Map(),
  watchers: new Set(),
  modified,
  isGone: false,
});

export function find(tree: Tree, parts: readonly string[], path: unknown): Node {
  let node: Node = tree.root;
  for (const part of parts) {
    if (node.kind !== "directory") return refuse("E_KIND", String(path));
    node = node.entries.get(part) ?? refuse("E_NOT_FOUND", String(path));
  }
  return node;
}

export function findDirectory(tree: Tree, parts: readonly string[], path: unknown): Directory {
  const node = find(tree, parts, path);
  return node.kind === "directory" ? node : refuse("E_KIND", String(path));
}

/** Where an entry is, or may be made. */
export interface Spot extends Entry {
  readonly node: Node | undefined;
}

export function findSpot(tree: Tree, path: unknown): Spot {
  const { parents, name } = parseEntry(path);
  const parent = findDirectory(tree, parents, path);
  return { parent, name, node: parent.entries.get(name) };
}

export function fileAt({ node }: Spot, path: unknown): File {
  if (node === undefined) return refuse("E_NOT_FOUND", String(path));
  return node.kind === "file" ? node : refuse("E_KIND", String(path));
}

/** Accounts for what is to be added, before it is. */
function reserve(tree: Tree, bytes: number, nodes: number, path: unknown): void {
  const isTooMuch = tree.bytes + bytes > MAX_TREE_BYTES || tree.nodes + nodes > MAX_TREE_NODES;
  if (isTooMuch) refuse("E_TOO_LARGE", String(path));
  tree.bytes += bytes;
  tree.nodes += nodes;
}

/** Tells who watches. */
export function tell({ parent, name }: Entry, kind: ChangeKind): void {
  for (const watcher of parent.watchers) watcher(kind, name);
}

/** The directory has the node under this name from now on. */
function link(tree: Tree, { parent, name }: Entry, node: Node): void {
  parent.entries.set(name, node);
  if (node.kind === "file") node.entry = { parent, name };
  parent.modified = tree.now();
}

function unlink(tree: Tree, { parent, name }: Entry, node: Node): void {
  parent.entries.delete(name);
  if (node.kind === "file") node.entry = undefined;
  parent.modified = tree.now();
}

export function addEntry(tree: Tree, spot: Spot, node: Node, path: unknown): void {
  if (spot.parent.entries.size >= tree.bounds.maxEntries) refuse("E_TOO_LARGE", String(path));
  reserve(tree, 0, 1, path);
  link(tree, spot, node);
  tell(spot, "appeared");
}

/** The file takes the place of what the spot held: a file that others may have open, or nothing. */
export function putEntry(tree: Tree, spot: Spot, file: File, path: unknown): void {
  if (spot.node === undefined) return addEntry(tree, spot, file, path);
  const old = fileAt(spot, path);
  unlink(tree, spot, old);
  link(tree, spot, file);
  free(tree, old);
  tell(spot, "changed");
}

function dropNode(tree: Tree, entry: Entry, node: Node): void {
  unlink(tree, entry, node);
  tree.nodes--;
  if (node.kind === "file") return free(tree, node);
  node.isGone = true;
  for (const watcher of node.watchers) watcher("removed", ".");
}

export function removeEntry(tree: Tree, spot: Spot, node: Node): void {
  dropNode(tree, spot, node);
  tell(spot, "removed");
}

/** The node leaves one spot for another. What is there must be a file for a file, an empty directory for a directory. */
export function moveEntry(tree: Tree, from: Spot, to: Spot, node: Node, path: unknown): void {
  if (to.node?.kind === "directory" && to.node.entries.size > 0) refuse("E_NOT_EMPTY", String(path));
  if (to.node !== undefined) dropNode(tree, to, to.node);
  unlink(tree, from, node);
  link(tree, to, node);
  tell(from, "removed");
  tell(to, to.node === undefined ? "appeared" : "changed");
}

/** The bytes of a file that nobody can reach any more are no bytes of the tree. */
export function free(tree: Tree, file: File): void {
  if (file.entry !== undefined || file.opened > 0) return;
  file.payer?.refund("diskUsed", file.size);
  tree.bytes -= file.size;
  Object.assign(file, { payer: undefined, size: 0, room: new Uint8Array(0) });
}

function pay(file: File, size: number, payer: Payer | undefined): void {
  const before = file.payer;
  if (before !== undefined && before !== payer) before.refund("diskUsed", file.size);
  const paid = before === payer ? file.size : 0;
  try {
    if (size > paid) payer?.charge("diskUsed", size - paid);
  } catch (error) {
    if (before !== undefined && before !== payer) before.charge("diskUsed", file.size);
    throw error;
  }
  if (size < paid) payer?.refund("diskUsed", paid - size);
  file.payer = payer;
}

/** Accounts for `size` bytes of a file, before it holds them. A refusal has changed nothing. */
export function reserveBytes(tree: Tree, file: File, size: number, payer: Payer | undefined, path: unknown): void {
  if (size > tree.bounds.maxFileBytes) refuse("E_TOO_LARGE", String(path));
  const more = size - file.size;
  reserve(tree, more, 0, path);
  try {
    pay(file, size, payer);
  } catch (error) {
    tree.bytes -= more;
    throw error;
  }
}
