// Time as a power: what tells it, and what waits for it. The host's, or a virtual one (virtual.ts).
//
// Invariants
//   T1  monotonic() never goes back, whatever the source does.
//   T2  A task of after() never runs early: a timer of the host may fire up to a millisecond too soon, and then waits again.

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const performance: { now(): number };
declare const setTimeout: (task: () => void, ms: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/** A time that clocks show and timers wait for. */
export interface Time {
  /** Milliseconds since 1970, UTC. Can jump: somebody sets the host's clock. */
  now(): number;
  /** Milliseconds since some moment. */
  monotonic(): number;
  /** Runs a task once, after at least so many milliseconds, unless the returned function was called before. */
  after(ms: number, task: () => void): () => void;
}

/** What a real time is made of. */
export interface TimePowers {
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly setTimeout: (task: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
}

/** What setTimeout can wait: more becomes 1 (HTML 8.7, WebIDL long). */
const LONGEST = 2 ** 31 - 1; // ms

const HOST: TimePowers = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (task, ms) => setTimeout(task, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** The host's time. */
export function realTime(powers: TimePowers = HOST): Time {
  let latest = Number.NEGATIVE_INFINITY;
  const monotonic = (): number => {
    latest = Math.max(latest, powers.monotonic());
    return latest;
  };
  function after(ms: number, task: () => void): () => void {
    const due = monotonic() + ms;
    const look = (): void => (monotonic() >= due ? task() : arm());
    let timer: unknown;
    function arm(): void {
      timer = powers.setTimeout(look, Math.min(Math.max(Math.ceil(due - monotonic()), 0), LONGEST));
    }
    arm();
    return () => powers.clearTimeout(timer);
  }
  return { now: () => powers.now(), monotonic, after };
}
