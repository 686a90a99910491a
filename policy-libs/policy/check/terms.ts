// Terms: what conditions compare.

import { MAX_LEVEL } from "../limits.ts";
import type { Place, RArgument, RTail, RTerm } from "../resolved.ts";
import type { Scope as PolicyScope, Tail, Term, Value } from "../tree.ts";
import type { ArgumentType, Operation } from "../vocabulary.ts";
import { FEW, intOf } from "./constants.ts";
import { expand, spend } from "./lets.ts";
import { isSeen, type Kind, TYPE_OF, wordOf } from "./literal.ts";
import { argumentOf, meaningOf } from "./names.ts";
import { patternOf, type Resolved } from "./patterns.ts";
import type { Bound, Here, Scope } from "./scope.ts";

/** A term with its type. `value`: of a constant; "any" is a parameter's that nobody has given yet. */
export interface Typed extends Kind {
  readonly term: RTerm;
  readonly value?: Value | "any" | undefined;
}

const ANY_OF: Readonly<Record<string, boolean | number | string>> = { bool: false, int: 0 };

const constant = (value: Value, type: ArgumentType, at: Place): Typed => ({
  term: { kind: "constant", value: value.value, at },
  type,
  value,
});

function ofParameter(scope: Scope, { parameter, value }: Bound, at: Place): Typed | undefined {
  const type = parameter.type as ArgumentType;
  if (value === undefined) return { term: { kind: "constant", value: ANY_OF[type] ?? "", at }, type, value: "any" };
  if ("kind" in value) return constant(value, type, at);
  scope.unit.report(
    "P111",
    at,
    `"${parameter.name}" is a list, where one value is expected`,
    'Lists stand after "in".',
  );
  return undefined;
}

/** What an enum can be, if it can be the same in all calls. */
function valuesOf({ of }: RArgument): readonly string[] {
  return [...new Set([...of.values()].flatMap(({ values = [] }) => values))];
}

export const ofArgument = (argument: RArgument, at: Place): Typed => ({
  term: { kind: "argument", argument, at },
  type: argument.type,
  ...(argument.type === "enum" ? { values: valuesOf(argument) } : {}),
});

function ofName(scope: Scope, name: string, here: Here, at: Place): Typed | undefined {
  const meaning = meaningOf(scope, here, name, at);
  if (meaning === undefined) return undefined;
  if (meaning.kind === "argument") return ofArgument(meaning.argument, at);
  if (meaning.kind === "parameter") return ofParameter(scope, meaning.bound, at);
  if (meaning.kind === "let" && meaning.let.kind === "term") {
    const { term } = meaning.let;
    return expand(scope, meaning.let, "term", here, at, () => termOf(scope, term, here));
  }
  const is =
    meaning.kind === "set" ? "a set" : meaning.let.kind === "cond" ? "a condition" : "a set of remembered values";
  scope.unit.report(
    "P111",
    at,
    `"${name}" is ${is}, where a value is expected`,
    is === "a condition" ? "" : 'Sets stand after "in".',
  );
  return undefined;
}

/** An argument for both the past event and the present one. */
function keyOf(scope: Scope, name: string, past: Here, here: Here, at: Place): RArgument | undefined {
  // The name is asked of both: that it is one of the present event alone is no mistake about which is meant.
  const then = argumentOf(scope, { ...past, outer: undefined }, name, at);
  const now = argumentOf(scope, here, name, at);
  if (then === undefined || now === undefined) return undefined;
  if (then.type !== now.type) {
    const message = `"${name}" is ${wordOf(then.type)} in the past event and ${wordOf(now.type)} in the present one`;
    scope.unit.report("P108", at, message);
    return undefined;
  }
  if (!isSeen(now.type)) {
    scope.unit.report("P109", at, `"${name}" is ${wordOf(now.type)}: nothing is counted by it`);
    return undefined;
  }
  return { ...now, of: new Map<Operation, NonNullable<ReturnType<RArgument["of"]["get"]>>>([...then.of, ...now.of]) };
}

const SCOPE: PolicyScope = "domain";

