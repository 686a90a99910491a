// What wakes a sandbox: somebody uses it, and says when that is over.
import type { Box } from "../box.ts";
import { now } from "../engine.ts";
import { CordonError } from "../errors.ts";
import { onAbort } from "../signal.ts";

const nothing = (): void => undefined;

/** Begins a use. Fulfilled, when the sandbox is awake or `unwanted`, with what ends the use. */
async function use({ resident }: Box, unwanted: (stop: () => void) => () => void): Promise<() => void> {
  if (resident === undefined) return nothing;
  const { house } = resident;
  const leave = (): void => house.leave(resident);
  const entered = house.enter(resident);
  if (entered === undefined) return leave;
  const { promise, resolve, reject } = Promise.withResolvers<() => void>();
  const forget = unwanted(() => resolve(() => void entered.then(leave, nothing)));
  entered.then(() => resolve(leave), reject);
  return promise.finally(forget);
}

/** For a run. Whether it is still wanted is its own to look at. */
export const useForRun = (box: Box, signal: AbortSignal | undefined): Promise<() => void> =>
  use(box, (stop) => onAbort(signal, stop));

/** Does something while the sandbox is awake. Throws CordonError E_BUSY if it does not wake in time. */
export async function whileAwake<T>(box: Box, deadline: number, task: () => Promise<T>): Promise<T> {
  let isLate = false;
  const leave = await use(box, (stop) => {
    const late = (): void => {
      isLate = true;
      stop();
    };
    const timer = setTimeout(late, Math.max(deadline - now(), 0));
    return () => clearTimeout(timer);
  });
  try {
    if (isLate) throw new CordonError("E_BUSY", "the sandbox sleeps, and its store has not given it back yet");
    return await task();
  } finally {
    leave();
  }
}
