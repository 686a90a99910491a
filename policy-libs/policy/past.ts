// What a condition says of an event and of the past before it, by looking at every event there was. Slow and obvious:
// the compiled step is tested against this, so nothing is kept from one event to the next.
//
// Invariants
//   P1  An event is judged by the history before it, its pattern's own parentheses too.
//   P2  What bounds make a compiled policy forget is unknown here as well. With `isUnbounded` nothing is forgotten, and
//       whatever was known stays as it was.
// Trust
//   Trusts kleene.ts, moment.ts, amounts.ts and predicates.ts.
import { level, tally } from "./amounts.ts";
import {
  and,
  compare,
  every,
  exactly,
  F,
  type Interval,
  type Kleene,
  kleene,
  not,
  plus,
  some,
  T,
  U,
} from "./kleene.ts";
import { datumOf, eventAt, isWithin, type Moment, pastOf } from "./moment.ts";
import { inBlocks, testText } from "./predicates.ts";
import type { Datum, RCond, RPattern, RTerm, RValues } from "./resolved.ts";
import type { Comparison } from "./tree.ts";

/** Whether the event at hand matches. */
export function matches(moment: Moment, { kinds, ops, when }: RPattern): Kleene {
  const { kind, op } = moment.event;
  if (!kinds.includes(kind) || !ops.includes(op)) return F;
  return when === undefined ? T : judge(moment, when);
}

export const matchesAny = (moment: Moment, patterns: readonly RPattern[]): Kleene =>
  some(patterns, (pattern) => matches(moment, pattern));

/** (not Q) S P: some event of the past matches P and is young enough, and none after it matches a Q. */
function since(moment: Moment, of: readonly RPattern[], no: readonly RPattern[], within?: number): Kleene {
  const past = pastOf(moment, "domain");
  const matchAt = (patterns: readonly RPattern[], at: number) => some(patterns, (p) => moment.matches(p, at));
  return some(past, (at) => {
    if (!isWithin(moment, eventAt(moment, at), within)) return F;
    const later = past.filter((other) => other > at);
    return and(
      matchAt(of, at),
      every(later, (other) => not(matchAt(no, other))),
    );
  });
}

/** The first `max` different values that came; one that came with a match that is unknown takes a place as well. */
function isRemembered(moment: Moment, values: RValues, sought: Datum | undefined): Kleene {
  if (sought === undefined) return U;
  const remembered = new Map<Datum, Kleene>();
  let isForgetful = false;
  for (const at of pastOf(moment, "domain")) {
    const match = moment.matches(values.pattern, at);
    const value = datumOf(eventAt(moment, at), values.argument);
    if (match === F) continue;
    const isKept = value !== undefined && (moment.isUnbounded || remembered.has(value) || remembered.size < values.max);
    if (!isKept) isForgetful = true;
    else if (remembered.get(value) !== T) remembered.set(value, match);
  }
  return remembered.get(sought) ?? (isForgetful ? U : F);
}

/** Undefined: nothing is known of it. A whole number is an interval. */
type Value = Interval | string | boolean | undefined;

const known = (datum: Datum | undefined): Value => (typeof datum === "number" ? exactly(datum) : datum);

function lengthOf(datum: Datum | undefined): Value {
  return typeof datum === "string" ? exactly(datum.length) : known(datum);
}

function added(moment: Moment, terms: readonly RTerm[]): Value {
  let total = exactly(0);
  for (const term of terms) {
    const value = evaluate(moment, term);
    if (typeof value !== "object") return undefined;
    total = plus(total, value);
  }
  return total;
}

export function evaluate(moment: Moment, term: RTerm): Value {
  switch (term.kind) {
    case "constant":
      return known(term.value);
    case "argument":
      return known(datumOf(moment.event, term.argument));
    case "length":
      return lengthOf(datumOf(moment.event, term.argument));
    case "count":
    case "sum":
      return tally(moment, term);
    case "level":
      return level(moment, term);
    case "add":
      return added(moment, term.terms);
  }
}

/** Texts and truth values are equal or not; nothing is known of what has no order. */
function compared(is: Comparison, left: Value, right: Value): Kleene {
  if (left === undefined || right === undefined) return U;
  if (typeof left === "object" && typeof right === "object") return compare(is, left, right);
  if (typeof left !== typeof right || (is !== "==" && is !== "!=")) return U;
  return kleene((left === right) === (is === "=="));
}

type Test = Extract<RCond, { kind: "argument" | "oneOf" | "address" | "remembered" | "text" }>;

function test({ event }: Moment, cond: Exclude<Test, { kind: "remembered" }>): Kleene {
  const datum = datumOf(event, cond.argument);
  if (datum === undefined) return U;
  if (cond.kind === "argument") return kleene(datum === true);
  if (cond.kind === "oneOf") return kleene(cond.values.includes(datum));
  if (typeof datum !== "string") return U;
  return cond.kind === "address" ? inBlocks(datum, cond.blocks) : kleene(testText(cond.test, datum, cond.text));
}

/** True, false or unknown of the event at hand. */
export function judge(moment: Moment, cond: RCond): Kleene {
  switch (cond.kind) {
    case "constant":
      return kleene(cond.value);
    case "or":
      return some(cond.of, (part) => judge(moment, part));
    case "and":
      return every(cond.of, (part) => judge(moment, part));
    case "not":
      return not(judge(moment, cond.of));
    case "once":
      return since(moment, [cond.pattern], cond.since === undefined ? [] : [cond.since], cond.within);
    case "previous":
      return since(moment, [cond.pattern], cond.among);
    case "carries":
      return since(moment, cond.label.from, cond.label.cleared);
    case "compare":
      return compared(cond.is, evaluate(moment, cond.left), evaluate(moment, cond.right));
    case "remembered":
      return isRemembered(moment, cond.values, datumOf(moment.event, cond.argument));
    default:
      return test(moment, cond);
  }
}
