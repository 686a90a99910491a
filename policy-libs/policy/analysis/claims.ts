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
import type { Goal } from "./solver/goal.ts";
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

/** A question to exploration, and the same one to a solver. */
export interface Posed {
  readonly inquiry: Inquiry;
  readonly goal: Goal;
}

function posedNever(policy: Joined, patterns: readonly RPattern[], when: RCond | undefined): Posed {
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
  const rest = { questions: () => questions, isAskedFor: holds };
  return {
    inquiry: inquiryOf(policy, [policy], { patterns, conds }, rest),
    goal: { kind: "matching", patterns, when },
  };
}

/** Under this policy no event that matches one of the patterns, and of which the condition is true, ever happens. */
export const never = (
  policy: Joined,
  patterns: readonly RPattern[],
  when: RCond | undefined,
  options: Options = {},
): Verdict => inquire(posedNever(policy, patterns, when).inquiry, options);

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

function posedNarrower(a: Joined, b: Joined, options: Options): Posed {
  const questions = guestOperations([a, b], options).flatMap((op) =>
    DECIDED.flatMap((kind) =>
      differences(a, b, op, kind).map((must): Question => ({ op, kind, must, ask: () => true })),
    ),
  );
  const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
    isDifferent(a, b, history, event);
  const rest = { questions: () => questions, isAskedFor, hasCompany: true };
  return { inquiry: inquiryOf(a, [a, b], {}, rest), goal: { kind: "beyond", other: b } };
}

/**
 * Whatever `a` performs, `b`, judging by the same history, performs as well and asks nothing more for it. Histories are
 * those with `a` in force, alone or joined with others: any call may be refused, and any that is performed approved,
 * by somebody else. So it is transitive, and what is narrower stays so whatever both are joined with.
 */
export const narrower = (a: Joined, b: Joined, options: Options = {}): Verdict =>
  inquire(posedNarrower(a, b, options).inquiry, options);

export type Direction = "first" | "second";

type TwoWay = Verdict & { readonly performedBy?: Direction };

/** Both have to be proved. Refuted with the shorter trace. */
function bothWays(there: Verdict, back: Verdict): TwoWay {
  const found = (
    [
      [there, "first"],
      [back, "second"],
    ] as const
  ).flatMap(([verdict, performedBy]) => (verdict.verdict === "refuted" ? [{ ...verdict, performedBy }] : []));
  const [shortest] = found.sort((one, other) => one.trace.length - other.trace.length);
  if (shortest !== undefined) return shortest;
  if (there.verdict !== back.verdict) return there.verdict === "bounded" ? there : back;
  return there.verdict === "proved" && there.by === undefined ? back : there;
}

/** Narrower both ways. Refuted with the shorter trace, and with which of the two performs its last event. */
export const same = (a: Joined, b: Joined, options: Options = {}): TwoWay =>
  bothWays(narrower(a, b, options), narrower(b, a, options));

function posedDisjoint(a: Joined, b: Joined, options: Options): Posed {
  const both: Joined = { kind: "all", name: "both", of: [a, b] };
  const over = (joined: Joined): ReadonlySet<Operation> => new Set(policiesOf(joined).flatMap((policy) => policy.over));
  const shared = guestOperations([both], options).filter(
    (op) => over(a).has(op) && over(b).has(op) && !op.isInstruction,
  );
  const questions = shared.map((op): Question => ({ op, kind: "call", must: NOTHING, ask: () => true }));
  const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
    replay(both, history, event).isPerformed;
  const inquiry = inquiryOf(both, [both], {}, { questions: () => questions, isAskedFor });
  return { inquiry, goal: { kind: "shared", of: [a, b] } };
}

/** With both in force nothing that both speak of is performed. */
export const disjoint = (a: Joined, b: Joined, options: Options = {}): Verdict =>
  inquire(posedDisjoint(a, b, options).inquiry, options);

/** What has to be found out about a claim of a file: one question, or one for each way. */
export function posed({ of, claim }: RProve, options: Options = {}): readonly [Posed] | readonly [Posed, Posed] {
  switch (claim.kind) {
    case "never":
      return [posedNever(of, claim.patterns, claim.when)];
    case "narrower than":
      return [posedNarrower(of, claim.other, options)];
    case "same as":
      return [posedNarrower(of, claim.other, options), posedNarrower(claim.other, of, options)];
    case "disjoint from":
      return [posedDisjoint(of, claim.other, options)];
  }
}

export const verdictOf = ([there, back]: readonly Verdict[]): Verdict =>
  back === undefined ? (there as Verdict) : bothWays(there as Verdict, back);

/** A claim of a file. */
export const prove = (claim: RProve, options: Options = {}): Verdict =>
  verdictOf(posed(claim, options).map(({ inquiry }) => inquire(inquiry, options)));
