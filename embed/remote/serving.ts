// Calls from the other side of a passage, as the kernel serves those of its domains (kernel/gate.ts): looked up, checked,
// performed, judged.
import {
  type CallContext,
  type CallContract,
  type Capability,
  checkArguments,
  checkReply,
  cut,
  errorValue,
  type Failure,
  type Found,
  type Parcel,
  type Reply,
  type Replying,
  release,
} from "../../kernel/index.ts";
import { OP, REPLY, type Reference } from "./frame.ts";
import type { PassageParts } from "./passage.ts";
import { followAll, isFull, referTo, type Tables } from "./tables.ts";

/** What the other side asks for. */
export interface Alleged {
  readonly call: number;
  readonly id: number;
  readonly method: number;
  readonly atOnce: boolean;
  readonly references: readonly Reference[];
  readonly time: number | null;
}

/** What came of a call, for whoever watches. */
export interface Served {
  readonly id: number;
  readonly contract: string;
  readonly call: string;
  readonly decision: "done" | "failed" | "pending";
  readonly bytesIn: number;
  readonly answer: Uint8Array | undefined;
  readonly isLate: boolean;
}

interface Open {
  readonly asked: Alleged;
  readonly capability: Capability;
  readonly contract: CallContract;
  readonly bytesIn: number;
  readonly drops: (() => void)[];
}

export interface Serving extends PassageParts {
  readonly tables: Tables;
  readonly open: Map<number, Open>;
}

export const newServing = (parts: PassageParts & { readonly tables: Tables }): Serving => ({
  ...parts,
  open: new Map(),
});

const REVOKED: Failure = { failed: errorValue("E_REVOKED", "the capability was revoked") };
/** What a target that throws has answered: nothing that any contract allows. */
const BROKEN = { failed: undefined } as unknown as Failure;

interface Judged {
  readonly ok: boolean;
  readonly value: Uint8Array;
  readonly capabilities: readonly Capability[];
  /** The capability is to be cut, once its caller has heard why. */
  readonly isBroken: boolean;
}

const u32 = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

/** What is wrong with a reply, if anything is. What comes from a domain was checked when it answered. */
function wrongIn(contract: CallContract, reply: Partial<Parcel>, value: Uint8Array, ok: boolean): string | undefined {
  const { capabilities = [], found } = reply;
  const checked = found ?? checkReply(contract, value, ok);
  if ("why" in checked) return checked.why;
  const isGood = ({ at, contract: { form } }: Found): boolean => capabilities[u32(value, at)]?.contract.form === form;
  return checked.every(isGood) ? undefined : "a capability of another contract";
}

/** What a reply is if its contract allows it, else the error that the caller gets for a broken target. */
function judge({ capability, contract }: Open, reply: Reply): Judged {
  const whole: Partial<Parcel & Failure> = reply instanceof Uint8Array ? { value: reply } : Object(reply);
  const ok = !Object.hasOwn(whole, "failed");
  const value = (ok ? whole.value : whole.failed) as Uint8Array;
  const why = wrongIn(contract, whole, value, ok);
  if (why === undefined && capability.state === "live") {
    const { capabilities = [] } = whole;
    return { ok, value, capabilities: ok ? capabilities : [], isBroken: false };
  }
  const broken = errorValue("E_TARGET", `the capability broke its contract with ${why ?? "nothing"} and was revoked`);
  const error = capability.state === "revoked" ? REVOKED.failed : broken;
  return { ok: false, value: error, capabilities: [], isBroken: true };
}

function tell(serving: Serving, one: Open, decision: Served["decision"], answer?: Uint8Array, isLate = false): void {
  const { asked, capability, contract, bytesIn } = one;
  const names = { id: asked.id, contract: capability.contract.name, call: contract.name };
  serving.onServed?.({ ...names, decision, bytesIn, answer, isLate });
}

function answer(serving: Serving, one: Open, reply: Reply, isLate: boolean): void {
  if (!serving.open.delete(one.asked.call)) return;
  const { ok, value, capabilities, isBroken } = judge(one, reply);
  const isOurs = (reply as Partial<Parcel>).found !== undefined;
  const references = capabilities.map((each) => referTo(serving.tables, each, isOurs));
  serving.post(OP.REPLY, [one.asked.call, ok ? REPLY.VALUE : REPLY.FAILED, references], value);
  if (isBroken) cut(one.capability, "broken");
  tell(serving, one, ok ? "done" : "failed", value, isLate);
}

function drop({ drops }: Open): void {
  for (const task of drops.splice(0)) task();
}

/** Until it is answered, or its capability is cut: that answers it at once. */
function wait(serving: Serving, one: Open, reply: Promise<Reply>): void {
  const { capability, asked } = one;
  const revoked = (): void => {
    drop(one);
    answer(serving, one, REVOKED, true);
  };
  const settle = (given: Reply): void => {
    capability.inFlight?.delete(revoked);
    if (!capability.isHeld) release(capability);
    answer(serving, one, given, true);
  };
  capability.inFlight ??= new Set();
  capability.inFlight.add(revoked);
  if (asked.atOnce) serving.post(OP.REPLY, [asked.call, REPLY.LATER, []]);
  tell(serving, one, "pending");
  reply.then(settle, () => settle(BROKEN));
}

function attempt({ capability, asked }: Open, body: Uint8Array, context: CallContext): Replying {
  const { state } = capability;
  if (state !== "live") return { failed: errorValue("E_REVOKED", `the capability is ${state}`) };
  try {
    return capability.target(asked.method, body, body.length, context);
  } catch {
    return BROKEN;
  }
}

function perform(serving: Serving, one: Open, body: Uint8Array, context: CallContext): void {
  const reply = attempt(one, body, context);
  if (!(reply instanceof Promise)) return answer(serving, one, reply, false);
  if (one.capability.state === "live") return wait(serving, one, reply);
  drop(one); // its own target has revoked it
  answer(serving, one, REVOKED, false);
}

export function serve(serving: Serving, asked: Alleged, body: Uint8Array): void {
  const { tables, open, violated, mostCalls, caller } = serving;
  const capability = tables.given.get(asked.id)?.capability;
  const contract = capability?.contract.calls[asked.method];
  if (capability === undefined || contract === undefined) return violated("a call of what it was not given");
  if (serving.onTime?.(asked.time) === false) return violated("a time that is none");
  if (open.has(asked.call)) return violated("a call number that is in use");
  if (open.size >= mostCalls || isFull(tables)) return violated("more calls at once than it may make");
  const found = checkArguments(contract, body, body.length);
  if ("why" in found) return violated("arguments outside of their contract");
  const capabilities = followAll(tables, body, found, asked.references);
  if (capabilities === undefined) return violated("capabilities that it does not have");
  const one: Open = { asked, capability, contract, bytesIn: body.length, drops: [] };
  open.set(asked.call, one);
  const onDropped = (task: () => void): void => void one.drops.push(task);
  perform(serving, one, body, { ...caller, capabilities, found, onDropped });
}

/** Nobody wants the result. The reply goes all the same: every call is answered once. */
export function dropServed({ open }: Serving, call: number): void {
  const one = open.get(call);
  if (one !== undefined) drop(one);
}

export function closeServing({ open }: Serving): void {
  const all = [...open.values()];
  open.clear();
  for (const one of all) drop(one);
}
