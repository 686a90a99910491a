// Who uses a rate at the moment, and which part of it each has: its share among those.
//
// Invariants
//   SH1  The parts of those that use it are together at most 1.
//   SH2  Each look takes constant time on average, however many there are: they stand in the order of their last use.

/** One that may use a rate. */
export interface Sharer {
  readonly share: number;
  /** It would use the rate if it could: it stands still for it, or waits. */
  wants(): boolean;
}

export interface Sharing {
  /** It uses the rate now. */
  touch(one: Sharer): void;
  /** Its part, from 0 to 1, as if it used the rate now. */
  partOf(one: Sharer): number;
  forget(one: Sharer): void;
}

/** What used nothing for so long has no part, unless it waits for it. */
const ACTIVE_MS = 1000;

export function newSharing(now: () => number): Sharing {
  const users = new Map<Sharer, number>();
  let sum = 0;
  function forget(one: Sharer): void {
    if (users.delete(one)) sum = users.size === 0 ? 0 : sum - one.share;
  }
  function touch(one: Sharer): void {
    if (!users.delete(one)) sum += one.share;
    users.set(one, now());
  }
  function retire(): void {
    const at = now();
    for (const [one, used] of users) {
      // A step back of the clock must not keep it for as long as the step was.
      if (Math.abs(at - used) < ACTIVE_MS) return;
      if (one.wants()) touch(one);
      else forget(one);
    }
  }
  return {
    touch,
    forget,
    partOf(one) {
      retire();
      return one.share / (users.has(one) ? sum : sum + one.share);
    },
  };
}
