// Comparisons of two terms: of constants and arguments of any type, and of intervals.
//
// Invariants
//   C1  What is missing compares as unknown: an absent number is no number (NaN), and with one no order holds.
//   C2  A counter that is compared with c need not count further than c, or c + 1 where c itself must be told from more:
//       all that is added to it is not negative.
import { F, type Kleene, not, T, U } from "../kleene.ts";
import type { Datum, RTerm } from "../resolved.ts";
import type { Comparison } from "../tree.ts";
import type { End, Frame, Interval, State, Test } from "./types.ts";

const MIRRORED: { readonly [is in Comparison]: Comparison } = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** From which amount on a comparison with `other`, on its right, cannot change any more. */
export function capAgainst(is: Comparison, other: RTerm, isLeft: boolean): number {
  if (other.kind !== "constant" || typeof other.value !== "number") return Number.POSITIVE_INFINITY;
  const towards = isLeft ? is : MIRRORED[is];
  const least = towards === ">=" || towards === "<" ? other.value : other.value + 1;
  return Math.max(1, Math.ceil(least));
}

/** Of two intervals. With a missing end no order holds, and an equality neither. */
type Compare = (loA: number, hiA: number, loB: number, hiB: number) => Kleene;

const less: Compare = (loA, hiA, loB, hiB) => (hiA < loB ? T : loA >= hiB ? F : U);
const more: Compare = (loA, hiA, loB, hiB) => less(loB, hiB, loA, hiA);
const equal: Compare = (loA, hiA, loB, hiB) => {
  if (hiA < loB || hiB < loA) return F;
  return loA === hiA && loB === hiB && loA === loB ? T : U;
};

export const COMPARE: { readonly [is in Comparison]: Compare } = {
  "==": equal,
  "!=": (loA, hiA, loB, hiB) => not(equal(loA, hiA, loB, hiB)),
  "<": less,
  "<=": (loA, hiA, loB, hiB) => not(more(loA, hiA, loB, hiB)),
  ">": more,
  ">=": (loA, hiA, loB, hiB) => not(less(loA, hiA, loB, hiB)),
};

type Points = (a: number, b: number) => boolean;
const POINTS: { readonly [is in Comparison]: Points } = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

const isPoint = ({ lo, hi }: Interval): boolean => lo === hi;

export function compareTest(is: Comparison, a: Interval, b: Interval): Test {
  if (!isPoint(a) || !isPoint(b)) {
    const compare = COMPARE[is];
    return (s, f) => compare(a.lo(s, f), a.hi(s, f), b.lo(s, f), b.hi(s, f));
  }
  const holds = POINTS[is];
  const [left, right]: [End, End] = [a.lo, b.lo];
  return (state, frame) => {
    const [x, y] = [left(state, frame), right(state, frame)];
    return Number.isNaN(x) || Number.isNaN(y) ? U : holds(x, y) ? T : F;
  };
}

export type Reading = (state: State, frame: Frame) => Datum | undefined;

/** Of arguments and constants: texts and truth values are equal or not, and have no order. */
export function compareData(is: Comparison, left: Reading, right: Reading): Test {
  const [holds, isEquality] = [POINTS[is], is === "==" || is === "!="];
  return (state, frame) => {
    const [a, b] = [left(state, frame), right(state, frame)];
    if (a === undefined || typeof a !== typeof b) return U;
    if (typeof a === "number") return holds(a, b as number) ? T : F;
    return isEquality ? ((a === b) === (is === "==") ? T : F) : U;
  };
}
