// Watching a directory of the host. The host says under which name something may have happened; what has happened is
// found by looking, so that nothing is told that is not so, and no name of the host gets through.
//
// Invariants
//   N1  A name is told only if an entry of the directory has it, or had it when it was last looked at.
//   N2  What waits is bounded, in names to look at (MAX_DIRTY) and in changes to tell (changes.ts).
//   N3  After a storm everything is looked at once: the host drops what it cannot keep, and does not say so.
import { type BigIntStats, type FSWatcher, watch } from "node:fs";
import { newChanges } from "../files/changes.ts";
import { refuse } from "../files/refusal.ts";
import type { OpenWatch } from "../files/types.ts";
import { hasCode, isNameable } from "./host.ts";

const MAX_DIRTY = 1_000;
/** How long the end of a watched directory may go unnoticed: the host does not tell it while the directory is open. */
const GONE_EVERY = 1_000; // milliseconds
/** Events after which some may have been dropped. The host keeps 16,384 for all watches of the process together. */
const STORM = 500;

export interface Watched {
  /** What the guest calls it. */
  readonly path: string;
  /** The host's path of the directory. */
  readonly host: string;
  /** The one entry that is watched; undefined for all. */
  readonly only: string | undefined;
  /** Entries that are remembered. */
  readonly most: number;
  look(name: string): Promise<BigIntStats>;
  names(): Promise<string[]>;
  /** The directory itself was removed. */
  isGone(): Promise<boolean>;
  leave(): Promise<void>;
}

async function stampOf({ look }: Watched, name: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await look(name);
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return undefined;
  }
}

/** Compares what is there with what was there. */
function newObserver(watched: Watched) {
  const { only, most } = watched;
  const changes = newChanges(watched.path);
  const known = new Map<string, string>();
  /** `isNews`: the host said that something has happened. */
  async function look(name: string, isNews: boolean): Promise<void> {
    const [before, now] = [known.get(name), await stampOf(watched, name)];
    if (now === undefined) known.delete(name);
    else if (before !== undefined || known.size < most) known.set(name, now);
    else return changes.overflow();
    const shown = only === undefined ? name : ".";
    if (before === undefined && now !== undefined) changes.tell("appeared", shown);
    if (before !== undefined && now === undefined) changes.tell("removed", shown);
    if (before !== undefined && now !== undefined && (isNews || before !== now)) changes.tell("changed", shown);
  }
  async function lookAtAll(): Promise<void> {
    const names = only === undefined ? await watched.names().catch(() => undefined) : [only];
    if (names === undefined) return changes.overflow();
    for (const name of new Set([...known.keys(), ...names])) await look(name, false);
  }
  async function remember(): Promise<void> {
    for (const name of only === undefined ? await watched.names() : [only]) {
      const stamp = await stampOf(watched, name);
      if (stamp !== undefined) known.set(name, stamp);
    }
  }
  let isGone = false;
  async function lookAtItself(): Promise<void> {
    if (only !== undefined || isGone || !(await watched.isGone().catch(() => false))) return;
    if (!isGone) changes.tell("removed", ".");
    isGone = true;
  }
  return { changes, look, lookAtAll, lookAtItself, remember };
}

type Observer = ReturnType<typeof newObserver>;

/** Takes what the host says, and looks, one name at a time. */
function newPump({ look, lookAtAll, lookAtItself, remember }: Observer, only: string | undefined) {
  const dirty = new Set<string>();
  let events = 0;
  let mustLookAtAll = false;
  let isRunning = true;
  let isClosed = false;
  async function step(): Promise<void> {
    const [name] = dirty;
    if (mustLookAtAll) {
      mustLookAtAll = false;
      events = 0;
      dirty.clear();
      await lookAtAll();
    } else if (name !== undefined) {
      dirty.delete(name);
      await (name === "." ? lookAtItself() : look(name, true));
    }
    if (dirty.size === 0 && events > STORM) mustLookAtAll = true;
  }
  async function run(): Promise<void> {
    isRunning = true;
    while (!isClosed && (dirty.size > 0 || mustLookAtAll)) await step();
    isRunning = false;
  }
  return {
    note(name: string | null): void {
      events++;
      if (name !== null && name !== "." && (only === undefined ? !isNameable(name) : name !== only)) return;
      if (name === null || dirty.size >= MAX_DIRTY) mustLookAtAll = true;
      else dirty.add(name);
      if (!isRunning) void run();
    },
    async start(): Promise<void> {
      await remember();
      void run();
    },
    stop: (): void => {
      isClosed = true;
    },
  };
}

function begin(watched: Watched, note: (name: string | null) => void): FSWatcher {
  try {
    return watch(watched.host, { persistent: false }, (_event, name) => note(name));
  } catch (error) {
    // ENOSPC: the host's bound on watches.
    if (hasCode(error, "ENOSPC")) return refuse("E_QUOTA", watched.path);
    throw error;
  }
}

/** Watches until it is closed. Only whoever waits for a change keeps the process alive. */
export async function newWatch(watched: Watched): Promise<OpenWatch> {
  const observer = newObserver(watched);
  const pump = newPump(observer, watched.only);
  let watcher: FSWatcher | undefined;
  let waiting = 0;
  const timer = setInterval(() => void observer.lookAtItself(), GONE_EVERY);
  timer.unref();
  const close = async (): Promise<void> => {
    clearInterval(timer);
    pump.stop();
    observer.changes.close();
    watcher?.close();
    await watched.leave();
  };
  try {
    watcher = begin(watched, pump.note);
    watcher.on("error", () => pump.note(null));
    await pump.start();
  } catch (error) {
    await close();
    throw error;
  }
  const next = async () => {
    if (waiting++ === 0) watcher.ref();
    try {
      return await observer.changes.next();
    } finally {
      if (--waiting === 0) watcher.unref();
    }
  };
  return { next, close };
}
