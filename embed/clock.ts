// Time and timers for guests: the host's, or virtual ones under which every run of the same program is the same.
import { CordonError } from "./errors.ts";

/** What `virtual` may say. `start`: the first time that guests see. `seed`: of their randomness. */
export interface VirtualOptions {
  readonly start?: number | Date | undefined;
  readonly seed?: number | string | undefined;
}

export interface Clock {
  now(): number;
  /** Resolves after so many milliseconds, unless dropped before. */
  sleep(ms: number, onDropped: (task: () => void) => void): Promise<void>;
  /** No run is going on: sleepers may wait, but they must not keep the process alive. */
  rest(): void;
  /** A run begins. */
  resume(): void;
}

const LONGEST = 2 ** 31 - 1; // what setTimeout can wait

/** What a timer of Node can do and one of a browser cannot. */
interface Timer {
  ref?(): unknown;
  unref?(): unknown;
}

export function realClock(): Clock {
  /** Most guests set no timer. */
  let sleepers: Set<unknown> | undefined;
  return {
    now: () => Date.now(),
    sleep: (ms, onDropped) =>
      new Promise((resolve) => {
        const timer: unknown = setTimeout(wake, Math.min(Math.max(ms, 0), LONGEST));
        function wake(): void {
          sleepers?.delete(timer);
          resolve();
        }
        sleepers ??= new Set();
        sleepers.add(timer);
        onDropped(() => {
          clearTimeout(timer as number);
          sleepers?.delete(timer);
        });
      }),
    rest() {
      for (const timer of sleepers ?? []) (timer as Timer).unref?.();
    },
    resume() {
      for (const timer of sleepers ?? []) (timer as Timer).ref?.();
    },
  };
}

/** Between two looks at a guest that is not at rest. */
const BUSY_PAUSE = 1; // ms

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/**
 * Stands still while anything runs. When the guest waits and no call of a grant is in flight, the clock jumps to the
 * earliest sleeper: so the order of timers is the program's own, and none is waited for.
 */
export function virtualClock(start: number, isQuiet: () => boolean, later: (task: () => void) => void): Clock {
  const sleepers: Sleeper[] = [];
  let [time, isArmed, isResting] = [start, false, false];

  function arm(): void {
    if (isArmed || isResting || sleepers.length === 0) return;
    isArmed = true;
    later(look);
  }
  function look(): void {
    isArmed = false;
    if (isResting) return;
    if (!isQuiet()) return lookLater();
    wakeFirst();
    arm();
  }
  /** The guest computes, or a host function takes its time: no reason to spin meanwhile. */
  function lookLater(): void {
    isArmed = true;
    setTimeout(look, BUSY_PAUSE);
  }
  function wakeFirst(): void {
    const first = sleepers.shift();
    if (first === undefined) return;
    time = Math.max(time, first.due);
    first.wake();
  }
  function add(sleeper: Sleeper): void {
    const at = sleepers.findIndex(({ due }) => due > sleeper.due);
    sleepers.splice(at < 0 ? sleepers.length : at, 0, sleeper);
    arm();
  }
  return {
    now: () => time,
    sleep: (ms, onDropped) =>
      new Promise((resolve) => {
        const sleeper = { due: time + Math.min(Math.max(ms, 0), LONGEST), wake: resolve };
        add(sleeper);
        onDropped(() => {
          const at = sleepers.indexOf(sleeper);
          if (at >= 0) sleepers.splice(at, 1);
        });
      }),
    rest() {
      isResting = true;
    },
    resume() {
      isResting = false;
      arm();
    },
  };
}

/** The time at which a virtual clock starts. Throws for what is no time. */
export function startOf({ start }: VirtualOptions): number {
  const time = start instanceof Date ? start.getTime() : (start ?? 0);
  if (Number.isSafeInteger(time) && Math.abs(time) <= 8.64e15) return time;
  throw new CordonError("E_OPTION", "virtual.start must be a Date or a whole number of milliseconds since 1970");
}
