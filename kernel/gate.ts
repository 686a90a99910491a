// The gates: the only way from a guest to a capability.
//
// Every gate first decodes, on a copy, and may refuse; then it performs. It answers with a code and never throws into
// the guest. Numbers from a guest are unsigned after `>>> 0`; sums of two of them stay exact in a double.
//
// Invariants
//   A1  The kernel reads and writes guest memory only inside [0, size), at places the guest named in this very call.
//   A2  Nothing is called whose entry is not live: looked at on decoding, and again when a pending call completes.
//   A3  A target that throws or answers outside its contract loses its capability: `broken`.
// Trust
//   Trusts cbor.ts, contract.ts, clist.ts. Trusted by kernel.ts.
import { type BadValue, completionMessage, description, errorValue } from "./cbor.ts";
import { type Capability, cut, derive, drop, lookUp, NONE, release } from "./clist.ts";
import { type CallContract, type Checked, checkArguments, checkReply, itemsSeen } from "./contract.ts";
import { announceWait, chargeFuel, deliver, end, renew, type Tenant } from "./domain.ts";
import { PAGE_COST } from "./fuel.ts";
import { MAX_PENDING, MAX_VALUE_BYTES, PAGE, TOKENS } from "./limits.ts";
import { type Account, adjust, available, BYTES_MOVED, chargeAccount, chargeCall, IN_FLIGHT, MEMORY } from "./meter.ts";
import { NO_HANDLE, NOTHING_SENT, readU32, send, take } from "./passing.ts";
import { extend, look } from "./residence.ts";
import type { Found } from "./shape.ts";
import { PARK } from "./trampolines.ts";
import type { Answer, CallContext, Decision, Failure, Parcel, Reply, Replying, Sent } from "./types.ts";

const [ERROR, PENDING, NOTHING_WAITS, EMPTY, CANNOT_WAIT, UNKNOWN] = [-1, -16, -1, -1, -2, -1];
/** As PENDING; the guest is to stand still for it. */
const AWAITED = PENDING - TOKENS;

/** The empty argument list, and what gives nothing. */
const [NO_ARGUMENTS, NOTHING] = [0x80, 0xf7];
const UNDEFINED = Uint8Array.of(NOTHING);

/** Bytes of scratch space that stay between calls. */
const KEPT_SCRATCH = 65_536;

/** Work that the charge in the trampoline covers. */
const FREE_WORK = 1_000;

function chargeValue(tenant: Tenant, items: number, bytes: number): void {
  const cost = items * 64 + (bytes >>> 2);
  if (cost > FREE_WORK) chargeFuel(tenant, cost);
}

/** Copies [at, at + length) of the guest's memory, for fuel; undefined if it does not lie there. No bytes are an empty list. */
function copyIn(tenant: Tenant, allegedAt: number, allegedLength: number): number | undefined {
  const [at, length] = [allegedAt >>> 0, allegedLength >>> 0];
  if (length > MAX_VALUE_BYTES || at + length > tenant.memory.length) return undefined;
  if (length === 0) return tenant.core.scratch.fill(NO_ARGUMENTS, 0, 1) && 1;
  chargeValue(tenant, 0, length);
  const { memory, core } = tenant;
  if (length > core.scratch.length) core.scratch = new Uint8Array(length);
  else if (core.scratch.length > KEPT_SCRATCH && length < KEPT_SCRATCH) core.scratch = new Uint8Array(KEPT_SCRATCH);
  const { scratch } = core;
  if (length > 64) scratch.set(memory.subarray(at, at + length));
  else for (let i = 0; i < length; i++) scratch[i] = memory[at + i] as number;
  return length;
}

/** Writes `bytes` at `at` if they fit; says whether they did. */
function copyOut(tenant: Tenant, allegedAt: number, allegedCapacity: number, bytes: Uint8Array): boolean {
  const [at, capacity, length] = [allegedAt >>> 0, allegedCapacity >>> 0, bytes.length];
  if (length > capacity || at + length > tenant.memory.length) return false;
  const { memory } = tenant;
  if (length > 32) memory.set(bytes, at);
  else for (let i = 0; i < length; i++) memory[at + i] = bytes[i] as number;
  return true;
}

