// A leaky bucket: what was used drains at a rate; as long as it is more than the bucket holds, whoever uses it waits.
//
// RepyV2's rule (its nanny.py): on a charge of q the level drains by elapsed x rate, not below 0, and rises by q; while
// it is above the capacity the caller sleeps (level - capacity) / rate. A charge is never refused: a large one delays
// its own caller. The default capacity is one second's worth.

export interface Rate {
  /** Units a second. 0: nothing ever drains, so it is a limit. */
  readonly perSecond: number;
  /** Units that may be used at once. Default: one second's worth. */
  readonly burst?: number | undefined;
  /** Units to which the level must have come down before what a rate has stopped goes on. Default: the burst. */
  readonly resume?: number | undefined;
}

export interface Bucket {
  /** A charge, or what is given back. */
  add(amount: number): void;
  /** Milliseconds until the level is at the capacity again; Infinity if it never will be. */
  delay(): number;
  /** Milliseconds until what was stopped may go on. */
  rest(): number;
  level(): number;
}

/** `factor` is the part of the rate that this bucket has now: its share among its siblings. */
export function newBucket(
  { perSecond, burst = perSecond, resume = burst }: Rate,
  now: () => number,
  factor = (): number => 1,
): Bucket {
  let level = 0;
  let last = now();
  const drain = (): void => {
    const at = now();
    // A clock that goes back is ignored.
    level = Math.max(0, level - (Math.max(0, at - last) / 1000) * perSecond * factor());
    last = Math.max(last, at);
  };
  function delayTo(most: number): number {
    drain();
    const over = level - most * factor();
    return over <= 0 ? 0 : (over / (perSecond * factor())) * 1000;
  }
  return {
    add(amount) {
      drain();
      level = Math.max(0, level + amount);
    },
    delay: () => delayTo(burst),
    rest: () => delayTo(resume),
    level() {
      drain();
      return level;
    },
  };
}
