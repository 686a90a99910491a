// Artifacts on disk: one file each, in a folder that belongs to this user alone.
//
// Whatever is wrong with the folder or a file (not there, read-only, full, damaged, somebody else's) means that nothing
// is found or kept, and never an error: a cache is no reason for a program not to run. What is found is not trusted: see
// ../program-cache.ts. The care here is that no other user can choose what runs, or make us write elsewhere.
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { ArtifactCache } from "../program-cache.ts";
import { nodeCrypto } from "./builtin.ts";

/** Where the cache lies, and how much it holds. */
export interface DiskCacheOptions {
  /** Default: `cordon` in $XDG_CACHE_HOME, else in ~/.cache. It is made if its parent can be. */
  readonly folder?: string | undefined;
  /** Bytes of all files together; the oldest go first. Default: 256 MiB. */
  readonly most?: number | undefined;
}

const MOST_BYTES = 256 * 1024 * 1024;
const MOST_FILES = 1_000;
const ABANDONED = 3_600_000; // milliseconds after which a half-written file is nobody's any more

const KEY = /^[0-9a-f]{64}$/;
const ENTRY = /^[0-9a-f]{64}\.artifact$/;
const TEMPORARY = /^\.[0-9a-f-]{36}\.tmp$/;

// Windows has neither owners nor these flags: there a user's profile is private by its own rules.
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const user = (): number | undefined => process.geteuid?.();

/** This user's, and closed to everybody else. */
const isPrivate = ({ uid, mode }: Stats): boolean => user() === undefined || (uid === user() && (mode & 0o077) === 0);

/** Below a folder that anybody may write to, /tmp say, a name can be taken by whoever comes first. */
function isSafePlace(parent: string): boolean {
  const { uid, mode } = statSync(parent);
  return user() === undefined || ((uid === user() || uid === 0) && (mode & 0o002) === 0);
}

function isUsable(folder: string): boolean {
  const stats = lstatSync(folder);
  return stats.isDirectory() && isPrivate(stats) && isSafePlace(dirname(folder));
}

/** Not `recursive`: below /proc, which says ENOENT although it is there, Node then tries for ever. */
function makeFolders(folder: string): void {
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return;
  if (dirname(folder) !== folder) makeFolders(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "EEXIST") throw error; // another process was first
  }
}

function prepare(folder: string): boolean {
  makeFolders(dirname(folder));
  if (!isSafePlace(dirname(folder))) return false;
  makeFolders(folder);
  return isUsable(folder);
}

function read(file: string, most: number): Uint8Array | undefined {
  const fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // a pipe of that name would be waited for
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || !isPrivate(stats) || stats.size > most) return undefined;
    const bytes = readFileSync(fd);
    touch(fd);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** What is used stays young. */
function touch(fd: number): void {
  try {
    const now = new Date();
    futimesSync(fd, now, now);
  } catch {
    // Read-only: then nothing is thrown out either.
  }
}

/** Whole or not at all: others see the file only under its last name. */
function write(folder: string, name: string, bytes: Uint8Array): void {
  const temporary = join(folder, `.${nodeCrypto().randomUUID()}.tmp`);
  const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeAndClose(fd, bytes);
    renameSync(temporary, join(folder, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeAndClose(fd: number, bytes: Uint8Array): void {
  try {
    writeFileSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

interface Kept {
  readonly file: string;
  readonly size: number;
  readonly time: number;
}

/** Undefined if another process has thrown it out meanwhile. */
function keptAt(file: string): Kept | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats?.isFile() ? { file, size: stats.size, time: stats.mtimeMs } : undefined;
}

const keptIn = (folder: string, pattern: RegExp): Kept[] =>
  readdirSync(folder)
    .filter((name) => pattern.test(name))
    .flatMap((name) => keptAt(join(folder, name)) ?? []);

/** Throws out the oldest until `room` bytes are free, and what was never finished. */
function makeRoom(folder: string, room: number, most: number): void {
  const abandoned = keptIn(folder, TEMPORARY).filter(({ time }) => Date.now() - time > ABANDONED);
  const entries = keptIn(folder, ENTRY).sort((a, b) => a.time - b.time);
  let [bytes, count] = [entries.reduce((sum, { size }) => sum + size, room), entries.length + 1];
  const old = entries.filter(({ size }) => {
    if (bytes <= most && count <= MOST_FILES) return false;
    bytes -= size;
    count--;
    return true;
  });
  for (const { file } of [...abandoned, ...old]) rmSync(file, { force: true });
}

/** Only an absolute path counts, as the XDG specification says. */
export function defaultFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: given = "" } = env;
  return join(isAbsolute(given) ? given : join(homedir(), ".cache"), "cordon");
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** A cache of artifacts for `runProgram`, shared by the processes of this user. */
export function diskCache({ folder: given, most = MOST_BYTES }: DiskCacheOptions = {}): ArtifactCache {
  const folder = given ?? attempt(defaultFolder);
  if (folder === undefined) return { get: () => undefined, set: () => undefined };
  const isKey = (key: string): boolean => typeof key === "string" && KEY.test(key);
  return {
    get: (key) =>
      attempt(() => (isKey(key) && isUsable(folder) ? read(join(folder, `${key}.artifact`), most) : undefined)),
    set: (key, bytes) =>
      attempt(() => {
        if (!isKey(key) || bytes.length > most || !prepare(folder)) return;
        makeRoom(folder, bytes.length, most);
        write(folder, `${key}.artifact`, bytes);
      }),
  };
}
