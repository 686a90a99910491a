// A leaky bucket: what was used drains at a rate; as long as it is more than the bucket holds, whoever uses it waits.
//
// RepyV2's rule (its nanny.py): on a charge of q the level drains by elapsed x rate, not below 0, and rises by q; while
// it is above the capacity the caller sleeps (level - capacity) / rate. A charge is never refused: a large one delays
// its own caller. The default capacity is one second's worth.
//
// Invariants
//   BU1  The level is a number of 0 or more, whatever the clock says: a step back, or no number, drains nothing.

/** A leaky bucket: how fast it drains, and how much it holds. */
export interface Rate {
  /** Units a second. 0: nothing ever drains, so `burst` is a limit, and 0 of it forbids. */
  readonly perSecond: number;
  /** Units that may be used at once. Default: one second's worth. */
  readonly burst?: number | undefined;
  /** Units to which the level must have come down before what stands still for it goes on. Default: the burst. */
  readonly resume?: number | undefined;
}

/** A rate as it is at the moment: a share of one changes with who else uses it. */
export interface Flow {
  readonly perSecond: number;
  readonly burst: number;
  readonly resume: number;
}

export interface Bucket {
  /** A charge, or what is taken back. */
  add(amount: number): void;
  /** Milliseconds until the level is at the capacity again; Infinity if it never will be. */
  delay(): number;
  /** Milliseconds until what stands still may go on. */
  rest(): number;
  level(): number;
}

export const flowOf = ({ perSecond, burst = perSecond, resume = burst }: Rate): Flow => ({ perSecond, burst, resume });

/** Less than clocks tell apart: a wait for the last bit of a fraction could go on for ever. */
const NO_TIME = 1e-3; // ms

export function newBucket(flow: () => Flow, now: () => number): Bucket {
  let level = 0;
  let last = now();
  const drain = (): void => {
    const at = now();
    if (!Number.isFinite(at)) return;
    const elapsed = at - last;
    last = at;
    if (elapsed > 0) level = Math.max(0, level - (elapsed / 1000) * flow().perSecond);
  };
  function delayTo(most: "burst" | "resume"): number {
    drain();
    const { perSecond, burst, [most]: capacity } = flow();
    if (perSecond === 0) return level < burst ? 0 : Infinity;
    const ms = ((level - capacity) / perSecond) * 1000;
    return ms >= NO_TIME ? ms : 0;
  }
  return {
    add(amount) {
      drain();
      level = Math.max(0, level + amount);
    },
    delay: () => delayTo("burst"),
    rest: () => delayTo("resume"),
    level() {
      drain();
      return level;
    },
  };
}
