// What can be asked about descriptors and done with them, besides reading and writing.

import { release, resizeFile, writeBack } from "./contents";
import { BADF, INVAL, SUCCESS } from "./errno";
import { writeFacts } from "./facts";
import * as tables from "./tables";

const ALL_RIGHTS: u64 = 0x1fffffff;
const SEEK_AND_TELL: u64 = 0x24;
const PREOPENED: u32 = 3;
const SLASH: u8 = 0x2f;

export function fd_close(fd: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0) return BADF;
  const kind = tables.kindOf(d);
  const file = tables.fileOf(d);
  tables.freeDescriptor(fd);
  return kind == tables.OPENED ? release(file) : SUCCESS;
}

export function fd_renumber(from: u32, to: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  if (tables.descriptorOf(from) == 0 || tables.descriptorOf(to) == 0) return BADF;
  if (from == to) return SUCCESS;
  const failed = fd_close(to);
  tables.moveDescriptor(from, to);
  return failed;
}

export function fd_sync(fd: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0) return BADF;
  return tables.kindOf(d) == tables.OPENED ? writeBack(tables.fileOf(d)) : SUCCESS;
}

export function fd_datasync(fd: u32): i32 {
  return fd_sync(fd);
}

export function fd_advise(fd: u32, _offset: u64, _length: u64, _advice: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  return tables.descriptorOf(fd) == 0 ? BADF : SUCCESS;
}

/** A stream is a character device that cannot seek, which is how programs know a terminal: they write line by line. */
export function fd_fdstat_get(fd: u32, at: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0) return BADF;
  const isStream = tables.kindOf(d) == tables.STREAM;
  store<u64>(at, 0);
  store<u8>(at, isStream ? tables.CHARACTER_DEVICE : tables.type(tables.fileOf(d)));
  store<u16>(at, tables.flagsOf(d), 2);
  store<u64>(at, isStream ? ALL_RIGHTS & ~SEEK_AND_TELL : ALL_RIGHTS, 8);
  store<u64>(at, isStream ? 0 : ALL_RIGHTS, 16);
  return SUCCESS;
}

export function fd_fdstat_set_flags(fd: u32, flags: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0) return BADF;
  tables.setFlags(d, u16(flags));
  return SUCCESS;
}

/** Rights are not kept one by one: what a descriptor may do, its capability decides. */
export function fd_fdstat_set_rights(fd: u32, _base: u64, _inheriting: u64): i32 {
  return fd_advise(fd, 0, 0, 0);
}

export function fd_filestat_get(fd: u32, at: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0) return BADF;
  if (tables.kindOf(d) == tables.OPENED) return writeFacts(tables.fileOf(d), at);
  memory.fill(at, 0, 64);
  store<u8>(at, tables.CHARACTER_DEVICE, 16);
  return SUCCESS;
}

export function fd_filestat_set_size(fd: u32, bytes: u64): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0 || (tables.rightsOf(d) & tables.WRITES) == 0) return BADF;
  return tables.kindOf(d) == tables.OPENED ? resizeFile(tables.fileOf(d), bytes) : INVAL;
}

function isPreopened(fd: u32): bool {
  const d = tables.descriptorOf(fd);
  return fd == PREOPENED && d != 0 && tables.kindOf(d) == tables.OPENED && tables.pathLength(tables.fileOf(d)) == 0;
}

/** The granted directory is the program's "/". */
export function fd_prestat_get(fd: u32, at: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  if (!isPreopened(fd)) return BADF;
  store<u32>(at, 0);
  store<u32>(at, 1, 4);
  return SUCCESS;
}

export function fd_prestat_dir_name(fd: u32, at: u32, length: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  if (!isPreopened(fd)) return BADF;
  if (length < 1) return INVAL;
  store<u8>(at, SLASH);
  return SUCCESS;
}
