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
  release,
} from "../../kernel/index.ts";
import { OP, type Reference, REPLY } from "./frame.ts";
import type { PassageParts } from "./passage.ts";
import type { Tables } from "./tables.ts";

/** What the other side asks for. */
export interface Alleged {
  readonly call: number;
  readonly id: number;
  readonly method: number;
  readonly atOnce: boolean;
  readonly references: readonly Reference[];
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

/** What a reply is if its contract allows it, else the error that the caller gets for a broken target. */
function judge({ capability, contract }: Open, reply: Reply): Judged {
  const whole: Partial<Parcel & Failure> = reply instanceof Uint8Array ? { value: reply } : Object(reply);
  const { capabilities = [], failed } = whole;
  const ok = failed === undefined && !Object.hasOwn(whole, "failed");
  const value = (ok ? whole.value : failed) as Uint8Array;
  const checked = whole.found === undefined ? checkReply(contract, value, ok) : { found: whole.found };
  const isGood = ({ at, contract: { form } }: Found): boolean => capabilities[u32(value, at)]?.contract.form === form;
  const why = "why" in checked ? checked.why : checked.found.every(isGood) ? undefined : "a capability of another contract";
  if (why === undefined && capability.state === "live") return { ok, value, capabilities: ok ? capabilities : [], isBroken: false };
  const broken = errorValue("E_TARGET", `the capability broke its contract with ${why ?? "nothing"} and was revoked`);
  return { ok: false, value: capability.state === "revoked" ? REVOKED.failed : broken, capabilities: [], isBroken: true };
}

export function newServing(parts: PassageParts & { readonly tables: Tables }) {
  const { post, violated, caller, mostCalls, tables, onServed } = parts;
  const open = new Map<number, Open>();

  function tell(one: Open, decision: Served["decision"], answer: Uint8Array | undefined, isLate: boolean): void {
    const { asked, capability, contract, bytesIn } = one;
    const [id, name] = [asked.id, contract.name];
    onServed?.({ id, contract: capability.contract.name, call: name, decision, bytesIn, answer, isLate });
  }

  function answer(one: Open, reply: Reply, isLate: boolean): void {
    if (!open.delete(one.asked.call)) return;
    const { ok, value, capabilities, isBroken } = judge(one, reply);
    const isOurs = (reply as Partial<Parcel>).found !== undefined;
    const references = capabilities.map((each) => tables.referTo(each, isOurs));
    post(OP.REPLY, [one.asked.call, ok ? REPLY.VALUE : REPLY.FAILED, references], value);
    if (isBroken) cut(one.capability, "broken");
    tell(one, ok ? "done" : "failed", value, isLate);
  }

  function drop({ drops }: Open): void {
    for (const task of drops.splice(0)) task();
  }

  /** Until it is answered, or its capability is cut: that answers it at once. */
  function wait(one: Open, reply: Promise<Reply>): void {
    const { capability, asked } = one;
    const revoked = (): void => {
      drop(one);
      answer(one, REVOKED, true);
    };
    const settle = (given: Reply): void => {
      capability.inFlight?.delete(revoked);
      if (!capability.isHeld) release(capability);
      answer(one, given, true);
    };
    capability.inFlight ??= new Set();
    capability.inFlight.add(revoked);
    if (asked.atOnce) post(OP.REPLY, [asked.call, REPLY.LATER, []]);
    tell(one, "pending", undefined, false);
    reply.then(settle, () => settle(BROKEN));
  }

  function perform(one: Open, body: Uint8Array, context: CallContext): void {
    const { capability, asked } = one;
    if (capability.state !== "live") {
      answer(one, { failed: errorValue("E_REVOKED", `the capability is ${capability.state}`) }, false);
      return;
    }
    let reply: Reply | Promise<Reply>;
    try {
      reply = capability.target(asked.method, body, body.length, context);
    } catch {
      reply = BROKEN;
    }
    if (!(reply instanceof Promise)) answer(one, reply, false);
    else if (capability.state === "live") wait(one, reply);
    else {
      drop(one);
      answer(one, REVOKED, false);
    }
  }

  return {
    serve(asked: Alleged, body: Uint8Array): void {
      const capability = tables.given(asked.id);
      const contract = capability?.contract.calls[asked.method];
      if (capability === undefined || contract === undefined) return violated("a call of what it was not given");
      if (open.has(asked.call)) return violated("a call number that is in use");
      if (open.size >= mostCalls || tables.isFull()) return violated("more calls at once than it may make");
      const checked = checkArguments(contract, body, body.length);
      if ("why" in checked) return violated("arguments outside of their contract");
      const capabilities = tables.followAll(body, checked.found, asked.references);
      if (capabilities === undefined) return violated("capabilities that it does not have");
      const one: Open = { asked, capability, contract, bytesIn: body.length, drops: [] };
      open.set(asked.call, one);
      const { found } = checked;
      perform(one, body, { ...caller, capabilities, found, onDropped: (task) => void one.drops.push(task) });
    },
    /** Nobody wants the result. The reply goes all the same: every call is answered once. */
    drop(call: number): void {
      const one = open.get(call);
      if (one !== undefined) drop(one);
    },
    close(): void {
      const all = [...open.values()];
      open.clear();
      for (const one of all) drop(one);
    },
  };
}
