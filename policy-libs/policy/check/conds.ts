// Conditions.

import { didYouMean } from "../diagnostic.ts";
import type { Place, RArgument, RCond, RPattern } from "../resolved.ts";
import type { Cond, Let, TextTest } from "../tree.ts";
import type { ArgumentType } from "../vocabulary.ts";
import { compared } from "./compare.ts";
import { textOf } from "./constants.ts";
import { expand, spend } from "./lets.ts";
import { wordOf } from "./literal.ts";
import { membership } from "./members.ts";
import { meaningOf } from "./names.ts";
import { labelOf, patternOf, patternsOf } from "./patterns.ts";
import type { Bound, Here, Scope } from "./scope.ts";
import { termOf } from "./terms.ts";

type Of<K extends Cond["kind"]> = Extract<Cond, { kind: K }>;

/** A parameter that nobody has given is false: what depends on it is checked all the same. */
function ofParameter(scope: Scope, { parameter, value }: Bound, at: Place): RCond | undefined {
  const isTrue = value !== undefined && "kind" in value && value.kind === "bool" && value.value;
  if (parameter.type === "bool") return { kind: "constant", value: isTrue, at };
  scope.unit.report("P111", at, `"${parameter.name}" is no condition: it is of type ${parameter.type}`);
  return undefined;
}

/** A name that a `let` gives to a name is a condition where that one is. */
function ofLet(scope: Scope, made: Let, here: Here, at: Place): RCond | undefined {
  const inner =
    made.kind === "cond" ? made.cond : made.kind === "term" && made.term.kind === "name" ? made.term : undefined;
  if (inner !== undefined) return expand(scope, made, "cond", here, at, () => condOf(scope, inner, here));
  const is = made.kind === "term" ? "a value" : "a set of remembered values";
  scope.unit.report("P111", at, `"${made.name}" is ${is}, where a condition is expected`, "Compare it with something.");
  return undefined;
}

function ofName(scope: Scope, name: string, here: Here, at: Place): RCond | undefined {
  const meaning = meaningOf(scope, here, name, at);
  if (meaning === undefined) return undefined;
  if (meaning.kind === "parameter") return ofParameter(scope, meaning.bound, at);
  if (meaning.kind === "let") return ofLet(scope, meaning.let, here, at);
  if (meaning.kind === "argument" && meaning.argument.type === "bool") {
    return { kind: "argument", argument: meaning.argument, at };
  }
  const is = meaning.kind === "set" ? "a set" : wordOf(meaning.argument.type);
  scope.unit.report("P111", at, `"${name}" is ${is}, where a condition is expected`, "Compare it with something.");
  return undefined;
}

function several(scope: Scope, { kind, of }: Of<"or" | "and">, here: Here, at: Place): RCond | undefined {
  const parts = of.map((part) => condOf(scope, part, here));
  return parts.includes(undefined) ? undefined : { kind, of: parts as readonly RCond[], at };
}

function once(scope: Scope, { pattern, since, within }: Of<"once">, here: Here, at: Place): RCond | undefined {
  const first = patternOf(scope, pattern, here, "once")?.pattern;
  const between = since && patternOf(scope, since, here, "once")?.pattern;
  const isWhole = first !== undefined && (since === undefined) === (between === undefined);
  return isWhole ? { kind: "once", pattern: first, since: between, within, at } : undefined;
}

function never(scope: Scope, pattern: Of<"never">["pattern"], here: Here, at: Place): RCond | undefined {
  const of = patternOf(scope, pattern, here, "never")?.pattern;
  return of && { kind: "not", of: { kind: "once", pattern: of, at }, at };
}

function previous(scope: Scope, { pattern, among }: Of<"previous">, here: Here, at: Place): RCond | undefined {
  const last: RPattern | undefined = patternOf(scope, pattern, here, "previous")?.pattern;
  const others = patternsOf(scope, among, here, "previous");
  return last && others && { kind: "previous", pattern: last, among: others, at };
}

function carries(scope: Scope, name: string, at: Place): RCond | undefined {
  const label = scope.labels.get(name);
  if (label === undefined) {
    scope.unit.report("P105", at, `unknown label "${name}"`, didYouMean(name, scope.labels.keys()));
    return undefined;
  }
  scope.used.add(label);
  const resolved = labelOf(scope, label, at);
  return resolved && { kind: "carries", label: resolved, at };
}

function comparison(scope: Scope, { is, left, right }: Of<"compare">, here: Here, at: Place): RCond | undefined {
  const [a, b] = [termOf(scope, left, here), termOf(scope, right, here)];
  return a && b && compared(scope, is, [a, b], here, at);
}

/** T4. */
function isTestable(test: TextTest, type: ArgumentType): boolean {
  return test === "under" ? type === "path" : type === "text" || type === "path" || type === "host";
}

function textTest(scope: Scope, { test, term, text }: Of<"text">, here: Here, at: Place): RCond | undefined {
  const left = termOf(scope, term, here);
  if (left === undefined) return undefined;
  const argument: RArgument | undefined = left.term.kind === "argument" ? left.term.argument : undefined;
  if (argument === undefined || !isTestable(test, argument.type)) {
    const needs = test === "under" ? "a path" : "a text, a path or a host";
    const is = argument === undefined ? "this is no argument" : `"${argument.name}" is ${wordOf(argument.type)}`;
    scope.unit.report("P109", at, `"${test}" needs ${needs}, and ${is}`);
    return undefined;
  }
  const against = textOf(scope, text, test, argument, here, at);
  return against === undefined ? undefined : { kind: "text", test, argument, text: against, at };
}

/** What a condition comes to for the event at hand. Undefined: something in it is wrong, and has been said. */
export function condOf(scope: Scope, cond: Cond, here: Here): RCond | undefined {
  const at = scope.unit.place(cond.at);
  if (!spend(scope, 1, at)) return undefined;
  switch (cond.kind) {
    case "or":
    case "and":
      return several(scope, cond, here, at);
    case "not": {
      const of = condOf(scope, cond.of, here);
      return of && { kind: "not", of, at };
    }
    case "name":
      return ofName(scope, cond.name, here, at);
    case "once":
      return once(scope, cond, here, at);
    case "never":
      return never(scope, cond.pattern, here, at);
    case "previous":
      return previous(scope, cond, here, at);
    case "carries":
      return carries(scope, cond.label, at);
    case "compare":
      return comparison(scope, cond, here, at);
    case "in":
      return membership(scope, cond, here, at);
    case "text":
      return textTest(scope, cond, here, at);
  }
}
