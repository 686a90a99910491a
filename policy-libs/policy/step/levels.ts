// `level P minus Q`: up and down, never below 0; once it has reached `max` no upper end is known any more.
//
// Invariants
//   L1  The true level lies between the two ends. What goes up and down at once stays.
//   L2  The upper end at `max` means "or more", and stays.
import { F, type Kleene, T } from "../kleene.ts";
import type { RTerm } from "../resolved.ts";
import { addCells } from "./layout.ts";
import {
  type Builder,
  fieldOf,
  finiteRegister,
  isCertain,
  type Register,
  readField,
  share,
  widthOf,
} from "./registers.ts";
import type { End, Interval } from "./types.ts";

const MAX_WIDTH = 31;

type Common = Pick<Register, "key" | "scope" | "at" | "plus" | "minus">;

const nextLo = (lo: number, max: number, plus: Kleene, minus: Kleene): number =>
  Math.min(Math.max(lo + Number(plus === T) - Number(minus !== F), 0), max);
const nextHi = (hi: number, max: number, plus: Kleene, minus: Kleene): number =>
  hi === max ? max : Math.min(Math.max(hi + Number(plus !== F) - Number(minus === T), 0), max);

/** Both ends in one field; where they only differ after `max` was reached, the upper one is a bit that says so. */
function packing(width: number, max: number, isTwin: boolean) {
  const low = 2 ** width - 1;
  const lo = (value: number): number => value & low;
  const hi = (value: number): number => (isTwin ? value >>> width : value >>> width === 1 ? max : value & low);
  const pack = (lo: number, hi: number): number => lo | ((isTwin ? hi : Number(hi === max)) << width);
  return { lo, hi, pack };
}

function narrowLevel(builder: Builder, common: Common, width: number, max: number, isTwin: boolean): Interval {
  const { lo, hi, pack } = packing(width, max, isTwin);
  const register = share(builder, common.key, (index) =>
    finiteRegister(builder.layouts.domain, { ...common, index }, width + (isTwin ? width : 1), {
      isValid: (value) => lo(value) <= hi(value) && hi(value) <= max && pack(lo(value), hi(value)) === value,
      next: (value, plus, minus) => pack(nextLo(lo(value), max, plus, minus), nextHi(hi(value), max, plus, minus)),
      ends: (value) => [lo(value), hi(value) === max ? Number.POSITIVE_INFINITY : hi(value)],
    }),
  );
  const field = fieldOf(register);
  const above = (value: number): number => (value === max ? Number.POSITIVE_INFINITY : value);
  return {
    lo: ({ domain }) => lo(readField(domain.words, field)),
    hi: ({ domain }) => above(hi(readField(domain.words, field))),
    finite: (read) => {
      const value = read(register.index);
      return value === undefined ? undefined : [lo(value), above(hi(value))];
    },
    slots: [],
    registers: [register.index],
    key: register.key,
    isCertain: false,
  };
}

function wideLevel(builder: Builder, common: Common, max: number): Interval {
  const register = share(builder, common.key, (index) => {
    const cell = addCells(builder.layouts.domain, "amount", 2, max);
    const update: Register["update"] = ({ domain: { numbers } }, _frame, plus, minus) => {
      const [lo, hi] = [numbers[cell] as number, numbers[cell + 1] as number];
      numbers[cell] = nextLo(lo, max, plus, minus);
      numbers[cell + 1] = nextHi(hi, max, plus, minus);
      return numbers[cell] !== lo || numbers[cell + 1] !== hi;
    };
    return { ...common, index, slots: [], causesBy: undefined, finite: undefined, cell, set: -1, update };
  });
  const { cell, index, key } = register;
  const lo: End = ({ domain }) => domain.numbers[cell] as number;
  const hi: End = ({ domain }) => {
    const value = domain.numbers[cell + 1] as number;
    return value === max ? Number.POSITIVE_INFINITY : value;
  };
  return { lo, hi, finite: () => undefined, slots: [], registers: [index], key, isCertain: false };
}

export function levelInterval(builder: Builder, term: Extract<RTerm, { kind: "level" }>): Interval {
  const [plus, minus] = [builder.matcher(term.plus), builder.matcher(term.minus)];
  const max = Math.max(1, term.max);
  const key = `level[${max}](${plus.key};${minus.key})`;
  const common: Common = { key, scope: "domain", at: term.at, plus: [plus], minus: [minus] };
  const isTwin = !isCertain([plus, minus]);
  const width = widthOf(max);
  const isNarrow = width + (isTwin ? width : 1) <= MAX_WIDTH;
  return isNarrow ? narrowLevel(builder, common, width, max, isTwin) : wideLevel(builder, common, max);
}
