// Terms as sums of what is not settled yet, and comparisons of them.
//
// Invariants
//   T1  A comparison comes out in every way that it can for some event and some value of what is not followed (V2).
import { comparisons, F, type Interval, type Kleene, kleene, T, U } from "../kleene.ts";
import type { Datum, RArgument, RCond, RTerm } from "../resolved.ts";
import type { Comparison } from "../tree.ts";
import { readAmount } from "./amounts.ts";
import { linear } from "./atoms.ts";
import type { Inequality } from "./linear.ts";
import type { Level, Register, Tally } from "./registers.ts";
import {
  argumentIn,
  cellOf,
  guess,
  guessKleene,
  guessSystem,
  isMissing,
  isOther,
  narrowTo,
  note,
  tableIn,
  type World,
} from "./world.ts";

type Compare = Extract<RCond, { kind: "compare" }>;

/** Names with factors, and a constant, which may be without end. */
interface Sum {
  readonly of: ReadonlyMap<string, number>;
  readonly plus: number;
}
/** Both ends. The same sum twice: it is exact. */
interface Range {
  readonly lo: Sum;
  readonly hi: Sum;
}
/** It is there, but it cannot be said what it is. */
interface Opaque {
  readonly opaque: true;
}
const OPAQUE: Opaque = { opaque: true };
/** Undefined: it is missing. */
type Judged = { readonly range: Range } | { readonly datum: Datum } | Opaque | undefined;

/** Beyond this numbers are not exact any more when some are added up. */
const MOST_EXACT = 2 ** 51;

const fixed = (plus: number): Sum => ({ of: new Map(), plus });
const exact = (sum: Sum): Range => ({ lo: sum, hi: sum });
const interval = ({ lo, hi }: Interval): Range => (lo === hi ? exact(fixed(lo)) : { lo: fixed(lo), hi: fixed(hi) });

function added(a: Sum, b: Sum): Sum {
  const of = new Map(a.of);
  for (const [name, factor] of b.of) of.set(name, (of.get(name) ?? 0) + factor);
  return { of, plus: a.plus + b.plus };
}
const plus = (a: Range, b: Range): Range => {
  const lo = added(a.lo, b.lo);
  return { lo, hi: a.lo === a.hi && b.lo === b.hi ? lo : added(a.hi, b.hi) };
};

/** a - b <= most. Undefined: always, or never. */
function atMost(a: Sum, b: Sum, most: number): readonly Inequality[] | undefined {
  const end = most - a.plus + b.plus;
  if (Number.isNaN(end)) return a.plus === Infinity ? undefined : [];
  if (end === Infinity) return [];
  const of = new Map(a.of);
  for (const [name, factor] of b.of) of.set(name, (of.get(name) ?? 0) - factor);
  for (const [name, factor] of of) if (factor === 0) of.delete(name);
  if (end === -Infinity) return undefined;
  return of.size === 0 ? (end >= 0 ? [] : undefined) : [{ of, most: end }];
}

const both = (...all: readonly (readonly Inequality[] | undefined)[]): readonly Inequality[] | undefined =>
  all.includes(undefined) ? undefined : all.flatMap((one) => one ?? []);

type Option = { readonly value: Kleene; readonly system: readonly Inequality[] };
const option = (value: Kleene, ...all: readonly (readonly Inequality[] | undefined)[]): readonly Option[] => {
  const system = both(...all);
  return system === undefined ? [] : [{ value, system }];
};

/** a < b: sure if the upper end of a is below the lower of b, impossible if the lower is not below the upper. */
const less = (a: Range, b: Range): readonly Option[] => [
  ...option(F, atMost(b.hi, a.lo, 0)),
  ...option(T, atMost(a.hi, b.lo, -1)),
  ...(a.lo === a.hi && b.lo === b.hi ? [] : option(U, atMost(b.lo, a.hi, 0), atMost(a.lo, b.hi, -1))),
];

