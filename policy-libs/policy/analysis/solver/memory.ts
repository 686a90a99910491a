// Registers as variables of a state: what is read of them at an event, and what they are after it. The twin, in
// formulas, of update.ts one folder up.
//
// Invariants
//   M1  What is read stands for all that may be remembered: of what is kept by value, and of others' registers,
//       anything; of what has a window, all that may be left of it.
//   M2  Amounts are whole numbers without a bound here; where two of them are compared they end at MOST (judge.ts).
import { keyOf, type Register } from "../registers.ts";
import { isShared, type Relation } from "../world.ts";
import {
  all,
  any,
  atMost,
  either,
  every,
  FALSE,
  type Formula,
  no,
  not,
  same,
  some,
  sum,
  type Value,
  whole,
} from "./formula.ts";
import { freely, type Inputs, input, type Variable } from "./inputs.ts";
import { type Here, matchesAny, missingIn, numberIn } from "./judge.ts";

export type Values = ReadonlyMap<Register, Value>;

/** Sets are not modelled: any value may or may not be in one. */
export const isModelled = (register: Register): boolean => register.kind !== "values";

/** Known exactly after every history: one variable is enough. */
const isPlain = (vague: ReadonlySet<Register>, register: Register): boolean => !vague.has(register);

export function variablesOf(vague: ReadonlySet<Register>, register: Register): readonly Variable[] {
  const name = `r${register.id}`;
  const isTruth = register.kind === "since";
  const first: Variable = { name: `${name}a`, sort: isTruth ? "Bool" : "Int" };
  if (isPlain(vague, register)) return [first];
  const second: Variable = { name: `${name}b`, sort: first.sort };
  return isTruth ? [first, second] : [first, second, { name: `${name}c`, sort: "Bool" }];
}

export function valueIn(vague: ReadonlySet<Register>, register: Register): Value {
  const [a, b, c] = variablesOf(vague, register).map(({ name }) => name) as [string, string?, string?];
  return register.kind === "since"
    ? { kind: "truth", truth: { yes: a, no: b ?? no(a) } }
    : { kind: "amount", lo: a, hi: b ?? a, open: c ?? FALSE };
}

export function partsOf(vague: ReadonlySet<Register>, register: Register, value: Value): readonly Formula[] {
  const parts = value.kind === "truth" ? [value.truth.yes, value.truth.no] : [value.lo, value.hi, value.open];
  return isPlain(vague, register) ? parts.slice(0, 1) : parts;
}

export const emptyOf = (register: Register): Value =>
  register.kind === "since"
    ? { kind: "truth", truth: { yes: FALSE, no: "true" } }
    : { kind: "amount", lo: "0", hi: "0", open: FALSE };

export function windowOf(register: Register): number | undefined {
  if (register.kind === "since") return register.since.within;
  return register.kind === "tally" ? register.term.within : undefined;
}

/** Anything at all. */
function anyValue(inputs: Inputs, register: Register, key: string): Value {
  if (register.kind === "since") {
    const yes = freely(inputs, `${key} yes`);
    return { kind: "truth", truth: { yes, no: input(inputs, `${key} no`, "Bool", (name) => no(all(name, yes))) } };
  }
  const lo = input(inputs, `${key} lo`, "Int", (name) => atMost("0", name));
  const hi = input(inputs, `${key} hi`, "Int", (name) => atMost(lo, name));
  return { kind: "amount", lo, hi, open: freely(inputs, `${key} open`) };
}

const isSame = (a: Value, b: Value): Formula =>
  a.kind === "truth" || b.kind === "truth"
    ? a.kind === "truth" && b.kind === "truth"
      ? all(same(a.truth.yes, b.truth.yes), same(a.truth.no, b.truth.no))
      : FALSE
    : all(same(a.lo, b.lo), same(a.hi, b.hi), same(a.open, b.open));

