// Reading and writing by descriptor.

import { BADF, INVAL, ISDIR, NOMEM, SPIPE, SUCCESS } from "./errno";
import { writeFile, loadFile } from "./contents";
import { PROCESS, PROCESS_READ, PROCESS_WRITE } from "./gates";
import { invoke } from "./invoke";
import * as tables from "./tables";
import { BYTES, lastArgument, putString, putUint, readHead, request, skipString } from "./value";
import { gather, scatter, total } from "./vectors";

const APPENDS: u16 = 1;

function writeStream(stream: u32, vectors: u32, count: u32, bytes: u32): i32 {
  if (!request(2, bytes)) return NOMEM;
  putUint(stream);
  gather(putString(BYTES, bytes), vectors, count, bytes);
  return invoke(PROCESS, PROCESS_WRITE);
}

export function fd_write(fd: u32, vectors: u32, count: u32, writtenAt: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0 || (tables.rightsOf(d) & tables.WRITES) == 0) return BADF;
  const bytes = total(vectors, count);
  const failed = tables.kindOf(d) == tables.STREAM ? writeStream(tables.fileOf(d), vectors, count, bytes) : writeOn(d, vectors, count, bytes);
  if (failed == 0) store<u32>(writtenAt, bytes);
  return failed;
}

function writeOn(d: u32, vectors: u32, count: u32, bytes: u32): i32 {
  const file = tables.fileOf(d);
  const offset = (tables.flagsOf(d) & APPENDS) != 0 ? tables.size(file) : tables.offsetOf(d);
  const error = bytes == 0 ? 0 : writeFile(file, offset, vectors, count, bytes);
  if (error == 0) tables.setOffset(d, offset + bytes);
  return error;
}

export function fd_pwrite(fd: u32, vectors: u32, count: u32, offset: u64, writtenAt: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0 || (tables.rightsOf(d) & tables.WRITES) == 0) return BADF;
  if (tables.kindOf(d) == tables.STREAM) return SPIPE;
  const bytes = total(vectors, count);
  const failed = bytes == 0 ? 0 : writeFile(tables.fileOf(d), offset, vectors, count, bytes);
  if (failed == 0) store<u32>(writtenAt, bytes);
  return failed;
}

function readStream(vectors: u32, count: u32, readAt: u32): i32 {
  const most = total(vectors, count);
  if (!request(1, 0)) return NOMEM;
  putUint(most);
  const error = invoke(PROCESS, PROCESS_READ);
  if (error != 0) return error;
  readHead();
  const bytes = min(u32(lastArgument()), most);
  scatter(skipString(), bytes, vectors, count);
  store<u32>(readAt, bytes);
  return SUCCESS;
}

/** Reads at `offset`; negative: an error, else how many bytes. */
function readFile(file: u32, offset: u64, vectors: u32, count: u32): i32 {
  if (tables.type(file) == tables.DIRECTORY) return -ISDIR;
  const error = loadFile(file);
  if (error != 0) return -error;
  if (offset >= tables.size(file)) return 0;
  const bytes = min(total(vectors, count), tables.size(file) - u32(offset));
  scatter(tables.contents(file) + u32(offset), bytes, vectors, count);
  return bytes;
}

export function fd_read(fd: u32, vectors: u32, count: u32, readAt: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0 || (tables.rightsOf(d) & tables.READS) == 0) return BADF;
  if (tables.kindOf(d) == tables.STREAM) return readStream(vectors, count, readAt);
  const offset = tables.offsetOf(d);
  const bytes = readFile(tables.fileOf(d), offset, vectors, count);
  if (bytes < 0) return -bytes;
  tables.setOffset(d, offset + bytes);
  store<u32>(readAt, bytes);
  return SUCCESS;
}

export function fd_pread(fd: u32, vectors: u32, count: u32, offset: u64, readAt: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0 || (tables.rightsOf(d) & tables.READS) == 0) return BADF;
  if (tables.kindOf(d) == tables.STREAM) return SPIPE;
  const bytes = readFile(tables.fileOf(d), offset, vectors, count);
  if (bytes < 0) return -bytes;
  store<u32>(readAt, bytes);
  return SUCCESS;
}

const FROM_START: u32 = 0;
const FROM_HERE: u32 = 1;
const FROM_END: u32 = 2;

export function fd_seek(fd: u32, by: i64, whence: u32, offsetAt: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0) return BADF;
  if (tables.kindOf(d) == tables.STREAM) return SPIPE;
  if (whence > FROM_END) return INVAL;
  let base: i64 = 0;
  if (whence == FROM_HERE) base = tables.offsetOf(d);
  if (whence == FROM_END) base = tables.size(tables.fileOf(d));
  if (by > i64.MAX_VALUE - base || base + by < 0) return INVAL;
  tables.setOffset(d, base + by);
  store<u64>(offsetAt, base + by);
  return SUCCESS;
}

export function fd_tell(fd: u32, offsetAt: u32): i32 {
  return fd_seek(fd, 0, FROM_HERE, offsetAt);
}
