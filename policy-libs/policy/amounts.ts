// How many and how much: `count`, `sum` and `level` as intervals.
//
// Invariants
//   A1  The true amount lies in the interval. A match that is unknown counts at the upper end alone.
//   A2  Keys: the first `max` different ones are told apart. Of a later one nothing is known but that it is not less
//       than 0; an event whose key is missing may have been of any key, so from then on no upper end is known.
//   A3  A level that has once reached its bound has no known upper end any more; its lower end goes on counting.
// Trust
//   Trusts moment.ts.
import { exactly, F, type Interval, MOST, plus, T } from "./kleene.ts";
import { datumOf, eventAt, isWithin, type Moment, pastOf } from "./moment.ts";
import type { Datum, PolicyEvent, RArgument, RPattern, RTail, RTerm } from "./resolved.ts";

type Tally = Extract<RTerm, { kind: "count" | "sum" }>;
type Level = Extract<RTerm, { kind: "level" }>;

const NOTHING: Interval = exactly(0);
const ANYTHING: Interval = { lo: 0, hi: Infinity };

/** Places of the past that match, or may. */
const matching = (moment: Moment, pattern: RPattern, tail: RTail): number[] =>
  pastOf(moment, tail.per).filter((at) => moment.matches(pattern, at) !== F);

interface Chosen {
  readonly places: readonly number[];
  /** Something may belong here that is not known any more. */
  readonly isForgetful: boolean;
}

/** Those of the present event's key. */
function ofKey(moment: Moment, places: readonly number[], argument: RArgument, max: number, key: Datum): Chosen {
  const keyAt = (at: number) => datumOf(eventAt(moment, at), argument);
  const keys = new Set(places.map(keyAt));
  const isKeyless = keys.delete(undefined);
  const kept = [...keys].slice(0, moment.isUnbounded ? keys.size : max);
  if (kept.includes(key)) return { places: places.filter((at) => keyAt(at) === key), isForgetful: isKeyless };
  return { places: [], isForgetful: isKeyless || kept.length < keys.size };
}

/** Undefined: the present event has no key, so whatever is asked of the amount is unknown. */
function chosen(moment: Moment, term: Tally): Chosen | undefined {
  const places = matching(moment, term.pattern, term);
  if (term.by === undefined) return { places, isForgetful: false };
  const key = datumOf(moment.event, term.by.argument);
  return key === undefined ? undefined : ofKey(moment, places, term.by.argument, term.by.max, key);
}

/** The number of the step that a time lies in: step s is from s * within / steps on. */
const stepOf = (time: number, within: number, steps: number): number => Math.floor((time * steps) / within);

type Inside = "inside" | "touching" | "outside";

/** `inside`: the whole step lies in the window, from `within` before the present on. */
function placeIn(moment: Moment, then: PolicyEvent, { within, steps }: RTail): Inside {
  if (within === undefined || steps === undefined || moment.isUnbounded)
    return isWithin(moment, then, within) ? "inside" : "outside";
  const step = stepOf(then.time, within, steps);
  const start = moment.event.time - within;
  if (step < stepOf(start, within, steps)) return "outside";
  return step > stepOf(start - 1, within, steps) ? "inside" : "touching";
}

/** Of a count 1; of a sum its argument, and if that is missing, whatever it may have been. */
function worth(event: PolicyEvent, term: Tally): Interval {
  if (term.kind === "count") return exactly(1);
  const value = datumOf(event, term.argument);
  return typeof value === "number" ? exactly(Math.min(value, MOST)) : ANYTHING;
}

function share(moment: Moment, at: number, term: Tally): Interval {
  const event = eventAt(moment, at);
  const place = placeIn(moment, event, term);
  if (place === "outside") return NOTHING;
  const { lo, hi } = worth(event, term);
  return { lo: place === "inside" && moment.matches(term.pattern, at) === T ? lo : 0, hi };
}

export function tally(moment: Moment, term: Tally): Interval | undefined {
  const found = chosen(moment, term);
  if (found === undefined) return undefined;
  const total = found.places.map((at) => share(moment, at, term)).reduce(plus, NOTHING);
  return found.isForgetful ? { lo: total.lo, hi: Infinity } : total;
}

/** Up and down, never below 0; what goes up and down at once stays. */
export function level(moment: Moment, { plus: up, minus: down, max }: Level): Interval {
  const bound = moment.isUnbounded ? Infinity : max;
  let [lo, hi] = [0, 0];
  for (const at of pastOf(moment, "domain")) {
    const [ups, downs] = [moment.matches(up, at), moment.matches(down, at)];
    lo = Math.min(Math.max(lo + Number(ups === T) - Number(downs !== F), 0), bound);
    hi = Math.max(hi + Number(ups !== F) - Number(downs === T), 0);
    if (hi >= bound) hi = Infinity;
  }
  return { lo, hi };
}
