// What is open about one event: its arguments, and whatever of the past is not modelled exactly. Each is a variable
// that may be anything within its bounds.
//
// Invariants
//   I1  What happens in some history is what some values of the variables say (for proofs: nothing is left out).
//   I2  `narrow` leaves only some of these: traces that are likely to be real. It is never part of a proof.
import type { Argument } from "../../vocabulary.ts";
import type { Lab, Table } from "../lab.ts";
import { all, atMost, FALSE, type Formula, no, type Sort, same, some, type Truth, whole } from "./formula.ts";

export interface Variable {
  readonly name: string;
  readonly sort: Sort;
}

export interface Inputs {
  readonly lab: Lab;
  readonly byKey: Map<string, Variable>;
  readonly arguments: Map<Argument, Variable>;
  /** Arguments, and whether they are missing: what a call and its result have in common. */
  readonly shared: Map<string, Variable>;
  /** What holds of all of them. */
  readonly bounds: Formula[];
  readonly narrow: Formula[];
}

export const newInputs = (lab: Lab): Inputs => ({
  ...{ lab, byKey: new Map(), arguments: new Map(), shared: new Map(), bounds: [], narrow: [] },
});

/** The same key is the same variable; `bounds` are noted once. */
export function input(inputs: Inputs, key: string, sort: Sort, bounds: (name: string) => Formula = () => "true") {
  const known = inputs.byKey.get(key);
  if (known !== undefined) return known.name;
  const made: Variable = { name: `x${inputs.byKey.size}`, sort };
  inputs.byKey.set(key, made);
  inputs.bounds.push(bounds(made.name));
  return made.name;
}

export const freely = (inputs: Inputs, key: string): Formula => input(inputs, key, "Bool");

/** Anything: true, false or unknown. */
export function anything(inputs: Inputs, key: string): Truth {
  const yes = freely(inputs, `${key} yes`);
  return { yes, no: input(inputs, `${key} no`, "Bool", (name) => no(all(name, yes))) };
}

const isPresent = ({ witness }: Table["classes"][number]): boolean => witness !== undefined;

/** Integers, and lengths of bytes, stand for themselves; anything else for the number of its class. */
export const isNumeric = ({ type }: Argument): boolean => type === "int" || type === "bytes";

export function argumentValue(inputs: Inputs, argument: Argument): Formula {
  const { classes } = inputs.lab.tables.get(argument) as Table;
  const ranges = classes.flatMap(({ range }) => range ?? []);
  if (isNumeric(argument) && ranges.length === 0) return "0";
  const least = isNumeric(argument) ? Math.min(...ranges.map((range) => range.least)) : 0;
  const most = isNumeric(argument) ? Math.max(...ranges.map((range) => range.most)) : classes.length - 1;
  const key = keyOf(inputs, argument);
  const name = input(inputs, key, "Int", (one) => all(atMost(whole(least), one), atMost(one, whole(most))));
  const variable = inputs.byKey.get(key) as Variable;
  inputs.arguments.set(argument, variable);
  inputs.shared.set(key, variable);
  return name;
}

const keyOf = ({ lab }: Inputs, argument: Argument): string =>
  `argument ${[...lab.tables.keys()].indexOf(argument)} ${argument.name}`;

export const missingKey = (inputs: Inputs, argument: Argument): string => `${keyOf(inputs, argument)} missing`;

export function missing(inputs: Inputs, argument: Argument): Formula {
  const { classes } = inputs.lab.tables.get(argument) as Table;
  if (classes.every(isPresent)) return FALSE;
  if (!classes.some(isPresent)) return "true";
  if (!isNumeric(argument))
    return some(...classes.map((one, at) => (isPresent(one) ? FALSE : isAt(inputs, argument, at))));
  const key = missingKey(inputs, argument);
  const name = freely(inputs, key);
  inputs.shared.set(key, inputs.byKey.get(key) as Variable);
  return name;
}

const isAt = (inputs: Inputs, argument: Argument, at: number): Formula =>
  same(argumentValue(inputs, argument), whole(at));

/** It is of that class. */
export function isOfClass(inputs: Inputs, argument: Argument, at: number): Formula {
  const { classes } = inputs.lab.tables.get(argument) as Table;
  const { witness, range } = classes[at] as Table["classes"][number];
  if (!isNumeric(argument)) return isAt(inputs, argument, at);
  if (witness === undefined || range === undefined) return missing(inputs, argument);
  const value = argumentValue(inputs, argument);
  return all(no(missing(inputs, argument)), atMost(whole(range.least), value), atMost(value, whole(range.most)));
}
