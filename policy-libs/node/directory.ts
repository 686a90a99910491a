// A real directory of the host as a place of files. It is opened once; whatever becomes of its name later, it stays it.
//
// Invariants
//   D1  Nothing outside the directory is read, written, made or removed, whoever renames and links inside it meanwhile.
//   D2  No symbolic link is followed, wherever it points.
//   D3  No message holds a path of the host.
//   D4  A file is made or replaced by one rename of a whole file (writer.ts): nobody ever sees a part of it.
//   D5  What was opened stays what it is, whatever its name means by then; no pipe and no device is opened.
// How, on Linux: each directory on the way is opened by one name relative to the open directory before it, through
// /proc/self/fd/N/name with O_NOFOLLOW. There is no moment between a check and a use: what was opened is what is used.
// Elsewhere Node has no such call. There D1 and D2 are checked before and after, a race between two host processes can
// get in between, and writing is refused unless the embedder says `raceUnsafe`.
// Not promised: anything about hard links. A file inside that has another name outside is a file inside: it is read, and
// changed by append, truncate and open files under both names. (Replacing it leaves the other name the old file.)
import { closeSync, constants, existsSync, fstatSync, openSync, realpathSync } from "node:fs";
import type { Granted } from "../capability.ts";
import { boundsOf } from "../files/bounds.ts";
import { type FilesOptions, filesOf } from "../files/files.ts";
import type { FilesBounds, FilesPlace, OpenFile, OpenWriter } from "../files/types.ts";
import { newQueue, type Queue } from "../queue.ts";
import { checkedPlace } from "./directory-checked.ts";
import { linuxPlace } from "./directory-linux.ts";
import type { Root } from "./linux-walk.ts";

/** How a directory of the host may be used. */
export interface DirectoryOptions extends Partial<FilesBounds>, FilesOptions {
  /** Allow writing where the host has no race-free way: when nobody else changes the directory meanwhile. */
  readonly raceUnsafe?: boolean;
}

/** The directory's own descriptor is closed when nobody can use it any more. */
const closer = new FinalizationRegistry<number>((fd) => closeSync(fd));

function canWalkDescriptors(fd: number): boolean {
  if (process.platform !== "linux" || !existsSync("/proc/self/fd")) return false;
  const again = openSync(`/proc/self/fd/${fd}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const [a, b] = [fstatSync(fd), fstatSync(again)];
    return a.dev === b.dev && a.ino === b.ino;
  } finally {
    closeSync(again);
  }
}

/** Calls of one directory that run at once. Each holds up to four descriptors, and what it reads. */
const AT_ONCE = 16;

const queuedFile = (file: OpenFile, queue: Queue): OpenFile => ({
  made: file.made,
  size: () => queue(() => file.size()),
  read: (offset, most) => queue(() => file.read(offset, most)),
  write: (offset, bytes) => queue(() => file.write(offset, bytes)),
  truncate: (size) => queue(() => file.truncate(size)),
  flush: () => queue(() => file.flush()),
  close: () => queue(() => file.close()),
});

const queuedWriter = (writer: OpenWriter, queue: Queue): OpenWriter => ({
  write: (bytes) => queue(() => writer.write(bytes)),
  finish: () => queue(() => writer.finish()),
  abort: () => queue(() => writer.abort()),
});

function queued(place: FilesPlace): FilesPlace {
  const queue = newQueue(AT_ONCE);
  return {
    bounds: place.bounds,
    readBytes: (path) => queue(() => place.readBytes(path)),
    list: (path) => queue(() => place.list(path)),
    stat: (path) => queue(() => place.stat(path)),
    writeBytes: (path, bytes) => queue(() => place.writeBytes(path, bytes)),
    append: (path, bytes) => queue(() => place.append(path, bytes)),
    remove: (path) => queue(() => place.remove(path)),
    makeDirectory: (path) => queue(() => place.makeDirectory(path)),
    rename: (from, to) => queue(() => place.rename(from, to)),
    open: async (path, how) => queuedFile(await queue(() => place.open(path, how)), queue),
    openWriter: async (path, mode) => queuedWriter(await queue(() => place.openWriter(path, mode)), queue),
    watch: (path) => queue(() => place.watch(path)),
  };
}

/** Opens a directory of the host. Throws (to the embedder, with the path) if it is none. */
export function directoryPlace(path: string, options: DirectoryOptions = {}): FilesPlace {
  const { raceUnsafe = false } = options;
  const bounds = boundsOf(options);
  if (process.platform === "win32") return queued(checkedPlace(realpathSync(path), bounds, raceUnsafe));
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  if (!canWalkDescriptors(fd)) {
    closeSync(fd);
    return queued(checkedPlace(realpathSync(path), bounds, raceUnsafe));
  }
  const root: Root = Object.freeze({ fd, bounds });
  closer.register(root, fd);
  return queued(linuxPlace(root));
}

/** Grants the files below a directory of the host, for reading and writing: `readOnly(directory(path))` narrows it. */
export const directory = (path: string, options: DirectoryOptions = {}): Granted =>
  filesOf(directoryPlace(path, options), options);