function fail(tenant: Tenant, value: Uint8Array): number {
  tenant.waiting = value;
  return ERROR;
}

const refuse = (tenant: Tenant, code: string, why: string): number => fail(tenant, errorValue(code, why));

/** Counts a call and its bytes against the run's allowance. */
function isAffordable(tenant: Tenant, bytes: number): boolean {
  tenant.calls++;
  tenant.bytes += bytes;
  if (tenant.calls > tenant.allowance.calls) end(tenant, { kind: "exhausted", resource: "calls" });
  else if (tenant.bytes > tenant.allowance.bytes) end(tenant, { kind: "exhausted", resource: "bytes" });
  return tenant.ending === undefined;
}

/** What the guest asked for: alleged, but for the length, of which the scratch space has a copy. */
type Called = Readonly<Record<"handle" | "method" | "at" | "capacity" | "length", number>>;

/** A call that may be made, and where its reply goes. */
type Crossing = Called & Readonly<{ sent: Sent; capability: Capability; account: Account; call: CallContract }>;

function decodeCall(tenant: Tenant, { handle, method, at, capacity, length }: Called): Crossing | Uint8Array {
  const capability = lookUp(tenant.clist, handle);
  if (capability === undefined) return NO_HANDLE;
  if (capability.state !== "live") return errorValue("E_REVOKED", `the capability is ${capability.state}`);
  const call = capability.contract.calls[method];
  if (call === undefined) return errorValue("E_METHOD", "the capability has no such call");
  const found = checkArguments(call, tenant.core.scratch, length);
  chargeChecked(tenant, found);
  if ("why" in found) return badValue(found);
  const account = capability.account ?? tenant.account;
  if (!chargeCall(account, length)) return errorValue("E_QUOTA", "the account has no calls or bytes left");
  const sent = send(tenant, tenant.core.scratch, found, capability);
  return sent instanceof Uint8Array ? sent : { handle, method, at, capacity, length, sent, capability, account, call };
}

/** What a check looked at is paid for, whether it was accepted or not. */
const chargeChecked = (tenant: Tenant, checked: Checked): void =>
  chargeValue(tenant, "why" in checked ? checked.at : itemsSeen(), 0);

const badValue = (bad: BadValue): Uint8Array => errorValue("E_VALUE", `${bad.why}, at byte ${bad.at} of the value`);

/**
 * A call without arguments that is answered with nothing: checked and charged like all others, but nothing is made for
 * it. Undefined: it goes the long way.
 */
function callPlainly(tenant: Tenant, handle: number, method: number, at: number, capacity: number): number | undefined {
  const { scratch } = tenant.core;
  const capability = lookUp(tenant.clist, handle);
  const call = capability?.contract.calls[method];
  if (call === undefined || capability?.state !== "live" || tenant.onCall !== undefined || call.isPlain !== true)
    return undefined;
  const account = capability.account ?? tenant.account;
  if (!chargeCall(account, 0) || !isAffordable(tenant, 0)) return undefined;
  scratch[0] = NO_ARGUMENTS;
  const context = newContext(tenant, account, NOTHING_SENT);
  const reply = invoke(capability, method, scratch, 1, context);
  if (isNothing(reply) && capability.state === "live" && capacity > 0 && at >>> 0 < tenant.memory.length) {
    tenant.memory[at >>> 0] = NOTHING;
    return 1;
  }
  const called = { handle, method, at, capacity, length: 1 };
  return follow(tenant, { ...called, sent: NOTHING_SENT, capability, account, call }, reply, context);
}

const isNothing = (reply: Replying) => reply instanceof Uint8Array && reply.length === 1 && reply[0] === NOTHING;

/** Gate `call`: see stdlib/abi.ts. */
export function call(t: Tenant, handle: number, alleged: number, at: number, n: number, capacity: number): number {
  const method = alleged >>> 0;
  if (t.ending !== undefined) return refuse(t, "E_ENDED", "the domain is ending");
  if (method >= DESCRIBE) return ofHandle(t, { handle, method, at, capacity, length: 0 });
  const plainly = n === 0 ? callPlainly(t, handle, method, at, capacity) : undefined;
  if (plainly !== undefined) return plainly;
  const length = copyIn(t, at, n);
  if (length === undefined) return refuse(t, "E_BOUNDS", "the arguments do not lie in memory");
  if (!isAffordable(t, length)) return refuse(t, "E_ENDED", "the domain is ending");
  const called = { handle, method, at, capacity, length };
  const crossing = decodeCall(t, called);
  if (!(crossing instanceof Uint8Array)) return perform(t, crossing);
  observe(t, called, "refused", crossing);
  return fail(t, crossing);
}

