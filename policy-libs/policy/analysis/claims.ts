// What can be claimed of policies, and the verdict on it.
import { type Kleene, T } from "../kleene.ts";
import { judge as judgePast, matches } from "../past.ts";
import { momentOf } from "../reference.ts";
import type { HistoryKind, Joined, PolicyEvent, RCond, RPattern, RProve } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";
import { policiesOf } from "./atoms.ts";
import type { Question } from "./events.ts";
import { operationsOf } from "./inside.ts";
import { judge, matches as matchesHere } from "./judge.ts";
import { isHostGroup } from "./lab.ts";
import { covers, type Must, NOTHING, obliging, refusing } from "./must.ts";
import { type Inquiry, inquire, type Options, type Verdict } from "./refine.ts";
import { replay } from "./trace.ts";

const DECIDED: readonly HistoryKind[] = ["call", "result"];

/** The operations and conditions that a question speaks of are found out. */
export function inquiryOf(
  inForce: Joined,
  joined: readonly Joined[],
  { patterns = [], conds = [] }: { readonly patterns?: readonly RPattern[]; readonly conds?: readonly RCond[] },
  rest: Pick<Inquiry, "questions" | "isAskedFor" | "past" | "hasCompany">,
): Inquiry {
  const whole = [...conds, ...patterns.flatMap(({ when }) => when ?? [])];
  return { inForce, joined, conds: whole, operations: operationsOf(joined, patterns, conds), ...rest };
}

/** Under this policy no event that matches one of the patterns, and of which the condition is true, ever happens. */
export function never(
  policy: Joined,
  patterns: readonly RPattern[],
  when: RCond | undefined,
  options: Options = {},
): Verdict {
  const holds = (history: readonly PolicyEvent[], event: PolicyEvent): boolean => {
    const moment = momentOf(history, event);
    const isOne = patterns.some((pattern) => matches(moment, pattern) === T);
    return isOne && (when === undefined || judgePast(moment, when) === T);
  };
  const questions = patterns.flatMap((pattern) =>
    pattern.kinds.flatMap((kind) =>
      pattern.ops.map(
        (op): Question => ({
          op,
          kind,
          must: NOTHING,
          ask: (world) => {
            const match: Kleene = matchesHere(world, pattern);
            return match === T && (when === undefined || judge(world, when) === T);
          },
        }),
      ),
    ),
  );
  const conds = when === undefined ? [] : [when];
  return inquire(
    inquiryOf(policy, [policy], { patterns, conds }, { questions: () => questions, isAskedFor: holds }),
    options,
  );
}

/** What the host does of its own is decided by nobody. */
export const guestOperations = (joined: readonly Joined[], { isHost = isHostGroup }: Options): readonly Operation[] =>
  operationsOf(joined).filter((op) => !isHost(op));

/** Every way in which the second does not perform what the first does, or asks for more. */
function differences(a: Joined, b: Joined, op: Operation, kind: HistoryKind): readonly Must[] {
  const own = obliging(a, { op, kind });
  const more = obliging(b, { op, kind }).map(
    ({ effect, test }): Must => ({
      not: own.filter((one) => covers(one.effect, effect)).map((one) => one.test),
      some: [[test]],
    }),
  );
  return [...refusing(b, { op, kind }), ...more];
}

function isDifferent(a: Joined, b: Joined, history: readonly PolicyEvent[], event: PolicyEvent): boolean {
  const [first, second] = [replay(a, history, event), replay(b, history, event)];
  if (!first.isPerformed) return false;
  if (!second.isPerformed) return true;
  const effects = (decision: typeof first.decision) =>
    decision.obligations.flatMap(({ rule: { effect } }) =>
      effect.kind === "ask" || effect.kind === "delay" ? [effect] : [],
    );
  return effects(second.decision).some((other) => !effects(first.decision).some((own) => covers(own, other)));
}

/**
 * Whatever `a` performs, `b`, judging by the same history, performs as well and asks nothing more for it. Histories are
 * those with `a` in force, alone or joined with others: any call may be refused, and any that is performed approved,
 * by somebody else. So it is transitive, and what is narrower stays so whatever both are joined with.
 */
export function narrower(a: Joined, b: Joined, options: Options = {}): Verdict {
  const questions = guestOperations([a, b], options).flatMap((op) =>
    DECIDED.flatMap((kind) =>
      differences(a, b, op, kind).map((must): Question => ({ op, kind, must, ask: () => true })),
    ),
  );
  const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
    isDifferent(a, b, history, event);
  const rest = { questions: () => questions, isAskedFor, hasCompany: true };
  return inquire(inquiryOf(a, [a, b], {}, rest), options);
}

export type Direction = "first" | "second";

/** Narrower both ways. Refuted with the shorter trace, and with which of the two performs its last event. */
export function same(a: Joined, b: Joined, options: Options = {}): Verdict & { readonly performedBy?: Direction } {
  const [there, back] = [narrower(a, b, options), narrower(b, a, options)];
  const found = (
    [
      [there, "first"],
      [back, "second"],
    ] as const
  ).flatMap(([verdict, performedBy]) => (verdict.verdict === "refuted" ? [{ ...verdict, performedBy }] : []));
  const [shortest] = found.sort((one, other) => one.trace.length - other.trace.length);
  if (shortest !== undefined) return shortest;
  return there.verdict === "bounded" ? there : back;
}

/** With both in force nothing that both speak of is performed. */
export function disjoint(a: Joined, b: Joined, options: Options = {}): Verdict {
  const both: Joined = { kind: "all", name: "both", of: [a, b] };
  const over = (joined: Joined): ReadonlySet<Operation> => new Set(policiesOf(joined).flatMap((policy) => policy.over));
  const shared = guestOperations([both], options).filter(
    (op) => over(a).has(op) && over(b).has(op) && !op.isInstruction,
  );
  const questions = shared.map((op): Question => ({ op, kind: "call", must: NOTHING, ask: () => true }));
  const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
    replay(both, history, event).isPerformed;
  return inquire(inquiryOf(both, [both], {}, { questions: () => questions, isAskedFor }), options);
}

/** A claim of a file. */
export function prove({ of, claim }: RProve, options: Options = {}): Verdict {
  switch (claim.kind) {
    case "never":
      return never(of, claim.patterns, claim.when, options);
    case "narrower than":
      return narrower(of, claim.other, options);
    case "same as":
      return same(of, claim.other, options);
    case "disjoint from":
      return disjoint(of, claim.other, options);
  }
}
