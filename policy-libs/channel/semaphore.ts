// A semaphore: permits that domains take and give back, in fair order.
//
// Invariants
//   S1  Permits in the semaphore and permits taken are together the number it began with (and what was given without
//       having been taken, unless it is strict).
//   S2  A permit goes to who has waited longest: tryAcquire never overtakes.
//   S3  A permit that was given to a call whose guest is gone comes back at once.
//   S4  Robust: a holder gives back only what it took itself, and what it has when it leaves comes back, once.
import { checkAlive, ended } from "../abort.ts";
import { type Signal, signal } from "../call.ts";
import { type Line, newLine } from "../line.ts";
import { refuse } from "../refusal.ts";
import { checkCount } from "./count.ts";

/** What an int holds, as SEM_VALUE_MAX of POSIX systems does. */
const MOST_PERMITS = 2 ** 31 - 1;

/** Who may give permits back, and how many may wait. */
export interface SemaphoreOptions {
  /** Giving back what nobody holds is refused with E_RELEASE. Default: true. Else it adds a permit. */
  readonly strict?: boolean | undefined;
  /**
   * Permits belong to the grant by which they were taken: only it gives them back, and when nobody has it any more
   * they come back by themselves. Each guest then needs a grant of its own: sharing(). Default: false.
   */
  readonly robust?: boolean | undefined;
  /** Calls that wait. Default: 10,000. */
  readonly mostWaiting?: number | undefined;
}

export interface SemaphorePlace {
  acquire(): Promise<void>;
  tryAcquire(): boolean;
  release(): void;
  /** Nobody can call the others any more. */
  leave(): void;
}

/** Who has taken how many: a grant of a robust semaphore, or all together. */
interface Holder {
  permits: number;
}

interface Semaphore {
  readonly line: Line<Holder, void>;
  readonly strict: boolean;
  readonly robust: boolean;
  free: number;
}

function put(semaphore: Semaphore): void {
  const next = semaphore.line.first();
  if (next === undefined) semaphore.free++;
  else {
    next.permits++;
    semaphore.line.serve();
  }
}

function giveBack(semaphore: Semaphore, holder: Holder): void {
  holder.permits--;
  put(semaphore);
}

function tryTake(semaphore: Semaphore, holder: Holder): boolean {
  if (semaphore.free === 0) return false;
  semaphore.free--;
  holder.permits++;
  return true;
}

async function acquire(semaphore: Semaphore, holder: Holder, guest: Signal): Promise<void> {
  checkAlive(guest);
  if (tryTake(semaphore, holder)) return;
  await semaphore.line.enter(holder, guest).done;
  if (!guest.aborted) return;
  // Gone between being served and here. If its holder has left as well, that has given the permit back (S4).
  if (holder.permits > 0) giveBack(semaphore, holder);
  throw ended();
}

function release(semaphore: Semaphore, holder: Holder): void {
  if (holder.permits > 0) return giveBack(semaphore, holder);
  const isFull = semaphore.free >= MOST_PERMITS;
  if (semaphore.strict || semaphore.robust || isFull) refuse("E_RELEASE", "no permit is held that could be given back");
  put(semaphore);
}

/** Makes the places of one semaphore: one for each grant of it. */
export function newSemaphore(count: number, options: SemaphoreOptions = {}): () => SemaphorePlace {
  const { strict = true, robust = false, mostWaiting } = options;
  const free = checkCount("count", count, 0, MOST_PERMITS);
  const everybody = { permits: 0 };
  const semaphore: Semaphore = { line: newLine<Holder, void>(mostWaiting), strict, robust, free };
  return () => {
    const holder = robust ? { permits: 0 } : everybody;
    return {
      acquire: async () => await acquire(semaphore, holder, signal()),
      tryAcquire() {
        checkAlive(signal());
        return tryTake(semaphore, holder);
      },
      release: () => release(semaphore, holder),
      leave() {
        if (!robust) return;
        const { permits } = holder;
        for (let i = 0; i < permits; i++) giveBack(semaphore, holder);
      },
    };
  };
}
