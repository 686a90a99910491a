// What is done with a sandbox of a pool between its runs: it waits for its turn among them, but is no job. It is in no
// bill, and the queue of its tenant has to have room for it.
import { now } from "../engine.ts";
import { CordonError } from "../errors.ts";
import type { Slot } from "./crew.ts";
import { noteStart } from "./jobs.ts";
import type { Waiting } from "./queue.ts";
import { alive, changed, count, type Member, type PoolState } from "./state.ts";

/** What host timers can: longer is about a month, and as good as for ever. */
const LONGEST = 2 ** 31 - 1; // ms

const LATE = "the sandbox does not rest: something of it still goes on. Wait for it, or pass a longer `wait`";
export const busy = (why: string): CordonError => new CordonError("E_BUSY", why);

export interface Turn<T> {
  readonly member: Member;
  /** Where it can be done now. */
  where(): Slot | undefined;
  /** `left`: ms of those that it may wait. */
  begin(left: number): Promise<T>;
}

/** Throws CordonError E_BUSY after `wait` ms in line, or at once where there is no room. */
export function inTurn<T>(state: PoolState, { member, where, begin }: Turn<T>, wait: number): Promise<T> {
  const { tenant } = member;
  const told = Promise.withResolvers<T>();
  const deadline = now() + wait;
  const start = (): void => {
    const over = noteStart(tenant, where() as Slot);
    const leave = (): void => {
      over();
      changed(state);
    };
    const begun = begin(Math.max(deadline - now(), 0));
    begun.then(leave, leave);
    told.resolve(begun);
  };
  const drop = (): void => told.reject(whyNot(state));
  const one: Waiting = { tenant, canStart: () => where() !== undefined, start, drop };
  if (!state.queue.add(one)) return Promise.reject(busy("too many jobs wait, see pool.room()"));
  const late = (): void => {
    if (state.queue.remove(one)) told.reject(busy(LATE));
  };
  const timer = setTimeout(late, Math.min(wait, LONGEST));
  count(state, 1);
  const done = (): void => {
    clearTimeout(timer);
    count(state, -1);
    changed(state);
  };
  told.promise.then(done, done);
  changed(state);
  return told.promise;
}

/** The pool is over, or no worker of it can be had. */
function whyNot(state: PoolState): CordonError {
  try {
    alive(state);
    return new CordonError("E_DISPOSED", "the sandbox has ended with its worker: make a new one");
  } catch (error) {
    return error as CordonError;
  }
}
