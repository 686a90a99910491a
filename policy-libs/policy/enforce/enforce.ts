// Enforcement: a compiled policy as the monitor that the kernel asks, and what becomes of each of its answers.
//
// Invariants
//   F1  A call is performed only if the policy, in its state of that moment, allows it as it is performed: after every wait
//       and every approval it is decided again. An approval discharges only the rule that asked, and only for the call
//       that was shown.
//   F2  The past is what happened: a call is committed as it is performed, not when it is decided; one that is refused is
//       committed as refused.
//   F3  What cannot be done as the policy says is refused.
// Trust
//   Trusts the compiled step. The kernel calls it (kernel/monitor.ts) and checks all that it lets through.
import type { CallContract, JudgedCall, Perform, Reply, Replying } from "../../../kernel/index.ts";
import type { Decision, PolicyEvent, RRule } from "../resolved.ts";
import { type Settled, settle } from "../settle.ts";
import type { Operation } from "../vocabulary.ts";
import { type Case, eventOf, happened, type Judgement, letGo, refuse, tell, unmade } from "./case.ts";
import { outcome } from "./given.ts";
import { join, keyOf, leave } from "./line.ts";
import type { Decided, EnforcePowers, Question } from "./types.ts";
import { isSameData, type Sent, sentOf } from "./written.ts";

export type { Judgement, Readers } from "./case.ts";

function decided(at: Case): Settled {
  const event = eventOf(at, "call", at.data);
  const settled = settle((each) => at.judgement.decide(each, at.approved), event);
  if (at.shown === undefined || isSameData(at.shown, settled.event.data)) return settled;
  at.approved.clear();
  return settle((each) => at.judgement.decide(each, at.approved), event);
}

function dismissed(at: Case, code: string, why: string): Reply {
  at.isOver = true;
  stepOut(at);
  letGo(at.context);
  return { failed: at.powers.errorValue(code, why) };
}

/** Whoever came before goes before, though there be time for one now. */
function mustWait(at: Case, { verdict, decision }: Settled): boolean {
  if (verdict === "delayed") return true;
  if (verdict !== "allowed" && verdict !== "changed") return false;
  const key = keyOf(decision);
  return at.judgement.lines.has(key) && at.place?.key !== key;
}

/** Decides the call as it is now, and goes on from there. */
function proceed(at: Case): Replying {
  if (at.isDropped) return dismissed(at, "E_REVOKED", "nobody waits for this call any more");
  if (at.judgement.isHalted()) return dismissed(at, "E_DENIED", "a policy has ended this program");
  const settled = decided(at);
  if (mustWait(at, settled)) return delayed(at, settled);
  stepOut(at);
  const sent = settled.decision.refusal === undefined ? sentOf(at, settled) : undefined;
  if (sent === undefined) return refused(at, settled);
  return settled.verdict === "asked" ? asked(at, settled, sent) : performed(at, settled, sent);
}

/** It is refused, or what it is to be changed to cannot be made. */
function refused(at: Case, settled: Settled, by: Decided["by"] = "policy"): Reply {
  at.isOver = true;
  letGo(at.context);
  const event = eventOf(at, "call", at.data);
  const past: PolicyEvent = { ...event, kind: "refused" };
  if (settled.decision.refusal === undefined) return refuse(at, event, past, unmade(settled), "edit");
  return refuse(at, event, past, settled, by);
}

/** What was decided, as the guest said it. */
const proposedIn = ({ data }: Case, { event }: Settled): PolicyEvent => ({ ...event, data });

function stepOut(at: Case): void {
  leave(at.judgement.lines, at.place);
  at.place = undefined;
}

/** From now on time passes: whoever called may be gone before it is over. */
function waits(at: Case): void {
  if (at.isWatched) return;
  at.isWatched = true;
  at.context.onDropped(() => drop(at));
}

function drop(at: Case): void {
  if (at.isOver) return;
  at.isDropped = true;
  at.stopSleeping?.();
  stepOut(at);
  letGo(at.context);
}

async function delayed(at: Case, settled: Settled): Promise<Reply> {
  waits(at);
  const key = keyOf(settled.decision);
  if (at.place?.key === key) {
    await at.powers.sleep(settled.decision.wait, at.context, (task) => {
      at.stopSleeping = task;
    });
    at.stopSleeping = undefined;
  } else {
    const by = settled.verdict === "delayed" ? "policy" : "line";
    tell(at, proposedIn(at, settled), { ...settled, verdict: "delayed" }, { isApproved: at.approved.size > 0, by });
    stepOut(at);
    at.place = join(at.judgement.lines, key);
    await at.place.turn;
  }
  return proceed(at);
}

const askingRules = ({ obligations }: Decision) => obligations.filter(({ rule }) => rule.effect.kind === "ask");

async function asked(at: Case, settled: Settled, sent: Sent): Promise<Reply> {
  waits(at);
  const { powers, context } = at;
  tell(at, proposedIn(at, settled), settled);
  at.shown = settled.event.data;
  for (const { policy, rule } of askingRules(settled.decision)) {
    const of = rule.effect.kind === "ask" ? rule.effect.of : undefined;
    const question = { kind: "policy", of, policy: policy.name, because: rule.because, call: at.op.name } as const;
    // Theirs to keep: nobody who is asked reaches what is performed.
    const shown = powers.decode(sent.bytes, sent.bytes.length, context.capabilities) as readonly unknown[];
    const isApproved = await answered(at, { ...question, arguments: shown });
    if (at.isDropped) break;
    if (!isApproved) {
      const refusal = { effect: "deny", policy, rule } as const;
      const no: Settled = { ...settled, verdict: "denied", decision: { ...settled.decision, refusal } };
      return refused(at, no, "approver");
    }
    at.approved.add(rule);
  }
  return proceed(at);
}

async function answered({ powers, context }: Case, question: Question): Promise<boolean> {
  try {
    return (await powers.ask(question, context)) === true;
  } catch {
    return false;
  }
}

function performed(at: Case, settled: Settled, { bytes, args }: Sent): Replying {
  const { event } = settled;
  const isApproved = at.approved.size > 0;
  at.isOver = true;
  tell(at, proposedIn(at, settled), settled, { isApproved });
  let isPerformed = false;
  const reply = at.perform(bytes, bytes.length, () => {
    isPerformed = true;
    if (isApproved) happened(at, { ...event, kind: "approved" });
    happened(at, event);
  });
  if (!isPerformed) letGo(at.context);
  if (!isPerformed || !at.judgement.watchesResults(at.op)) return reply;
  return reply instanceof Promise ? reply.then((late) => outcome(at, args, late)) : outcome(at, args, reply);
}

/** Judges one call that the kernel's table does not decide. */
export function judgeCall(
  judgement: Judgement,
  powers: EnforcePowers,
  op: Operation,
  who: Case["who"],
  { bytes: scratch, length, context, capability, method }: JudgedCall,
  perform: Perform,
): Replying {
  const bytes = scratch.slice(0, length); // the kernel's, until this returns
  const args = powers.decode(bytes, length, context.capabilities) as readonly unknown[];
  const call = capability.contract.calls[method] as CallContract;
  const data = judgement.readers(op).call(args);
  const said = { judgement, powers, op, call, bytes, args, data, context, perform, who, approved: new Set<RRule>() };
  const nothingYet = { shown: undefined, place: undefined, stopSleeping: undefined };
  return proceed({ ...said, ...nothingYet, isWatched: false, isDropped: false, isOver: false });
}
