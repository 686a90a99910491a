// Counts and sums in cells of 64 bits: in all, in a sliding window of exact times, or in steps of time.
//
// Invariants
//   T1  An amount never exceeds its cap. A cap is one above the largest number that it is compared with, so a capped
//       amount compares as the true one does (compare.ts).
//   T2  Reading changes nothing.
import { addCells, type Layout } from "./layout.ts";

export interface Tally {
  readonly stride: number;
  /** Tells readings of the same cells apart. */
  readonly key: string;
  /** Takes room for `copies` of it. */
  readonly allocate: (layout: Layout, copies: number) => number;
  readonly add: (numbers: Float64Array, base: number, time: number, weight: number) => void;
  /** The least and the most that it can be at a time. */
  readonly lo: (numbers: Float64Array, base: number, time: number) => number;
  readonly hi: (numbers: Float64Array, base: number, time: number) => number;
  /** The two are the same. */
  readonly isExact: boolean;
}

export function totalTally(cap: number): Tally {
  const read = (numbers: Float64Array, base: number): number => numbers[base] as number;
  return {
    stride: 1,
    key: "",
    isExact: true,
    allocate: (layout, copies) => addCells(layout, "amount", copies, cap),
    add: (numbers, base, _time, weight) => {
      numbers[base] = Math.min(cap, (numbers[base] as number) + weight);
    },
    lo: read,
    hi: read,
  };
}

/** The last `cap` times, in a ring; the first cell is the place of the next. Times come in order. */
export function recentTally(cap: number, within: number): Tally {
  const read = (numbers: Float64Array, base: number, time: number): number => {
    const next = numbers[base] as number;
    let found = 0;
    while (found < cap && time - (numbers[base + 1 + ((next - 1 - found + cap) % cap)] as number) <= within) found += 1;
    return found;
  };
  return {
    stride: 1 + cap,
    key: String(within),
    isExact: true,
    allocate: (layout, copies) => {
      const at = layout.numbers;
      for (let i = 0; i < copies; i++) {
        addCells(layout, "place", 1, cap - 1);
        addCells(layout, "stamp", cap);
      }
      return at;
    },
    add: (numbers, base, time, weight) => {
      if (weight === 0) return;
      const next = numbers[base] as number;
      numbers[base + 1 + next] = time;
      numbers[base] = (next + 1) % cap;
    },
    lo: read,
    hi: read,
  };
}

/** Step i is the time from i*within/steps up to the next; the first cell is the newest step, then one bucket each. */
export function steppedTally(cap: number, within: number, steps: number): Tally {
  const buckets = steps + 1;
  // Exact: times and steps stay far below 2^53 (limits.ts), and a quotient that is no integer does not round to one.
  const stepOf = (time: number): number => Math.floor((time * steps) / within);
  const sum = (numbers: Float64Array, base: number, first: number): number => {
    const newest = numbers[base] as number;
    let total = 0;
    for (let i = Math.max(first, newest - steps, 0); i <= newest; i++) {
      total += numbers[base + 1 + (i % buckets)] as number;
    }
    return Math.min(total, cap);
  };
  return {
    stride: 1 + buckets,
    key: "",
    isExact: false,
    allocate: (layout, copies) => {
      const at = layout.numbers;
      for (let i = 0; i < copies; i++) {
        addCells(layout, "amount", 1);
        addCells(layout, "amount", buckets, cap);
      }
      return at;
    },
    add: (numbers, base, time, weight) => {
      const [newest, now] = [numbers[base] as number, stepOf(time)];
      for (let i = Math.max(newest + 1, now - steps); i <= now; i++) numbers[base + 1 + (i % buckets)] = 0;
      if (now > newest) numbers[base] = now;
      const at = base + 1 + (Math.max(now, newest) % buckets);
      numbers[at] = Math.min(cap, (numbers[at] as number) + weight);
    },
    // The oldest step is wholly inside only if the window begins no later than its first millisecond.
    lo: (numbers, base, time) => sum(numbers, base, stepOf(time - within - 1) + 1),
    hi: (numbers, base, time) => sum(numbers, base, stepOf(time) - steps),
  };
}
