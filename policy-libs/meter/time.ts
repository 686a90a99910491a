// Time as meters need it: what it is, and being told later. Tests and simulations pass their own.

/** The time that rates are kept by: a test passes one of its own. */
export interface Time {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Calls `task` after `ms`; what is returned cancels it. */
  readonly after: (ms: number, task: () => void) => () => void;
}

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const performance: { now(): number };
declare const setTimeout: (task: () => void, ms: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/** The host's time. */
export const hostTime: Time = Object.freeze({
  now: () => performance.now(),
  after(ms: number, task: () => void) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
});
