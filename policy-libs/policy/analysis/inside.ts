// What conditions are made of, all the way down.
import type { Joined, RCond, RPattern, RTerm } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";
import { policiesOf } from "./atoms.ts";
import { sinceOf } from "./structure.ts";

const patternsOfTerm = (term: RTerm): readonly RPattern[] => {
  switch (term.kind) {
    case "add":
      return term.terms.flatMap(patternsOfTerm);
    case "count":
    case "sum":
      return [term.pattern];
    case "level":
      return [term.plus, term.minus];
    default:
      return [];
  }
};

/** Patterns that a condition names itself, not in its parts. */
export function patternsIn(cond: RCond): readonly RPattern[] {
  switch (cond.kind) {
    case "once":
    case "previous":
    case "carries": {
      const { of, no } = sinceOf(cond);
      return [...of, ...no];
    }
    case "remembered":
      return [cond.values.pattern];
    case "compare":
      return [cond.left, cond.right].flatMap(patternsOfTerm);
    default:
      return [];
  }
}

const partsOf = (cond: RCond): readonly RCond[] =>
  cond.kind === "or" || cond.kind === "and" ? cond.of : cond.kind === "not" ? [cond.of] : [];

/** All conditions inside of one, itself and patterns' own included. */
export function* inside(cond: RCond): Generator<RCond> {
  yield cond;
  for (const part of partsOf(cond)) yield* inside(part);
  for (const { when } of patternsIn(cond)) if (when !== undefined) yield* inside(when);
}

const whens = (patterns: readonly RPattern[]): readonly RCond[] => patterns.flatMap(({ when }) => when ?? []);

/** The conditions of rules, and of the patterns that they are on. */
export const condsOf = (joined: readonly Joined[]): readonly RCond[] =>
  joined
    .flatMap(policiesOf)
    .flatMap(({ rules }) => rules)
    .flatMap(({ on, when }) => [...whens(on), ...(when === undefined ? [] : [when])]);

/** Operations that policies, patterns or conditions name, in the order of their ids. */
export function operationsOf(
  joined: readonly Joined[],
  patterns: readonly RPattern[] = [],
  conds: readonly RCond[] = [],
): readonly Operation[] {
  const policies = joined.flatMap(policiesOf);
  const rules = policies.flatMap((policy) => policy.rules);
  const all = [...conds, ...whens(patterns), ...condsOf(joined)].flatMap((cond) => [...inside(cond)]);
  const named = [...patterns, ...rules.flatMap(({ on }) => on), ...all.flatMap(patternsIn)];
  const found = new Set([...policies.flatMap(({ over }) => over), ...named.flatMap(({ ops }) => ops)]);
  return [...found].sort((a, b) => a.id - b.id);
}