// Methods that every handle has.
const [DESCRIBE, RELEASE] = [0xffff_fffe, 0xffff_ffff];

function ofHandle(tenant: Tenant, { handle, method, at, capacity }: Called): number {
  const capability = lookUp(tenant.clist, handle);
  // A reply may be waiting: an engine lets handles go as it collects garbage, at any moment.
  if (method === RELEASE) return drop(tenant.clist, handle) ? 0 : UNKNOWN;
  if (capability === undefined) return fail(tenant, NO_HANDLE);
  const bytes = description(capability.contract.calls);
  chargeValue(tenant, 0, bytes.length);
  if (!copyOut(tenant, at, capacity, bytes)) tenant.waiting = bytes;
  return bytes.length;
}

function perform(tenant: Tenant, crossing: Crossing): number {
  const { capability, account, method, length, sent } = crossing;
  const context = newContext(tenant, account, sent);
  const reply = invoke(capability, method, tenant.core.scratch, length, context);
  return follow(tenant, crossing, reply, context);
}

type Context = CallContext & { dropped: (() => void) | undefined };

function newContext({ id: domain, owner }: Tenant, account: Account, { capabilities, found }: Sent): Context {
  const onDropped = (task: () => void): void => {
    const before = context.dropped;
    context.dropped = before === undefined ? task : () => [before(), task()];
  };
  const context: Context = { domain, owner, account, capabilities, found, dropped: undefined, onDropped };
  return context;
}

function invoke({ target }: Capability, method: number, bytes: Uint8Array, length: number, context: Context): Replying {
  try {
    return target(method, bytes, length, context);
  } catch {
    return BROKEN;
  }
}

/** What the guest hears of a reply: all of it, or that it is to wait. */
function follow(tenant: Tenant, crossing: Crossing, reply: Replying, context: Context): number {
  if (!(reply instanceof Promise)) return finish(tenant, crossing, reply);
  if (mayWait(tenant, crossing.capability, context.awaited))
    return (context.awaited ? AWAITED : PENDING) - wait(tenant, crossing, reply, () => context.dropped?.());
  context.dropped?.();
  reply.then(waste, () => undefined);
  return fail(tenant, crossing.capability.state === "live" ? BUSY : REVOKED);
}

const BUSY = errorValue("E_BUSY", "too many calls are in flight");

/** There is no room for so many more calls in flight. */
const isFull = ({ pending, limits, account }: Tenant, more: number): boolean =>
  pending.size + more > limits.inFlight || available(account, IN_FLIGHT) < more;

/**
 * A target may have revoked its own capability, or ended its caller: then nobody waits. The one call for which a guest
 * stands still is not in flight for it: it may be one too many, until it is known to take time.
 */
function mayWait(tenant: Tenant, { state }: Capability, isAwaited = false): boolean {
  if (state !== "live" || tenant.ending !== undefined || tenant.pending.size >= MAX_PENDING) return false;
  if (isAwaited ? tenant.pending.size > tenant.limits.inFlight : isFull(tenant, 1)) return false;
  adjust(tenant.account, IN_FLIGHT, 1);
  return true;
}

