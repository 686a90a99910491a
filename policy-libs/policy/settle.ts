// From an answer to what happens: edits are applied, a changed call is decided once more, and one word says how it went.
//
// Invariants
//   S1  What is to be performed is accepted unchanged: decided as it stands, it is not refused and no edit alters it.
//   S2  Whatever any of the two decisions asks for, or makes wait, is kept.
// Trust
//   Trusts edits.ts and compose.ts. The reference semantics and the compiled step are the `decide` given here.
import { all } from "./compose.ts";
import { edit, type Obligation } from "./edits.ts";
import type { Decision, PolicyEvent, Refusal } from "./resolved.ts";
import type { Verdict } from "./tree.ts";

export interface Settled {
  readonly verdict: Verdict;
  readonly decision: Decision;
  /** As it is to be performed; the one that was proposed, if it is refused. */
  readonly event: PolicyEvent;
  /** What the decision speaks of: a changed call may be refused because of what it was changed to. */
  readonly judged: PolicyEvent;
}

const REFUSED: { readonly [effect in Refusal]: Verdict } = { suppress: "suppressed", deny: "denied", halt: "halted" };

/** In one word. A change that alters nothing is none, and a delay that has passed is none. */
export function verdict({ refusal, obligations, wait }: Decision, isChanged: boolean): Verdict {
  if (refusal !== undefined) return REFUSED[refusal.effect];
  if (obligations.some(({ rule }) => rule.effect.kind === "ask")) return "asked";
  return wait > 0 ? "delayed" : isChanged ? "changed" : "allowed";
}

/** Of an event that is not changed, or refused. */
const settled = (decision: Decision, event: PolicyEvent, judged = event): Settled => ({
  verdict: verdict(decision, false),
  decision,
  event,
  judged,
});

const denied = (decision: Decision, by: Obligation): Decision => ({ ...decision, refusal: { effect: "deny", ...by } });

/** Decides an event and, if it is changed, what it was changed to. */
export function settle(decide: (event: PolicyEvent) => Decision, event: PolicyEvent): Settled {
  const first = decide(event);
  if (first.refusal !== undefined) return settled(first, event);
  const once = edit(first, event);
  if (once.clash !== undefined) return settled(denied(first, once.clash), event);
  if (once.by === undefined) return settled(first, event);
  const second = decide(once.event);
  const refused = (decision: Decision): Settled => settled(decision, event, once.event);
  if (second.refusal !== undefined) return refused(second);
  const twice = edit(second, once.event);
  if (twice.by !== undefined) return refused(denied(second, twice.by));
  const joint = { ...all([first, second]), granted: first.granted && second.granted };
  return { verdict: verdict(joint, true), decision: joint, event: once.event, judged: once.event };
}
