// Time for attenuators: injected, so that tests and replays decide it.

/** The time that attenuators wait by: a test passes one of its own. */
export interface Clock {
  /** Milliseconds since 1970. May jump: people set clocks. */
  now(): number;
  /** Milliseconds since some start. Never goes back. */
  elapsed(): number;
  /** Runs `task` after about so many milliseconds; the result cancels it. */
  after(ms: number, task: () => void): () => void;
}

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const setTimeout: (task: () => void, ms: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
declare const performance: { now(): number };

/** What setTimeout can wait: beyond it, it fires at once. */
const LONGEST = 2 ** 31 - 1;

/** The host's time. A timer does not keep the process alive: the call that waits for it does. */
export const REAL_CLOCK: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, Math.min(Math.max(Math.ceil(ms), 0), LONGEST));
    (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer);
  },
};

/** A time as options give it: a Date, or milliseconds since 1970. Throws a TypeError for what is none. */
export function timeOf(value: Date | number, name: string): number {
  const time = value instanceof Date ? value.getTime() : value;
  if (typeof time !== "number" || Number.isNaN(time)) throw new TypeError(`${name} is not a time`);
  return time;
}

/** Checks an option that is a number of at least `least`. Fails closed: NaN would slip through comparisons. */
export function checkNumber(value: unknown, name: string, least = 0): number {
  if (typeof value === "number" && value >= least && Number.isFinite(value)) return value;
  throw new TypeError(`${name} must be a finite number of at least ${least}`);
}

/** A bound: a whole number, or no bound at all. */
export function checkBound(value: unknown, name: string, least = 0): number {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new TypeError(`${name} must be a whole number`);
}
