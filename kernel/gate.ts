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
import { type BadValue, completionMessage, errorValue } from "./cbor.ts";
import { type Entry, lookUp } from "./clist.ts";
import { type CallContract, checkArguments, checkResult } from "./contract.ts";
import { announceWait, chargeFuel, deliver, end, mayPark, type Tenant } from "./domain.ts";
import { PAGE_COST } from "./fuel.ts";
import { MAX_PENDING, MAX_VALUE_BYTES } from "./limits.ts";
import { PARK } from "./trampolines.ts";
import type { CallContext, Failure, Reply } from "./types.ts";

const ERROR = -1;
const PENDING = -16;
const [NOTHING_WAITS, EMPTY, CANNOT_WAIT, UNKNOWN] = [-1, -1, -2, -1];

/** Bytes of scratch space that stay between calls. */
const KEPT_SCRATCH = 65_536;

/** Items and bytes that the charge in the trampoline covers. */
const FREE_WORK = 1_000;
const work = (items: number, bytes: number): number => items * 64 + (bytes >>> 2);

function chargeValue(tenant: Tenant, items: number, bytes: number): void {
  const cost = work(items, bytes);
  if (cost > FREE_WORK) chargeFuel(tenant, cost);
}

/** Copies [at, at + length) of the guest's memory, for fuel; undefined if it does not lie there. */
function copyIn(tenant: Tenant, allegedAt: number, allegedLength: number): number | undefined {
  const [at, length] = [allegedAt >>> 0, allegedLength >>> 0];
  if (length > MAX_VALUE_BYTES || at + length > tenant.memory.length) return undefined;
  chargeValue(tenant, 0, length);
  if (length > tenant.core.scratch.length) tenant.core.scratch = new Uint8Array(length);
  else if (tenant.core.scratch.length > KEPT_SCRATCH && length < KEPT_SCRATCH)
    tenant.core.scratch = new Uint8Array(KEPT_SCRATCH);
  const { memory } = tenant;
  const { scratch } = tenant.core;
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

/** A call that may be made, and where its reply goes. */
interface Crossing {
  readonly entry: Entry;
  readonly call: CallContract;
  readonly method: number;
  readonly at: number;
  readonly capacity: number;
  readonly length: number;
}

function decodeCall(
  tenant: Tenant,
  allegedHandle: number,
  allegedMethod: number,
  at: number,
  capacity: number,
  length: number,
): Crossing | Uint8Array {
  const entry = lookUp(tenant.clist, allegedHandle);
  if (entry === undefined) return errorValue("E_HANDLE", "no such capability");
  if (entry.state !== "live") return errorValue("E_REVOKED", `the capability is ${entry.state}`);
  const method = allegedMethod >>> 0;
  const call = entry.capability.contract.calls[method];
  if (call === undefined) return errorValue("E_METHOD", "the capability has no such call");
  const items = checkArguments(call, tenant.core.scratch, length);
  chargeItems(tenant, items);
  return typeof items === "number" ? { entry, call, method, at, capacity, length } : badValue(items);
}

/** What a check looked at is paid for, whether it was accepted or not. */
const chargeItems = (tenant: Tenant, items: number | BadValue): void =>
  chargeValue(tenant, typeof items === "number" ? items : items.at, 0);

const badValue = (bad: BadValue): Uint8Array => errorValue("E_VALUE", `${bad.why}, at byte ${bad.at} of the value`);

/** Gate `call`: see stdlib/abi.ts. */
export function call(
  tenant: Tenant,
  handle: number,
  method: number,
  at: number,
  length: number,
  capacity: number,
): number {
  if (tenant.ending !== undefined) return refuse(tenant, "E_ENDED", "the domain is ending");
  const copied = copyIn(tenant, at, length);
  if (copied === undefined) return refuse(tenant, "E_BOUNDS", "the arguments do not lie in memory");
  if (!isAffordable(tenant, copied)) return refuse(tenant, "E_ENDED", "the domain is ending");
  const crossing = decodeCall(tenant, handle, method, at, capacity, copied);
  if (!(crossing instanceof Uint8Array)) return perform(tenant, crossing);
  observe(tenant, handle, method, "refused", copied, 0);
  return fail(tenant, crossing);
}

function perform(tenant: Tenant, crossing: Crossing): number {
  const { entry, method, length } = crossing;
  let dropped: (() => void) | undefined;
  const context: CallContext = {
    domain: tenant.id,
    onDropped: (task) => {
      dropped = task;
    },
  };
  let reply: Reply | Promise<Reply>;
  try {
    reply = entry.capability.target(method, tenant.core.scratch, length, context);
  } catch {
    return fail(tenant, breakEntry(tenant, crossing));
  }
  if (!(reply instanceof Promise)) return finish(tenant, crossing, reply);
  if (!(tenant.pending.size < tenant.limits.inFlight && tenant.pending.size < MAX_PENDING)) {
    dropped?.();
    reply.catch(() => undefined);
    return refuse(tenant, "E_BUSY", "too many calls are in flight");
  }
  const token = tenant.nextToken;
  tenant.nextToken = (token + 1) & 0x3fff_ffff;
  tenant.pending.set(token, { handle: entry.handle, drop: () => dropped?.() });
  observe(tenant, entry.handle, method, "pending", length, 0);
  const settle = (value: Reply): void => complete(tenant, crossing, token, value);
  reply.then(settle, () => settle({ failed: breakEntry(tenant, crossing) }));
  return PENDING - token;
}

function breakEntry(tenant: Tenant, { entry, method, length }: Crossing): Uint8Array {
  entry.state = entry.state === "live" ? "broken" : entry.state;
  observe(tenant, entry.handle, method, "failed", length, 0);
  return errorValue("E_TARGET", "the capability broke its contract and was revoked");
}

interface Judged {
  readonly ok: boolean;
  readonly bytes: Uint8Array;
  readonly items: number;
}

/** The bytes of a reply if its contract allows them, else the error that the caller gets for a broken target. */
function judge({ entry, call }: Crossing, reply: Reply): Judged {
  const ok = reply instanceof Uint8Array;
  const bytes = ok ? reply : (reply as Failure | undefined)?.failed;
  const items = bytes instanceof Uint8Array ? checkResult(call, bytes) : { why: "no value", at: 0 };
  if (typeof items === "number") return { ok, bytes: bytes as Uint8Array, items };
  entry.state = "broken";
  return {
    ok: false,
    bytes: errorValue("E_TARGET", `the capability answered with ${items.why} and was revoked`),
    items: 1,
  };
}

function finish(tenant: Tenant, crossing: Crossing, reply: Reply): number {
  const { entry, method, at, capacity, length } = crossing;
  const { ok, bytes, items } = judge(crossing, reply);
  chargeValue(tenant, items, bytes.length);
  tenant.bytes += bytes.length;
  observe(tenant, entry.handle, method, ok ? "done" : "failed", length, bytes.length);
  if (ok && copyOut(tenant, at, capacity, bytes)) return bytes.length;
  tenant.waiting = bytes.slice();
  return ok ? bytes.length : ERROR;
}

/** A pending call has ended. What nobody wants any more is dropped. */
function complete(tenant: Tenant, crossing: Crossing, token: number, reply: Reply): void {
  if (tenant.ending !== undefined || !tenant.pending.delete(token)) return;
  const revoked = crossing.entry.state === "revoked";
  const { ok, bytes } = revoked ? { ok: false, bytes: REVOKED } : judge(crossing, reply);
  tenant.bytes += bytes.length;
  deliver(tenant, completionMessage(token, ok, bytes));
}

const REVOKED = errorValue("E_REVOKED", "the capability was revoked");

/** Cuts an entry: no call of it begins any more, and those in flight answer at once. */
export function revoke(tenant: Tenant, handle: number): void {
  const entry = lookUp(tenant.clist, handle);
  if (entry?.state !== "live") return;
  entry.state = "revoked";
  for (const [token, pending] of tenant.pending) {
    if (pending.handle !== handle) continue;
    tenant.pending.delete(token);
    pending.drop();
    deliver(tenant, completionMessage(token, false, REVOKED));
  }
}

function observe(
  tenant: Tenant,
  handle: number,
  method: number,
  decision: "done" | "failed" | "pending" | "refused",
  bytesIn: number,
  bytesOut: number,
): void {
  if (tenant.onCall === undefined) return;
  const contract = lookUp(tenant.clist, handle)?.capability.contract;
  const name = contract?.calls[method >>> 0]?.name ?? `#${method >>> 0}`;
  tenant.onCall({
    domain: tenant.id,
    handle,
    contract: contract?.name ?? "?",
    call: name,
    decision,
    bytesIn,
    bytesOut,
  });
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
  if (message === undefined) return wait === 0 ? EMPTY : waitForMessage(tenant);
  if (!copyOut(tenant, at, capacity, message)) return message.length;
  tenant.inbox.shift();
  tenant.inboxBytes -= message.length;
  chargeValue(tenant, 0, message.length * 8);
  return message.length;
}

function waitForMessage(tenant: Tenant): number {
  if (tenant.ending !== undefined || !mayPark(tenant)) return CANNOT_WAIT;
  announceWait(tenant);
  return PARK;
}

/** Gate `answer`: the guest answers a request, once. */
export function answer(tenant: Tenant, token: number, ok: number, at: number, length: number): number {
  const resolve = tenant.requests.get(token >>> 0);
  if (resolve === undefined || tenant.ending !== undefined) return UNKNOWN;
  const copied = copyIn(tenant, at, length);
  if (copied === undefined) return UNKNOWN;
  const bytes = tenant.core.scratch.slice(0, copied);
  const items = checkResult(ANSWER, bytes);
  tenant.requests.delete(token >>> 0);
  tenant.bytes += copied;
  chargeItems(tenant, items);
  const good = typeof items === "number";
  resolve({ kind: "answered", ok: good && ok === 1, bytes: good ? bytes : badValue(items) });
  return 0;
}

const ANSWER: CallContract = { name: "answer", takes: { most: 1, each: "any" }, gives: "any", refuses: "any" };

/** Gate `grow`: what `memory.grow` becomes. The virtual size and the real size are one. */
export function grow(tenant: Tenant, allegedPages: number): number {
  const [old, more] = [tenant.pages.value, allegedPages >>> 0];
  if (more === 0) return old;
  if (old + more > tenant.limits.pages) return -1;
  try {
    tenant.frame.memory.grow(more);
  } catch {
    // The host's state must not be visible as -1: the same program would see it here and not there.
    end(tenant, { kind: "exhausted", resource: "memory" });
    return -1;
  }
  tenant.pages.value = old + more;
  tenant.memory = new Uint8Array(tenant.frame.memory.buffer);
  chargeFuel(tenant, more * PAGE_COST);
  return old;
}
