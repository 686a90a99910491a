// Formulas and terms of whole numbers as SMT-LIB 2 text. What is plain already is not written out.

import { comparisons } from "../../kleene.ts";
import type { Comparison } from "../../tree.ts";

export type Formula = string;
export type Sort = "Int" | "Bool";

export const TRUE: Formula = "true";
export const FALSE: Formula = "false";

const joined = (word: string, empty: Formula, end: Formula, of: readonly Formula[]): Formula => {
  const parts = [...new Set(of.filter((one) => one !== empty))];
  if (parts.includes(end)) return end;
  return parts.length > 1 ? `(${word} ${parts.join(" ")})` : (parts[0] ?? empty);
};
export const all = (...of: readonly Formula[]): Formula => joined("and", TRUE, FALSE, of);
export const some = (...of: readonly Formula[]): Formula => joined("or", FALSE, TRUE, of);
export const no = (one: Formula): Formula => (one === TRUE ? FALSE : one === FALSE ? TRUE : `(not ${one})`);

export function either(test: Formula, then: Formula, other: Formula): Formula {
  if (test === TRUE || then === other) return then;
  return test === FALSE ? other : `(ite ${test} ${then} ${other})`;
}

export const whole = (value: number): Formula => (value < 0 ? `(- ${BigInt(-value)})` : String(BigInt(value)));
export const sum = (a: Formula, b: Formula): Formula => (a === "0" ? b : b === "0" ? a : `(+ ${a} ${b})`);
export const atMost = (a: Formula, b: Formula): Formula => `(<= ${a} ${b})`;
export const below = (a: Formula, b: Formula): Formula => `(< ${a} ${b})`;
export const same = (a: Formula, b: Formula): Formula => (a === b ? TRUE : `(= ${a} ${b})`);

/** Of three truth values: when it is true, and when false. Never both; neither: unknown. */
export interface Truth {
  readonly yes: Formula;
  readonly no: Formula;
}
export const YES: Truth = { yes: TRUE, no: FALSE };
export const NO: Truth = { yes: FALSE, no: TRUE };
export const UNKNOWN: Truth = { yes: FALSE, no: FALSE };

export const not = ({ yes, no }: Truth): Truth => ({ yes: no, no: yes });
export const every = (of: readonly Truth[]): Truth => ({
  yes: all(...of.map((one) => one.yes)),
  no: some(...of.map((one) => one.no)),
});
export const any = (of: readonly Truth[]): Truth => not(every(of.map(not)));

/** A whole number between two ends; `open`: there is no upper end. `missing`: nothing is known of it. */
export interface Amount {
  readonly lo: Formula;
  readonly hi: Formula;
  readonly open: Formula;
  readonly missing: Formula;
}
export const exactly = (term: Formula, missing: Formula = FALSE): Amount => ({
  ...{ lo: term, hi: term, open: FALSE, missing },
});

/** What a register holds. `truth`: of a `since`. */
export type Value =
  | { readonly kind: "truth"; readonly truth: Truth }
  | { readonly kind: "amount"; readonly lo: Formula; readonly hi: Formula; readonly open: Formula };

const less = (a: Amount, b: Amount): Truth => ({
  yes: all(no(a.open), below(a.hi, b.lo)),
  no: all(no(b.open), atMost(b.hi, a.lo)),
});
const equal = (a: Amount, b: Amount): Truth => ({
  yes: all(no(a.open), no(b.open), same(a.lo, a.hi), same(b.lo, b.hi), same(a.lo, b.lo)),
  no: some(less(a, b).yes, less(b, a).yes),
});
const COMPARE = comparisons(equal, less, not);

/** The abstract twin of kleene.ts. */
export function compare(is: Comparison, a: Amount, b: Amount): Truth {
  const there = no(some(a.missing, b.missing));
  const truth = COMPARE[is](a, b);
  return { yes: all(there, truth.yes), no: all(there, truth.no) };
}
