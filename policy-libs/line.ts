// A line of calls that wait for something: bounded, fair, and left by whoever is gone.
//
// Invariants
//   L1  At most `most` stand in a line; one more is refused with E_BUSY.
//   L2  First come, first served.
//   L3  Who stands in line is settled exactly once. Who has left is never handed anything: nothing is lost with them.
//   L4  Joining, leaving and serving take constant time, whatever the length.
import { checkAlive, ended, onAbort } from "./abort.ts";
import type { Signal } from "./call.ts";
import { refuse } from "./refusal.ts";

/** Calls in one line, unless the line says otherwise. */
export const MOST_WAITING = 10_000;

/** Served, sent away with all others, or gone because its guest is. */
export type Leaving = "served" | "dismissed" | "gone";

interface Place<Wish, Result> {
  readonly wish: Wish;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  readonly left: (how: Leaving) => void;
  forget: () => void;
  isIn: boolean;
  before: Place<Wish, Result> | undefined;
  after: Place<Wish, Result> | undefined;
}

export interface Ticket<Result> {
  readonly done: Promise<Result>;
  /** Serves this one out of turn, if it still stands in line. */
  settle(result: Result): void;
}

export interface Line<Wish, Result> {
  readonly size: number;
  /** Stands in line until served or the signal fires. `left` runs as soon as the place is free again. */
  enter(wish: Wish, signal: Signal, left?: (how: Leaving) => void): Ticket<Result>;
  /** What the first one wants, if anybody waits. */
  first(): Wish | undefined;
  /** Serves the first one; false if nobody waits. */
  serve(result: Result): boolean;
  /** Sends everybody away. */
  dismiss(error: () => Error): void;
}

const nothing = (): void => undefined;
const NEW = { forget: nothing, isIn: true, before: undefined, after: undefined };

export function newLine<Wish, Result>(most = MOST_WAITING): Line<Wish, Result> {
  type Spot = Place<Wish, Result>;
  let head: Spot | undefined;
  let tail: Spot | undefined;
  let size = 0;

  function append(place: Spot): void {
    place.before = tail;
    if (tail === undefined) head = place;
    else tail.after = place;
    tail = place;
    size++;
  }
  function unlink(place: Spot): void {
    if (place.before === undefined) head = place.after;
    else place.before.after = place.after;
    if (place.after === undefined) tail = place.before;
    else place.after.before = place.before;
    size--;
  }
  function leave(place: Spot, how: Leaving): void {
    unlink(place);
    place.isIn = false;
    place.forget();
    place.left(how);
  }
  function serve(place: Spot, result: Result): void {
    // Settled first: what `left` does may serve others, and the order of answers is the order of the line.
    place.resolve(result);
    leave(place, "served");
  }
  function refuseGone(place: Spot): void {
    place.reject(ended());
    leave(place, "gone");
  }
  return {
    get size() {
      return size;
    },
    enter(wish, signal, left = nothing) {
      checkAlive(signal);
      if (size >= most) refuse("E_BUSY", "too many calls wait already");
      const { promise: done, resolve, reject } = Promise.withResolvers<Result>();
      const place: Spot = { wish, resolve, reject, left, ...NEW };
      append(place);
      place.forget = onAbort(signal, () => refuseGone(place));
      return { done, settle: (result) => (place.isIn ? serve(place, result) : undefined) };
    },
    first: () => head?.wish,
    serve(result) {
      if (head === undefined) return false;
      serve(head, result);
      return true;
    },
    dismiss(error) {
      while (head !== undefined) {
        const place = head;
        place.reject(error());
        leave(place, "dismissed");
      }
    },
  };
}
