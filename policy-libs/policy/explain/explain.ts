// Why an answer is what it is, and what would have to be different (docs/policy-language.md, Explain).
//
// Invariants
//   E1  Nothing here changes what a policy remembers or decides.
//   E2  What is said about flips was decided by the machine (nearest.ts, continuation.ts, waiting.ts) or proved (never.ts).
// Trust
//   Trusts the compiled step. For the host only: a guest that saw flips could ask a policy for everything that it allows.
import { F, T } from "../kleene.ts";
import type { PolicyEvent, RPolicy, RRule } from "../resolved.ts";
import type { Settled } from "../settle.ts";
import { causesOf } from "./causes.ts";
import { continuation } from "./continuation.ts";
import { type Mattering, whatMattered } from "./matter.ts";
import { nearestCall } from "./nearest.ts";
import { isNeverAgain } from "./never.ts";
import { isPassed, policiesOf, rulesAbout, settledIn } from "./scene.ts";
import type { Explanation, Flips, Scene } from "./types.ts";
import { waitIn } from "./waiting.ts";

export interface ExplainOptions {
  /** Also looks for what would be allowed: some milliseconds of work. Default: true. */
  readonly flips?: boolean | undefined;
}

interface Reason {
  readonly policy: RPolicy | undefined;
  readonly rule: RRule | undefined;
  /** The rule matched; false: no `allow` did. */
  readonly isMatch: boolean;
}

/** An `allow` that matched, or whoever abstains or allows by default. */
function granting({ machine, state }: Scene, event: PolicyEvent): Reason {
  for (const policy of policiesOf(machine.joined).filter(({ over }) => over.includes(event.op))) {
    const rule = rulesAbout(policy, event).find(
      (one) => one.effect.kind === "allow" && machine.conditionsOf(state, event, one)?.value === T,
    );
    if (rule !== undefined || policy.default === "allow") return { policy, rule, isMatch: true };
  }
  return { policy: undefined, rule: undefined, isMatch: true };
}

const OBLIGING = { asked: "ask", delayed: "delay", changed: "change" } as const;

function reasonOf(scene: Scene, { verdict, decision, judged }: Settled): Reason {
  const { refusal, obligations } = decision;
  if (refusal !== undefined) return { ...refusal, isMatch: refusal.rule !== undefined };
  if (verdict !== "asked" && verdict !== "delayed" && verdict !== "changed") return granting(scene, judged);
  const kind = OBLIGING[verdict];
  const found = obligations.find(({ rule }) => rule.effect.kind === kind);
  return found === undefined ? granting(scene, judged) : { ...found, isMatch: true };
}

/** Of "nothing allows this": what every `allow` of the policy about such calls was missing. */
function mattered(scene: Scene, event: PolicyEvent, { policy, rule, isMatch }: Reason): Mattering {
  const { machine, state } = scene;
  if (rule !== undefined) return whatMattered(machine, state, event, rule, T);
  if (policy === undefined || isMatch) return { conditions: [], leaves: [] };
  const allows = rulesAbout(policy, event).filter(({ effect }) => effect.kind === "allow");
  const all = allows.map((one) => whatMattered(machine, state, event, one, F));
  return { conditions: all.flatMap(({ conditions }) => conditions), leaves: all.flatMap(({ leaves }) => leaves) };
}

/** What would be allowed instead, before, or later. */
export function flipsOf(scene: Scene, event: PolicyEvent): Flips {
  const wait = waitIn(scene, event);
  const found = continuation(scene, event);
  const first = found ?? (wait === undefined && isNeverAgain(scene, event) ? "never again" : "not found");
  return { arguments: nearestCall(scene, event), first, wait };
}

/** Of a changed call either side of the change: the one that the rule is about. */
function lookedAt({ machine, state }: Scene, event: PolicyEvent, { judged }: Settled, { rule }: Reason): PolicyEvent {
  const isAbout = rule === undefined || machine.conditionsOf(state, judged, rule)?.value !== F;
  return isAbout ? judged : event;
}

function ruleOf({ rule, isMatch }: Reason): Explanation["rule"] {
  if (rule !== undefined) return rule.index;
  return isMatch ? "default" : "nothing allows";
}

/** `settled`: as it came out, if that is known: an approver may have refused. */
export function explain(
  scene: Scene,
  event: PolicyEvent,
  { flips = true }: ExplainOptions = {},
  settled: Settled = settledIn(scene, event),
): Explanation {
  const reason = reasonOf(scene, settled);
  const judged = lookedAt(scene, event, settled, reason);
  const { conditions, leaves } = mattered(scene, judged, reason);
  const isFlippable = event.kind === "call" && !event.op.isInstruction && !isPassed(settled);
  return {
    answer: settled.verdict,
    event,
    party: reason.policy?.party ?? "",
    policy: reason.policy?.name ?? "",
    rule: ruleOf(reason),
    at: (reason.rule ?? reason.policy)?.at,
    because: reason.rule?.because,
    conditions,
    causes: causesOf(scene, judged, leaves),
    flips: flips && isFlippable ? flipsOf(scene, event) : undefined,
  };
}
