// One call while it is judged: what it is, what becomes part of the past, and how it is refused.
//
// Invariants
//   C1  Time never goes back from one event to the next, whatever clock it comes from.
//   C2  A refusal answers with what the contract of the call allows, or with E_DENIED: no capability breaks by it.
//   C3  What was sent with a call that is not made is let go.
import {
  type CallContext,
  type CallContract,
  checkReply,
  type Perform,
  type Reply,
  release,
} from "../../../kernel/index.ts";
import type { Data } from "../data.ts";
import type { ExplainOptions } from "../explain/explain.ts";
import type { Explanation } from "../explain/types.ts";
import type { Decision, HistoryKind, PolicyEvent, RRule } from "../resolved.ts";
import { type Settled, settle } from "../settle.ts";
import type { Operation } from "../vocabulary.ts";
import type { Lines, Place } from "./line.ts";
import type { Decided, EnforcePowers } from "./types.ts";

/** A policy's memory and rules, as enforcement needs them. */
export interface Judgement {
  decide(event: PolicyEvent, approved: ReadonlySet<RRule>): Decision;
  commit(event: PolicyEvent): void;
  /** A time that is no less than any before. */
  stamp(time: number): number;
  /** Does anybody look at what comes of this operation's calls? */
  watchesResults(op: Operation): boolean;
  readonly readers: (op: Operation) => Readers;
  readonly lines: Lines;
  /** The policy as it is written, where it only looks on. */
  readonly raw: ((event: PolicyEvent) => Decision) | undefined;
  explain(proposed: PolicyEvent, settled: Settled, options?: ExplainOptions): Explanation;
  /** The domain has been ended by the policy: nothing is performed any more. */
  isHalted(): boolean;
}

export interface Readers {
  readonly call: (args: readonly unknown[]) => Data;
  readonly result: (args: readonly unknown[], value: unknown) => Data;
}

export interface Case {
  readonly judgement: Judgement;
  readonly powers: EnforcePowers;
  readonly op: Operation;
  readonly call: CallContract;
  /** As the guest said it. */
  readonly bytes: Uint8Array;
  readonly args: readonly unknown[];
  readonly data: Data;
  readonly context: CallContext;
  readonly perform: Perform;
  readonly who: Pick<PolicyEvent, "domain" | "capability" | "tenant">;
  /** Rules whose questions were answered with yes, and the call as it was shown then. */
  readonly approved: Set<RRule>;
  shown: Data | undefined;
  place: Place | undefined;
  stopSleeping: (() => void) | undefined;
  /** It hears when nobody waits for it any more; that is so; it has been performed, or answered otherwise. */
  isWatched: boolean;
  isDropped: boolean;
  isOver: boolean;
}

export const eventOf = ({ op, who, powers, judgement, context }: Case, kind: HistoryKind, data: Data): PolicyEvent => ({
  ...{ kind, op, data, time: judgement.stamp(powers.now(context)) },
  ...who,
});

export function happened({ judgement, powers }: Case, event: PolicyEvent): void {
  judgement.commit(event);
  powers.onHappened?.(event);
}

export function letGo({ domain, capabilities }: CallContext): void {
  // A host keeps what it passes.
  if (domain !== 0) for (const capability of capabilities) release(capability);
}

/** What a guest hears: the reason that the rule gives, and nothing else. */
export const reasonOf = (refusal: Decision["refusal"]): string => refusal?.rule?.because ?? "refused by a policy";

/** The value that a call gives in place of its own. Undefined: its contract does not allow it. */
function givenFor({ call, powers }: Case, { refusal }: Decision): Uint8Array | undefined {
  const effect = refusal?.rule?.effect;
  if (effect?.kind !== "suppress") return undefined;
  const { value } = powers.encode(effect.giving);
  return "why" in checkReply(call, value, true) ? undefined : value;
}

type Told = Partial<Pick<Decided, "isApproved" | "by">>;

/** Tells whoever wants to know of a decision. What only looks on says what it would have decided. */
export function tell({ judgement, powers }: Case, proposed: PolicyEvent, done: Settled, told: Told = {}): void {
  if (powers.onDecided === undefined) return;
  const { raw } = judgement;
  const settled = raw === undefined ? done : settle(raw, proposed);
  const { verdict, event, decision } = settled;
  const { isApproved = false, by = "policy" } = raw === undefined ? told : {};
  const explain: Decided["explain"] = (options) => judgement.explain(proposed, settled, options);
  powers.onDecided({
    verdict,
    event,
    decision,
    proposed,
    isApproved,
    by,
    isEnforced: verdict === done.verdict,
    explain,
  });
}

/** Answers a call that is not made, or one whose result is withheld. `event`: what was judged; `past`: what comes of it. */
export function refuse(
  at: Case,
  event: PolicyEvent,
  past: PolicyEvent,
  settled: Settled,
  by: Decided["by"] = "policy",
): Reply {
  const { powers, judgement } = at;
  const { decision } = settled;
  tell(at, event, settled, { by });
  const explanation = powers.onRefused && judgement.explain(event, settled, { flips: false });
  happened(at, past);
  const why = reasonOf(decision.refusal);
  if (decision.refusal?.effect === "halt") powers.halt(why);
  const reply = givenFor(at, decision) ?? { failed: powers.errorValue("E_DENIED", why) };
  if (explanation !== undefined) powers.onRefused?.(reply, explanation);
  return reply;
}

/** What a policy changes cannot be made as it says: the rule that changes it refuses. */
export function unmade(settled: Settled): Settled {
  const { decision } = settled;
  const by = decision.obligations.find(({ rule }) => rule.effect.kind === "change");
  return { ...settled, verdict: "denied", decision: { ...decision, refusal: by && { effect: "deny", ...by } } };
}
