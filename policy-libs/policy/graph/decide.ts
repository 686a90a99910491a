// What a state of the picture says to a class of events: every answer that is possible.
//
// Invariants
//   A1  In every state with these values, and for every event of the class, the machine's answer is one of these.
import { F, T } from "../kleene.ts";
import type { Decision, PolicyEvent, RRule } from "../resolved.ts";
import { decideBy } from "../step/decide.ts";
import type { Plan, Planned, PlannedRule } from "../step/plan.ts";
import { D, type Partly } from "../step/types.ts";
import { andPartly, type Here, judge, judgeMatchers } from "./partly.ts";

/** Rules that depend on more; of more of them than this, each is tried by itself. */
const MAX_OPEN = 5;

const rulesIn = (planned: Planned): readonly PlannedRule[] =>
  planned.kind === "flat" ? planned.of.flatMap(({ rules }) => rules) : planned.of.flatMap(rulesIn);

type Values = ReadonlyMap<RRule, Partly>;

/** The same plan, its rules as they are given. */
function fixed(planned: Planned, values: Values): Planned {
  if (planned.kind !== "flat") return { ...planned, of: planned.of.map((one) => fixed(one, values)) };
  const of = planned.of.map(({ compiled, rules }) => ({
    compiled,
    rules: rules.map((rule) => {
      const value = values.get(rule.compiled.rule);
      return { ...rule, test: () => (value === undefined || value === D ? F : value) };
    }),
  }));
  return { kind: "flat", of };
}

/** Unknown is as true of what restricts, and as false of what grants: two values are enough. */
function* choices(open: readonly RRule[]): Generator<ReadonlyMap<RRule, Partly>> {
  if (open.length > MAX_OPEN) {
    const isAllow = ({ effect }: RRule): boolean => effect.kind === "allow";
    const isObliging = ({ effect: { kind } }: RRule): boolean =>
      kind === "ask" || kind === "delay" || kind === "change";
    yield new Map(open.map((rule) => [rule, F]));
    yield new Map(open.map((rule) => [rule, isAllow(rule) ? T : F]));
    yield new Map(open.map((rule) => [rule, isAllow(rule) || isObliging(rule) ? T : F]));
    for (const one of open) yield new Map(open.map((rule) => [rule, rule === one ? T : F]));
    for (const one of open) yield new Map(open.map((rule) => [rule, rule === one || isAllow(rule) ? T : F]));
    return;
  }
  for (let n = 0; n < 2 ** open.length; n++) yield new Map(open.map((rule, at) => [rule, (n >> at) & 1 ? T : F]));
}

/** Told apart by what comes of them. */
const keyOf = ({ refusal, obligations }: Decision): string =>
  refusal === undefined
    ? `performed ${[...new Set(obligations.map(({ rule }) => rule.effect.kind))].sort()}`
    : `${refusal.effect} ${refusal.policy.name} ${refusal.rule?.index}`;

export function answersOf({ planned, kind, op }: Plan, event: PolicyEvent, here: Here): readonly Decision[] {
  if (planned === undefined) return [decideBy(undefined, event, here.state, here.frame)];
  const values = new Map<RRule, Partly>();
  for (const { compiled } of rulesIn(planned)) {
    const on = judgeMatchers(compiled.on, kind, op.id, here);
    values.set(compiled.rule, compiled.when === undefined || on === F ? on : andPartly(on, judge(compiled.when, here)));
  }
  const open = [...values].filter(([, value]) => value === D).map(([rule]) => rule);
  const found = new Map<string, Decision>();
  for (const choice of choices(open)) {
    const decision = decideBy(fixed(planned, new Map([...values, ...choice])), event, here.state, here.frame);
    found.set(keyOf(decision), decision);
  }
  return [...found.values()];
}