function tailOf(scope: Scope, { by, per, within, steps }: Tail, past: Here, here: Here, at: Place): RTail | undefined {
  const rest = { per: per ?? SCOPE, within, steps };
  if (by === undefined) return rest;
  const argument = keyOf(scope, by.name, past, here, at);
  const max = intOf(scope, by.max, here, FEW);
  return argument === undefined || max === undefined ? undefined : { ...rest, by: { argument, max } };
}

function countOf(scope: Scope, term: Extract<Term, { kind: "count" }>, here: Here, at: Place): RTerm | undefined {
  const past = patternOf(scope, term.pattern, here, "count");
  const tail = past && tailOf(scope, term, past.here, here, at);
  return tail && { kind: "count", pattern: (past as Resolved).pattern, ...tail, at };
}

function sumOf(scope: Scope, term: Extract<Term, { kind: "sum" }>, here: Here, at: Place): RTerm | undefined {
  const { report } = scope.unit;
  if (term.within !== undefined && term.steps === undefined) {
    const message = 'this sum needs "in N steps": without it, it must remember every event of the window';
    report("P112", at, message, 'Write "in 24 steps" after the time.');
  }
  const past = patternOf(scope, term.pattern, here, "sum");
  const argument = past && argumentOf(scope, { ...past.here, outer: undefined }, term.of, at);
  const tail = past && tailOf(scope, term, past.here, here, at);
  if (argument === undefined || tail === undefined) return undefined;
  if (argument.type === "int") return { kind: "sum", argument, pattern: (past as Resolved).pattern, ...tail, at };
  report("P109", at, `"${term.of}" is ${wordOf(argument.type)}, and only integers have a sum`, sizeAdvice(argument));
  return undefined;
}

const sizeAdvice = ({ name, type }: RArgument): string =>
  type === "bytes" || type === "text" ? `Its size in bytes is "${name}.size".` : "";

function lengthOf(scope: Scope, name: string, here: Here, at: Place): RTerm | undefined {
  const argument = argumentOf(scope, here, name, at);
  if (argument === undefined) return undefined;
  if (["text", "path", "host", "bytes"].includes(argument.type)) return { kind: "length", argument, at };
  scope.unit.report("P109", at, `"${name}" is ${wordOf(argument.type)}, which has no length`);
  return undefined;
}

function levelOf(scope: Scope, term: Extract<Term, { kind: "level" }>, here: Here, at: Place): RTerm | undefined {
  const [plus, minus] = [term.plus, term.minus].map((each) => patternOf(scope, each, here, "level")?.pattern);
  const max = intOf(scope, term.max ?? MAX_LEVEL, here, { least: 1, most: MAX_LEVEL, code: "P408" });
  if (plus === undefined || minus === undefined || max === undefined) return undefined;
  return { kind: "level", plus, minus, max, at };
}

function sumOfTerms(scope: Scope, terms: readonly Term[], here: Here, at: Place): RTerm | undefined {
  const resolved = terms.map((term) => termOf(scope, term, here));
  const wrong = resolved.find((each) => each !== undefined && each.type !== "int");
  if (wrong !== undefined) {
    scope.unit.report("P109", wrong.term.at, `${wordOf(wrong.type)}, and "+" adds integers`);
    return undefined;
  }
  if (resolved.includes(undefined)) return undefined;
  return { kind: "add", terms: (resolved as readonly Typed[]).map(({ term }) => term), at };
}

const int = (term: RTerm | undefined): Typed | undefined => term && { term, type: "int" };

export function termOf(scope: Scope, term: Term, here: Here): Typed | undefined {
  const at = scope.unit.place(term.at);
  if (!spend(scope, 1, at)) return undefined;
  switch (term.kind) {
    case "value":
      return constant(term.value, TYPE_OF[term.value.kind], at);
    case "name":
      return ofName(scope, term.name, here, at);
    case "length":
      return int(lengthOf(scope, term.of, here, at));
    case "count":
      return int(countOf(scope, term, here, at));
    case "sum":
      return int(sumOf(scope, term, here, at));
    case "level":
      return int(levelOf(scope, term, here, at));
    case "add":
      return int(sumOfTerms(scope, term.terms, here, at));
  }
}
