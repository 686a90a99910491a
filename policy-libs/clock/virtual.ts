// A time that stands still until the host moves it: for tests, for simulations, and for runs that repeat exactly.
import type { GrantedOf } from "../contract/index.ts";
import { newAgenda } from "./agenda.ts";
import { type ClockOptions, clock } from "./clock.ts";
import type { CLOCK } from "./contract.ts";
import type { Time } from "./time.ts";

/** The last time a Date can name (ECMA-262 21.4.1.1). */
const MOST_TIME = 8.64e15; // ms

/** A time that goes on when it is told to. */
export interface VirtualTime extends Time {
  /** How many tasks wait. */
  waiting(): number;
  /** Moves on; what becomes due on the way runs at its own time, in order. */
  advance(ms: number): void;
  /** Moves on to the first task, and runs all that are due then; false if none waits. */
  advanceToNext(): boolean;
  /** Sets the wall clock, as somebody may set the host's: monotonic() and timers do not notice. */
  setNow(now: number): void;
}

/** Where a virtual time begins. */
export interface VirtualTimeOptions {
  /** What now() says first: milliseconds since 1970. Default: 0. */
  readonly start?: number;
}

function checkTime(name: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least && value <= MOST_TIME) return value;
  throw new TypeError(`${name} must be milliseconds, from ${least} to ${MOST_TIME}`);
}

export function virtualTime({ start = 0 }: VirtualTimeOptions = {}): VirtualTime {
  const agenda = newAgenda();
  let elapsed = 0;
  let wall = checkTime("start", start, -MOST_TIME);

  /** What a task adds for the same moment runs too. */
  function runUntil(end: number): void {
    for (let due = agenda.next(); due !== undefined && due <= end; due = agenda.next()) {
      elapsed = Math.max(elapsed, due);
      agenda.take()?.();
    }
    elapsed = Math.max(elapsed, end);
  }
  return {
    now: () => wall + elapsed,
    monotonic: () => elapsed,
    after: (ms, task) => agenda.add(elapsed + Math.max(ms, 0), task),
    waiting: () => agenda.size,
    advance(ms) {
      runUntil(elapsed + checkTime("ms", ms, 0));
    },
    advanceToNext() {
      const due = agenda.next();
      if (due !== undefined) runUntil(due);
      return due !== undefined;
    },
    setNow(now) {
      wall = checkTime("now", now, -MOST_TIME) - elapsed;
    },
  };
}

/** A virtual time, and a clock that shows it. */
export interface VirtualClock extends VirtualTime {
  /** What the guest gets. */
  readonly granted: GrantedOf<typeof CLOCK>;
}

/** A clock that the host moves. It is a time as well: timers({ time: clock }) sleep by it. */
export function virtualClock(options: VirtualTimeOptions & Pick<ClockOptions, "resolution"> = {}): VirtualClock {
  const time = virtualTime(options);
  const granted = clock({ time, resolution: options.resolution });
  return Object.freeze({ granted, ...time });
}
