// Waiting. A sleep never ends early, and ends for good when its guest does.
import { type AbortSource, checkAlive, ended, onAbort } from "../abort.ts";
import { signal } from "../call.ts";
import type { Time } from "../clock/time.ts";
import { MOST_WAITING } from "../line.ts";
import { refuse } from "../refusal.ts";

/** The longest sleep: a hundred years of 365 days. */
export const LONGEST_SLEEP = 100 * 365 * 86_400_000; // ms

export interface TimersOptions {
  /** Sleeps at a time; one more is refused with E_BUSY. Default: 10,000. */
  readonly most?: number | undefined;
}

export interface TimersPlace {
  sleep(ms: number): Promise<void>;
}

export function timersPlace(time: Time, { most = MOST_WAITING }: TimersOptions = {}): TimersPlace {
  let open = 0;
  function sleepOn(ms: number, guest: AbortSource): Promise<void> {
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
      if (!(ms >= 0 && ms <= LONGEST_SLEEP)) refuse("E_VALUE", `milliseconds from 0 to ${LONGEST_SLEEP}`);
      if (open >= most) refuse("E_BUSY", `${most} sleeps are open already`);
      await sleepOn(ms, guest);
    },
  };
}
