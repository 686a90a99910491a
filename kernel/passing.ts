// Passing capabilities between domains: a handle is a number of the sender's c-list, becomes an index while it is under
// way, and arrives as a number of the receiver's c-list. Both are written over in place, on the kernel's own copy.
//
// Invariants
//   P1  A guest passes on what it holds, under the contract it holds it, or an object of its own under the contract that
//       the receiver asks for. There is no third way to name a capability.
//   P2  What arrives is derived from what was sent and from what it was sent over: cutting either cuts it.
// Trust
//   Trusts clist.ts. Trusted by gate.ts and kernel.ts.
import { errorValue, forgetMessage, invokeMessage, TAGGED } from "./cbor.ts";
import { type Capability, derive, drop, grant, lookUp, NONE, newCapability } from "./clist.ts";
import type { CallContract, Contract } from "./contract.ts";
import { ask, deliver, type Offer, type Tenant } from "./domain.ts";
import { MAX_OFFERS, MAX_PENDING } from "./limits.ts";
import { handOver } from "./monitor.ts";
import type { Found } from "./shape.ts";
import type { Answer, CallContext, Reply, Replying, Sent, Target } from "./types.ts";

export const NOTHING_SENT: Sent = Object.freeze({ capabilities: NONE, found: NONE });

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);
export const readU32 = (bytes: Uint8Array, at: number): number => viewOf(bytes).getUint32(at);
const writeU32 = (bytes: Uint8Array, at: number, number: number): void => viewOf(bytes).setUint32(at, number);

/** Takes what the handles in a value stand for out of the sender's c-list, or says why it cannot. */
export function send(sender: Tenant, bytes: Uint8Array, found: readonly Found[], via?: Capability): Sent | Uint8Array {
  if (found.length === 0) return NOTHING_SENT;
  const sources: Capability[] = [];
  for (const { at, contract, isOffer } of found) {
    const number = readU32(bytes, at);
    const source = isOffer ? offer(sender, number, contract) : lookUp(sender.clist, number);
    if (source === undefined) return isOffer ? errorValue("E_BUSY", "too many objects are held by others") : NO_HANDLE;
    if (source.state !== "live") return errorValue("E_REVOKED", `a capability that is passed on is ${source.state}`);
    if (source.contract.form !== contract.form)
      return errorValue("E_VALUE", `a ${source.contract.name} where a ${contract.name} is due`);
    sources.push(source);
  }
  found.forEach(({ at }, index) => {
    writeU32(bytes, at, index);
    bytes[at - 2] = TAGGED.HANDLE & 0xff; // before the number's own head: an object of the sender's is a handle now
  });
  return { capabilities: sources.map((source) => derive(source, via ?? sender.life)), found };
}

export const NO_HANDLE = errorValue("E_HANDLE", "no such capability");

/** Puts what arrived into the receiver's c-list. False: there is no room, and nothing of it is there. */
export function take(receiver: Tenant, bytes: Uint8Array, { found, capabilities }: Sent): boolean {
  const handles: number[] = [];
  for (const { at } of found) {
    const given = capabilities[readU32(bytes, at)] as Capability;
    const handle = grant(receiver.clist, handOver(receiver.monitor, given));
    if (handle === undefined) break;
    handles.push(handle);
    writeU32(bytes, at, handle);
  }
  if (handles.length === found.length) return true;
  for (const handle of handles) drop(receiver.clist, handle);
  return false;
}

/** The capability of an object of this domain; the same one as long as somebody holds it. */
function offer(owner: Tenant, object: number, contract: Contract): Capability | undefined {
  if (!owner.offers.has(object) && owner.offers.size >= MAX_OFFERS) return undefined;
  const offer = owner.offers.get(object) ?? { times: 0, made: [] };
  owner.offers.set(object, offer);
  offer.times++;
  const same = offer.made.find(({ contract: { form } }) => form === contract.form);
  if (same !== undefined) return same;
  const target: Target = (method, bytes, length, context) =>
    invoke(owner, object, contract.calls[method] as CallContract, bytes.slice(0, length), context);
  // Its own policy is not asked of it: what a domain answers itself is nothing that it has done.
  const made = newCapability(contract, target, [owner.life], owner.monitor && { monitors: [owner.monitor] });
  made.onUnused = () => withdraw(owner, object, offer, made);
  offer.made.push(made);
  return made;
}

function withdraw(owner: Tenant, object: number, offer: Offer, unused: Capability): void {
  offer.made.splice(offer.made.indexOf(unused), 1);
  if (offer.made.length === 0 && owner.offers.delete(object)) deliver(owner, forgetMessage(object, offer.times));
}

const failed = (code: string, why: string): Reply => ({ failed: errorValue(code, why) });

/** Calls an object of a domain. The reply is there at once if the domain answers in its first turn. */
function invoke(server: Tenant, object: number, call: CallContract, bytes: Uint8Array, context: CallContext): Replying {
  if (server.requests.size >= MAX_PENDING) return failed("E_BUSY", "too many calls wait for this capability");
  if (!take(server, bytes, context)) return failed("E_BUSY", "the c-list behind this capability is full");
  let reply: Reply | undefined;
  let resolve = (answer: Answer): void => {
    reply = replyOf(answer);
  };
  const open = { call, resolve: (answer: Answer) => resolve(answer) };
  const forget = ask(server, open, (token) => invokeMessage(token, object, call.name, bytes));
  if (reply !== undefined) return reply;
  context.onDropped(forget);
  return new Promise((settle) => {
    resolve = (answer) => settle(replyOf(answer));
  });
}

function replyOf(answer: Answer): Reply {
  if (answer.kind === "ended") return failed("E_TARGET", "the domain behind the capability has ended");
  const { ok, bytes, capabilities, found } = answer;
  return ok ? { value: bytes, capabilities, found } : { failed: bytes };
}
