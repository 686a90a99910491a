// The time of a guest that has one of its own, as the embedder's side knows it: what the worker said with its last call.
//
// Invariants
//   TI1  It never goes back. A worker that lies lets its guest wait: as guests with a time of their own can at any moment.
//   TI2  Who waits by it is told once, by the worker, or not at all if nobody wants it any more.
import type { Clock } from "../clock.ts";
import { OP, type Post } from "./frame.ts";

export interface HomeTime {
  readonly clock: Clock;
  /** The worker says that it is so late. False: it cannot be. */
  heard(time: unknown): boolean;
  /** A wait is over. False: there was none, or it cannot be so late. */
  woke(number: number, time: number): boolean;
  /** How many wait. */
  waiting(): number;
}

export function newHomeTime(start: number, post: Post): HomeTime {
  const sleepers = new Map<number, () => void>();
  let [time, next] = [start, 1];

  function sleep(ms: number, onDropped: (task: () => void) => void): Promise<void> {
    const number = next++;
    post(OP.NAP, [number, ms]);
    onDropped(() => {
      if (sleepers.delete(number)) post(OP.NAP, [number, null]);
    });
    return new Promise((resolve) => void sleepers.set(number, resolve));
  }
  function heard(said: unknown): boolean {
    const isLater = typeof said === "number" && said >= time && said < Infinity;
    if (isLater) time = said;
    return isLater;
  }
  return {
    clock: { now: () => time, sleep, rest: () => undefined, resume: () => undefined },
    heard,
    woke(number, said) {
      if (number >= next || !heard(said)) return false;
      // Of one whom nobody wants it may not have heard yet.
      const wake = sleepers.get(number);
      sleepers.delete(number);
      wake?.();
      return true;
    },
    waiting: () => sleepers.size,
  };
}
