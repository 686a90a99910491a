// A rate: a leaky bucket. Each call pours `per` into it, `calls` run out of it every millisecond, and what would not
// fit must wait or is refused. In whole numbers, so that a clock of whole milliseconds makes exact times.
//
// Invariants
//   R1  In any span of t milliseconds at most burst + t * calls / per calls begin, over all that comes through.
//   R2  Who waits is served in order; at most `waiting` wait; who is cancelled waits no more and leaves no gap.
//   R3  Waiting is a timer: the host's event loop goes on.

import type { Granted } from "../capability.ts";
import { type Clock, checkBound, checkNumber, REAL_CLOCK } from "./clock.ts";
import { membrane } from "./membrane.ts";
import { deny, refusal } from "./refusal.ts";
import { scope } from "./scope.ts";

/** So many calls in so many milliseconds. */
export interface RateLimit {
  readonly calls: number;
  /** Milliseconds. */
  readonly per: number;
  /** Calls that may begin at once after a pause. Default: `calls`. */
  readonly burst?: number;
  /** What becomes of a call that is too fast. Default: "wait". */
  readonly mode?: "wait" | "refuse";
  /** Calls that may wait at once; others are refused. Default: 1,000. */
  readonly waiting?: number;
  readonly clock?: Clock;
}

interface Bucket {
  readonly calls: number;
  readonly per: number;
  readonly capacity: number;
  readonly most: number;
  readonly clock: Clock;
  level: number;
  looked: number;
  readonly queue: Set<() => void>;
  stopTimer: (() => void) | undefined;
}

function newBucket({ calls, per, burst = calls, waiting = 1_000, clock = REAL_CLOCK }: RateLimit): Bucket {
  checkNumber(calls, "calls", Number.MIN_VALUE);
  const capacity = checkNumber(burst, "burst", 1) * checkNumber(per, "per");
  const facts = { calls, per, capacity, most: checkBound(waiting, "waiting"), clock };
  return { ...facts, level: 0, looked: clock.elapsed(), queue: new Set(), stopTimer: undefined };
}

function drain(bucket: Bucket): void {
  const now = bucket.clock.elapsed();
  const passed = Math.max(0, now - bucket.looked);
  bucket.looked = now;
  bucket.level = Math.max(0, bucket.level - passed * bucket.calls);
}

const fits = ({ level, per, capacity }: Bucket): boolean => level + per <= capacity;

/** Serves those whose turn it is, and sets the timer for the next one. */
function serve(bucket: Bucket): void {
  bucket.stopTimer?.();
  bucket.stopTimer = undefined;
  drain(bucket);
  for (const go of bucket.queue) {
    if (!fits(bucket)) break;
    bucket.level += bucket.per;
    bucket.queue.delete(go);
    go();
  }
  if (bucket.queue.size === 0) return;
  const wait = (bucket.level + bucket.per - bucket.capacity) / bucket.calls;
  // A timer that fires early must not become a busy loop.
  bucket.stopTimer = bucket.clock.after(Math.max(wait, 1), () => serve(bucket));
}

function isReady(bucket: Bucket): boolean {
  drain(bucket);
  if (bucket.queue.size > 0 || !fits(bucket)) return false;
  bucket.level += bucket.per;
  return true;
}

/** Waits for its turn, then runs `call` as the call that waited. */
function inTurn(bucket: Bucket, call: () => unknown): Promise<unknown> {
  const { signal, run } = scope();
  if (signal.aborted) return Promise.reject(refusal("E_REVOKED"));
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      bucket.queue.delete(go);
      serve(bucket);
      reject(refusal("E_REVOKED"));
    };
    const go = (): void => {
      signal.removeEventListener("abort", cancel);
      // In a turn of its own: what the call does at once must not meet a half-served queue.
      resolve(Promise.resolve().then(() => (signal.aborted ? deny("E_REVOKED") : run(call))));
    };
    signal.addEventListener("abort", cancel, { once: true });
    bucket.queue.add(go);
    serve(bucket);
  });
}

/** The capability at most so fast; too fast is later, or E_RATE. */
export function rate<G extends Granted>(granted: G, options: RateLimit): G {
  const bucket = newBucket(options);
  const { mode = "wait" } = options;
  if (mode !== "wait" && mode !== "refuse") throw new TypeError('mode is "wait" or "refuse"');
  return membrane(granted, {
    around: ({ args }, next) => {
      if (isReady(bucket)) return next(args);
      if (mode === "refuse" || bucket.queue.size >= bucket.most) return deny("E_RATE");
      return inTurn(bucket, () => next(args));
    },
    waits: () => mode === "wait",
  });
}
