// `count` and `sum`: registers that hold numbers, read as intervals.
//
// Invariants
//   A1  Counters without window and key are bits where they fit in a word; all else is cells of 64 bits.
//   A2  Where an event may or may not have counted, or its amount is not known, both ends are kept.
import { F, MOST, T } from "../kleene.ts";
import type { RTerm } from "../resolved.ts";
import { type Amount, weights } from "./amount.ts";
import { keyedInterval } from "./keyed.ts";
import {
  type Builder,
  fieldOf,
  finiteRegister,
  isCertain,
  type Matcher,
  type Register,
  share,
  slotOf,
  widthOf,
} from "./registers.ts";
import { recentTally, steppedTally, type Tally, totalTally } from "./tally.ts";
import type { End, Interval } from "./types.ts";

/** Of a windowed count that is compared with no constant; the checker refuses those (T5). */
const MAX_STAMPS = 65;
/** Bits of a field; wider counters are cells. */
const MAX_WIDTH = 31;

export type AmountTerm = Extract<RTerm, { kind: "count" | "sum" }>;

/** The cap that the pass before has found; in that pass, where nothing is run, the same for all. */
function capOf(builder: Builder, key: string, cap: number): number {
  builder.wanted.set(key, Math.max(builder.wanted.get(key) ?? 1, cap));
  return builder.caps === undefined ? 1 : (builder.caps.get(key) ?? cap);
}

function tallyOf({ kind, within, steps }: AmountTerm, cap: number): Tally {
  if (within === undefined) return totalTally(cap);
  return steps === undefined && kind === "count" ? recentTally(cap, within) : steppedTally(cap, within, steps ?? 1);
}

function describe(builder: Builder, term: AmountTerm, cap: number): Amount {
  const matcher: Matcher = builder.matcher(term.pattern);
  const weight = term.kind === "sum" ? slotOf(builder, term.argument) : undefined;
  const by = term.by && { slot: slotOf(builder, term.by.argument), max: term.by.max };
  const isRecent = term.kind === "count" && term.within !== undefined && term.steps === undefined;
  const window = isRecent ? "recent" : [term.within, term.steps];
  const key = `${term.kind}${JSON.stringify([weight, term.per, by?.slot, by?.max, window])}(${matcher.key})`;
  const found = capOf(builder, key, isRecent ? Math.min(cap, MAX_STAMPS) : cap);
  return {
    common: { key, scope: term.per, at: term.at, plus: [matcher], minus: [] },
    tally: tallyOf(term, found),
    cap: found,
    isTwin: weight !== undefined || !isCertain([matcher]),
    by,
    weight,
  };
}

function bitsRegister(builder: Builder, { common, cap, isTwin }: Amount, width: number): Register {
  const up = (value: number, isMore: boolean) => (isMore && value < cap ? value + 1 : value);
  const low = 2 ** width - 1;
  return share(builder, common.key, (index) =>
    finiteRegister(builder.layouts[common.scope], { ...common, index }, isTwin ? 2 * width : width, {
      isValid: (value) =>
        (value & low) <= cap && value >>> width <= cap && (!isTwin || (value & low) <= value >>> width),
      next: (value, plus) => {
        const lo = up(value & low, plus === T);
        return isTwin ? lo | (up(value >>> width, plus !== F) << width) : lo;
      },
      ends: (value) => {
        const hi = isTwin ? value >>> width : value;
        return [value & low, hi === cap ? Number.POSITIVE_INFINITY : hi];
      },
    }),
  );
}

/** The same whether it has become bits or cells: what is compared where must not change keys. */
const readingKey = ({ common, tally }: Amount): string => `${common.key}@${tally.key}`;

function bitsInterval(register: Register, amount: Amount, width: number): Interval {
  const { isTwin } = amount;
  const { word, shift } = fieldOf(register);
  const { index, scope } = register;
  const low = 2 ** width - 1;
  const lo: End = (state) => ((state[scope].words[word] as number) >>> shift) & low;
  const hi: End = (state) => ((state[scope].words[word] as number) >>> (shift + width)) & low;
  return {
    lo,
    hi: isTwin ? hi : lo,
    finite: (read) => {
      const value = read(index);
      return value === undefined ? undefined : [value & low, isTwin ? value >>> width : value];
    },
    slots: [],
    registers: [index],
    key: readingKey(amount),
    isCertain: !isTwin,
  };
}

function cellsRegister(builder: Builder, amount: Amount): Register {
  const { common, tally, isTwin } = amount;
  return share(builder, common.key, (index) => {
    const cell = tally.allocate(builder.layouts[common.scope], isTwin ? 2 : 1);
    const update: Register["update"] = (state, frame, plus) => {
      const { numbers } = state[common.scope];
      const [lo, hi] = weights(amount, frame, plus);
      tally.add(numbers, cell, frame.time, lo);
      if (isTwin) tally.add(numbers, cell + tally.stride, frame.time, hi);
      return hi > 0;
    };
    const slots = amount.weight === undefined ? [] : [amount.weight];
    return { ...common, index, slots, causesBy: undefined, finite: undefined, cell, set: -1, update };
  });
}

function cellsInterval(register: Register, amount: Amount): Interval {
  const { tally, isTwin } = amount;
  const { cell, scope, index } = register;
  const top = isTwin ? cell + tally.stride : cell;
  const lo: End = (state, { time }) => tally.lo(state[scope].numbers, cell, time);
  const hi: End = (state, { time }) => tally.hi(state[scope].numbers, top, time);
  const isExact = tally.isExact && !isTwin;
  return {
    lo,
    hi: isExact ? lo : hi,
    finite: () => undefined,
    slots: [],
    registers: [index],
    key: readingKey(amount),
    isCertain: isExact,
  };
}

/** `cap`: amounts from here on need not be told apart. */
export function amountInterval(builder: Builder, term: AmountTerm, cap: number): Interval {
  const amount = describe(builder, term, Math.min(cap, MOST));
  if (amount.by !== undefined) return keyedInterval(builder, amount, amount.by);
  const width = widthOf(amount.cap);
  const isNarrow = term.kind === "count" && term.within === undefined && width * (amount.isTwin ? 2 : 1) <= MAX_WIDTH;
  if (!isNarrow) return cellsInterval(cellsRegister(builder, amount), amount);
  return bitsInterval(bitsRegister(builder, amount, width), amount, width);
}
