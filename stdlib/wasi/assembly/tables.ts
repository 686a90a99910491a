// Descriptors and the files they stand for, in the arena's first bytes.
//
//   descriptor, 16 bytes: kind u8, rights u8, flags u16, file u32, offset u64
//   file,       32 bytes: users u32, path u32, path's length u32, block u32, block's room u32, size u32, state u8, type u8
//
// Two descriptors of one path share one file, so that each sees what the other wrote.

import { addressOf, begin, dropBlock, ensure, isOpen, keepScratch, scratch } from "./arena";
import { BADF, MFILE, NAMETOOLONG, NOMEM, NOTCAPABLE } from "./errno";
import { FILES, FILES_STAT } from "./gates";
import { invoke } from "./invoke";
import { copyBytes, putCopy, readHead, readNumber, request, TEXT } from "./value";

const MOST_DESCRIPTORS: u32 = 256;
export const MOST_FILES: u32 = 256;
const DESCRIPTOR: u32 = 16;
const FILE: u32 = 32;
const FILES_AT: u32 = MOST_DESCRIPTORS * DESCRIPTOR;
const MOST_PATH: u32 = 4096; // bytes

// Kinds of descriptors. Streams are numbered by what they are: input, output, errors.
const CLOSED: u8 = 0;
export const STREAM: u8 = 1;
export const OPENED: u8 = 2;

// Rights.
export const READS: u8 = 1;
export const WRITES: u8 = 2;

// States of files.
/** The block holds the contents (of a directory: its list). */
export const LOADED: u8 = 1;
/** ... and they are newer than what the capability has. */
export const DIRTY: u8 = 2;
/** No path leads here any more: nothing is written back. */
export const UNLINKED: u8 = 4;

// File types of WASI.
export const CHARACTER_DEVICE: u8 = 2;
export const DIRECTORY: u8 = 3;
export const REGULAR: u8 = 4;

/** The address of an open descriptor; 0 for all others. */
export function descriptorOf(fd: u32): u32 {
  if (fd >= MOST_DESCRIPTORS) return 0;
  const d = addressOf(fd * DESCRIPTOR);
  return load<u8>(d) == CLOSED ? 0 : d;
}

// @ts-ignore: decorator
@inline
export function kindOf(d: u32): u8 {
  return load<u8>(d);
}
// @ts-ignore: decorator
@inline
export function rightsOf(d: u32): u8 {
  return load<u8>(d, 1);
}
// @ts-ignore: decorator
@inline
export function flagsOf(d: u32): u16 {
  return load<u16>(d, 2);
}
// @ts-ignore: decorator
@inline
export function setFlags(d: u32, flags: u16): void {
  store<u16>(d, flags, 2);
}
/** Number of the file, or of the stream. */
// @ts-ignore: decorator
@inline
export function fileOf(d: u32): u32 {
  return load<u32>(d, 4);
}
// @ts-ignore: decorator
@inline
export function offsetOf(d: u32): u64 {
  return load<u64>(d, 8);
}
// @ts-ignore: decorator
@inline
export function setOffset(d: u32, offset: u64): void {
  store<u64>(d, offset, 8);
}

function setDescriptor(fd: u32, kind: u8, rights: u8, flags: u16, file: u32): void {
  const d = addressOf(fd * DESCRIPTOR);
  store<u8>(d, kind);
  store<u8>(d, rights, 1);
  store<u16>(d, flags, 2);
  store<u32>(d, file, 4);
  store<u64>(d, 0, 8);
}

/** The lowest free descriptor, now taken; negative if there is none. */
export function takeDescriptor(rights: u8, flags: u16, file: u32): i32 {
  for (let fd: u32 = 0; fd < MOST_DESCRIPTORS; fd++) {
    if (load<u8>(addressOf(fd * DESCRIPTOR)) != CLOSED) continue;
    setDescriptor(fd, OPENED, rights, flags, file);
    return fd;
  }
  return -MFILE;
}

export function freeDescriptor(fd: u32): void {
  setDescriptor(fd, CLOSED, 0, 0, 0);
}

export function moveDescriptor(from: u32, to: u32): void {
  copyBytes(addressOf(to * DESCRIPTOR), addressOf(from * DESCRIPTOR), DESCRIPTOR);
  freeDescriptor(from);
}

// @ts-ignore: decorator
@inline
function at(file: u32): u32 {
  return addressOf(FILES_AT + file * FILE);
}

// @ts-ignore: decorator
@inline
export function users(file: u32): u32 {
  return load<u32>(at(file));
}
export function addUser(file: u32): void {
  store<u32>(at(file), users(file) + 1);
}
export function dropUser(file: u32): void {
  store<u32>(at(file), users(file) - 1);
}
/** The path's address. It is relative to the granted directory, of plain names; empty for that directory itself. */
export function path(file: u32): u32 {
  return addressOf(load<u32>(at(file), 4));
}
export function pathLength(file: u32): u32 {
  return load<u32>(at(file), 8);
}
export function contents(file: u32): u32 {
  return addressOf(load<u32>(at(file), 12));
}
export function capacity(file: u32): u32 {
  return load<u32>(at(file), 16);
}
export function size(file: u32): u32 {
  return load<u32>(at(file), 20);
}
export function setSize(file: u32, bytes: u32): void {
  store<u32>(at(file), bytes, 20);
}
export function state(file: u32): u8 {
  return load<u8>(at(file), 24);
}
export function setState(file: u32, bits: u8): void {
  store<u8>(at(file), bits, 24);
}
export function type(file: u32): u8 {
  return load<u8>(at(file), 25);
}
export function setType(file: u32, value: u8): void {
  store<u8>(at(file), value, 25);
}

