// The time of a guest that has one of its own, as the embedder's side knows it: what the worker said with its last call.
//
// The clock in the worker stands still while a call is under way. But time passes for calls that nobody performs, such as
// those that a policy delays: the worker is told when there are only such.
//
// Invariants
//   TI1  It never goes back. A worker that lies lets its guest wait: as guests with a time of their own can at any moment.
//   TI2  Who waits by it is told once, by the worker, or not at all if nobody wants it any more.
//   TI3  What the worker was told holds until it says something more, or a call is performed: then it is told so first.
import type { CallMeter } from "../birth.ts";
import type { Clock } from "../clock.ts";
import { later } from "../engine.ts";
import type { Meter } from "../target.ts";
import { OP, type Post } from "./frame.ts";

export interface HomeTime {
  readonly clock: Clock;
  /** The worker says that it is so late. False: it cannot be. */
  heard(time: unknown): boolean;
  /** A call has come. */
  called(): void;
  /** A call was answered. */
  answered(): void;
  /** A wait is over. False: there was none, or it cannot be so late. */
  woke(number: number, time: number): boolean;
}

export interface HomeTimeParts {
  readonly start: number;
  readonly post: Post;
  readonly meter: CallMeter;
  /** Of modules that are being loaded. */
  readonly loading: Meter;
  /** How many calls have no answer yet. */
  readonly open: () => number;
}

/** Calls back whenever there are more calls in flight, or fewer. */
function watch(meter: CallMeter, onChange: () => void): void {
  let count = meter.inFlight;
  Object.defineProperty(meter, "inFlight", {
    get: () => count,
    set(next: number) {
      count = next;
      onChange();
    },
  });
}

function newSleepers(post: Post) {
  const sleepers = new Map<number, () => void>();
  let next = 1;
  return {
    sleep(ms: number, onDropped: (task: () => void) => void): Promise<void> {
      const number = next++;
      post(OP.NAP, [number, ms]);
      onDropped(() => {
        if (sleepers.delete(number)) post(OP.NAP, [number, null]);
      });
      return new Promise((resolve) => void sleepers.set(number, resolve));
    },
    /** Of one whom nobody wants the worker may not have heard yet. */
    wake(number: number): boolean {
      const wake = sleepers.get(number);
      sleepers.delete(number);
      wake?.();
      return number < next;
    },
  };
}

/** Tells the worker whether time may pass. In a turn of its own: what was decided is done by then. */
function newPasser({ post, open, meter, loading }: HomeTimeParts) {
  let [calls, isTold, isArmed] = [0, false, false];
  function look(): void {
    isArmed = false;
    if (open() === 0 || meter.inFlight + loading.inFlight > 0) return;
    isTold = true;
    post(OP.PASS, [calls]);
  }
  function stir(): void {
    isTold = false;
    if (!isArmed) later(look);
    isArmed = true;
  }
  watch(meter, () => {
    if (isTold && meter.inFlight > 0) post(OP.PASS, [0]);
    stir();
  });
  return {
    stir,
    called(): void {
      calls++;
      stir();
    },
  };
}

export function newHomeTime(parts: HomeTimeParts): HomeTime {
  const sleepers = newSleepers(parts.post);
  const passer = newPasser(parts);
  let time = parts.start;

  function heard(said: unknown): boolean {
    const isLater = typeof said === "number" && said >= time && said < Infinity;
    if (isLater) time = said;
    return isLater;
  }
  return {
    clock: { now: () => time, sleep: sleepers.sleep, rest: () => undefined, resume: () => undefined },
    heard,
    called: passer.called,
    answered: passer.stir,
    woke(number, said) {
      passer.stir();
      return heard(said) && sleepers.wake(number);
    },
  };
}
