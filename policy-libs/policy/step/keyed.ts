// `by x max n`: a counter of its own for each of the first n different keys.
//
// Invariants
//   K1  At most `max` keys have cells. Of a key without nothing is known once one was left out; before that it is zero.
//   K2  An event whose key is missing may have been of any: from then on no upper end is known.
import { type Amount, weights } from "./amount.ts";
import { addSet } from "./layout.ts";
import { type Builder, type Register, share } from "./registers.ts";
import { placeOf } from "./sets.ts";
import { type End, type Frame, type Interval, KEYLESS, type State, type Values } from "./types.ts";

export interface By {
  readonly slot: number;
  readonly max: number;
}

/** Cells of one key: the least, and the most where that can differ. */
const strideOf = ({ tally, isTwin }: Amount): number => (isTwin ? 2 : 1) * tally.stride;

function keyedRegister(builder: Builder, amount: Amount, { slot, max }: By): Register {
  const { common, tally, isTwin } = amount;
  return share(builder, common.key, (index) => {
    const layout = builder.layouts[common.scope];
    const set = addSet(layout, { max, least: 0, most: max - 1, isDistinct: true });
    const cell = tally.allocate(layout, (isTwin ? 2 : 1) * max);
    const update: Register["update"] = (state, frame, plus) => {
      if (plus === 0) return false;
      const { numbers, values } = state[common.scope];
      const [lo, hi] = weights(amount, frame, plus);
      const place = placeOf(values[set] as Values, frame.slots[slot], max);
      if (place === undefined) return true;
      const base = cell + place * strideOf(amount);
      tally.add(numbers, base, frame.time, lo);
      if (isTwin) tally.add(numbers, base + tally.stride, frame.time, hi);
      return true;
    };
    const slots = amount.weight === undefined ? [slot] : [slot, amount.weight];
    return { ...common, index, slots, causesBy: slot, finite: undefined, cell, set, update };
  });
}

const UNKNOWN = Number.NaN;
const NO_CELLS = -1;

export function keyedInterval(builder: Builder, amount: Amount, by: By): Interval {
  const { tally, isTwin } = amount;
  const { cell, set, scope, index, key } = keyedRegister(builder, amount, by);
  const stride = strideOf(amount);
  const valuesOf = (state: State): Values => state[scope].values[set] as Values;
  /** Where the cells of the present key begin. Not a number: there is no present key. */
  const baseOf = (state: State, { slots }: Frame): number => {
    const value = slots[by.slot];
    if (value === undefined) return UNKNOWN;
    const place = valuesOf(state).slots.get(value);
    return place === undefined ? NO_CELLS : cell + place * stride;
  };
  const lo: End = (state, frame) => {
    const base = baseOf(state, frame);
    if (base >= 0) return tally.lo(state[scope].numbers, base, frame.time);
    return base === NO_CELLS ? 0 : UNKNOWN;
  };
  const hi: End = (state, frame) => {
    const base = baseOf(state, frame);
    if (Number.isNaN(base)) return UNKNOWN;
    const { lost } = valuesOf(state);
    if (base === NO_CELLS) return lost === 0 ? 0 : Number.POSITIVE_INFINITY;
    if ((lost & KEYLESS) !== 0) return Number.POSITIVE_INFINITY;
    return tally.hi(state[scope].numbers, isTwin ? base + tally.stride : base, frame.time);
  };
  const rest = { slots: [by.slot], registers: [index], isCertain: false };
  return { lo, hi, finite: () => undefined, key: `${key}@${tally.key}`, ...rest };
}