function rounded(bytes: u32): u32 {
  return (bytes + 7) & ~7;
}

/** The first `bytes` of the scratch become the file's contents. */
export function keepContents(file: u32, bytes: u32): void {
  dropContents(file);
  store<u32>(at(file), keepScratch(rounded(bytes)), 12);
  store<u32>(at(file), rounded(bytes), 16);
}

export function dropContents(file: u32): void {
  const room = capacity(file);
  if (room > 0) removeBlock(load<u32>(at(file), 12), room);
  store<u32>(at(file), 0, 16);
}

function removeBlock(block: u32, bytes: u32): void {
  if (bytes == 0) return;
  dropBlock(block, bytes);
  for (let file: u32 = 0; file < MOST_FILES; file++) {
    if (users(file) == 0) continue;
    if (load<u32>(at(file), 4) > block) store<u32>(at(file), load<u32>(at(file), 4) - bytes, 4);
    if (load<u32>(at(file), 12) > block) store<u32>(at(file), load<u32>(at(file), 12) - bytes, 12);
  }
}

export function dropFile(file: u32): void {
  dropContents(file);
  removeBlock(load<u32>(at(file), 4), rounded(pathLength(file)));
  store<u32>(at(file), 0);
}

/** Where in the scratch a path is being put together. */
let built: u32 = 0;

function addName(name: u32, length: u32): void {
  const to = scratch();
  if (built > 0) store<u8>(to + built++, 0x2f);
  copyBytes(to + built, name, length);
  built += length;
}

function removeName(): bool {
  if (built == 0) return false;
  const from = scratch();
  while (built > 0 && load<u8>(from + built - 1) != 0x2f) built--;
  if (built > 0) built--;
  return true;
}

/** Appends what a program calls a path, taking "." and ".." out. Nothing leads out of the granted directory. */
function addPath(from: u32, length: u32): i32 {
  const end = from + length;
  if (length > 0 && load<u8>(from) == 0x2f) return NOTCAPABLE;
  for (let name = from; name < end; ) {
    let next = name;
    while (next < end && load<u8>(next) != 0x2f) next++;
    const letters = next - name;
    const dots = letters > 0 && letters < 3 && load<u8>(name) == 0x2e && load<u8>(next - 1) == 0x2e;
    if (letters > 0 && !dots) addName(name, letters);
    if (dots && letters == 2 && !removeName()) return NOTCAPABLE;
    name = next + 1;
  }
  return 0;
}

function findPath(): i32 {
  for (let file: u32 = 0; file < MOST_FILES; file++) {
    if (users(file) == 0 || (state(file) & UNLINKED) != 0 || pathLength(file) != built) continue;
    if (memory.compare(path(file), scratch(), built) == 0) return file;
  }
  return -1;
}

function newFile(): i32 {
  for (let file: u32 = 0; file < MOST_FILES; file++) {
    if (users(file) > 0) continue;
    memory.fill(at(file), 0, FILE);
    store<u32>(at(file), 1);
    setPath(file);
    return file;
  }
  return -MFILE;
}

/** Gives the file the path that was built. */
function setPath(file: u32): void {
  store<u32>(at(file), keepScratch(rounded(built)), 4);
  store<u32>(at(file), built, 8);
}

/** The file of a path below an open directory, with one user more: to be given back by `release`. Negative: an error. */
export function fileAt(fd: u32, from: u32, length: u32): i32 {
  const d = descriptorOf(fd);
  if (d == 0 || kindOf(d) != OPENED) return -BADF;
  const base = fileOf(d);
  if (length > MOST_PATH || pathLength(base) + length > MOST_PATH) return -NAMETOOLONG;
  if (!ensure(pathLength(base) + length + 8)) return -NOMEM;
  built = 0;
  if (pathLength(base) > 0) addName(path(base), pathLength(base));
  const error = addPath(from, length);
  if (error != 0) return -error;
  const found = findPath();
  if (found < 0) return newFile();
  addUser(found);
  return found;
}

/** A file now has the path of another. */
export function takePath(file: u32, other: u32): bool {
  const length = pathLength(other);
  if (!ensure(length + 8)) return false;
  removeBlock(load<u32>(at(file), 4), rounded(pathLength(file)));
  built = length;
  copyBytes(scratch(), path(other), length);
  setPath(file);
  return true;
}

export function putPath(file: u32): void {
  putCopy(TEXT, path(file), pathLength(file));
}

/** Asks for the facts of a file; afterwards its size and time of change can be read. */
export function stat(file: u32): i32 {
  if (!request(1, pathLength(file))) return NOMEM;
  putPath(file);
  const error = invoke(FILES, FILES_STAT);
  if (error != 0) return error;
  readHead();
  setType(file, u8(readNumber()));
  const bytes = readNumber();
  if ((state(file) & LOADED) == 0) setSize(file, u32(bytes));
  return 0;
}

/** Errors unless the arena and the descriptors that a program begins with are there. */
export function start(): i32 {
  if (isOpen()) return 0;
  const error = begin();
  if (error != 0) return error;
  setDescriptor(0, STREAM, READS, 0, 0);
  setDescriptor(1, STREAM, WRITES, 0, 1);
  setDescriptor(2, STREAM, WRITES, 0, 2);
  built = 0;
  const root = newFile();
  if (stat(root) != 0 || type(root) != DIRECTORY) dropFile(root);
  else setDescriptor(3, OPENED, READS, 0, root);
  return 0;
}
