// Calls that name a file by its path below an open directory.

import { loadFile, makeEmpty, release, writeBackAll } from "./contents";
import { EXIST, INVAL, ISDIR, NOENT, NOMEM, NOTDIR, SUCCESS } from "./errno";
import { writeFacts } from "./facts";
import { FILES, FILES_MAKE_DIRECTORY, FILES_REMOVE, FILES_RENAME } from "./gates";
import { invoke } from "./invoke";
import * as tables from "./tables";
import { putUint, request } from "./value";

// oflags
const CREATE: u32 = 1;
const MUST_BE_DIRECTORY: u32 = 2;
const MUST_BE_NEW: u32 = 4;
const EMPTY: u32 = 8;
// rights
const FD_READ: u64 = 2;
const FD_WRITE: u64 = 64;

/** Looks at the file, makes or empties it, as the flags say. */
function prepare(file: u32, flags: u32, writes: bool): i32 {
  const error = tables.stat(file);
  if (error == NOENT && (flags & (CREATE | MUST_BE_DIRECTORY)) == CREATE) return makeEmpty(file);
  if (error != 0) return error;
  const isDirectory = tables.type(file) == tables.DIRECTORY;
  if ((flags & CREATE) != 0 && (flags & MUST_BE_NEW) != 0) return EXIST;
  if ((flags & MUST_BE_DIRECTORY) != 0 && !isDirectory) return NOTDIR;
  if (isDirectory && (writes || (flags & EMPTY) != 0)) return (flags & MUST_BE_DIRECTORY) != 0 ? 0 : ISDIR;
  return (flags & EMPTY) != 0 ? makeEmpty(file) : 0;
}

// biome-ignore format: as the specification has it
export function path_open(
  fd: u32, _lookup: u32, path: u32, length: u32, flags: u32, rights: u64, _inheriting: u64, fdflags: u32, openedAt: u32,
): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const file = tables.fileAt(fd, path, length);
  if (file < 0) return -file;
  const writes = (rights & FD_WRITE) != 0;
  const failed = prepare(file, flags, writes);
  const granted = ((rights & FD_READ) != 0 ? tables.READS : 0) | (writes ? tables.WRITES : 0);
  const opened = failed == 0 ? tables.takeDescriptor(granted, u16(fdflags), file) : -failed;
  if (opened < 0) {
    release(file);
    return -opened;
  }
  store<u32>(openedAt, opened);
  return SUCCESS;
}

export function path_filestat_get(fd: u32, _lookup: u32, path: u32, length: u32, at: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const file = tables.fileAt(fd, path, length);
  if (file < 0) return -file;
  const failed = writeFacts(file, at);
  release(file);
  return failed;
}

function callWithPath(file: u32, method: i32, argument: i32): i32 {
  if (!request(argument < 0 ? 1 : 2, tables.pathLength(file))) return NOMEM;
  tables.putPath(file);
  if (argument >= 0) putUint(argument);
  return invoke(FILES, method);
}

export function path_create_directory(fd: u32, path: u32, length: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const file = tables.fileAt(fd, path, length);
  if (file < 0) return -file;
  const failed = callWithPath(file, FILES_MAKE_DIRECTORY, -1);
  release(file);
  return failed;
}

/** A file that is open keeps its contents until it is closed. */
function unlink(file: u32, type: u8): i32 {
  const isOpen = tables.users(file) > 1 && type == tables.REGULAR;
  const error = isOpen ? loadFile(file) : 0;
  const failed = error == 0 ? callWithPath(file, FILES_REMOVE, type) : error;
  if (failed == 0) tables.setState(file, tables.state(file) | tables.UNLINKED);
  return failed;
}

function remove(fd: u32, path: u32, length: u32, type: u8): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const file = tables.fileAt(fd, path, length);
  if (file < 0) return -file;
  const failed = unlink(file, type);
  release(file);
  return failed;
}

export function path_unlink_file(fd: u32, path: u32, length: u32): i32 {
  return remove(fd, path, length, tables.REGULAR);
}

export function path_remove_directory(fd: u32, path: u32, length: u32): i32 {
  return remove(fd, path, length, tables.DIRECTORY);
}

// biome-ignore format: as the specification has it
export function path_rename(
  fd: u32, path: u32, length: u32, newFd: u32, newPath: u32, newLength: u32,
): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const from = tables.fileAt(fd, path, length);
  if (from < 0) return -from;
  const to = tables.fileAt(newFd, newPath, newLength);
  const failed = to < 0 ? -to : rename(from, to);
  if (to >= 0) release(to);
  release(from);
  return failed;
}

/** Afterwards the new path means the renamed file; what was open under it is a file without a path. */
function rename(from: u32, to: u32): i32 {
  if (from == to) return SUCCESS;
  const error = writeBackAll();
  if (error != 0) return error;
  if (!request(2, tables.pathLength(from) + tables.pathLength(to))) return NOMEM;
  tables.putPath(from);
  tables.putPath(to);
  const failed = invoke(FILES, FILES_RENAME);
  if (failed != 0) return failed;
  tables.setState(to, tables.state(to) | tables.UNLINKED);
  return tables.takePath(from, to) ? SUCCESS : NOMEM;
}

/** There are no symbolic links to read. */
export function path_readlink(_fd: u32, _path: u32, _length: u32, _at: u32, _room: u32, _usedAt: u32): i32 {
  return INVAL;
}
