// Comparisons of two terms (T4, T5).
import type { Datum, Place, RCond, RTerm } from "../resolved.ts";
import type { Comparison } from "../tree.ts";
import type { ArgumentType } from "../vocabulary.ts";
import { datumOf, isSeen, isTextual, mayBe, wordOf } from "./literal.ts";
import { checkSame } from "./names.ts";
import type { Here, Scope } from "./scope.ts";
import type { Typed } from "./terms.ts";

/** Times that a count in a window keeps. */
export const MOST_TIMES = 64;

const isOrder = (is: Comparison): boolean => is !== "==" && is !== "!=";

/** Counts that keep a time for each event. */
function windowsIn(term: RTerm): readonly RTerm[] {
  if (term.kind === "add") return term.terms.flatMap(windowsIn);
  return term.kind === "count" && term.within !== undefined && term.steps === undefined ? [term] : [];
}

const NEEDS = `Compare it with a number of at most ${MOST_TIMES}, or write "in N steps" after the time.`;

/** T5: what a window must keep is known from the text. */
function checkWindow(scope: Scope, term: RTerm, other: RTerm): void {
  const isBounded = term.kind === "count" && other.kind === "constant" && (other.value as number) <= MOST_TIMES;
  for (const window of windowsIn(term)) {
    if (isBounded && window === term) continue;
    scope.unit.report("P113", window.at, "this count must remember the time of every event in the window", NEEDS);
  }
}

function unorderedType(left: Typed, right: Typed): ArgumentType | undefined {
  const one = [left, right].find(({ type }) => type !== "int");
  return one?.type;
}

function checkOrder(scope: Scope, is: Comparison, left: Typed, right: Typed, at: Place): boolean {
  const { report } = scope.unit;
  const blind = [left, right].find(({ type }) => !isSeen(type));
  if (blind !== undefined) {
    const advice = blind.type === "bytes" ? 'Of bytes there is only "length(…)".' : "";
    report("P109", blind.term.at, `${wordOf(blind.type)}, which nothing is compared with`, advice);
    return false;
  }
  const unordered = isOrder(is) ? unorderedType(left, right) : undefined;
  if (unordered !== undefined) report("P109", at, `"${is}" needs integers, and this is ${wordOf(unordered)}`);
  return unordered === undefined;
}

const FOLD: Readonly<Record<Comparison, (a: Datum, b: Datum) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** A constant beside what it is compared with: as that one's type, or with a diagnostic. */
function fitted(scope: Scope, { term, type, value }: Typed, beside: Typed): RTerm | undefined {
  if (value === undefined) return term;
  if (value === "any" || (value.kind === "text" && isTextual(beside.type))) {
    if (!mayBe(type, beside.type)) return differ(scope, type, beside, term.at);
    if (value === "any") return term;
  }
  const datum = datumOf(scope.unit.report, beside, value, term.at);
  return datum === undefined ? undefined : { kind: "constant", value: datum, at: term.at };
}

function differ(scope: Scope, type: ArgumentType, beside: Typed, at: Place): undefined {
  scope.unit.report("P108", at, `${wordOf(type)} is compared with ${wordOf(beside.type)}`);
}

function fold(scope: Scope, is: Comparison, left: Typed, right: Typed, at: Place): RCond | undefined {
  if (left.type !== right.type) return differ(scope, left.type, right, at);
  const [a, b] = [left.term, right.term].map((term) => (term.kind === "constant" ? term.value : 0));
  return { kind: "constant", value: FOLD[is](a as Datum, b as Datum), at };
}

const nameOf = ({ term }: Typed): string | undefined => (term.kind === "argument" ? term.argument.name : undefined);

export function compared(
  scope: Scope,
  is: Comparison,
  [left, right]: readonly [Typed, Typed],
  here: Here,
  at: Place,
): RCond | undefined {
  if (!checkOrder(scope, is, left, right, at)) return undefined;
  const name = nameOf(left);
  if (name !== undefined && name === nameOf(right)) checkSame(scope, here, name, at);
  checkWindow(scope, left.term, right.term);
  checkWindow(scope, right.term, left.term);
  if (left.value !== undefined && right.value !== undefined) return fold(scope, is, left, right, at);
  if (left.value === undefined && right.value === undefined && left.type !== right.type) {
    return differ(scope, left.type, right, at);
  }
  const [a, b] = [fitted(scope, left, right), fitted(scope, right, left)];
  return a && b && { kind: "compare", is, left: a, right: b, at };
}
