// What a performed call came to: part of the past, and what the guest may see of it.
//
// Invariants
//   G1  A result is remembered as the guest gets it; one that is withheld is remembered as a failure: nothing of it came in.
//   G2  What is withheld is let go: whoever gave a capability with it learns that nobody has it.
import { checkReply, derive, type Failure, type Parcel, type Reply, release } from "../../../kernel/index.ts";
import type { PolicyEvent, RRule } from "../resolved.ts";
import { type Settled, settle } from "../settle.ts";
import { type Case, eventOf, happened, refuse, tell, unmade } from "./case.ts";
import { changedResult } from "./written.ts";

const NO_RULES: ReadonlySet<RRule> = new Set();

const isFailure = (reply: Reply): reply is Failure => !(reply instanceof Uint8Array) && "failed" in reply;
const parcelOf = (reply: Uint8Array | Parcel): Parcel =>
  reply instanceof Uint8Array ? { value: reply, capabilities: [] } : reply;

/** Of a failed call nothing is known but what was passed, under the names that it has in a call. */
const failure = (at: Case, args: readonly unknown[]): PolicyEvent =>
  eventOf(at, "failed", at.judgement.readers(at.op).call(args));

function failed(at: Case, args: readonly unknown[], reply: Reply): Reply {
  happened(at, failure(at, args));
  return reply;
}

function waste({ capabilities, found }: Parcel): void {
  // What a domain gives is given away; a host keeps what it gives, but may find it unused now.
  for (const each of capabilities) release(found === undefined ? derive(each) : each);
}

/** What the guest gets of a reply. `args`: what the call was performed with. */
export function outcome(at: Case, args: readonly unknown[], reply: Reply): Reply {
  if (isFailure(reply)) return failed(at, args, reply);
  const parcel = parcelOf(reply);
  const { value, capabilities, found } = parcel;
  // The kernel refuses what no contract allows. It has looked at what comes from a domain.
  if (found === undefined && "why" in checkReply(at.call, value, true)) return failed(at, args, reply);
  const result = at.powers.decode(value, value.length, capabilities);
  const event = eventOf(at, "result", at.judgement.readers(at.op).result(args, result));
  const settled: Settled = settle((each) => at.judgement.decide(each, NO_RULES), event);
  const { decision } = settled;
  const isChanged = decision.refusal === undefined && settled.event !== event;
  const changed = isChanged ? changedResult(at, args, result, event, settled.event) : reply;
  if (decision.refusal !== undefined || changed === undefined) {
    waste(parcel);
    const isUnmade = decision.refusal === undefined;
    return refuse(at, event, failure(at, args), isUnmade ? unmade(settled) : settled, isUnmade ? "edit" : "policy");
  }
  tell(at, event, settled);
  happened(at, settled.event);
  return changed;
}
