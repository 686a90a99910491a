// What a state of the picture says to a class of events: every answer that is possible.
//
// Invariants
//   A1  In every state with these values, and for every event of the class, the machine's answer is one of these: it
//       refuses by the same rule, or performs with obligations of the same kinds. There is no number of rules that
//       depend on more from which on this is not so, and no way of joining policies.
//   A2  Rules are taken one after the other, and answers that every join treats alike are one: of r rules there are no
//       more than 2 (r + policies + 8) answers at a time, and not 2 ** r.
// Not promised: that each of them is possible. Rules that depend on more are taken as if they had nothing in common.
// Trust
//   Trusts compose.ts, which the machine joins as, and partly.ts.
import { ABSTAINS, all, any, needsGrant } from "../compose.ts";
import { F, U } from "../kleene.ts";
import type { Decision, PolicyEvent } from "../resolved.ts";
import type { Plan, Planned, PlannedPolicy } from "../step/plan.ts";
import type { CompiledRule } from "../step/rules.ts";
import { D, type Partly } from "../step/types.ts";
import { andPartly, type Here, judge, judgeMatchers } from "./partly.ts";

type Values = ReadonlyMap<CompiledRule, Partly>;
type Decisions = readonly Decision[];

const rulesIn = (planned: Planned): readonly CompiledRule[] =>
  planned.kind === "flat"
    ? planned.of.flatMap(({ rules }) => rules.map(({ compiled }) => compiled))
    : planned.of.flatMap(rulesIn);

/** What each rule about such an event is. */
export function valuesOf({ planned, kind, op }: Plan, here: Here): Values {
  const rules = planned === undefined ? [] : rulesIn(planned);
  return new Map(
    rules.map((rule) => {
      const on = judgeMatchers(rule.on, kind, op.id, here);
      return [rule, rule.when === undefined || on === F ? on : andPartly(on, judge(rule.when, here))];
    }),
  );
}

/** Of what is refused, obligations are never looked at. */
const keyOf = ({ granted, refusal, obligations }: Decision): string =>
  `${granted} ${refusal === undefined ? [...new Set(obligations.map(({ rule }) => rule.effect.kind))].sort() : ""}`;

/** Told apart by what joins tell apart. Two rules, or policies, may look the same and be two. */
function distinct(decisions: Decisions): Decisions {
  const byReason = Map.groupBy(decisions, ({ refusal }) => refusal?.rule ?? refusal?.policy);
  return [...byReason.values()].flatMap((alike) => [...new Map(alike.map((one) => [keyOf(one), one])).values()]);
}

function said({ isAllow, refusal, obligation }: CompiledRule): Decision {
  if (isAllow) return { ...ABSTAINS, granted: true };
  return refusal === undefined ? { ...ABSTAINS, obligations: [obligation] } : { ...ABSTAINS, refusal };
}

/** Unknown is as true of what restricts, and as false of what grants. */
function ofPolicy({ compiled, rules }: PlannedPolicy, event: PolicyEvent, values: Values): Decisions {
  const { policy, nothing } = compiled;
  let found: Decisions = [{ ...ABSTAINS, granted: policy.default === "allow" }];
  for (const { compiled: rule } of rules) {
    const value = values.get(rule);
    if (value === F || (value === U && rule.isAllow)) continue;
    const matched = found.map((before) => all([before, said(rule)]));
    found = value === D ? distinct([...found, ...matched]) : matched;
  }
  if (policy.default !== "deny" || !needsGrant(event)) return found;
  return found.map((one) => (one.granted ? one : all([one, { ...ABSTAINS, refusal: nothing }])));
}

/** Members one after the other: both joins are associative, J1 in compose.ts. */
function ofJoined(planned: Planned, event: PolicyEvent, values: Values): Decisions {
  const members =
    planned.kind === "flat"
      ? planned.of.map((one) => ofPolicy(one, event, values))
      : planned.of.map((one) => ofJoined(one, event, values));
  const join = planned.kind === "any" ? any : all;
  return members.reduce((these, those) => distinct(these.flatMap((one) => those.map((other) => join([one, other])))));
}

/** Who grants what is performed is nothing that is told. */
export const answersOf = ({ planned }: Plan, event: PolicyEvent, values: Values): Decisions =>
  planned === undefined
    ? [ABSTAINS]
    : distinct(ofJoined(planned, event, values).map((one) => ({ ...one, granted: false })));
