// What waits for a guest is told when the guest is gone.
//
// Invariants
//   A1  However many tasks wait for one signal, it has one listener: adding and removing a task takes constant time
//       (an EventTarget looks through all its listeners for each).
//   A2  A task runs at most once, and never after it was taken back.
import type { Signal } from "./call.ts";
import { refusal } from "./refusal.ts";

const tasksOf = new WeakMap<Signal, Set<() => void>>();

function listen(signal: Signal): Set<() => void> {
  const tasks = new Set<() => void>();
  const fire = (): void => {
    signal.removeEventListener("abort", fire);
    for (const task of tasks) {
      tasks.delete(task);
      task();
    }
  };
  signal.addEventListener("abort", fire);
  tasksOf.set(signal, tasks);
  return tasks;
}

/** Runs `task` when the signal fires, unless the returned function was called before. */
export function onAbort(signal: Signal, task: () => void): () => void {
  const tasks = tasksOf.get(signal) ?? listen(signal);
  const own = (): void => task();
  tasks.add(own);
  return () => void tasks.delete(own);
}

/** What a call answers whose guest is gone. The kernel drops it; host code that called the function itself sees it. */
export const ended = (): Error => refusal("E_ENDED", "the caller has ended");

export function checkAlive(signal: Signal): void {
  if (signal.aborted) throw ended();
}