/** Keeps a call that goes on; returns its token. */
function wait(tenant: Tenant, crossing: Crossing, reply: Promise<Reply>, dropCall: () => void): number {
  const { capability } = crossing;
  const token = tenant.nextToken++ % TOKENS;
  const isWanted = (): boolean => {
    capability.inFlight?.delete(stop);
    if (!capability.isHeld) release(capability);
    if (!tenant.pending.delete(token)) return false;
    adjust(tenant.account, IN_FLIGHT, -1);
    return tenant.ending === undefined;
  };
  const stop = (why = REVOKED): void => {
    if (!isWanted()) return;
    dropCall();
    deliver(tenant, completionMessage(token, false, why));
  };
  const settle = (given: Reply): void => {
    const { later } = Object(given) as Partial<Failure>; // it may be nothing at all
    if (later instanceof Promise) {
      if (isFull(tenant, 0)) stop(BUSY);
      else if (tenant.pending.has(token)) deliver(tenant, completionMessage(token, null, UNDEFINED));
      return void later.then(settle, () => settle(BROKEN));
    }
    if (!isWanted()) return waste(given);
    // No longer in flight before it may be broken: breaking ends what is.
    const { ok, value } = conclude(tenant, crossing, given, true);
    deliver(tenant, completionMessage(token, ok, value));
  };
  tenant.pending.set(token, dropCall);
  capability.inFlight = (capability.inFlight ?? new Set()).add(stop);
  reply.then(settle, () => settle(BROKEN));
  observe(tenant, crossing, "pending");
  return token;
}

/** Lets go what a reply alone holds. A host keeps its capability: it may find it unused now. */
function waste(reply: Reply): void {
  const { capabilities = NONE, found } = Object(reply) as Partial<Parcel>;
  for (const capability of capabilities) release(found === undefined ? derive(capability) : capability);
}

/** What a target that throws has answered: nothing that any contract allows. */
const BROKEN = { failed: undefined } as unknown as Failure;

type Judged = Sent & { readonly ok: boolean; readonly value: Uint8Array; readonly items: number };

/** What a reply is if its contract allows it, else the error that the caller gets for a broken target. */
function judge({ capability, call }: Crossing, reply: Reply | undefined): Judged {
  const whole: Partial<Parcel & Failure> = reply instanceof Uint8Array ? { value: reply } : Object(reply);
  const { capabilities = NONE, failed } = whole;
  const ok = failed === undefined;
  const value = (ok ? whole.value : failed) as Uint8Array;
  // What comes from a domain was checked when it answered.
  const found = whole.found ?? checkReply(call, value, ok);
  const items = whole.found === undefined ? itemsSeen() : 1;
  const wrong = "why" in found ? found : wrongHandle(value, found, capabilities);
  if (wrong === undefined && capability.state === "live")
    return { items, found: found as readonly Found[], ok, value, capabilities };
  cut(capability, "broken");
  const why = `the capability broke its contract with ${wrong?.why ?? "nothing"} and was revoked`;
  const error = capability.state === "revoked" ? REVOKED : errorValue("E_TARGET", why);
  return { ok: false, value: error, capabilities: NONE, found: NONE, items: 1 };
}

/** As most replies are: data of which there is nothing to tell but what it costs. Undefined: it must be judged. */
function judgeData({ capability, call }: Crossing, value: Reply): Judged | undefined {
  const isData = value instanceof Uint8Array && capability.state === "live";
  if (!isData || checkReply(call, value, true) !== NONE) return undefined;
  return { ok: true, value, capabilities: NONE, found: NONE, items: itemsSeen() };
}

/** A policy library may be buggy: what it says is a capability must be one, of the contract that is due. */
function wrongHandle(value: Uint8Array, found: readonly Found[], given: readonly Capability[]): BadValue | undefined {
  const isGood = ({ at, contract: { form } }: Found) => given[readU32(value, at)]?.contract.form === form;
  return found.every(isGood) ? undefined : { why: "a capability of another contract", at: 0 };
}

function finish(tenant: Tenant, crossing: Crossing, reply: Reply): number {
  const { ok, value } = conclude(tenant, crossing, reply, false);
  if (ok && copyOut(tenant, crossing.at, crossing.capacity, value)) return value.length;
  tenant.waiting = value.slice();
  return ok ? value.length : ERROR;
}

