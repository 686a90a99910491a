// Enforcement: a compiled policy as the monitor that the kernel asks, and what becomes of each of its answers.
//
// Invariants
//   F1  A call is performed only if the policy, in its state of that moment, allows it as it is performed: after every wait
//       and every approval it is decided again, and an approval discharges only the rule that asked.
//   F2  The past is what happened: a call is committed as it is performed, not when it is decided; one that is refused is
//       committed as refused.
//   F3  Whatever goes wrong in here is a refusal.
// Trust
//   Trusts the compiled step. The kernel calls it (kernel/monitor.ts) and checks all that it lets through.
import type { CallContext, Failure, JudgedCall, Parcel, Perform, Reply, Replying } from "../../../kernel/index.ts";
import type { Data } from "../data.ts";
import type { ExplainOptions } from "../explain/explain.ts";
import type { Explanation } from "../explain/types.ts";
import type { Decision, HistoryKind, PolicyEvent, RRule } from "../resolved.ts";
import { type Settled, settle } from "../settle.ts";
import type { Operation } from "../vocabulary.ts";
import type { Decided, EnforcePowers } from "./types.ts";
import { rewriteArguments, rewriteResult } from "./written.ts";

/** A policy's memory and rules, as enforcement needs them. */
export interface Judgement {
  decide(event: PolicyEvent, approved: ReadonlySet<RRule>): Decision;
  commit(event: PolicyEvent): void;
  /** Does anybody look at what comes of this operation's calls? */
  watchesResults(op: Operation): boolean;
  readonly readers: (op: Operation) => Readers;
  /** The policy as it is written, where it only looks on. */
  readonly raw: ((event: PolicyEvent, approved: ReadonlySet<RRule>) => Decision) | undefined;
  explain(proposed: PolicyEvent, settled: Settled, options?: ExplainOptions): Explanation;
}

export interface Readers {
  readonly call: (args: readonly unknown[]) => Data;
  readonly result: (args: readonly unknown[], value: unknown) => Data;
}

/** One call that is being judged. */
interface Case {
  readonly judgement: Judgement;
  readonly powers: EnforcePowers;
  readonly op: Operation;
  readonly args: readonly unknown[];
  readonly original: { readonly bytes: Uint8Array; readonly length: number };
  readonly context: CallContext;
  readonly perform: Perform;
  readonly who: Pick<PolicyEvent, "domain" | "capability" | "tenant">;
  readonly approved: Set<RRule>;
}

const NO_RULES: ReadonlySet<RRule> = new Set();

/** What a guest hears: the reason that the rule gives, and nothing else. */
export const reasonOf = (refusal: Decision["refusal"]): string => refusal?.rule?.because ?? "refused by a policy";

const eventOf = ({ op, who, powers }: Case, kind: HistoryKind, data: Data): PolicyEvent => ({
  ...{ kind, op, data, time: powers.now() },
  ...who,
});

function happened({ judgement, powers }: Case, event: PolicyEvent): void {
  judgement.commit(event);
  powers.onHappened?.(event);
}

/** Whoever wants to know of a decision. What looks on says what it would have decided. */
function tell({ judgement, powers, approved }: Case, proposed: PolicyEvent, done: Settled, isApproved = false): void {
  if (powers.onDecided === undefined) return;
  const { raw } = judgement;
  const settled = raw === undefined ? done : settle((each) => raw(each, approved), proposed);
  const { verdict, event, decision } = settled;
  const isEnforced = verdict === done.verdict;
  const explain: Decided["explain"] = (options) => judgement.explain(proposed, settled, options);
  powers.onDecided({ verdict, event, decision, proposed, isApproved, isEnforced, explain });
}

/** A call, which is part of the past as refused. */
function refuse(at: Case, proposed: PolicyEvent, settled: Settled): Reply {
  tell(at, proposed, settled);
  const explanation = at.powers.onRefused && at.judgement.explain(proposed, settled, { flips: false });
  happened(at, { ...proposed, kind: "refused" });
  return refusalOf(at, settled.decision, explanation);
}

/** What the guest gets instead. */
function refusalOf({ powers }: Case, { refusal }: Decision, explanation: Explanation | undefined): Reply {
  const why = reasonOf(refusal);
  if (refusal?.effect === "halt") powers.halt(why);
  const effect = refusal?.rule?.effect;
  const reply: Reply =
    effect?.kind === "suppress" ? powers.encode(effect.giving) : { failed: powers.errorValue("E_DENIED", why) };
  if (explanation !== undefined) powers.onRefused?.(reply, explanation);
  return reply;
}

/** Decides the call as it is now, and goes on from there. */
function proceed(at: Case): Replying {
  const event = eventOf(at, "call", at.judgement.readers(at.op).call(at.args));
  const settled = settle((each) => at.judgement.decide(each, at.approved), event);
  if (settled.decision.refusal !== undefined) return refuse(at, event, settled);
  if (settled.verdict === "asked") return asked(at, event, settled);
  if (settled.verdict === "delayed") return delayed(at, event, settled);
  return performed(at, event, settled);
}

