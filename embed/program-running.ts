// A program while it runs: what it may use, what it has used, and whom it waits for.
import type { Domain, Ending } from "../kernel/index.ts";
import { type Clock, realClock } from "./clock.ts";
import { now } from "./engine.ts";
import type { Limits } from "./limits.ts";
import type { Output } from "./output.ts";
import type { RunFacts } from "./result.ts";
import { isAborted } from "./signal.ts";
import { nothingSpent, rest, type Spent, spend } from "./spent.ts";
import type { Meter } from "./target.ts";
import type { Watching } from "./watch.ts";

export interface CallMeter extends Meter {
  used: number;
}

export interface Running {
  readonly domain: Domain;
  readonly meter: CallMeter;
  clock: Clock;
  /** What the program exited with, once it did. */
  exited: number | undefined;
  /** Before the last question that somebody was asked. */
  readonly spent: Spent;
  /** Questions that are open, and since when any is. */
  readonly asked: { open: number; since: number };
  timer: ReturnType<typeof setTimeout> | undefined;
}

export const newRunning = (domain: Domain, meter: CallMeter): Running => ({
  ...{ domain, meter, clock: realClock(), exited: undefined, timer: undefined },
  ...{ spent: nothingSpent(), asked: { open: 0, since: 0 } },
});

export function newCallMeter(end: (ending: Ending) => void, most: number, watching: Watching | undefined): CallMeter {
  const meter: CallMeter = {
    ...{ used: 0, inFlight: 0, watching },
    take() {
      if (meter.used >= most) {
        end({ kind: "exhausted", resource: "calls" });
        return false;
      }
      meter.used++;
      return true;
    },
  };
  return meter;
}

/** The kernel counts every gate call; the limit of the embedder counts grants only and is kept by the meter. */
const ALL_CALLS = 1e12;

/** What bounds a program. */
export interface Bounds {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
}

/** Sets what the program may still use. Waiting for nothing ends at the deadline too. */
export function allow(running: Running, { limits, signal }: Bounds): void {
  const { domain, spent } = running;
  const { fuel, bytes, wall } = rest(limits, spent);
  const aborted = (): boolean => isAborted(signal);
  domain.allow({ fuel, bytes, calls: ALL_CALLS, deadline: spent.start + limits.wall, aborted });
  running.timer = setTimeout(() => domain.end({ kind: "exhausted", resource: "wall" }), wall + 1);
}

/** The time that somebody takes to answer is not the program's, which waits for it. */
export async function whileAsked<T>(running: Running, bounds: Bounds, answering: () => T | Promise<T>): Promise<T> {
  const { spent, domain, asked } = running;
  clearTimeout(running.timer);
  if (asked.open++ === 0) asked.since = now();
  try {
    return await answering();
  } finally {
    if (--asked.open === 0 && domain.ending() === undefined) {
      spent.start += now() - asked.since;
      spend(spent, domain.usage());
      allow(running, bounds);
    }
  }
}

export function factsOf({ domain, meter, spent }: Running, output: Output): RunFacts {
  spend(spent, domain.usage());
  const { fuel, memory, bytes, start } = spent;
  return { usage: { fuel, memory, bytes, calls: meter.used, wall: now() - start }, console: output.lines() };
}
