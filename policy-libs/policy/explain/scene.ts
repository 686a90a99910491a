// What a policy says at one moment, and what it would say of another event then.
import type { Machine, State } from "../compile.ts";
import type { Joined, PolicyEvent, RCond, RPattern, RPolicy, RRule, RTerm } from "../resolved.ts";
import { type Settled, settle } from "../settle.ts";
import type { Scene } from "./types.ts";

export const settledIn = ({ machine, state }: Pick<Scene, "machine" | "state">, event: PolicyEvent): Settled =>
  settle((each) => machine.decide(state, each), event);

/** Performed now, and nobody is asked. */
export const isPassed = ({ verdict }: Settled): boolean => verdict === "allowed" || verdict === "changed";

export const passes = (machine: Machine, state: State, event: PolicyEvent): boolean =>
  isPassed(settledIn({ machine, state }, event));

export const policiesOf = (joined: Joined): readonly RPolicy[] =>
  joined.kind === "policy" ? [joined] : joined.of.flatMap(policiesOf);

/** Rules that can say something of the event, of policies that are over it. */
export const rulesAbout = (joined: Joined, { op, kind }: Pick<PolicyEvent, "op" | "kind">): readonly RRule[] =>
  policiesOf(joined)
    .filter(({ over }) => over.includes(op))
    .flatMap(({ rules }) => rules)
    .filter(({ on }) => on.some(({ kinds, ops }) => kinds.includes(kind) && ops.includes(op)));

export const condsOf = ({ on, when }: RRule): readonly RCond[] =>
  [...on.map((pattern) => pattern.when), when].filter((cond) => cond !== undefined);

function patternsInTerm(term: RTerm): readonly RPattern[] {
  if (term.kind === "add") return term.terms.flatMap(patternsInTerm);
  if (term.kind === "level") return [term.plus, term.minus];
  return term.kind === "count" || term.kind === "sum" ? [term.pattern] : [];
}

/** Patterns of the past that a condition names itself. */
function ownPatterns(cond: RCond): readonly RPattern[] {
  switch (cond.kind) {
    case "and":
    case "or":
      return cond.of.flatMap(ownPatterns);
    case "not":
      return ownPatterns(cond.of);
    case "once":
      return cond.since === undefined ? [cond.pattern] : [cond.pattern, cond.since];
    case "previous":
      return [cond.pattern, ...cond.among];
    case "carries":
      return [...cond.label.from, ...cond.label.cleared];
    case "remembered":
      return [cond.values.pattern];
    case "compare":
      return [cond.left, cond.right].flatMap(patternsInTerm);
    default:
      return [];
  }
}

/** All patterns of the past in conditions, those inside of patterns too. */
export function pastOf(conds: readonly RCond[]): readonly RPattern[] {
  const own = conds.flatMap(ownPatterns);
  const inner = own.flatMap(({ when }) => when ?? []);
  return inner.length === 0 ? own : [...own, ...pastOf(inner)];
}

function windowsInTerm(term: RTerm): readonly { within: number; steps: number }[] {
  if (term.kind === "add") return term.terms.flatMap(windowsInTerm);
  if ((term.kind !== "count" && term.kind !== "sum") || term.within === undefined) return [];
  return [{ within: term.within, steps: term.steps ?? (term.kind === "sum" ? 1 : 0) }];
}

/** The windows that conditions look through; steps: 0 where every event has its own time. */
export function windowsIn(conds: readonly RCond[]): readonly { within: number; steps: number }[] {
  const own = conds.flatMap((cond): readonly { within: number; steps: number }[] => {
    if (cond.kind === "and" || cond.kind === "or") return windowsIn(cond.of);
    if (cond.kind === "not") return windowsIn([cond.of]);
    if (cond.kind === "compare") return [cond.left, cond.right].flatMap(windowsInTerm);
    return cond.kind === "once" && cond.within !== undefined ? [{ within: cond.within, steps: 0 }] : [];
  });
  return own;
}
