// Sets of times, as differences: how far the present, and each moment that something remembers, can lie apart.
//
// Invariants
//   Z1  A zone is closed: no bound follows from others and is smaller than the one that is kept.
//   Z2  `widened` forgets only what no test of a window can tell: tests compare the present with one moment (the
//       extrapolation of timed automata without diagonal tests).

/** Moments are numbered from 1; 0 is the present. `at[i][j]`: moment i is at most so much later than moment j. */
export type Zone = readonly (readonly number[])[];

export const NOW = 0;
/** Moments of known times, the present first. */
export const exactly = (times: readonly number[]): Zone => times.map((a) => times.map((b) => a - b));

/** Nothing is remembered. */
export const START: Zone = [[0]];

type Rows = number[][];
const copied = (zone: Zone): Rows => zone.map((row) => [...row]);
const get = (rows: Zone, i: number, j: number): number => (rows[i] as readonly number[])[j] as number;

/** Any time passes. */
export const elapsed = (zone: Zone): Zone =>
  zone.map((row, i) => (i === NOW ? row.map((bound, j) => (j === NOW ? bound : Infinity)) : row));

/** Moment i is at most `most` later than moment j as well; undefined: that cannot be. */
function bounded(zone: Zone, i: number, j: number, most: number): Zone | undefined {
  if (get(zone, i, j) <= most) return zone;
  if (get(zone, j, i) + most < 0) return undefined;
  const rows = copied(zone);
  for (let a = 0; a < rows.length; a++) {
    for (let b = 0; b < rows.length; b++) {
      const through = get(zone, a, i) + most + get(zone, j, b);
      if (through < get(rows, a, b)) (rows[a] as number[])[b] = through;
    }
  }
  return rows;
}

/** The moment is at most `age` ago. */
export const young = (zone: Zone, moment: number, age: number): Zone | undefined => bounded(zone, NOW, moment, age);
/** It is longer ago. Times are whole. */
export const old = (zone: Zone, moment: number, age: number): Zone | undefined =>
  bounded(zone, moment, NOW, -(age + 1));

/** One more moment: the present. Its number is the zone's size. */
export function stamped(zone: Zone): Zone {
  const rows = zone.map((row) => [...row, row[NOW] as number]);
  return [...rows, [...(rows[NOW] as number[])]];
}

/** Only these moments, in this order; 0 must be the first. */
export const kept = (zone: Zone, moments: readonly number[]): Zone =>
  moments.map((i) => moments.map((j) => get(zone, i, j)));

function closed(rows: Rows): Zone {
  for (let k = 0; k < rows.length; k++) {
    for (let i = 0; i < rows.length; i++) {
      for (let j = 0; j < rows.length; j++) {
        const through = get(rows, i, k) + get(rows, k, j);
        if (through < get(rows, i, j)) (rows[i] as number[])[j] = through;
      }
    }
  }
  return rows;
}

/** `ages`: the longest window that each moment is compared with, of the present 0. */
export function widened(zone: Zone, ages: readonly number[]): Zone {
  // In terms of ages: the age of j minus the age of i is at most at[i][j].
  const rows = zone.map((row, i) =>
    row.map((bound, j) => {
      if (i === j) return bound;
      if (bound > (ages[j] as number)) return Infinity;
      return Math.max(bound, -((ages[i] as number) + 1));
    }),
  );
  return closed(rows);
}

/** Every point of `inner` is one of `outer`. */
export const includes = (outer: Zone, inner: Zone): boolean =>
  outer.every((row, i) => row.every((bound, j) => get(inner, i, j) <= bound));

/** At least so much, or at most so much, after another event. */
export interface TimeBound {
  readonly event: number;
  readonly after: number;
  readonly least?: number | undefined;
  readonly most?: number | undefined;
}

/** The earliest times of events, one after the other, the first ones given; undefined: there are none. */
export function earliest(
  count: number,
  bounds: readonly TimeBound[],
  given: readonly number[] = [],
): readonly number[] | undefined {
  const times = Array.from({ length: count }, (_, at) => given[at] ?? 0);
  const time = (at: number): number => times[at] as number;
  const raise = (at: number, to: number): boolean => {
    if (time(at) >= to) return false;
    times[at] = to;
    return true;
  };
  // A round more than there are events without an end: a circle that can never be satisfied.
  for (let round = 0; round <= count; round++) {
    let changed = false;
    for (let at = 1; at < count; at++) changed = raise(at, time(at - 1)) || changed;
    for (const { event, after, least, most } of bounds) {
      if (least !== undefined) changed = raise(event, time(after) + least) || changed;
      if (most !== undefined) changed = raise(after, time(event) - most) || changed;
    }
    if (given.some((fixed, at) => time(at) !== fixed)) return undefined;
    if (!changed) return times;
  }
  return undefined;
}
