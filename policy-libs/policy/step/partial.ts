// What a plan answers from small registers alone.
//
// Invariants
//   P1  An answer that is not "ask" is what the machine says in every state that has the registers' values, whatever the
//       arguments and the time.
import { all, any, needsGrant, strictest } from "../compose.ts";
import { and, F, T, U } from "../kleene.ts";
import type { Decision, HistoryKind, PolicyEvent } from "../resolved.ts";
import type { Plan, Planned, PlannedPolicy, PlannedRule } from "./plan.ts";
import type { Matcher } from "./registers.ts";
import { D, type Partly, type Reader } from "./types.ts";

export type Refused = NonNullable<Decision["refusal"]>;
/** "ask" the machine, "allow", or refuse. */
export type Answer = "ask" | "allow" | Refused;

/** `and` and `or` of what may depend on more. */
const andPartly = (a: Partly, b: Partly): Partly => (a === F || b === F ? F : a === D || b === D ? D : and(a, b));
function orPartly(parts: Iterable<Partly>): Partly {
  let value: Partly = F;
  for (const part of parts) {
    if (part === T) return T;
    if (part === D || value === D) value = D;
    else if (part !== F) value = part;
  }
  return value;
}

export function matchPartly(matchers: readonly Matcher[], kind: HistoryKind, op: number, read: Reader): Partly {
  const found = matchers.filter(({ kinds, ops }) => kinds.includes(kind) && ops.has(op));
  return orPartly(found.map(({ when }) => (when === undefined ? T : when.finite(read))));
}

interface Case {
  readonly kind: HistoryKind;
  readonly op: Plan["op"];
  readonly read: Reader;
}

const rulePartly = ({ compiled: { on, when } }: PlannedRule, { kind, op, read }: Case): Partly =>
  andPartly(matchPartly(on, kind, op.id, read), when === undefined ? T : when.finite(read));

/** Of several refusals of one effect the first. Undefined: none of them; D: that depends. */
function firstRefusal(
  policies: readonly PlannedPolicy[],
  effect: "halt" | "deny",
  here: Case,
): Refused | typeof D | undefined {
  for (const { rules } of policies) {
    for (const rule of rules) {
      if (rule.compiled.refusal?.effect !== effect) continue;
      const value = rulePartly(rule, here);
      if (value !== F) return value === D ? D : rule.compiled.refusal;
    }
  }
  return undefined;
}

function isGranted({ compiled, rules }: PlannedPolicy, here: Case): Partly {
  if (compiled.policy.default === "allow") return T;
  const allows = rules.filter(({ compiled }) => compiled.isAllow);
  // Unknown does not grant.
  return orPartly(allows.map((rule) => rulePartly(rule, here)).map((value) => (value === U ? F : value)));
}

function nothingAllows(policies: readonly PlannedPolicy[], here: Case): Refused | typeof D | undefined {
  const { kind, op } = here;
  if (!needsGrant({ kind, op } as PolicyEvent)) return undefined;
  for (const policy of policies) {
    if (policy.compiled.policy.default !== "deny") continue;
    const granted = isGranted(policy, here);
    if (granted !== T) return granted === D ? D : policy.compiled.nothing;
  }
  return undefined;
}

/** Suppressing refusals, of which the least given is named; and obligations, which the machine sees to. */
function mildest(policies: readonly PlannedPolicy[], here: Case): Answer {
  const others = policies
    .flatMap(({ rules }) => rules)
    .filter(
      ({ compiled: { isAllow, refusal } }) => !isAllow && (refusal === undefined || refusal.effect === "suppress"),
    );
  const values = others.map((rule) => [rule, rulePartly(rule, here)] as const).filter(([, value]) => value !== F);
  const suppressing = values.filter(([{ compiled }]) => compiled.refusal !== undefined);
  if (suppressing.some(([, value]) => value === D)) return "ask";
  const refusal = strictest(suppressing.map(([{ compiled }]) => compiled.refusal));
  return refusal ?? (values.length > 0 ? "ask" : "allow");
}

/** The strictest first, so that nothing is looked at that no longer matters. */
function flatAnswer(policies: readonly PlannedPolicy[], here: Case): Answer {
  const found =
    firstRefusal(policies, "halt", here) ?? firstRefusal(policies, "deny", here) ?? nothingAllows(policies, here);
  if (found === undefined) return mildest(policies, here);
  return found === D ? "ask" : found;
}

/** Of members of `any`, whose grants count: undefined if it depends on more than registers. */
function decisionOf(planned: Planned, here: Case): Decision | undefined {
  if (planned.kind !== "flat") {
    const decisions = planned.of.map((member) => decisionOf(member, here));
    if (!decisions.every((decision) => decision !== undefined)) return undefined;
    return planned.kind === "any" ? any(decisions) : all(decisions);
  }
  const decisions = planned.of.map((policy) => {
    const granted = isGranted(policy, here);
    const answer = flatAnswer([policy], here);
    if (granted === D || answer === "ask") return undefined;
    const refusal = answer === "allow" ? undefined : answer;
    return { granted: granted === T, refusal, obligations: [], wait: 0 };
  });
  return decisions.every((decision) => decision !== undefined) ? all(decisions) : undefined;
}

export function answerOf({ kind, op, planned }: Plan, read: Reader): Answer {
  if (planned === undefined) return "allow";
  const here = { kind, op, read };
  if (planned.kind === "flat") return flatAnswer(planned.of, here);
  const decision = decisionOf(planned, here);
  return decision === undefined ? "ask" : (decision.refusal ?? "allow");
}
