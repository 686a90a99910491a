// How a run ends: once, with a structured cause (W30), and after it no call answers any more.
//
// Causes: completed, exited, unsafe, uncaught, limit (which one), internal, stopped.

const NEVER = new Promise(() => {});

/** `base.life.end(cause)` tells the host, which ends the program's domain; `never()` is what calls answer then. */
export function createLife(base) {
  let cause;
  return {
    isOver: () => cause !== undefined,
    /** Ends the run and does not return. */
    end(how) {
      if (cause === undefined) {
        cause = Object.freeze({ ...how });
        base.life?.end(cause);
      }
      return NEVER;
    },
    never: () => NEVER,
  };
}
