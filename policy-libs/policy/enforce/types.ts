// What enforcement is given by whoever embeds it.
import type { CallContext, Capability, Parcel, Reply } from "../../../kernel/index.ts";
import type { ExplainOptions } from "../explain/explain.ts";
import type { Explanation } from "../explain/types.ts";
import type { Decision, PolicyEvent } from "../resolved.ts";
import type { Verdict } from "../tree.ts";

/** What somebody is asked before a call is made. */
export interface Question {
  readonly kind: "policy";
  /** Who is to answer, as the rule says. */
  readonly of: string | undefined;
  readonly policy: string;
  readonly because: string | undefined;
  /** "payments.charge" */
  readonly call: string;
  /** Copies of what the call is made with if the answer is yes: after what the policy changes. */
  readonly arguments: readonly unknown[];
}

/** One decision, for audits, explanations and logs. */
export interface Decided {
  readonly verdict: Verdict;
  readonly event: PolicyEvent;
  readonly decision: Decision;
  /** As the guest proposed it; `event` is what it was changed to, if it was. */
  readonly proposed: PolicyEvent;
  /** Somebody had approved before. */
  readonly isApproved: boolean;
  /** What else it was: an approver's no, a change that cannot be made, others that wait and came before. */
  readonly by: "policy" | "approver" | "edit" | "line";
  /** False: a policy that only looks on (`mode: "record"`) would have decided so, and it went another way. */
  readonly isEnforced: boolean;
  /** Why, and what would be allowed. Only until whoever is told returns: then the past is another one. */
  readonly explain: (options?: ExplainOptions) => Explanation;
}

/** The event that happened after a decision: what the past is made of. */
export type Happened = PolicyEvent;

export interface EnforcePowers {
  /** Whole milliseconds from 0 on, as this call sees time. */
  readonly now: (context: CallContext) => number;
  /** Resolves after so many milliseconds of that time, unless dropped. */
  readonly sleep: (ms: number, context: CallContext, onDropped: (task: () => void) => void) => Promise<void>;
  /** Values and back. What stands for a capability is the embedder's, and comes back as the same capability. */
  readonly decode: (bytes: Uint8Array, length: number, capabilities: readonly Capability[]) => unknown;
  readonly encode: (value: unknown) => Parcel;
  readonly errorValue: (code: string, message: string) => Uint8Array;
  /** Asks whoever approves; what is not true, and a throw, are a no. */
  readonly ask: (question: Question, context: CallContext) => Promise<boolean>;
  /** Told when what the policy remembers of the domain may have changed. */
  readonly onChange?: (() => void) | undefined;
  /** Ends the domain under the policy. */
  readonly halt: (why: string) => void;
  /** Hears of what a guest is given in place of what was refused, for audits. Guests hear `because` and nothing else. */
  readonly onRefused?: ((reply: Reply, why: Explanation) => void) | undefined;
  /** Neither throws. */
  readonly onDecided: ((decided: Decided) => void) | undefined;
  readonly onHappened: ((event: Happened) => void) | undefined;
}
