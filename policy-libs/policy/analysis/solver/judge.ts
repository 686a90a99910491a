// Conditions of an event as formulas: the twin, in formulas, of judge.ts and terms.ts one folder up.
//
// Invariants
//   J1  A condition is true, false or unknown of an event exactly as some values of the inputs say. What is not modelled
//       (texts compared with each other, sets) may be anything.
import { F, type Kleene, MOST, T } from "../../kleene.ts";
import type { HistoryKind, RArgument, RCond, RPattern, RRule, RTerm } from "../../resolved.ts";
import type { Operation } from "../../vocabulary.ts";
import { answersOf, type Table } from "../lab.ts";
import type { Register } from "../registers.ts";
import { textOfCond } from "../structure.ts";
import { argumentOf, judged, type Unary } from "../unary.ts";
import {
  type Amount,
  any,
  atMost,
  compare,
  either,
  every,
  exactly,
  type Formula,
  NO,
  not,
  some,
  sum,
  TRUE,
  type Truth,
  UNKNOWN,
  type Value,
  whole,
  YES,
} from "./formula.ts";
import { anything, argumentValue, type Inputs, isNumeric, isOfClass, missing } from "./inputs.ts";

/** The event at hand, and what it reads of the past. */
export interface Here {
  readonly inputs: Inputs;
  readonly op: Operation;
  readonly kind: HistoryKind;
  readonly read: (register: Register) => Value;
  /** Conditions that are not modelled are asked anew: their answers may be others than before. */
  readonly phase: string;
}

const plain = (value: Kleene): Truth => (value === T ? YES : value === F ? NO : UNKNOWN);

/** A test of one argument: of each of its classes the answer is known. */
function unary({ inputs, op }: Here, about: RArgument, test: Unary): Truth {
  const argument = about.of.get(op);
  if (argument === undefined) return plain(judged(test, undefined));
  const answers = answersOf(inputs.lab.tables.get(argument) as Table, test);
  const having = (value: 0 | 1): Formula =>
    some(...answers.flatMap((answer, at) => (answer === value ? [isOfClass(inputs, argument, at)] : [])));
  return { yes: having(T), no: having(F) };
}

export function missingIn({ inputs, op }: Here, about: RArgument): Formula {
  const argument = about.of.get(op);
  return argument === undefined ? TRUE : missing(inputs, argument);
}

export function numberIn({ inputs, op }: Here, about: RArgument): Formula {
  const argument = about.of.get(op);
  return argument === undefined || !isNumeric(argument) ? "0" : argumentValue(inputs, argument);
}

function amountOf(here: Here, register: Register, by: RArgument | undefined): Amount | undefined {
  const value = here.read(register);
  if (value.kind !== "amount") return undefined;
  const { lo, hi, open } = value;
  return { lo, hi, open, missing: by === undefined ? "false" : missingIn(here, by) };
}

function added(here: Here, terms: readonly RTerm[]): Amount | undefined {
  let total = exactly("0");
  for (const term of terms) {
    const one = termOf(here, term);
    if (one === undefined) return undefined;
    total = {
      lo: sum(total.lo, one.lo),
      hi: one.lo === one.hi && total.lo === total.hi ? sum(total.lo, one.lo) : sum(total.hi, one.hi),
      open: some(total.open, one.open),
      missing: some(total.missing, one.missing),
    };
  }
  return total;
}

/** Undefined: it is not modelled. */
function termOf(here: Here, term: RTerm): Amount | undefined {
  const { registers } = here.inputs.lab;
  switch (term.kind) {
    case "constant":
      return typeof term.value === "number" ? exactly(whole(term.value)) : undefined;
    case "argument":
    case "length": {
      const argument = term.argument.of.get(here.op);
      const isNumber = argument === undefined || isNumeric(argument);
      return isNumber ? exactly(numberIn(here, term.argument), missingIn(here, term.argument)) : undefined;
    }
    case "count":
    case "sum":
      return amountOf(here, registers.ofTerm(term), term.by?.argument);
    case "level":
      return amountOf(here, registers.ofTerm(term), undefined);
    case "add":
      return added(here, term.terms);
  }
}

const LARGEST = whole(MOST);
const ended = (term: Formula): Formula => (/^\d+$/.test(term) ? term : either(atMost(term, LARGEST), term, LARGEST));
/** Where amounts end. That tells only where both sides may be so large. */
const saturated = (amount: Amount): Amount => {
  const lo = ended(amount.lo);
  return { ...amount, lo, hi: amount.lo === amount.hi ? lo : ended(amount.hi) };
};
const isSmall = ({ lo, hi, open }: Amount): boolean =>
  lo === hi && open === "false" && /^\d+$/.test(lo) && Number(lo) < MOST;

function comparison(here: Here, cond: Extract<RCond, { kind: "compare" }>): Truth {
  const [left, right] = [termOf(here, cond.left), termOf(here, cond.right)];
  if (left === undefined || right === undefined) return anything(here.inputs, `${here.phase} ${textOfCond(cond)}`);
  if (isSmall(left) || isSmall(right)) return compare(cond.is, left, right);
  return compare(cond.is, saturated(left), saturated(right));
}

export function judge(here: Here, cond: RCond): Truth {
  switch (cond.kind) {
    case "constant":
      return cond.value ? YES : NO;
    case "or":
      return any(cond.of.map((one) => judge(here, one)));
    case "and":
      return every(cond.of.map((one) => judge(here, one)));
    case "not":
      return not(judge(here, cond.of));
    case "once":
    case "previous":
    case "carries": {
      const value = here.read(here.inputs.lab.registers.ofCond(cond));
      return value.kind === "truth" ? value.truth : UNKNOWN;
    }
    case "remembered":
      return anything(here.inputs, `${here.phase} ${textOfCond(cond)}`);
    case "compare": {
      const argument = argumentOf(cond);
      return argument === undefined ? comparison(here, cond) : unary(here, argument, cond);
    }
    default:
      return unary(here, cond.argument, cond satisfies Unary);
  }
}

export function matches(here: Here, { kinds, ops, when }: RPattern): Truth {
  if (!kinds.includes(here.kind) || !ops.includes(here.op)) return NO;
  return when === undefined ? YES : judge(here, when);
}

export const matchesAny = (here: Here, patterns: readonly RPattern[]): Truth =>
  any(patterns.map((pattern) => matches(here, pattern)));

export const applies = (here: Here, { on, when }: RRule): Truth =>
  every([matchesAny(here, on), when === undefined ? YES : judge(here, when)]);
