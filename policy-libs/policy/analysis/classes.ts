// The classes of an operation's calls: calls of one class are alike to every test that looks at one argument alone.
//
// Invariants
//   C1  Every call has a class, if `isComplete`: what its arguments are, missing ones included, has one each.
//   C2  The witness of a class is a call of it, of the contract's types and inside its bounds.
// Trust
//   Trusts text-classes.ts (X1, X2) and points.ts. Trusted by every analysis, for proofs.
import type { Datum } from "../resolved.ts";
import type { Argument, ArgumentType, Operation } from "../vocabulary.ts";
import type { Asked, Asking } from "./atoms.ts";
import { addressPieces, integerPieces } from "./points.ts";
import { type TextAtom, textClasses } from "./text-classes.ts";
import type { Lengths } from "./words.ts";

export interface ArgumentClass {
  /** The simplest argument of the class; undefined: it is missing. */
  readonly witness: Datum | undefined;
  /** Up to `count` different arguments of the class. */
  readonly more: (count: number) => readonly Datum[];
  /** Of an integer: all that are in the class. */
  readonly range?: Lengths | undefined;
}

export interface ArgumentClasses {
  readonly argument: Argument;
  readonly classes: readonly ArgumentClass[];
  readonly isComplete: boolean;
}

const MISSING: ArgumentClass = { witness: undefined, more: () => [] };
const fixed = (...values: readonly Datum[]): ArgumentClass => ({
  witness: values[0],
  more: (count) => values.slice(0, count),
});

/** These are of the type of their contract or the call does not come this far; others may not be what a policy can see. */
const ALWAYS_THERE: readonly ArgumentType[] = ["bool", "text", "enum", "bytes"];
export const mayBeMissing = ({ optional, type }: Argument, isInstruction: boolean): boolean =>
  optional || !(isInstruction || ALWAYS_THERE.includes(type));

const boundsOf = ({ least, most }: Argument): Lengths => ({
  least: least ?? 0,
  most: most ?? Number.MAX_SAFE_INTEGER,
});

function integers(argument: Argument, points: readonly number[], cuts: readonly number[]): readonly ArgumentClass[] {
  return integerPieces(points, cuts, boundsOf(argument)).map((range) => ({
    witness: range.least,
    more: (count) => Array.from({ length: Math.min(count, range.most - range.least + 1) }, (_, at) => range.least + at),
    range,
  }));
}

function enumerated(values: readonly Datum[], asked: readonly Datum[], isRelated: boolean): readonly ArgumentClass[] {
  const named = values.filter((value) => isRelated || asked.includes(value));
  const rest = values.filter((value) => !named.includes(value));
  return [...named.map((value) => fixed(value)), ...(rest.length === 0 ? [] : [fixed(...rest)])];
}

const isText = (type: ArgumentType): boolean => type === "text" || type === "path" || type === "host";

function present(argument: Argument, asked: Asked | undefined): Omit<ArgumentClasses, "argument"> {
  const { type } = argument;
  const points = [...(asked?.values ?? [])];
  const numbers = points.filter((value) => typeof value === "number");
  const whole = (classes: readonly ArgumentClass[]) => ({ classes, isComplete: true });
  if (isText(type) || (type === "enum" && argument.values === undefined)) {
    const also: readonly TextAtom[] = points.map((value) => ({ kind: "is", values: [String(value)] }));
    const atoms = [...(asked?.texts.values() ?? []), ...also];
    return textClasses({ type, atoms, cuts: [...(asked?.lengths ?? [])], bounds: boundsOf(argument) });
  }
  if (type === "int") return whole(integers(argument, numbers, [...(asked?.cuts ?? [])]));
  if (type === "bytes") return whole(integers(argument, numbers, [...(asked?.lengths ?? []), ...(asked?.cuts ?? [])]));
  if (type === "ip") return whole(addressPieces([...(asked?.blocks.values() ?? [])]));
  if (type === "bool") return whole(enumerated([false, true], asked === undefined ? [] : [false, true], false));
  if (type === "enum") return whole(enumerated(argument.values ?? [], points, asked?.isRelated === true));
  return whole([]);
}

/** Classes of one argument. Nothing is asked of it: one class, and it is there if it can be. */
export function argumentClasses(argument: Argument, asking: Asking, isInstruction: boolean): ArgumentClasses {
  const asked = asking.get(argument);
  const { classes, isComplete } = present(argument, asked);
  if (classes.length > 0 && asked === undefined) return { argument, classes: classes.slice(0, 1), isComplete };
  const missing = classes.length === 0 || mayBeMissing(argument, isInstruction) ? [MISSING] : [];
  return { argument, classes: [...classes, ...missing], isComplete };
}

export type EventForm = "call" | "result";

/** Every argument of an event of this form: a result has those of its call, and what it gives. */
export function classesOf(operation: Operation, form: EventForm, asking: Asking): readonly ArgumentClasses[] {
  const all = form === "call" ? operation.takes : [...operation.takes, ...operation.gives];
  return all.map((argument) => argumentClasses(argument, asking, operation.isInstruction));
}

/** One class of calls: a class for each argument. */
export type CallClass = ReadonlyMap<Argument, ArgumentClass>;

/** Products of the arguments' classes, one by one: they may be more than anybody wants to see. */
export function* callClasses(of: readonly ArgumentClasses[]): Generator<CallClass> {
  const [first, ...rest] = of;
  if (first === undefined) {
    yield new Map();
    return;
  }
  for (const inner of callClasses(rest))
    for (const one of first.classes) yield new Map([[first.argument, one], ...inner]);
}
