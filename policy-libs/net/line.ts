// Calls that wait at one side of a socket: one at a time, in the order they were made.
//
// Invariants
//   L1  At most MAX_WAITING stand in a line; one more is refused with E_BUSY.
//   L2  First come, first served: two writes never mix.
//   L3  A call whose guest is gone leaves when its turn comes, having done nothing more.

import { onAbort } from "../abort.ts";
import type { Signal } from "../call.ts";
import { netError, refuse } from "./refusal.ts";

/** Calls in one line. */
export const MAX_WAITING = 64;

export interface Waiter<T> {
  /** Waited for first, in turn: the rates of an account. */
  readonly ready: () => Promise<unknown>;
  /** Asked at every change; what it gives or throws is the answer, undefined means not yet. */
  readonly attempt: () => T | undefined;
  readonly gone: Signal;
}

export interface Line {
  readonly length: number;
  join<T>(waiter: Waiter<T>): Promise<T>;
  /** Something happened that the first in line may have waited for. */
  changed(): void;
}

export function newLine(): Line {
  let length = 0;
  let last: Promise<unknown> = Promise.resolve();
  let wake = (): void => undefined;

  const change = (gone: Signal): Promise<void> =>
    new Promise((resolve) => {
      const forget = onAbort(gone, resolve);
      wake = () => {
        forget();
        resolve();
      };
    });

  async function serve<T>({ ready, attempt, gone }: Waiter<T>): Promise<T> {
    if (!gone.aborted) await ready();
    for (;;) {
      if (gone.aborted) throw netError("E_ENDED");
      const result = attempt();
      if (result !== undefined) return result;
      await change(gone);
    }
  }

  return {
    get length() {
      return length;
    },
    async join(waiter) {
      if (length >= MAX_WAITING) refuse("E_BUSY");
      length++;
      const served = last.then(() => serve(waiter)).finally(() => length--);
      last = served.catch(() => undefined);
      return await served;
    },
    changed: () => wake(),
  };
}
