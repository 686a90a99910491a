// Statistics of this process for `cordon top`: a socket in a folder of this user's alone, which sends a line of JSON now
// and then to whoever is connected.
//
// Invariants
//   ST1  Nobody but this user reaches the socket: its folder is the user's own and closed to others, or nothing is
//        published.
//   ST2  Nothing is read from a connection: whoever watches changes nothing.
//   ST3  Neither the socket nor a watcher keeps the process alive; a watcher that does not read is let go.
//   ST4  A line is bounded, whatever there is to tell of: the largest rows are told of, and texts are cut.
import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CordonError } from "../errors.ts";
import { checkKeys } from "../options.ts";

/** What has statistics: a pool, say. It is asked for the rows that matter most, so many of each kind. */
export interface Watched {
  stats(most?: { readonly tenants: number; readonly domains: number }): object;
}

export interface PublishOptions {
  /** Where; default: a folder of this user's for running processes, which `cordon top` knows. */
  readonly path?: string | undefined;
  /** Milliseconds between lines. Default: 500. */
  readonly every?: number | undefined;
  /** Tenants, and domains, that a line tells of one by one: those that use the most. Default: 500. */
  readonly rows?: number | undefined;
}

export interface Published {
  readonly path: string;
  /** Ends it. Cannot fail, may be called twice. */
  stop(): void;
}

const USUAL_PAUSE = 500; // ms
const [LEAST_PAUSE, MOST_PAUSE] = [20, 3_600_000]; // ms
const USUAL_ROWS = 500;
const MOST_ROWS = 10_000;
/** A watcher has a line only when it has read the one before; so many times it may have not. */
const MOST_SKIPPED = 120;
/** Of a line: longer ones tell of fewer rows. */
export const MOST_LINE = 1 << 20; // UTF-16 units
/** Of a name, or of why a worker was lost. */
const LONGEST = 200; // UTF-16 units
const MOST_WATCHERS = 16;
/** Of the time of the thread, for one watcher. */
const MOST_OF_THREAD = 0.02;

const user = (): number => process.geteuid?.() ?? 0;

/** The folder of sockets, of this user. */
export const socketFolder = (): string => join(process.env["XDG_RUNTIME_DIR"] ?? tmpdir(), `cordon-${user()}`);

function makePrivate(folder: string): void {
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const found = lstatSync(folder);
  const isOurs =
    found.isDirectory() && (process.geteuid === undefined || (found.uid === user() && (found.mode & 0o077) === 0));
  if (!isOurs)
    throw new CordonError("E_OPTION", `${folder} is not a folder of this user alone: remove it, or pass a path`);
}

/** Another user's lives too, and may not be asked. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Sockets in the folder, by the number of the process that each was made by. */
function socketsIn(folder: string): [pid: number, path: string][] {
  try {
    const names = readdirSync(folder).filter((name) => /^\d+\.sock$/.test(name));
    return names.map((name) => [Number.parseInt(name, 10), join(folder, name)]);
  } catch {
    return [];
  }
}

/** Processes that publish, by their numbers. One that was killed has left its socket behind. */
export const publishing = (folder = socketFolder()): ReadonlyMap<number, string> =>
  new Map(socketsIn(folder).filter(([pid]) => isAlive(pid)));

/** What processes have left behind that were killed: of this number before, say. */
function sweep(folder: string): void {
  for (const [pid, path] of socketsIn(folder)) if (pid === process.pid || !isAlive(pid)) rmSync(path, { force: true });
}

const cut = (_key: string, value: unknown): unknown =>
  typeof value === "string" && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;

/** ST4. Undefined: even without rows there is too much. */
function lineOf(watched: Watched, rows: number): string | undefined {
  for (let most = rows; ; most >>= 1) {
    const stats = watched.stats({ tenants: most, domains: most });
    const line = JSON.stringify({ pid: process.pid, ...stats }, cut);
    if (line.length <= MOST_LINE) return line;
    if (most === 0) return undefined;
  }
}

function feed(socket: Socket, watched: Watched, every: number, rows: number): void {
  let skipped = 0;
  const send = (): void => {
    if (socket.writableLength > 0) return void (++skipped > MOST_SKIPPED && socket.destroy());
    skipped = 0;
    const line = lineOf(watched, rows);
    if (line !== undefined) socket.write(`${line}\n`);
  };
  let timer: NodeJS.Timeout;
  // A pool of very many takes a while to look at: that is less often then.
  const next = (): void => {
    const start = performance.now();
    send();
    timer = setTimeout(next, Math.max(every, (performance.now() - start) / MOST_OF_THREAD)).unref();
  };
  socket.unref();
  socket.on("error", () => socket.destroy());
  socket.on("close", () => clearTimeout(timer));
  socket.on("end", () => socket.destroy());
  socket.resume();
  next();
}

function pathOf(path: unknown): string {
  if (typeof path === "string" && path !== "") return path;
  if (path !== undefined) throw new CordonError("E_OPTION", "path must be the path of a socket");
  if (process.platform === "win32") return `\\\\.\\pipe\\cordon-${process.pid}`;
  makePrivate(socketFolder());
  return join(socketFolder(), `${process.pid}.sock`);
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new CordonError("E_OPTION", `statistics cannot be published at ${path}`, { cause })),
    );
    server.listen(path, resolve);
  });
}

/** Shows a pool to `cordon top`. Throws CordonError E_OPTION where that cannot be private, or the path is taken. */
export async function publishStats(watched: Watched, given: PublishOptions = {}): Promise<Published> {
  const options = checkKeys<PublishOptions>(given, ["path", "every", "rows"], "publishStats");
  const { path: alleged, every = USUAL_PAUSE, rows = USUAL_ROWS } = options;
  if (typeof watched?.stats !== "function") throw new CordonError("E_OPTION", "publishStats takes a pool");
  if (!(every >= LEAST_PAUSE && every <= MOST_PAUSE))
    throw new CordonError("E_OPTION", `every must be ${LEAST_PAUSE} to ${MOST_PAUSE} milliseconds`);
  if (!(Number.isSafeInteger(rows) && rows >= 1 && rows <= MOST_ROWS))
    throw new CordonError("E_OPTION", `rows must be a whole number from 1 to ${MOST_ROWS}`);
  const path = pathOf(alleged);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= MOST_WATCHERS) return void socket.destroy();
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    feed(socket, watched, every, rows);
  });
  if (alleged === undefined) sweep(socketFolder());
  await listening(server, path);
  server.unref();
  const stop = (): void => {
    process.off("exit", stop);
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  process.on("exit", stop);
  return { path, stop };
}
