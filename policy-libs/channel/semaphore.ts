// A semaphore: permits that domains take and give back, in fair order.
//
// Invariants
//   S1  Permits in the semaphore and permits taken are together the number it began with (and what was given without
//       having been taken, unless it is strict).
//   S2  A permit goes to who has waited longest: tryAcquire never overtakes.
//   S3  Robust: a guest gives back only what it took itself, and what it holds when it ends is given back for it, once.
import { type AbortSource, checkAlive, onAbort } from "../abort.ts";
import { signal } from "../call.ts";
import { newLine } from "../line.ts";
import { refuse } from "../refusal.ts";
import { checkCount } from "./count.ts";

/** As POSIX has it (SEM_VALUE_MAX is at least 32,767; here what an int holds). */
const MOST_PERMITS = 2 ** 31 - 1;

export interface SemaphoreOptions {
  /** Giving back what nobody holds is refused with E_RELEASE. Default: true. Else it adds a permit. */
  readonly strict?: boolean | undefined;
  /** A guest that ends gives back what it holds, and one gives back only its own. Default: false. */
  readonly robust?: boolean | undefined;
  /** Calls that wait. Default: 10,000. */
  readonly mostWaiting?: number | undefined;
}

export interface SemaphorePlace {
  acquire(): Promise<void>;
  tryAcquire(): boolean;
  release(): void;
}

interface Holder {
  permits: number;
  readonly forget: () => void;
}

/** Who holds how many, by the guest's signal. */
function newHolders(giveBack: (permits: number) => void) {
  const holders = new Map<AbortSource, Holder>();
  function enter(guest: AbortSource): Holder {
    const holder = {
      permits: 0,
      forget: onAbort(guest, () => {
        holders.delete(guest);
        giveBack(holder.permits);
      }),
    };
    holders.set(guest, holder);
    return holder;
  }
  return {
    add(guest: AbortSource): void {
      const holder = holders.get(guest) ?? enter(guest);
      holder.permits++;
    },
    /** False if this guest holds none. */
    remove(guest: AbortSource): boolean {
      const holder = holders.get(guest);
      if (holder === undefined) return false;
      holder.permits--;
      if (holder.permits === 0) {
        holder.forget();
        holders.delete(guest);
      }
      return true;
    },
  };
}

export function semaphorePlace(count: number, options: SemaphoreOptions = {}): SemaphorePlace {
  const { strict = true, robust = false, mostWaiting } = options;
  let free = checkCount("count", count, 0, MOST_PERMITS);
  let taken = 0;
  const line = newLine<AbortSource, void>(mostWaiting);
  const holders = newHolders((permits) => {
    for (let i = 0; i < permits; i++) put(true);
  });

  function take(guest: AbortSource): void {
    taken++;
    if (robust) holders.add(guest);
  }
  function put(wasTaken: boolean): void {
    if (wasTaken) taken--;
    const next = line.first();
    if (next === undefined) free++;
    else {
      // Before it is served: its guest may end between this and the answer.
      take(next);
      line.serve();
    }
  }
  function tryTake(guest: AbortSource): boolean {
    if (free === 0) return false;
    free--;
    take(guest);
    return true;
  }
  return {
    async acquire() {
      const guest = signal();
      checkAlive(guest);
      if (!tryTake(guest)) await line.enter(guest, guest).done;
    },
    tryAcquire() {
      const guest = signal();
      checkAlive(guest);
      return tryTake(guest);
    },
    release() {
      const isHeld = robust ? holders.remove(signal()) : taken > 0;
      if (!isHeld && (strict || robust)) refuse("E_RELEASE", "no permit is held that could be given back");
      if (!isHeld && free >= MOST_PERMITS) refuse("E_RELEASE", "the semaphore is full");
      put(isHeld);
    },
  };
}
