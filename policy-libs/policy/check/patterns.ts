// Patterns of past events, and what is made of them: remembered values, labels.
import type { HistoryKind, Place, RLabel, RPattern, RValues } from "../resolved.ts";
import type { EventKind, Label, Let, Pattern } from "../tree.ts";
import type { Operation } from "../vocabulary.ts";
import { FEW, intOf } from "./constants.ts";
import { makeOnce, spend } from "./lets.ts";
import { isSeen, wordOf } from "./literal.ts";
import { operationsOf } from "./match.ts";
import { argumentOf } from "./names.ts";
import { EVENT_OF, type Here, newHere, type Scope, type Spoken } from "./scope.ts";

export const KINDS: Readonly<Record<EventKind, readonly HistoryKind[]>> = {
  call: ["call"],
  result: ["result"],
  failed: ["failed"],
  refused: ["refused"],
  // A call that is in the past was performed.
  tried: ["call", "refused"],
  approved: ["approved"],
};

export function spokenOf(operations: readonly Operation[], kind: EventKind): readonly Spoken[] {
  const event = EVENT_OF[KINDS[kind][0] as HistoryKind];
  return operations.map((operation) => ({ operation, event }));
}

/** A pattern, and the names of the events that it matches. */
export interface Resolved {
  readonly pattern: RPattern;
  readonly here: Here;
}

/** `inside`: what it stands in, for people. `outer`: the event at hand there. */
export function patternOf(
  scope: Scope,
  pattern: Pattern,
  outer: Here | undefined,
  inside: string,
): Resolved | undefined {
  const { unit } = scope;
  const at = unit.place(pattern.at);
  const ops = operationsOf(unit, pattern.op, at);
  if (ops.length === 0) return undefined;
  const here = newHere(spokenOf(ops, pattern.event), { outer, inside: `${inside}(…)`, isAny: outer?.isAny });
  return conditioned(scope, pattern, ops, here, at);
}

/** With its parentheses. */
export function conditioned(
  scope: Scope,
  pattern: Pattern,
  ops: readonly Operation[],
  here: Here,
  at: Place,
): Resolved | undefined {
  if (!spend(scope, 1, at)) return undefined;
  const kinds = KINDS[pattern.event];
  if (pattern.when === undefined) return { pattern: { kinds, ops, at }, here };
  const when = scope.cond(scope, pattern.when, here);
  return when && { pattern: { kinds, ops, when, at }, here };
}

const all = <T>(list: readonly (T | undefined)[]): readonly T[] | undefined =>
  list.every((each) => each !== undefined) ? (list as readonly T[]) : undefined;

export function patternsOf(
  scope: Scope,
  patterns: readonly Pattern[],
  outer: Here | undefined,
  inside: string,
): readonly RPattern[] | undefined {
  return all(patterns.map((pattern) => patternOf(scope, pattern, outer, inside)?.pattern));
}

type Values = Extract<Let, { kind: "values" }>;

function makeValues(scope: Scope, made: Values): RValues | undefined {
  const resolved = patternOf(scope, made.pattern, undefined, "values");
  if (resolved === undefined) return undefined;
  const at = scope.unit.place(made.at);
  const argument = argumentOf(scope, newHere(resolved.here.events), made.of, at);
  const max = intOf(scope, made.max, resolved.here, FEW);
  if (argument === undefined || max === undefined) return undefined;
  if (isSeen(argument.type)) return { name: made.name, argument, pattern: resolved.pattern, max, at };
  scope.unit.report("P109", at, `"${made.of}" is ${wordOf(argument.type)}, which is not remembered`);
  return undefined;
}

/** One set for all who ask: of the event at hand it says nothing. */
export const valuesOf = (scope: Scope, made: Values, at: Place): RValues | undefined =>
  makeOnce(scope, scope.values, made, made, at, () => makeValues(scope, made));

function makeLabel(scope: Scope, label: Label): RLabel | undefined {
  const from = patternsOf(scope, label.from, undefined, "label");
  const cleared = patternsOf(scope, label.cleared, undefined, "label");
  return from && cleared && { name: label.name, from, cleared, at: scope.unit.place(label.at) };
}

export const labelOf = (scope: Scope, label: Label, at: Place): RLabel | undefined =>
  makeOnce(scope, scope.carried, label, label, at, () => makeLabel(scope, label));
