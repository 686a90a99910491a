// The run queue: who runs next on this thread, and who pays for the time.
//
// Invariants
//   Q1  At most one queued task runs per macrotask, so timers and input of the host come in between. Endings come first.
//   Q2  A guest that was entered without a macrotask in between (by a settled promise) may go on for a slice's time
//       since the last one, and is only entered if its account is due: `mayRun` and `mayEnter` are false otherwise, and
//       the caller queues instead.
//   Q3  Each moment that a guest has the thread is paid for once, by the innermost: whoever calls another domain does
//       not pay for what that one does.
// Trust
//   Trusted by domain.ts. The order among those that wait is a policy library's, with liveness and nothing else: it may
//   let a guest wait for ever, but not keep it from ending, nor run one that is not to run.
import { SLICE_MS } from "./limits.ts";
import type { Account } from "./meter.ts";
import type { FeralPowers } from "./types.ts";

export type Schedule = ReturnType<typeof newSchedule>;

/** One that has the thread: since when, in time that nobody has paid for. */
export type Turn = { readonly account: Account; since: number | undefined };

/** Browsers' clocks stand still for longer than a turn can take: it is not for nothing. */
const LEAST_MS = 1e-3;

export function newSchedule({ now, later, runQueue }: FeralPowers) {
  // Endings: those to come, and those that go, the last first. To shift a long array is to move all of it.
  let [coming, going]: [(() => void)[], (() => void)[]] = [[], []];
  let [armed, breath, paid] = [false, now(), 0];
  const arm = (): void => {
    if (armed) return;
    armed = true;
    later(fire);
  };
  function fire(): void {
    armed = false;
    breath = now();
    if (going.length === 0) [coming, going] = [going, coming.reverse()];
    const task = going.pop() ?? runQueue.take();
    if (coming.length + going.length + runQueue.size() > 0) arm();
    task?.();
  }
  const mayRun = (at: number): boolean => at - breath < SLICE_MS;
  return {
    now,
    queue: (task: () => void, account: Account) => void [runQueue.push(task, account), arm()],
    /** Runs before everything that is queued: endings. */
    queueFirst: (task: () => void) => void [coming.push(task), arm()],
    mayRun,
    mayEnter: (account: Account): boolean => mayRun(now()) && runQueue.isDue?.(account) !== false,
    /** What stands still while others pay. */
    unpaid: (at: number): number => at - paid,
    /** It has the thread no longer. */
    stop(turn: Turn) {
      if (turn.since === undefined) return;
      const ms = Math.max(now() - paid - turn.since, LEAST_MS);
      turn.since = undefined;
      paid += ms;
      runQueue.charge?.(turn.account, ms);
    },
  };
}
