// A limit of time over several steps, which the end of the guest cuts short.

import { onAbort } from "../abort.ts";
import type { Signal } from "../call.ts";
import { netError } from "./refusal.ts";

/** Runs a task after so many milliseconds, unless the returned function is called before. */
export type Later = (ms: number, task: () => void) => () => void;

export interface Deadline {
  /** The result of the work; or, when the time is over or the guest gone, `cancel` runs and the call is refused. */
  race<T>(work: Promise<T>, cancel?: () => void): Promise<T>;
  /** The time is not needed any more. */
  done(): void;
}

export function newDeadline(later: Later, ms: number, gone: Signal): Deadline {
  let stopped: Error | undefined;
  const running = new Set<(error: Error) => void>();
  const stop = (code: "E_TIMEOUT" | "E_ENDED"): void => {
    stopped ??= netError(code);
    for (const task of running) task(stopped);
    running.clear();
  };
  const forgetTime = later(ms, () => stop("E_TIMEOUT"));
  const forgetGuest = onAbort(gone, () => stop("E_ENDED"));
  if (gone.aborted) stop("E_ENDED");
  return {
    race: (work, cancel = () => undefined) =>
      new Promise((resolve, reject) => {
        const end = (error: Error): void => {
          cancel();
          reject(error);
        };
        if (stopped !== undefined) end(stopped);
        else running.add(end);
        work.then(resolve, reject).finally(() => running.delete(end));
      }),
    done() {
      forgetTime();
      forgetGuest();
    },
  };
}
