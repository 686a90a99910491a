// An audit log on disk: lines are kept for a moment and written together, while the guest goes on.
//
// Invariants
//   F1  Lines are written in their order, each whole, after those that the file had; a torn end of an earlier process
//       gets its own line's end first.
//   F2  The file stays within `maxBytes`, and with `keep` so do its elder siblings FILE.1, FILE.2, ...
//   F3  Nobody waits for the disk, but where so much waits already that memory would be the price, and at the end.
import { closeSync, fstatSync, openSync, readSync, renameSync, write, writeSync } from "node:fs";
import type { AuditSink } from "../audit-options.ts";
import { CordonError } from "../errors.ts";

/** How large the log may become, and what happens then. */
export interface AuditFileOptions {
  /** Bytes of the file. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Full files to keep, as FILE.1, FILE.2, ...: the oldest goes. Default: 0, a full file takes no more. */
  readonly keep?: number | undefined;
}

/** An audit log in a file. */
export interface AuditFile extends AuditSink {
  /** Writes what waits. The result says how many lines were taken and could not be written. */
  close(): Promise<{ readonly lost: number }>;
}

const NONE = -1; // no open file
const ROTATE = Symbol("rotate");
type Item = string | typeof ROTATE;

interface Log {
  readonly path: string;
  readonly maxBytes: number;
  readonly keep: number;
  fd: number;
  /** Bytes of the file once all that waits is written. */
  size: number;
  waiting: Item[];
  waitingBytes: number;
  isWriting: boolean;
  timer: NodeJS.Timeout | undefined;
  /** More waits than the timer should find. */
  isHurried: boolean;
  problem: string | undefined;
  lost: number;
  isClosed: boolean;
  whenIdle: (() => void)[];
}

const SOON = 50; // milliseconds
const MUCH = 256 * 1024; // bytes: written as soon as the host's events are served
const TOO_MUCH = 4 * 1024 * 1024; // bytes: written at once, while everybody waits
const MOST_WAITING = 16 * 1024 * 1024; // bytes: while the disk is busy, no more is taken
/** Bytes that only the last line may use. */
const RESERVE = 512;

const WORDS = new Map<unknown, string>([
  ["ENOENT", "no such directory"],
  ["EACCES", "permission denied"],
  ["EISDIR", "is a directory"],
  ["ENOTDIR", "no such directory"],
  ["ENOSPC", "the disk is full"],
  ["EROFS", "the disk is read-only"],
  ["EPIPE", "its reader has gone"],
]);
const codeOf = (error: unknown): string => (error as { readonly code?: string }).code ?? "unknown";
const wordOf = (error: unknown): string => WORDS.get(codeOf(error)) ?? codeOf(error);

/** For its owner alone: what guests asked for is in it. */
const open = (path: string): number => openSync(path, "a", 0o600);

function endsInsideLine(path: string, size: number): boolean {
  const fd = openSync(path, "r");
  try {
    const last = new Uint8Array(1);
    return readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(fd);
  }
}

const linesIn = (items: readonly Item[]): number => items.filter((item) => item !== ROTATE).length;

/** Nothing more is written; what waited is lost, and counted. */
function fail(log: Log, error: unknown, lines: number): void {
  log.problem = `the audit log cannot be written: ${wordOf(error)}`;
  log.lost += lines + linesIn(log.waiting);
  [log.waiting, log.waitingBytes] = [[], 0];
}

function release(log: Log): void {
  const { fd } = log;
  log.fd = NONE;
  if (fd !== NONE) closeSync(fd);
}

