// Waiting. A sleep never ends early, and ends for good when its guest does.
import { checkAlive, ended, onAbort } from "../abort.ts";
import { type Signal, signal } from "../call.ts";
import { capability } from "../capability.ts";
import { realTime, type Time } from "../clock/time.ts";
import type { GrantedOf } from "../contract/index.ts";
import { MOST_WAITING } from "../line.ts";
import { refuse } from "../refusal.ts";
import { LONGEST_SLEEP, TIMERS } from "./contract.ts";

/** How many may sleep at once, and by whose time. */
export interface TimersOptions {
  /** Sleeps at a time; one more is refused with E_BUSY. Default: 10,000. */
  readonly most?: number | undefined;
  /** What tells the time. Default: the host. */
  readonly time?: Time | undefined;
}

export interface TimersPlace {
  sleep(ms: number): Promise<void>;
}

export function timersPlace({ most = MOST_WAITING, time = realTime() }: TimersOptions = {}): TimersPlace {
  let open = 0;
  function sleepOn(ms: number, guest: Signal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const forget = onAbort(guest, () => {
      open--;
      cancel();
      reject(ended());
    });
    const cancel = time.after(ms, () => {
      open--;
      forget();
      resolve();
    });
    open++;
    return promise;
  }
  return {
    async sleep(ms) {
      const guest = signal();
      checkAlive(guest);
      if (!(Number.isFinite(ms) && ms >= 0 && ms <= LONGEST_SLEEP))
        refuse("E_VALUE", `milliseconds from 0 to ${LONGEST_SLEEP}`);
      if (open >= most) refuse("E_BUSY", `${most} sleeps are open already`);
      await sleepOn(ms, guest);
    },
  };
}

/** Grants sleeping: by the host's time, unless another is given. */
export const timers = (options: TimersOptions = {}): GrantedOf<typeof TIMERS> =>
  capability(TIMERS, timersPlace(options));