async function delayed(at: Case, proposed: PolicyEvent, settled: Settled): Promise<Reply> {
  tell(at, proposed, settled, at.approved.size > 0);
  await at.powers.sleep(settled.decision.wait, at.context.onDropped);
  return proceed(at);
}

const askingRules = ({ obligations }: Decision) => obligations.filter(({ rule }) => rule.effect.kind === "ask");

async function asked(at: Case, proposed: PolicyEvent, settled: Settled): Promise<Reply> {
  tell(at, proposed, settled);
  for (const { policy, rule } of askingRules(settled.decision)) {
    const of = rule.effect.kind === "ask" ? rule.effect.of : undefined;
    const question = { kind: "policy", of, policy: policy.name, because: rule.because, call: at.op.name } as const;
    if (!(await isApproved(at, { ...question, arguments: at.args }))) {
      const refusal = { effect: "deny", policy, rule } as const;
      return refuse(at, proposed, { ...settled, verdict: "denied", decision: { ...settled.decision, refusal } });
    }
    at.approved.add(rule);
  }
  return proceed(at);
}

async function isApproved({ powers, context }: Case, question: Parameters<EnforcePowers["ask"]>[0]): Promise<boolean> {
  try {
    return (await powers.ask(question, context)) === true;
  } catch {
    return false;
  }
}

function performed(at: Case, before: PolicyEvent, settled: Settled): Replying {
  const { event } = settled;
  const isApprovedCall = at.approved.size > 0;
  let args = at.args;
  let sent = at.original;
  if (event !== before) {
    try {
      args = rewriteArguments(at.op, at.args, before.data, event.data);
      sent = encoded(at, args);
    } catch {
      return refuse(at, before, { ...settled, verdict: "denied", event: before });
    }
  }
  tell(at, before, settled, isApprovedCall);
  let isPerformed = false;
  const reply = at.perform(sent.bytes, sent.length, () => {
    isPerformed = true;
    if (isApprovedCall) happened(at, { ...event, kind: "approved" });
    happened(at, event);
  });
  if (!isPerformed || !at.judgement.watchesResults(at.op)) return reply;
  return reply instanceof Promise ? reply.then((late) => given(at, args, late)) : given(at, args, reply);
}

/** Arguments after a change: the same capabilities in the same places. */
function encoded({ powers, context }: Case, args: readonly unknown[]): { bytes: Uint8Array; length: number } {
  const { value, capabilities } = powers.encode(args);
  const isSame = capabilities.every((each, index) => each === context.capabilities[index]);
  if (!isSame || capabilities.length !== context.capabilities.length) throw new TypeError("other capabilities");
  const bytes = value.slice();
  return { bytes, length: bytes.length };
}

const isFailure = (reply: Reply): reply is Failure => !(reply instanceof Uint8Array) && "failed" in reply;
const parcelOf = (reply: Uint8Array | Parcel): Parcel =>
  reply instanceof Uint8Array ? { value: reply, capabilities: [] } : reply;

/** What a call gave: part of the past, and what the guest may see of it. */
function given(at: Case, args: readonly unknown[], reply: Reply): Reply {
  const readers = at.judgement.readers(at.op);
  if (isFailure(reply)) {
    happened(at, eventOf(at, "failed", readers.call(args)));
    return reply;
  }
  const { value, capabilities } = parcelOf(reply);
  const result = at.powers.decode(value, value.length, capabilities);
  const event = eventOf(at, "result", readers.result(args, result));
  const settled = settle((each) => at.judgement.decide(each, NO_RULES), event);
  if (settled.decision.refusal !== undefined) return withheld(at, args, event, settled);
  let seen: Reply = reply;
  if (settled.event !== event) {
    try {
      seen = at.powers.encode(rewriteResult(at.op, result, event.data, settled.event.data));
    } catch {
      return withheld(at, args, event, { ...settled, verdict: "denied" });
    }
  }
  tell(at, event, settled);
  happened(at, settled.event);
  return seen;
}

/** Nothing of it enters the domain: to the past it is a failure. */
function withheld(at: Case, args: readonly unknown[], event: PolicyEvent, settled: Settled): Reply {
  tell(at, event, settled);
  const explanation = at.powers.onRefused && at.judgement.explain(event, settled, { flips: false });
  happened(at, { ...event, kind: "failed", data: at.judgement.readers(at.op).call(args) });
  return refusalOf(at, settled.decision, explanation);
}

/** Judges one call that the kernel's table does not decide. */
export function judgeCall(
  judgement: Judgement,
  powers: EnforcePowers,
  op: Operation,
  who: Case["who"],
  { bytes, length, context }: JudgedCall,
  perform: Perform,
): Replying {
  const copy = bytes.slice(0, length); // scratch space of the kernel's, until this returns
  const args = powers.decode(copy, length, context.capabilities) as readonly unknown[];
  const original = { bytes: copy, length };
  return proceed({ judgement, powers, op, args, original, context, perform, who, approved: new Set() });
}