/** Judges and charges a reply, tells of it, and moves its capabilities into the caller's c-list. */
function conclude(tenant: Tenant, crossing: Crossing, reply: Reply, isLate: boolean): Pick<Judged, "ok" | "value"> {
  const judged = judgeData(crossing, reply) ?? judge(crossing, reply);
  const { ok, value, items, found, capabilities } = judged;
  chargeValue(tenant, items, value.length);
  tenant.bytes += value.length;
  adjust(crossing.account, BYTES_MOVED, value.length);
  observe(tenant, crossing, ok ? "done" : "failed", value, isLate);
  if (found.length === 0) return judged;
  const [bytes, given] = [value.slice(), capabilities.map((source) => derive(source, crossing.capability))];
  waste(reply);
  if (take(tenant, bytes, { found, capabilities: given })) return { ok, value: bytes };
  for (const capability of given) release(capability);
  return { ok: false, value: errorValue("E_BUSY", "the c-list is full: let handles go") };
}

const REVOKED = errorValue("E_REVOKED", "the capability was revoked");

function observe(tenant: Tenant, called: Called, decision: Decision, answer?: Uint8Array, isLate = false): void {
  if (tenant.onCall === undefined) return;
  const { handle, method, length: bytesIn } = called;
  const { name: contract = "?", calls } = lookUp(tenant.clist, handle)?.contract ?? {};
  const [call, bytesOut] = [calls?.[method]?.name ?? `#${method}`, answer?.length ?? 0];
  tenant.onCall({ domain: tenant.id, handle, contract, call, decision, bytesIn, bytesOut, answer, isLate });
}

/** Gate `reply`. */
export function reply(tenant: Tenant, at: number, capacity: number): number {
  const { waiting } = tenant;
  if (waiting === undefined) return NOTHING_WAITS;
  if (copyOut(tenant, at, capacity, waiting)) tenant.waiting = undefined;
  return waiting.length;
}

/** Gate `receive`. */
export function receive(tenant: Tenant, at: number, capacity: number, wait: number): number {
  const message = tenant.inbox[0];
  if (message === undefined && wait === 0) return EMPTY;
  if (message === undefined) return announceWait(tenant) ? PARK : CANNOT_WAIT;
  if (!copyOut(tenant, at, capacity, message)) return message.length;
  tenant.inbox.shift();
  tenant.inboxBytes -= message.length;
  chargeValue(tenant, 0, message.length * 8);
  return message.length;
}

/** Gate `answer`: the guest answers a request, once. What its contract does not allow ends it. */
export function answer(tenant: Tenant, token: number, ok: number, at: number, length: number): number {
  const request = tenant.requests.get(token >>> 0);
  if (request === undefined || tenant.ending !== undefined) return UNKNOWN;
  const copied = copyIn(tenant, at, length);
  if (copied === undefined) return UNKNOWN;
  const bytes = tenant.core.scratch.slice(0, copied);
  tenant.requests.delete(token >>> 0);
  tenant.bytes += copied;
  renew(tenant);
  request.resolve(checkAnswer(tenant, request.call, ok === 1, bytes));
  return 0;
}

function checkAnswer(tenant: Tenant, call: CallContract | undefined, ok: boolean, bytes: Uint8Array): Answer {
  const checked = checkReply(call, bytes, ok);
  chargeChecked(tenant, checked);
  const sent = "why" in checked ? badValue(checked) : send(tenant, bytes, checked);
  if (!(sent instanceof Uint8Array)) return { kind: "answered", ok, bytes, ...sent };
  if (call === undefined) return { kind: "answered", ok: false, bytes: sent, ...NOTHING_SENT };
  const why = `broke the contract of ${call.name}: ${"why" in checked ? checked.why : "a handle it does not hold"}`;
  const ending = { kind: "refused", by: "contract", why } as const;
  end(tenant, ending);
  return { kind: "ended", ending };
}

/** Gate `grow`: what `memory.grow` becomes. */
export function grow(tenant: Tenant, allegedPages: number): number {
  const [old, more] = [tenant.pages.value, allegedPages >>> 0];
  if (more === 0) return old;
  if (old + more > tenant.limits.pages || !chargeAccount(tenant.account, MEMORY, more * PAGE)) return -1;
  if (!extend(tenant, old + more)) {
    adjust(tenant.account, MEMORY, -more * PAGE);
    // The host's state must not be visible as -1: the same program would see it here and not there.
    end(tenant, { kind: "exhausted", resource: "memory" });
    return -1;
  }
  tenant.pages.value = old + more;
  look(tenant);
  chargeFuel(tenant, more * PAGE_COST);
  return old;
}
