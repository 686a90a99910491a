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
import type { Decision, HistoryKind, PolicyEvent, RRule } from "../resolved.ts";
import { type Settled, settle } from "../settle.ts";
import type { Operation } from "../vocabulary.ts";
import type { EnforcePowers } from "./types.ts";
import { rewriteArguments, rewriteResult } from "./written.ts";

/** A policy's memory and rules, as enforcement needs them. */
export interface Judgement {
  decide(event: PolicyEvent, approved: ReadonlySet<RRule>): Decision;
  commit(event: PolicyEvent): void;
  /** Does anybody look at what comes of this operation's calls? */
  watchesResults(op: Operation): boolean;
  readonly readers: (op: Operation) => Readers;
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

function refuse(at: Case, { decision, event, verdict }: Settled): Reply {
  const { powers } = at;
  powers.onDecided?.({ verdict, event, decision, isApproved: false });
  if (event.kind === "call") happened(at, { ...event, kind: "refused" });
  const why = reasonOf(decision.refusal);
  if (decision.refusal?.effect === "halt") powers.halt(why);
  const { rule } = decision.refusal ?? {};
  if (rule?.effect.kind === "suppress") return powers.encode(rule.effect.giving);
  return { failed: powers.errorValue("E_DENIED", why) };
}

/** Decides the call as it is now, and goes on from there. */
function proceed(at: Case): Replying {
  const event = eventOf(at, "call", at.judgement.readers(at.op).call(at.args));
  const settled = settle((each) => at.judgement.decide(each, at.approved), event);
  if (settled.decision.refusal !== undefined) return refuse(at, settled);
  if (settled.verdict === "asked") return asked(at, settled);
  if (settled.verdict === "delayed") return delayed(at, settled);
  return performed(at, event, settled);
}

async function delayed(at: Case, settled: Settled): Promise<Reply> {
  at.powers.onDecided?.({ ...settled, isApproved: at.approved.size > 0 });
  await at.powers.sleep(settled.decision.wait, at.context.onDropped);
  return proceed(at);
}

const askingRules = ({ obligations }: Decision) => obligations.filter(({ rule }) => rule.effect.kind === "ask");

async function asked(at: Case, settled: Settled): Promise<Reply> {
  at.powers.onDecided?.({ ...settled, isApproved: false });
  for (const { policy, rule } of askingRules(settled.decision)) {
    const of = rule.effect.kind === "ask" ? rule.effect.of : undefined;
    const question = { kind: "policy", of, policy: policy.name, because: rule.because, call: at.op.name } as const;
    if (!(await isApproved(at, { ...question, arguments: at.args }))) {
      const refusal = { effect: "deny", policy, rule } as const;
      return refuse(at, { ...settled, verdict: "denied", decision: { ...settled.decision, refusal } });
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
      return refuse(at, { ...settled, verdict: "denied", event: before });
    }
  }
  at.powers.onDecided?.({ ...settled, isApproved: isApprovedCall });
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
  if (settled.decision.refusal !== undefined) return withheld(at, args, settled);
  at.powers.onDecided?.({ ...settled, isApproved: false });
  let seen: Reply = reply;
  if (settled.event !== event) {
    try {
      seen = at.powers.encode(rewriteResult(at.op, result, event.data, settled.event.data));
    } catch {
      return withheld(at, args, { ...settled, verdict: "denied" });
    }
  }
  happened(at, settled.event);
  return seen;
}

/** Nothing of it enters the domain: to the past it is a failure. */
function withheld(at: Case, args: readonly unknown[], settled: Settled): Reply {
  happened(at, eventOf(at, "failed", at.judgement.readers(at.op).call(args)));
  return refuse(at, settled);
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
