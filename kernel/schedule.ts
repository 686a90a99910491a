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
import type { FeralPowers, RunQueue } from "./types.ts";

export type Schedule = ReturnType<typeof newSchedule>;

/** One that has the thread: since when, in time that nobody has paid for. */
export type Turn = { readonly account: Account; since: number | undefined };

/** Browsers' clocks stand still for longer than a turn can take: it is not for nothing. */
const LEAST_MS = 1e-3;

/** First come, first served. In constant time: to shift a long array is to move all of it. */
function fifo(): RunQueue {
  let [coming, going]: [(() => void)[], (() => void)[]] = [[], []];
  return {
    size: () => coming.length + going.length,
    push: (task) => void coming.push(task),
    take() {
      if (going.length === 0) [coming, going] = [going, coming.reverse()];
      return going.pop();
    },
  };
}

export function newSchedule({ now, later, runQueue = fifo() }: FeralPowers) {
  const endings = fifo();
  let [armed, breath, paid] = [false, now(), 0];
  const arm = (): void => {
    if (armed) return;
    armed = true;
    later(fire);
  };
  function fire(): void {
    armed = false;
    breath = now();
    const task = endings.take() ?? runQueue.take();
    if (endings.size() + runQueue.size() > 0) arm();
    task?.();
  }
  const pusher = (queue: RunQueue) => (task: () => void, account: Account) => {
    queue.push(task, account);
    arm();
  };
  const mayRun = (at: number): boolean => at - breath < SLICE_MS;
  return {
    now,
    queue: pusher(runQueue),
    /** Runs before everything that is queued: endings. */
    queueFirst: pusher(endings),
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
