// Tests that look at one argument and nothing else: conditions, and whether an edit would change the argument.
import { compare, exactly, type Interval, type Kleene, kleene, U } from "../kleene.ts";
import { inBlocks, testText } from "../predicates.ts";
import type { Datum, RArgument, RCond } from "../resolved.ts";
import { linear } from "./atoms.ts";

type UnaryCond = Extract<RCond, { kind: "argument" | "oneOf" | "address" | "text" | "compare" }>;
/** Whether some edits together change an argument. */
interface Merged {
  readonly kind: "merged";
  readonly alters: (datum: Datum | undefined) => boolean;
}
export type Unary = UnaryCond | Merged;

const found = new WeakMap<RCond, { readonly argument: RArgument | undefined }>();

/** The argument of a test of one argument; undefined: it needs more than that. */
export function argumentOf(cond: RCond): RArgument | undefined {
  const known = found.get(cond) ?? { argument: findArgument(cond) };
  found.set(cond, known);
  return known.argument;
}

function findArgument(cond: RCond): RArgument | undefined {
  switch (cond.kind) {
    case "argument":
    case "oneOf":
    case "address":
    case "text":
      return cond.argument;
    case "compare": {
      const [a, b] = [linear(cond.left), linear(cond.right)];
      const [first, second] = [constant(cond, "left"), constant(cond, "right")];
      const one =
        typeof a === "object" && second !== undefined
          ? a.one
          : typeof b === "object" && first !== undefined
            ? b.one
            : undefined;
      return one?.kind === "argument" || one?.kind === "length" ? one.argument : undefined;
    }
    default:
      return undefined;
  }
}

type Compare = Extract<RCond, { kind: "compare" }>;

function constant(cond: Compare, side: "left" | "right"): Datum | undefined {
  const sum = linear(cond[side]);
  return cond[side].kind === "constant"
    ? (cond[side] as { value: Datum }).value
    : typeof sum === "number"
      ? sum
      : undefined;
}

/** What a side of a comparison is if the argument is this. */
function sideOf(cond: Compare, side: "left" | "right", datum: Datum): Interval | Datum | undefined {
  const fixed = constant(cond, side);
  if (fixed !== undefined) return typeof fixed === "number" ? exactly(fixed) : fixed;
  const sum = linear(cond[side]);
  if (typeof sum !== "object") return undefined;
  const own = sum.one.kind === "length" && typeof datum === "string" ? datum.length : datum;
  if (typeof own === "number") return exactly(Math.min(own + sum.plus, Number.MAX_SAFE_INTEGER));
  return sum.plus === 0 && cond[side].kind === "argument" ? own : undefined;
}

function compared(cond: Compare, datum: Datum): Kleene {
  const [left, right] = [sideOf(cond, "left", datum), sideOf(cond, "right", datum)];
  if (left === undefined || right === undefined) return U;
  if (typeof left === "object" && typeof right === "object") return compare(cond.is, left, right);
  if (typeof left !== typeof right || (cond.is !== "==" && cond.is !== "!=")) return U;
  return kleene((left === right) === (cond.is === "=="));
}

function judgedPresent(test: UnaryCond, datum: Datum): Kleene {
  switch (test.kind) {
    case "argument":
      return kleene(datum === true);
    case "oneOf":
      return kleene(test.values.includes(datum));
    case "address":
      return typeof datum === "string" ? inBlocks(datum, test.blocks) : U;
    case "text":
      return typeof datum === "string" ? kleene(testText(test.test, datum, test.text)) : U;
    case "compare":
      return compared(test, datum);
  }
}

/** The answer for an argument; undefined: it is missing. */
export function judged(test: Unary, datum: Datum | undefined): Kleene {
  if (test.kind === "merged") return kleene(test.alters(datum));
  return datum === undefined ? U : judgedPresent(test, datum);
}
