// What a file in memory holds. Who calls has checked that offsets lie inside the file: there are no holes.
import { type File, reserveBytes, type Tree, tell } from "./tree.ts";
import type { Payer } from "./types.ts";

/** A change of a file's bytes, for whom and in whose words. */
export interface Writing {
  readonly tree: Tree;
  readonly file: File;
  readonly payer: Payer | undefined;
  readonly path: unknown;
}

export const bytesOf = ({ room, size }: File): Uint8Array => room.slice(0, size);

export const bytesBetween = ({ room, size }: File, from: number, to: number): Uint8Array =>
  room.slice(Math.min(from, size), Math.min(to, size));

function touch(tree: Tree, file: File): void {
  file.modified = tree.now();
  if (file.entry !== undefined) tell(file.entry, "changed");
}

/** Makes room for `size` bytes. Never more than twice what the file may hold is kept. */
function makeRoom(tree: Tree, file: File, size: number): void {
  if (size <= file.room.length) return;
  const room = new Uint8Array(Math.min(Math.max(size, 2 * file.room.length), tree.bounds.maxFileBytes));
  room.set(file.room.subarray(0, file.size));
  file.room = room;
}

/** Replaces all bytes. */
export function fill({ tree, file, payer, path }: Writing, bytes: Uint8Array): void {
  reserveBytes(tree, file, bytes.length, payer, path);
  file.room = bytes.slice();
  file.size = bytes.length;
  touch(tree, file);
}

/** Writes over what is there, and on beyond the end. */
export function writeAt({ tree, file, payer, path }: Writing, at: number, bytes: Uint8Array): void {
  const size = Math.max(file.size, at + bytes.length);
  reserveBytes(tree, file, size, payer, path);
  makeRoom(tree, file, size);
  file.room.set(bytes, at);
  file.size = size;
  touch(tree, file);
}

/** Cuts the file. Room that is mostly empty is given back. */
export function cut({ tree, file, payer, path }: Writing, size: number): void {
  reserveBytes(tree, file, size, payer, path);
  file.size = size;
  if (size < file.room.length / 2) file.room = bytesOf(file);
  touch(tree, file);
}
