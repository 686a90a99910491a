// The life of an open thing: its calls run one after the other, and it ends once, whoever ends it.
//
// Invariants
//   L1  Work that was begun is never cut short by a close: what closes runs after it.
//   L2  After the end nothing begins any more: it is refused with E_CLOSED.
//   L3  `release` runs exactly once, when what ends it has run; a guest that is gone ends it too, and so does the host
//       when it has forgotten all its functions.
import type { Signal } from "../call.ts";
import { refuse } from "./refusal.ts";

export interface Life {
  /** Refuses if it is over. */
  check(): void;
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Ends it with this work. */
  end<T>(work: () => Promise<T>): Promise<T>;
  /** Ends it, if it is not over, for somebody who cannot. */
  leave(): void;
}

export interface LifeOptions {
  /** What the guest calls the thing. */
  readonly path: string;
  /** Fires when nobody can close it any more. */
  readonly gone: Signal;
  /** Ends it without what its own calls would do. */
  readonly discard: () => Promise<void>;
  readonly release: () => void;
}

/** The calls of the thing hold its life: when none of them is left, it is left. */
const forgotten = new FinalizationRegistry<() => void>((leave) => leave());

export function newLife({ path, gone, discard, release }: LifeOptions): Life {
  let isOver = false;
  let last: Promise<unknown> = Promise.resolve();
  const after = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const finish = <T>(work: () => Promise<T>): Promise<T> => {
    isOver = true;
    gone.removeEventListener("abort", leave);
    return after(work).finally(release);
  };
  const leave = (): void => {
    if (!isOver) finish(discard).catch(() => undefined);
  };
  const check = (): void => {
    if (isOver) refuse("E_CLOSED", path);
  };
  gone.addEventListener("abort", leave);
  if (gone.aborted) leave();
  return remembered(leave, {
    check,
    leave,
    run: async (work) => {
      check();
      return await after(work);
    },
    end: async (work) => {
      check();
      return await finish(work);
    },
  });
}

/** In a function of its own: `leave` must not hold the life. */
function remembered(leave: () => void, life: Life): Life {
  forgotten.register(life, leave);
  return life;
}
