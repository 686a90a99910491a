// The run queue: who runs next on this thread.
//
// Invariants
//   Q1  At most one queued task runs per macrotask, so timers and input of the host come in between.
//   Q2  A guest that was entered without a macrotask in between (by a settled promise) may go on for a slice's time
//       since the last one: `mayRun` is false afterwards, and the caller queues instead.
// Trust
//   Trusted by domain.ts.
import { SLICE_MS } from "./limits.ts";
import type { FeralPowers } from "./types.ts";

export type Schedule = ReturnType<typeof newSchedule>;

export function newSchedule({ now, later }: FeralPowers) {
  const [urgent, tasks]: [(() => void)[], (() => void)[]] = [[], []];
  let [armed, breath] = [false, now()];
  const arm = (): void => {
    if (armed) return;
    armed = true;
    later(fire);
  };
  function fire(): void {
    armed = false;
    breath = now();
    const task = urgent.shift() ?? tasks.shift();
    if (urgent.length + tasks.length > 0) arm();
    task?.();
  }
  return {
    now,
    queue(task: () => void) {
      tasks.push(task);
      arm();
    },
    /** Runs before everything that is queued: endings. */
    queueFirst(task: () => void) {
      urgent.push(task);
      arm();
    },
    mayRun: (at: number): boolean => at - breath < SLICE_MS,
  };
}