/** As time goes by there is less in a window, never more. */
const isLess = (a: Value, b: Value): Formula =>
  a.kind === "truth" && b.kind === "truth"
    ? all(some(no(a.truth.yes), b.truth.yes), some(no(b.truth.no), a.truth.no))
    : a.kind === "amount" && b.kind === "amount"
      ? all(atMost(a.lo, b.lo), atMost(a.hi, b.hi), some(no(a.open), b.open))
      : FALSE;

/** The window has passed. */
export const WAIT = "wait";

function aged(inputs: Inputs, register: Register, value: Value): Value {
  const key = `register ${register.id} aged`;
  const isNew = !inputs.byKey.has(`${key} lo`) && !inputs.byKey.has(`${key} yes`);
  const left = anyValue(inputs, register, key);
  if (!isNew) return left;
  const wait = freely(inputs, WAIT);
  inputs.bounds.push(isLess(left, value));
  inputs.narrow.push(either(wait, isSame(left, emptyOf(register)), isSame(left, value)));
  return left;
}

interface Reading {
  readonly inputs: Inputs;
  readonly relation: Relation;
  /** The event's approval was logged, and what follows is the call itself. */
  readonly isLate: boolean;
}

/** What an event reads of a register whose value is that. */
export function readOf({ inputs, relation, isLate }: Reading, register: Register, value: Value): Value {
  const isOwn = isShared({ relation }, register);
  const isKeyed = keyOf(register) !== undefined;
  if (isOwn && !isKeyed) return windowOf(register) === undefined || isLate ? value : aged(inputs, register, value);
  const key = `register ${register.id} ${isLate ? "late" : "any"}`;
  const isNew = !inputs.byKey.has(`${key} lo`) && !inputs.byKey.has(`${key} yes`);
  const read = anyValue(inputs, register, key);
  if (isNew && isOwn) inputs.narrow.push(isSame(read, value));
  return read;
}

/** (not no) S of. */
function sinceAfter(
  here: Here,
  register: Extract<Register, { kind: "since" }>,
  { truth }: Extract<Value, { kind: "truth" }>,
): Value {
  const { of, no: ending } = register.since;
  const [yes, ends] = [matchesAny(here, of), matchesAny(here, ending)];
  return { kind: "truth", truth: any([yes, every([not(ends), truth])]) };
}

type Measure = Extract<Value, { kind: "amount" }>;

function tallyAfter(here: Here, register: Extract<Register, { kind: "tally" }>, { lo, hi, open }: Measure): Value {
  const match = matchesAny(here, register.patterns);
  const { term } = register;
  const isCount = term.kind === "count";
  const lost = isCount ? FALSE : missingIn(here, term.argument);
  const amount = isCount ? "1" : either(lost, "0", numberIn(here, term.argument));
  return {
    kind: "amount",
    lo: sum(lo, either(match.yes, amount, "0")),
    hi: sum(hi, either(match.no, "0", amount)),
    open: some(open, all(no(match.no), lost)),
  };
}

const one = (test: Formula): Formula => either(test, "1", "0");
const minus = (a: Formula, b: Formula): Formula => (b === "0" ? a : `(- ${a} ${b})`);
const notNegative = (term: Formula): Formula => either(atMost("0", term), term, "0");

function levelAfter(here: Here, register: Extract<Register, { kind: "level" }>, { lo, hi, open }: Measure): Value {
  const { plus, minus: down, max } = register.term;
  const [ups, downs] = [matchesAny(here, [plus]), matchesAny(here, [down])];
  const least = notNegative(minus(sum(lo, one(ups.yes)), one(no(downs.no))));
  const most = notNegative(minus(sum(hi, one(no(ups.no))), one(downs.yes)));
  const capped = either(atMost(least, whole(max)), least, whole(max));
  return { kind: "amount", lo: capped, hi: most, open: some(open, atMost(whole(max), most)) };
}

/** After the event at hand, of a register that it may change. */
export function after(here: Here, register: Register, value: Value): Value {
  if (register.kind === "since") return value.kind === "truth" ? sinceAfter(here, register, value) : value;
  if (value.kind !== "amount") return value;
  if (register.kind === "tally") return tallyAfter(here, register, value);
  return register.kind === "level" ? levelAfter(here, register, value) : value;
}
