// Bytes that several domains read and write, and a way to wait for a change of them (a futex).
//
// Invariants
//   X1  No access outside [0, length); 32-bit cells lie at multiples of 4, little-endian.
//   X2  Every call is one step: nobody sees half of it.
//   X3  No wakeup is lost: looking at the cell and standing in line are one step, and a notify reaches whoever stands
//       in line then, first come first.
import { signal } from "../call.ts";
import { realTime, type Time } from "../clock/time.ts";
import { MOST_WAITING } from "../line.ts";
import { refuse } from "../refusal.ts";
import { MOST_ACCESS } from "./contract.ts";
import { checkCount } from "./count.ts";
import { type Changed, newWatch } from "./watch.ts";

const MOST_LENGTH = 256 * 1024 * 1024;
const CELL = 4;

/** How many may wait for a change, and by whose time. */
export interface SharedOptions {
  /** Calls that wait, over all cells. Default: 10,000. */
  readonly mostWaiting?: number | undefined;
  /** What timeouts are measured by. Default: the host's time. */
  readonly time?: Time | undefined;
}

export interface SharedPlace {
  length(): number;
  read(at: number, length: number): Uint8Array;
  write(at: number, bytes: Uint8Array): void;
  load(at: number): number;
  store(at: number, value: number): void;
  /** Adds, around the corner of 32 bits; gives what was there. */
  add(at: number, value: number): number;
  /** Stores if the cell is as expected; gives what was there. */
  compareExchange(at: number, expected: number, replacement: number): number;
  /** Waits while the cell is as expected, until notify() or the timeout. */
  waitChange(at: number, expected: number, timeout?: number): Promise<Changed>;
  /** Wakes at most so many; says how many. */
  notify(at: number, count?: number): number;
}

export function sharedPlace(length: number, options: SharedOptions = {}): SharedPlace {
  const { mostWaiting = MOST_WAITING, time = realTime() } = options;
  const bytes = new Uint8Array(checkCount("length", length, 1, MOST_LENGTH));
  const view = new DataView(bytes.buffer);
  const watch = newWatch(time, mostWaiting);

  function checkSpan(at: number, count: number): void {
    // No `at + count`: of numbers beyond 2^53 the sum may be rounded down.
    if (Number.isSafeInteger(at) && Number.isSafeInteger(count) && at >= 0 && count >= 0) {
      if (at <= length && count <= length - at) return;
    }
    refuse("E_RANGE", `bytes from 0 to ${length}`);
  }
  function checkCell(at: number): number {
    checkSpan(at, CELL);
    if (at % CELL !== 0) refuse("E_ALIGN", `a multiple of ${CELL}`);
    return at;
  }
  function checkPiece(count: number): void {
    if (count > MOST_ACCESS) refuse("E_TOO_LARGE", `at most ${MOST_ACCESS} bytes at a time`);
  }
  const load = (at: number): number => view.getInt32(checkCell(at), true);
  function exchange(at: number, change: (old: number) => number): number {
    const old = load(at);
    view.setInt32(at, change(old), true);
    return old;
  }
  return {
    length: () => length,
    read(at, count) {
      checkPiece(count);
      checkSpan(at, count);
      return bytes.slice(at, at + count);
    },
    write(at, given) {
      checkPiece(given.length);
      checkSpan(at, given.length);
      bytes.set(given, at);
    },
    load,
    store: (at, value) => void exchange(at, () => value),
    add: (at, value) => exchange(at, (old) => old + value),
    compareExchange: (at, expected, replacement) => exchange(at, (old) => (old === expected ? replacement : old)),
    async waitChange(at, expected, timeout) {
      const guest = signal();
      return load(at) === expected ? await watch.wait(at, timeout, guest) : "not-equal";
    },
    notify: (at, count = mostWaiting) => watch.wake(checkCell(at), count),
  };
}
