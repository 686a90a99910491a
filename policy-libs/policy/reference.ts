// What policies mean: the answer to an event, from the whole history before it (docs/policy-language.md, Meaning).
// Slow and obvious: the compiled step, the analyses and every witness are tested against this.
//
// Invariants
//   R1  Deciding changes nothing and cannot fail.
//   R2  Only `allow` and `default allow` grant, and only where their condition is true; whatever restricts does so also
//       where it is unknown.
//   R3  Of what a policy is not `over` it says nothing.
//   R4  With unbounded memory no answer is stricter.
// Trust
//   Trusts past.ts for conditions, compose.ts for joining.
import { ABSTAINS, join, needsGrant, strictest } from "./compose.ts";
import { and, F, type Kleene, T } from "./kleene.ts";
import { type Moment, pastOf } from "./moment.ts";
import { judge, matches, matchesAny } from "./past.ts";
import { type Emptied, poured, waitOf } from "./rate.ts";
import type { Decision, Joined, PolicyEvent, RPattern, RPolicy, RRule } from "./resolved.ts";

type Delay = Extract<RRule["effect"], { kind: "delay" }>;

/** A moment anywhere in a history. What was judged once of a pattern at a place is not judged again. */
function momentsOf(history: readonly PolicyEvent[], isUnbounded: boolean) {
  const judged = new Map<RPattern, Map<number, Kleene>>();
  const moment = (event: PolicyEvent, at: number): Moment => ({ event, history, at, isUnbounded, matches: matchAt });
  function matchAt(pattern: RPattern, at: number): Kleene {
    const known = judged.get(pattern) ?? new Map<number, Kleene>();
    judged.set(pattern, known);
    const value = known.get(at) ?? matches(moment(history[at] as PolicyEvent, at), pattern);
    known.set(at, value);
    return value;
  }
  return moment;
}

/** An event after a history, for conditions. */
export const momentOf = (history: readonly PolicyEvent[], event: PolicyEvent, isUnbounded = false): Moment =>
  momentsOf(history, isUnbounded)(event, history.length);

/** Whether a rule's patterns and its condition hold of the event at hand. */
export const applies = (moment: Moment, rule: RRule): Kleene =>
  and(matchesAny(moment, rule.on), rule.when === undefined ? T : judge(moment, rule.when));

const restricts = (moment: Moment, rule: RRule): boolean => applies(moment, rule) !== F;

/** How long a delay still takes, from all performed calls that it applied to. */
function waitFor(moment: Moment, rule: RRule, { to, per }: Delay): number {
  let emptied: Emptied;
  for (const at of pastOf(moment, "domain")) {
    const event = moment.history[at] as PolicyEvent;
    if (event.kind === "call" && restricts({ ...moment, event, at }, rule))
      emptied = poured(emptied, event.time, to, per);
  }
  return waitOf(emptied, moment.event.time, to, per);
}

function refusals(moment: Moment, policy: RPolicy, isGranted: boolean): Decision["refusal"][] {
  const found: Decision["refusal"][] = policy.rules.map((rule) => {
    const { kind } = rule.effect;
    const isRefusal = kind === "suppress" || kind === "deny" || kind === "halt";
    return isRefusal && restricts(moment, rule) ? { effect: kind, policy, rule } : undefined;
  });
  const isNotAllowed = policy.default === "deny" && !isGranted && needsGrant(moment.event);
  return isNotAllowed ? [...found, { effect: "deny", policy, rule: undefined }] : found;
}

const OBLIGES = new Set(["ask", "delay", "change"]);

function decideOne(moment: Moment, policy: RPolicy): Decision {
  if (!policy.over.includes(moment.event.op)) return ABSTAINS;
  const isAllowed = policy.rules.some((rule) => rule.effect.kind === "allow" && applies(moment, rule) === T);
  const granted = policy.default === "allow" || isAllowed;
  const obliging = policy.rules.filter((rule) => OBLIGES.has(rule.effect.kind) && restricts(moment, rule));
  const waits = obliging.map((rule) => (rule.effect.kind === "delay" ? waitFor(moment, rule, rule.effect) : 0));
  return {
    granted,
    refusal: strictest(refusals(moment, policy, granted)),
    obligations: obliging.map((rule) => ({ policy, rule })),
    wait: Math.max(0, ...waits),
  };
}

/** What a policy says of an event after a history. With unbounded memory: as if nothing had to be forgotten. */
export function decideByHistory(
  policy: Joined,
  history: readonly PolicyEvent[],
  event: PolicyEvent,
  memory: "bounded" | "unbounded" = "bounded",
): Decision {
  const moment = momentOf(history, event, memory === "unbounded");
  return join(policy, (one) => decideOne(moment, one));
}
