// Threads and locks as the emulation sees them: a thread is one event and a name; its code runs in the program's domain.
import { raise } from "../errors.js";
import { checkBoolean } from "./check.js";

export const MAIN_THREAD = "MainThread";

export function createThreads({ nanny }) {
  let count = 0;
  // The main program holds one event from start to end.
  nanny.take("events");

  /** A function cannot cross: the program's side runs it, and says when it has ended. */
  async function createthread() {
    const release = nanny.take("events");
    count++;
    return { name: `Thread-${count}`, thread: { ended: async () => void release() } };
  }

  return { createthread };
}

/** Not reentrant; whoever likes may release it. Waiters are served in the order they came. */
export async function createlock() {
  let isHeld = false;
  const waiting = [];
  return {
    async acquire(blocking) {
      checkBoolean(blocking, "blocking");
      if (isHeld && !blocking) return false;
      if (isHeld) await new Promise((resolve) => waiting.push(resolve));
      isHeld = true;
      return true;
    },
    async release() {
      if (!isHeld) raise("LockDoubleReleaseError", "the lock is not held");
      const next = waiting.shift();
      // The lock passes to the next one without being free between: nobody can slip in.
      if (next === undefined) isHeld = false;
      else next();
    },
  };
}
