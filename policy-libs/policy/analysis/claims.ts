// What can be claimed of policies, and the verdict on it.
import { type Kleene, T } from "../kleene.ts";
import { judge as judgePast, matches } from "../past.ts";
import { momentOf } from "../reference.ts";
import type { HistoryKind, Joined, PolicyEvent, RCond, RPattern } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";
import { policiesOf } from "./atoms.ts";
import type { Question } from "./events.ts";
import { judge, matches as matchesHere } from "./judge.ts";
import { inside } from "./lab.ts";
import { covers, type Must, NOTHING, obliging, performing, refusing } from "./must.ts";
import { type Inquiry, inquire, type Options, type Verdict } from "./refine.ts";
import { replay } from "./trace.ts";

/** Operations that policies or conditions name, in the order of their ids. */
export function operationsOf(
  joined: readonly Joined[],
  patterns: readonly RPattern[],
  conds: readonly RCond[],
): readonly Operation[] {
  const found = new Set<Operation>(patterns.flatMap(({ ops }) => ops));
  const all: RCond[] = [...conds, ...patterns.flatMap(({ when }) => when ?? [])];
  for (const { over, rules } of joined.flatMap(policiesOf)) {
    for (const op of over) found.add(op);
    for (const { on, when } of rules) {
      for (const pattern of on) {
        for (const op of pattern.ops) found.add(op);
        if (pattern.when !== undefined) all.push(pattern.when);
      }
      if (when !== undefined) all.push(when);
    }
  }
  for (const cond of all.flatMap((one) => [...inside(one)])) for (const op of opsIn(cond)) found.add(op);
  return [...found].sort((a, b) => a.id - b.id);
}

function opsIn(cond: RCond): readonly Operation[] {
  const patterns: RPattern[] = [];
  if (cond.kind === "once") patterns.push(cond.pattern, ...(cond.since === undefined ? [] : [cond.since]));
  if (cond.kind === "previous") patterns.push(cond.pattern, ...cond.among);
  if (cond.kind === "carries") patterns.push(...cond.label.from, ...cond.label.cleared);
  if (cond.kind === "remembered") patterns.push(cond.values.pattern);
  const terms = cond.kind === "compare" ? [cond.left, cond.right] : [];
  for (let at = 0; at < terms.length; at++) {
    const term = terms[at] as (typeof terms)[number];
    if (term.kind === "add") terms.push(...term.terms);
    if (term.kind === "count" || term.kind === "sum") patterns.push(term.pattern);
    if (term.kind === "level") patterns.push(term.plus, term.minus);
  }
  return patterns.flatMap(({ ops }) => ops);
}

const DECIDED: readonly HistoryKind[] = ["call", "result"];

function inquiryOf(
  inForce: Joined,
  joined: readonly Joined[],
  { patterns = [], conds = [] }: { readonly patterns?: readonly RPattern[]; readonly conds?: readonly RCond[] },
  rest: Pick<Inquiry, "questions" | "isAskedFor">,
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
 * those with `a` in force: `b` is looking on.
 */
export function narrower(a: Joined, b: Joined, options: Options = {}): Verdict {
  const operations = operationsOf([a, b], [], []);
  const questions = operations.flatMap((op) =>
    DECIDED.flatMap((kind) =>
      differences(a, b, op, kind).map((must): Question => ({ op, kind, must, ask: () => true })),
    ),
  );
  const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
    isDifferent(a, b, history, event);
  return inquire(inquiryOf(a, [a, b], {}, { questions: () => questions, isAskedFor }), options);
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
  const shared = [...over(a)].filter((op) => over(b).has(op) && !op.isInstruction);
  const questions = shared.map((op): Question => ({ op, kind: "call", must: NOTHING, ask: () => true }));
  const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
    replay(both, history, event).isPerformed;
  return inquire(inquiryOf(both, [both], {}, { questions: () => questions, isAskedFor }), options);
}

export { performing };