function equal(a: Range, b: Range): readonly Option[] {
  const isExact = a.lo === a.hi && b.lo === b.hi;
  return [
    ...option(F, atMost(a.hi, b.lo, -1)),
    ...option(F, atMost(b.hi, a.lo, -1)),
    ...option(T, atMost(a.hi, b.lo, 0), atMost(b.hi, a.lo, 0)),
    ...(isExact ? [] : option(U, atMost(b.lo, a.hi, 0), atMost(a.lo, b.hi, 0))),
  ];
}

const flipped = (options: readonly Option[]): readonly Option[] =>
  options.map(({ value, system }) => ({ value: value === U ? U : value === T ? F : T, system }));

const OPTIONS = comparisons(equal, less, flipped);

/** Names what is not settled, with its bounds. */
function variable(world: World, name: string, least: number, most: number): Sum {
  const of = new Map([[name, 1]]);
  const known = world.inequalities.some((one) => one.of.size === 1 && one.of.has(name));
  if (!known) {
    const low: Inequality = { of: new Map([[name, -1]]), most: -least };
    world.inequalities = [...world.inequalities, low, ...(most < MOST_EXACT ? [{ of, most }] : [])];
  }
  return { of, plus: 0 };
}

function judgeArgument(world: World, about: RArgument, isLength: boolean): Judged {
  const argument = argumentIn(world, about);
  if (argument === undefined || isMissing(world, argument)) return undefined;
  const { value } = cellOf(world, argument);
  if (value !== undefined && !isOther(value.value)) {
    const datum = value.value as Datum;
    if (typeof datum === "number") return { range: exact(fixed(datum)) };
    return isLength && typeof datum === "string" ? { range: exact(fixed(datum.length)) } : { datum };
  }
  const at = narrowTo(world, argument, (one) => one);
  const table = tableIn(world, argument);
  const { range, more } = table.classes[at] as (typeof table.classes)[number];
  if (range !== undefined) {
    const name = cellOf(world, argument).variable ?? `argument ${argument.name}`;
    world.cells.set(argument, { ...cellOf(world, argument), variable: name });
    return { range: exact(variable(world, name, range.least, range.most)) };
  }
  const values = more(2);
  const only = values.length === 1 ? values[0] : undefined;
  if (only === undefined) return OPAQUE;
  return isLength && typeof only === "string" ? { range: exact(fixed(only.length)) } : { datum: only };
}

/** A register that is not followed: one number, or two ends of it. */
function unknownAmount(world: World, register: Register, key: string, most: number): Range {
  const name = `register ${register.id} ${key}`;
  const lo = variable(world, `${name} at least`, 0, Math.min(most, MOST_EXACT));
  if (!world.lab.vague.has(register)) return exact(lo);
  if (most === Infinity && guess(world, `${name} has an end`, 2) === 1) return { lo, hi: fixed(Infinity) };
  const hi = variable(world, `${name} at most`, 0, Math.min(most, MOST_EXACT));
  const order: Inequality = { of: new Map([...lo.of, ...[...hi.of].map(([one]) => [one, -1] as const)]), most: 0 };
  world.inequalities = [...world.inequalities, order];
  return { lo, hi };
}

/** What a comparison reads; `marks`: the numbers that its one amount is told apart from, if it has no more. */
interface Reading {
  readonly registers: Register[];
  readonly marks: readonly number[] | undefined;
}

function marksOf({ left, right }: Compare): Reading["marks"] {
  const [a, b] = [linear(left), linear(right)];
  if (typeof a === "object" && typeof b === "number") return [b - a.plus, b - a.plus + 1];
  if (typeof a === "number" && typeof b === "object") return [a - b.plus, a - b.plus + 1];
  return undefined;
}

function judgeRegister(world: World, term: Tally | Level, { registers, marks }: Reading): Judged {
  const register = world.lab.registers.ofTerm(term);
  registers.push(register);
  const read = readAmount(world, register, marks);
  if (read === undefined) return undefined;
  return { range: "unknown" in read ? unknownAmount(world, register, read.unknown, read.most) : interval(read) };
}

