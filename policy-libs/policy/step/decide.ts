// From a plan to an answer. The same as ../reference.ts and ../compose.ts, without an object for each step.
//
// Invariants
//   D1  Deciding writes nowhere but into its own answer.
//   D2  `allow` matches where its condition is true; what restricts, where it is not false.
import { ABSTAINS, all, any, needsGrant, strictest } from "../compose.ts";
import { F, T } from "../kleene.ts";
import type { Decision, PolicyEvent, Refusal } from "../resolved.ts";
import type { Planned, PlannedPolicy } from "./plan.ts";
import type { CompiledRule } from "./rules.ts";
import type { Frame, State } from "./types.ts";

type Writable<A> = { -readonly [key in keyof A]: A[key] };
interface Answer extends Writable<Omit<Decision, "obligations">> {
  obligations: Decision["obligations"][number][];
}

const NO_OBLIGATIONS: Answer["obligations"] = [];
Object.freeze(NO_OBLIGATIONS);

const STRICTNESS: { readonly [effect in Refusal]: number } = { suppress: 1, deny: 2, halt: 3 };

/** False: whatever it says, it would not be named. Of equal ones the first is; of suppressing ones the least given. */
function canRefuse({ refusal: best }: Answer, { refusal }: CompiledRule): boolean {
  if (best === undefined || refusal === undefined) return true;
  const difference = STRICTNESS[refusal.effect] - STRICTNESS[best.effect];
  return difference > 0 || (difference === 0 && (best.rule === undefined || best.effect === "suppress"));
}

function refuse(answer: Answer, refusal: Answer["refusal"]): void {
  answer.refusal = answer.refusal === undefined ? refusal : strictest([answer.refusal, refusal]);
}

function oblige(answer: Answer, { obligation, delayed }: CompiledRule, state: State, frame: Frame): void {
  if (answer.obligations === NO_OBLIGATIONS) answer.obligations = [];
  answer.obligations.push(obligation);
  if (delayed !== undefined) answer.wait = Math.max(answer.wait, delayed.wait(state, frame));
}

function judge({ compiled, rules }: PlannedPolicy, answer: Answer, event: PolicyEvent, s: State, f: Frame): void {
  const { policy, nothing } = compiled;
  let isGranted = policy.default === "allow";
  for (const { compiled: rule, test } of rules) {
    if (rule.refusal !== undefined) {
      if (canRefuse(answer, rule) && test(s, f) !== F) refuse(answer, rule.refusal);
    } else if (rule.isAllow) {
      isGranted ||= test(s, f) === T;
    } else if (test(s, f) !== F) oblige(answer, rule, s, f);
  }
  if (isGranted) answer.granted = true;
  else if (policy.default === "deny" && needsGrant(event)) refuse(answer, nothing);
}

export function decideBy(planned: Planned | undefined, event: PolicyEvent, state: State, frame: Frame): Decision {
  if (planned === undefined) return ABSTAINS;
  if (planned.kind === "flat") {
    const answer: Answer = { granted: false, refusal: undefined, obligations: NO_OBLIGATIONS, wait: 0 };
    for (const member of planned.of) judge(member, answer, event, state, frame);
    return answer;
  }
  const decisions = planned.of.map((member) => decideBy(member, event, state, frame));
  return planned.kind === "any" ? any(decisions) : all(decisions);
}
