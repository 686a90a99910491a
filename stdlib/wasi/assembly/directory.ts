// Reading directories.
//
// The list is asked for when a program begins to read and kept until it begins again or closes the directory, so that
// a program which removes what it reads misses nothing.

import { scratch } from "./arena";
import { BADF, NOMEM, NOTDIR, SUCCESS } from "./errno";
import { numberOf } from "./facts";
import { FILES, FILES_LIST } from "./gates";
import { invoke } from "./invoke";
import * as tables from "./tables";
import { copyBytes, lastArgument, position, positionEnd, readFrom, readHead, readNumber, request, skipString } from "./value";

const ENTRY: u32 = 24;

function loadList(file: u32): i32 {
  if (!request(1, tables.pathLength(file))) return NOMEM;
  tables.putPath(file);
  const error = invoke(FILES, FILES_LIST);
  if (error != 0) return error;
  const from = position();
  const bytes = positionEnd() - from;
  memory.copy(scratch(), from, bytes);
  tables.keepContents(file, bytes);
  tables.setSize(file, bytes);
  tables.setState(file, tables.LOADED);
  return 0;
}

/** Writes as much of an entry as fits; returns how much that is. */
function putEntry(to: u32, room: u32, next: u64): u32 {
  readHead();
  const name = skipString();
  const length = position() - name;
  const entry = scratch();
  store<u64>(entry, next);
  store<u64>(entry, numberOf(name, length), 8);
  store<u32>(entry, length, 16);
  store<u32>(entry, u8(readNumber()), 20);
  copyBytes(to, entry, min(ENTRY, room));
  if (room > ENTRY) copyBytes(to + ENTRY, name, min(length, room - ENTRY));
  return min(ENTRY + length, room);
}

function putEntries(file: u32, to: u32, room: u32, cookie: u64): u32 {
  readFrom(tables.contents(file), tables.size(file));
  readHead();
  const entries = lastArgument() / 2;
  let used: u32 = 0;
  for (let index: u64 = 0; index < entries && used < room; index++) {
    if (index >= cookie) used += putEntry(to + used, room - used, index + 1);
    else {
      readHead();
      skipString();
      readHead();
    }
  }
  return used;
}

export function fd_readdir(fd: u32, at: u32, room: u32, cookie: u64, usedAt: u32): i32 {
  const error = tables.start();
  if (error != 0) return error;
  const d = tables.descriptorOf(fd);
  if (d == 0 || tables.kindOf(d) != tables.OPENED) return BADF;
  const file = tables.fileOf(d);
  if (tables.type(file) != tables.DIRECTORY) return NOTDIR;
  const isLoaded = (tables.state(file) & tables.LOADED) != 0;
  const failed = cookie == 0 || !isLoaded ? loadList(file) : 0;
  if (failed != 0) return failed;
  if (!request(0, ENTRY)) return NOMEM;
  store<u32>(usedAt, putEntries(file, at, room, cookie));
  return SUCCESS;
}