function judgeTerm(world: World, term: RTerm, reading: Reading): Judged {
  switch (term.kind) {
    case "constant":
      return typeof term.value === "number" ? { range: exact(fixed(term.value)) } : { datum: term.value };
    case "argument":
      return judgeArgument(world, term.argument, false);
    case "length":
      return judgeArgument(world, term.argument, true);
    case "add":
      return judgeSum(world, term.terms, reading);
    default:
      return judgeRegister(world, term, reading);
  }
}

function judgeSum(world: World, terms: readonly RTerm[], reading: Reading): Judged {
  let total = exact(fixed(0));
  let isOpaque = false;
  for (const term of terms) {
    const one = judgeTerm(world, term, reading);
    if (one === undefined || "datum" in one) return undefined;
    if ("opaque" in one) isOpaque = true;
    else total = plus(total, one.range);
  }
  return isOpaque ? OPAQUE : { range: total };
}

/** A side of a comparison, where the event is such. */
interface Side {
  readonly range: Range;
  readonly system: readonly Inequality[];
  readonly isSaturated: boolean;
}

/**
 * A term that adds up stops at 2^53 - 1. How much of what is added then counts is not followed: it is a large number,
 * and comparisons with it come out in every way in which they can with one.
 */
function sidesOf(term: RTerm, range: Range): readonly Side[] {
  const side = { range, system: [], isSaturated: false };
  if (term.kind !== "add" || range.hi.of.size === 0) return [side];
  const [small, large] = [atMost(range.lo, fixed(0), MOST_EXACT), atMost(fixed(0), range.hi, -MOST_EXACT)];
  const saturated = { lo: fixed(MOST_EXACT), hi: fixed(Infinity) };
  return [
    ...(small === undefined ? [] : [{ ...side, system: small }]),
    ...(large === undefined ? [] : [{ range: saturated, system: large, isSaturated: true }]),
  ];
}

/** All ways in which a comparison of two terms can come out. */
function outcomes({ is, left, right }: Compare, a: Range, b: Range): readonly Option[] {
  return sidesOf(left, a).flatMap((one) =>
    sidesOf(right, b).flatMap((other) => {
      const system = [...one.system, ...other.system];
      return OPTIONS[is](one.range, other.range).flatMap((way) => {
        const ways: readonly Kleene[] =
          way.value === U && (one.isSaturated || other.isSaturated) ? [T, F, U] : [way.value];
        return ways.map((value) => ({ value, system: [...way.system, ...system] }));
      });
    }),
  );
}

const isHuge = ({ plus: end }: Sum): boolean => end !== Infinity && Math.abs(end) > MOST_EXACT;

function compareData(is: Comparison, left: Datum | undefined, right: Datum | undefined): Kleene {
  if (typeof left !== typeof right || (is !== "==" && is !== "!=")) return U;
  return kleene((left === right) === (is === "=="));
}

/** A comparison of more than one argument with constants. */
export function judgeComparison(world: World, cond: Compare): Kleene {
  const registers: Register[] = [];
  const reading: Reading = { registers, marks: marksOf(cond) };
  const left = judgeTerm(world, cond.left, reading);
  const right = judgeTerm(world, cond.right, reading);
  const result = (value: Kleene): Kleene => note(world, cond, value, registers);
  if (left === undefined || right === undefined) return result(U);
  const isOpaque = "opaque" in left || "opaque" in right;
  if (!isOpaque && "range" in left && "range" in right) {
    const sums = [left.range.lo, left.range.hi, right.range.lo, right.range.hi];
    if (!sums.some(isHuge)) {
      return result(guessSystem(world, outcomes(cond, left.range, right.range)) ?? U);
    }
  } else if (!isOpaque) {
    return result(
      compareData(cond.is, "datum" in left ? left.datum : undefined, "datum" in right ? right.datum : undefined),
    );
  }
  world.doubts.add(`${cond.at.text}: needs a solver`);
  return result(guessKleene(world, `opaque ${cond.at.text}`, true));
}
