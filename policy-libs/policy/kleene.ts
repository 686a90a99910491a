// Three truth values and whole numbers that are known only to lie between two ends.
//
// Invariants
//   K1  Unknown in, at most unknown out: making an operand unknown, or an interval wider, never turns true into false
//       or false into true.
//   K2  Nothing here throws: every operation is total.
// Trust
//   Trusted by the reference semantics, by the compiled step and by the analyses. Unknown never grants and always
//   restricts; that is decided where rules are matched, not here.
import type { Comparison } from "./tree.ts";

/** 0 false, 1 true, 2 unknown. */
export type Kleene = 0 | 1 | 2;
export const F = 0;
export const T = 1;
export const U = 2;

export const kleene = (truth: boolean): Kleene => (truth ? T : F);
export const not = (a: Kleene): Kleene => (a === U ? U : a === T ? F : T);
export const and = (a: Kleene, b: Kleene): Kleene => (a === F || b === F ? F : a === T && b === T ? T : U);
export const or = (a: Kleene, b: Kleene): Kleene => (a === T || b === T ? T : a === F && b === F ? F : U);

/** Of none: true. */
export function every<A>(of: Iterable<A>, judge: (a: A) => Kleene): Kleene {
  let value: Kleene = T;
  for (const a of of) {
    value = and(value, judge(a));
    if (value === F) return F;
  }
  return value;
}

/** Of none: false. */
export function some<A>(of: Iterable<A>, judge: (a: A) => Kleene): Kleene {
  let value: Kleene = F;
  for (const a of of) {
    value = or(value, judge(a));
    if (value === T) return T;
  }
  return value;
}

/** From `lo` to `hi`, both included; `hi` may be Infinity. */
export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/** Integers saturate here. */
export const MOST = Number.MAX_SAFE_INTEGER;

export const exactly = (value: number): Interval => ({ lo: value, hi: value });
const saturated = (value: number): number => (value === Infinity ? value : Math.min(value, MOST));
export const plus = (a: Interval, b: Interval): Interval => ({
  lo: saturated(a.lo + b.lo),
  hi: saturated(a.hi + b.hi),
});

const less = (a: Interval, b: Interval): Kleene => (a.hi < b.lo ? T : a.lo >= b.hi ? F : U);
const equal = (a: Interval, b: Interval): Kleene => {
  if (a.hi < b.lo || b.hi < a.lo) return F;
  return a.lo === a.hi && b.lo === b.hi ? T : U;
};

type Compare<A, R> = (a: A, b: A) => R;

/** All six comparisons of two, by what two of them come out as. */
export const comparisons = <A, R>(
  equal: Compare<A, R>,
  less: Compare<A, R>,
  not: (result: R) => R,
): Readonly<Record<Comparison, Compare<A, R>>> => ({
  "==": equal,
  "!=": (a, b) => not(equal(a, b)),
  "<": less,
  "<=": (a, b) => not(less(b, a)),
  ">": (a, b) => less(b, a),
  ">=": (a, b) => not(less(a, b)),
});

const COMPARE = comparisons(equal, less, not);

export const compare = (is: Comparison, a: Interval, b: Interval): Kleene => COMPARE[is](a, b);
