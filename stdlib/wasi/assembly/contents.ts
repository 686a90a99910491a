// Contents of files. The files capability reads and writes whole files and appends to them; programs read and write
// pieces. So a file is loaded when a piece of it is wanted, an append goes to the capability at once, and any other
// change is made in memory and written back when the file is closed, synchronised or looked at by its path.

import { ensure, room, scratch } from "./arena";
import { FBIG, ISDIR, NOMEM } from "./errno";
import { FILES, FILES_APPEND, FILES_READ, FILES_WRITE } from "./gates";
import { invoke } from "./invoke";
import * as tables from "./tables";
import { BYTES, copyBytes, lastArgument, putCopy, putString, readHead, request, skipString } from "./value";
import { gather } from "./vectors";

/** Bytes of one file: as many as the files capability takes. */
const MOST_BYTES: u64 = 32 << 20;

/** Reads the whole file, unless that was done. */
export function loadFile(file: u32): i32 {
  if ((tables.state(file) & tables.LOADED) != 0) return 0;
  if (!request(1, tables.pathLength(file))) return NOMEM;
  tables.putPath(file);
  const error = invoke(FILES, FILES_READ);
  if (error != 0) return error;
  readHead();
  const bytes = u32(lastArgument());
  const from = skipString();
  memory.copy(scratch(), from, bytes);
  tables.keepContents(file, bytes);
  tables.setSize(file, bytes);
  tables.setState(file, tables.state(file) | tables.LOADED);
  return 0;
}

/** Room for `bytes` bytes in the block of a loaded file; what is new of it is zero. */
function growFile(file: u32, bytes: u32): i32 {
  const size = tables.size(file);
  if (bytes > tables.capacity(file)) {
    const wished = max(bytes, tables.capacity(file) * 2);
    if (!ensure(wished + 8)) return NOMEM;
    memory.copy(scratch(), tables.contents(file), size);
    tables.keepContents(file, wished);
  }
  if (bytes > size) memory.fill(tables.contents(file) + size, 0, bytes - size);
  return 0;
}

export function writeBack(file: u32): i32 {
  if ((tables.state(file) & (tables.DIRTY | tables.UNLINKED)) != tables.DIRTY) return 0;
  const size = tables.size(file);
  if (!request(2, tables.pathLength(file) + size)) return NOMEM;
  tables.putPath(file);
  putCopy(BYTES, tables.contents(file), size);
  const error = invoke(FILES, FILES_WRITE);
  if (error == 0) tables.setState(file, tables.state(file) & ~tables.DIRTY);
  return error;
}

/** Makes the file empty, or makes an empty file. */
export function makeEmpty(file: u32): i32 {
  if (!request(2, tables.pathLength(file))) return NOMEM;
  tables.putPath(file);
  putString(BYTES, 0);
  const error = invoke(FILES, FILES_WRITE);
  if (error != 0) return error;
  tables.dropContents(file);
  tables.setState(file, 0);
  tables.setSize(file, 0);
  tables.setType(file, tables.REGULAR);
  return 0;
}

function append(file: u32, vectors: u32, count: u32, bytes: u32): i32 {
  if (!request(2, tables.pathLength(file) + bytes)) return NOMEM;
  tables.putPath(file);
  gather(putString(BYTES, bytes), vectors, count, bytes);
  const error = invoke(FILES, FILES_APPEND);
  if (error != 0) return error;
  tables.dropContents(file);
  tables.setState(file, tables.state(file) & ~tables.LOADED);
  tables.setSize(file, tables.size(file) + bytes);
  return 0;
}

/** Writes `bytes` bytes of the program's vectors at `offset`. */
export function writeFile(file: u32, offset: u64, vectors: u32, count: u32, bytes: u32): i32 {
  if (tables.type(file) == tables.DIRECTORY) return ISDIR;
  if (offset + bytes > MOST_BYTES) return FBIG;
  const isKept = (tables.state(file) & (tables.DIRTY | tables.UNLINKED)) != 0;
  if (offset == tables.size(file) && !isKept) return append(file, vectors, count, bytes);
  let error = loadFile(file);
  if (error == 0) error = growFile(file, u32(offset) + bytes);
  if (error != 0) return error;
  gather(tables.contents(file) + u32(offset), vectors, count, bytes);
  tables.setSize(file, max(tables.size(file), u32(offset) + bytes));
  tables.setState(file, tables.state(file) | tables.DIRTY);
  return 0;
}

export function resizeFile(file: u32, bytes: u64): i32 {
  if (tables.type(file) == tables.DIRECTORY) return ISDIR;
  if (bytes > MOST_BYTES) return FBIG;
  let error = loadFile(file);
  if (error == 0) error = growFile(file, u32(bytes));
  if (error != 0) return error;
  tables.setSize(file, u32(bytes));
  tables.setState(file, tables.state(file) | tables.DIRTY);
  return writeBack(file);
}

/** Gives a file back: what was changed is written when nobody uses it any more. */
export function release(file: u32): i32 {
  if (tables.users(file) > 1) {
    tables.dropUser(file);
    return 0;
  }
  const error = writeBack(file);
  tables.dropFile(file);
  return error;
}

/** Writes back all that was changed. */
export function writeBackAll(): i32 {
  let worst = 0;
  for (let file: u32 = 0; file < tables.MOST_FILES; file++) {
    const error = tables.users(file) > 0 ? writeBack(file) : 0;
    if (error != 0) worst = error;
  }
  return worst;
}
