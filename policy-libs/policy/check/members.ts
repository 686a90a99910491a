// `in`: of a list, of address blocks, of a set, of remembered values.
import { didYouMean } from "../diagnostic.ts";
import type { Place, RArgument, RCond, RTerm } from "../resolved.ts";
import type { Cond, Let, Value } from "../tree.ts";
import { compared } from "./compare.ts";
import { blockOfValue, datumOf, isSeen, TYPE_OF, wordOf } from "./literal.ts";
import { declaredAs } from "./names.ts";
import { valuesOf } from "./patterns.ts";
import type { Here, Scope } from "./scope.ts";
import { type Typed, termOf } from "./terms.ts";

type In = Extract<Cond, { kind: "in" }>;
type Values = Extract<Let, { kind: "values" }>;

const isWhole = <T>(list: readonly (T | undefined)[]): list is readonly T[] => !list.includes(undefined);

function oneOf(scope: Scope, left: Typed, argument: RArgument, list: readonly Value[], at: Place): RCond | undefined {
  const { report, place } = scope.unit;
  const values = list.map((value) => datumOf(report, left, value, value.at === undefined ? at : place(value.at)));
  return isWhole(values) ? { kind: "oneOf", argument, values, at } : undefined;
}

function address(scope: Scope, argument: RArgument, list: readonly Value[], at: Place): RCond | undefined {
  const { report, place } = scope.unit;
  const blocks = list.map((value) => blockOfValue(report, value, value.at === undefined ? at : place(value.at)));
  return isWhole(blocks) ? { kind: "address", argument, blocks, at } : undefined;
}

/** A term that is no argument equals one of the values. */
function anyEqual(scope: Scope, left: Typed, list: readonly Value[], here: Here, at: Place): RCond | undefined {
  const equal = list.map((value) => {
    const place = value.at === undefined ? at : scope.unit.place(value.at);
    const term: RTerm = { kind: "constant", value: value.value, at: place };
    return compared(scope, "==", [left, { term, type: TYPE_OF[value.kind], value }], here, at);
  });
  return isWhole(equal) ? { kind: "or", of: equal, at } : undefined;
}

function inList(scope: Scope, left: Typed, list: readonly Value[], here: Here, at: Place): RCond | undefined {
  const { report } = scope.unit;
  const argument = left.term.kind === "argument" ? left.term.argument : undefined;
  if (!isSeen(left.type)) {
    report("P109", at, `${wordOf(left.type)}, which is in no list`);
    return undefined;
  }
  const block = list.find(({ kind }) => kind === "cidr");
  if (block !== undefined && left.type !== "ip") {
    const what = argument === undefined ? "this" : `"${argument.name}"`;
    report("P109", at, `${block.value} is a block of addresses, and ${what} is ${wordOf(left.type)}`);
    return undefined;
  }
  if (argument === undefined) return anyEqual(scope, left, list, here, at);
  return left.type === "ip" ? address(scope, argument, list, at) : oneOf(scope, left, argument, list, at);
}

function remembered(scope: Scope, left: Typed, made: Values, at: Place): RCond | undefined {
  const { report } = scope.unit;
  const values = valuesOf(scope, made, at);
  if (values === undefined) return undefined;
  if (left.term.kind !== "argument") {
    report("P109", at, "only an argument is looked for among remembered values");
    return undefined;
  }
  if (left.type !== values.argument.type || !isSeen(left.type)) {
    const held = wordOf(values.argument.type);
    report("P108", at, `"${left.term.argument.name}" is ${wordOf(left.type)}, and "${made.name}" remembers ${held}`);
    return undefined;
  }
  return { kind: "remembered", argument: left.term.argument, values, at };
}

/** A list of a parameter; a policy that is checked without one has none. */
const listOf = (value: Value | readonly Value[] | undefined): readonly Value[] =>
  value === undefined ? [] : "kind" in value ? [value] : value;

function isSet(name: string, scope: Scope): boolean {
  const declared = scope.declared.get(name);
  if (declared === undefined || declared.kind !== "let") return declared !== undefined;
  return declared.let.kind === "values";
}

function inName(scope: Scope, left: Typed, name: string, here: Here, at: Place): RCond | undefined {
  const declared = declaredAs(scope, here, name, at);
  if (declared?.kind === "set") return inList(scope, left, declared.set.values, here, at);
  if (declared?.kind === "parameter") return inList(scope, left, listOf(declared.bound.value), here, at);
  if (declared?.kind === "let" && declared.let.kind === "values") return remembered(scope, left, declared.let, at);
  const sets = [...scope.declared.keys()].filter((each) => isSet(each, scope));
  if (declared !== undefined)
    scope.unit.report("P111", at, `"${name}" is no set`, 'A set is a "set", a list, or values that are remembered.');
  else scope.unit.report("P105", at, `unknown set "${name}"`, didYouMean(name, sets));
  return undefined;
}

export function membership(scope: Scope, { term, list }: In, here: Here, at: Place): RCond | undefined {
  const left = termOf(scope, term, here);
  if (left === undefined) return undefined;
  return typeof list === "string" ? inName(scope, left, list, here, at) : inList(scope, left, list, here, at);
}
