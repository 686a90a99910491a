// Terms of rules as closures: numbers as intervals, and arguments of any type as they are.
import { MOST } from "../kleene.ts";
import type { RTerm } from "../resolved.ts";
import { amountInterval } from "./amounts.ts";
import type { Reading } from "./compare.ts";
import { levelInterval } from "./levels.ts";
import { type Builder, slotOf } from "./registers.ts";
import type { End, Interval } from "./types.ts";

const MISSING = Number.NaN;

function point(end: End, key: string, slots: readonly number[]): Interval {
  return { lo: end, hi: end, finite: () => undefined, slots, registers: [], key, isCertain: slots.length === 0 };
}

function constant(value: unknown): Interval {
  const number = typeof value === "number" ? value : MISSING;
  return { ...point(() => number, JSON.stringify(value), []), finite: () => [number, number] };
}

const saturated = (value: number): number => (value === Number.POSITIVE_INFINITY ? value : Math.min(value, MOST));

function sum(parts: readonly Interval[]): Interval {
  const add = (ends: readonly End[]): End =>
    ends.length === 2
      ? (s, f) => saturated((ends[0] as End)(s, f) + (ends[1] as End)(s, f))
      : (s, f) => ends.reduce((total, end) => saturated(total + end(s, f)), 0);
  const lo = add(parts.map((part) => part.lo));
  return {
    lo,
    hi: parts.every((part) => part.lo === part.hi) ? lo : add(parts.map((part) => part.hi)),
    finite: (read) => {
      const ends = parts.map((part) => part.finite(read));
      if (ends.includes(undefined)) return undefined;
      return [0, 1].map((at) => ends.reduce((total, end) => saturated(total + (end?.[at] as number)), 0)) as never;
    },
    slots: parts.flatMap(({ slots }) => slots),
    registers: parts.flatMap(({ registers }) => registers),
    key: `add(${parts.map(({ key }) => key)})`,
    isCertain: parts.every(({ isCertain }) => isCertain),
  };
}

/** Reads a term once for each event, however many rules ask: in one call of a machine, no state is read twice. */
function once(term: Interval): Interval {
  let [loStamp, hiStamp, lo, hi] = [0, 0, 0, 0];
  const readLo: End = (state, frame) => {
    if (loStamp !== frame.stamp) [loStamp, lo] = [frame.stamp, term.lo(state, frame)];
    return lo;
  };
  const readHi: End = (state, frame) => {
    if (hiStamp !== frame.stamp) [hiStamp, hi] = [frame.stamp, term.hi(state, frame)];
    return hi;
  };
  return { ...term, lo: readLo, hi: term.lo === term.hi ? readLo : readHi };
}

/** `cap`: see capAgainst in compare.ts. */
export function interval(builder: Builder, term: RTerm, cap: number): Interval {
  const made = newInterval(builder, term, cap);
  if (made.registers.length === 0) return made;
  const known = builder.intervals.get(made.key) ?? once(made);
  builder.intervals.set(made.key, known);
  return known;
}

function newInterval(builder: Builder, term: RTerm, cap: number): Interval {
  switch (term.kind) {
    case "constant":
      return constant(term.value);
    case "argument":
    case "length": {
      const slot = slotOf(builder, term.argument);
      const isLength = term.kind === "length";
      const end: End = (_state, { slots }) => {
        const datum = slots[slot];
        if (typeof datum === "number") return datum;
        return isLength && typeof datum === "string" ? datum.length : MISSING;
      };
      return point(end, `${term.kind}(${slot})`, [slot]);
    }
    case "count":
    case "sum":
      return amountInterval(builder, term, cap);
    case "level":
      return levelInterval(builder, term);
    case "add":
      return sum(term.terms.map((part) => interval(builder, part, cap)));
  }
}

/** Of terms that can be other than numbers; undefined: this one cannot. */
export function reading(builder: Builder, term: RTerm): Reading | undefined {
  if (term.kind === "constant") return () => term.value;
  if (term.kind !== "argument") return undefined;
  const slot = slotOf(builder, term.argument);
  return (_state, { slots }) => slots[slot];
}