/** FILE becomes FILE.1, that FILE.2, and so on. */
function rotate(log: Log): void {
  release(log);
  const name = (at: number): string => (at === 0 ? log.path : `${log.path}.${at}`);
  for (let at = log.keep; at > 0; at--) {
    try {
      renameSync(name(at - 1), name(at));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
  log.fd = open(log.path);
}

/** What can be written in one go: the lines up to the next rotation, which is done if it comes first. */
function take(log: Log): string[] {
  while (log.waiting[0] === ROTATE) {
    log.waiting.shift();
    rotate(log);
  }
  const end = log.waiting.indexOf(ROTATE);
  const lines = log.waiting.splice(0, end < 0 ? log.waiting.length : end) as string[];
  for (const line of lines) log.waitingBytes -= line.length;
  return lines;
}

function writeNow(log: Log): void {
  let lines: string[] = [];
  try {
    while (log.waiting.length > 0) {
      lines = take(log);
      const bytes = Buffer.from(lines.join(""), "latin1");
      for (let at = 0; at < bytes.length; ) at += writeSync(log.fd, bytes, at);
    }
  } catch (error) {
    fail(log, error, lines.length);
  }
}

function becomeIdle(log: Log): void {
  log.isWriting = false;
  if (log.waiting.length > 0) return writeLater(log);
  for (const resolve of log.whenIdle.splice(0)) resolve();
}

function writePiece(log: Log, bytes: Uint8Array, lines: number): void {
  write(log.fd, bytes, 0, bytes.length, null, (error, written) => {
    if (error !== null) fail(log, error, lines);
    else if (written < bytes.length) return writePiece(log, bytes.subarray(written), lines);
    becomeIdle(log);
  });
}

function writeLater(log: Log): void {
  clearTimeout(log.timer);
  log.timer = undefined;
  log.isHurried = false;
  if (log.isWriting || log.waiting.length === 0) return;
  try {
    const lines = take(log);
    if (lines.length === 0) return;
    log.isWriting = true;
    writePiece(log, Buffer.from(lines.join(""), "latin1"), lines.length);
  } catch (error) {
    fail(log, error, 0);
  }
}

/** Not at once: a write that is under way while the guest holds the thread would stand before all the next ones. */
function schedule(log: Log): void {
  if (log.isWriting) return;
  if (log.waitingBytes > TOO_MUCH) return writeNow(log);
  log.timer ??= setTimeout(() => writeLater(log), SOON).unref();
  if (log.waitingBytes > MUCH && !log.isHurried) {
    log.isHurried = true;
    setImmediate(() => writeLater(log));
  }
}

function room(log: Log): number {
  if (log.problem !== undefined || log.isClosed) return 0;
  if (log.waitingBytes > MOST_WAITING) return 0;
  return log.keep > 0 ? log.maxBytes - RESERVE : Math.max(0, log.maxBytes - RESERVE - log.size);
}

function put(log: Log, line: string, isLast: boolean): boolean {
  const size = line.length;
  if (log.problem !== undefined || log.isClosed) return false;
  if (size > room(log) + (isLast ? RESERVE : 0)) return false;
  if (log.keep > 0 && log.size > 0 && log.size + size > log.maxBytes - RESERVE) {
    log.waiting.push(ROTATE);
    log.size = 0;
  }
  log.waiting.push(line);
  log.waitingBytes += size;
  log.size += size;
  schedule(log);
  return true;
}

/** A process that ends at once, by Ctrl-C say, still writes what waits, but for a piece that is being written. */
const logs = new Set<Log>();
function writeAllNow(): void {
  for (const log of logs) if (!log.isWriting) writeNow(log);
}

async function close(log: Log): Promise<{ readonly lost: number }> {
  log.isClosed = true;
  writeLater(log);
  if (log.isWriting) await new Promise<void>((resolve) => void log.whenIdle.push(resolve));
  release(log);
  logs.delete(log);
  if (logs.size === 0) process.off("exit", writeAllNow);
  return { lost: log.lost };
}

function newLog(path: string, { maxBytes = 64 * 1024 * 1024, keep = 0 }: AuditFileOptions): Log {
  if (!(maxBytes >= 4_096)) throw new CordonError("E_OPTION", "auditFile: maxBytes must be 4096 or more");
  if (!(Number.isInteger(keep) && keep >= 0 && keep <= 1_000))
    throw new CordonError("E_OPTION", "auditFile: keep must be a number of files, from 0 to 1000");
  const fd = open(path);
  const stats = fstatSync(fd);
  const size = stats.isFile() ? stats.size : 0;
  const waiting = size > 0 && endsInsideLine(path, size) ? ["\n"] : [];
  return {
    ...{
      path,
      maxBytes,
      keep,
      fd,
      size,
      waiting,
      waitingBytes: waiting.length,
      isWriting: false,
      timer: undefined,
      isHurried: false,
    },
    ...{ problem: undefined, lost: 0, isClosed: false, whenIdle: [] },
  };
}

/** Where an audit goes to a file, after what is in it already. Throws CordonError if it cannot be opened. */
export function auditFile(path: string, options: AuditFileOptions = {}): AuditFile {
  let log: Log;
  try {
    log = newLog(path, options);
  } catch (error) {
    if (error instanceof CordonError) throw error;
    throw new CordonError("E_OPTION", `the audit log ${path}: ${wordOf(error)}`);
  }
  if (logs.size === 0) process.on("exit", writeAllNow);
  logs.add(log);
  return {
    room: () => room(log),
    write: (line, isLast) => put(log, line, isLast),
    problem: () => log.problem ?? (log.waitingBytes > MOST_WAITING ? "the audit log's disk is too slow" : undefined),
    close: () => close(log),
  };
}
