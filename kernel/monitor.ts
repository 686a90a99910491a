// Security automata: the table that a policy compiles to, asked before every call of what is under the policy.
//
// A capability is watched by wrapping it as it enters the c-list of a domain under a policy. Whoever calls it then, the
// domain, another that got it from there, or the host, is judged; and so is what comes out of it.
//
// Invariants
//   MO1  No call of a watched capability reaches its target unless its table says ALLOW or its policy library has performed
//        it, nor after the capability was revoked or the caller has ended.
//   MO2  What a call of a watched capability gives is watched.
//   MO3  State lies outside the guest, and changes as a call is performed, before its target runs.
// Trust
//   Trusts clist.ts, contract.ts. Trusted by kernel.ts, passing.ts. Tables are policy libraries' work: a wrong one grants
//   too much or too little of what was granted to the domain, and cannot do anything else.
import { errorValue } from "./cbor.ts";
import { type Capability, newCapability } from "./clist.ts";
import { type CallContract, type Contract, checkArguments } from "./contract.ts";
import type { CallContext, Reply, Replying, Target } from "./types.ts";

/** What a table answers, if not the next state. Less: `refuse` knows why. */
const ASK = -1;
/** No event: the policy does not speak of the call. */
const UNNAMED = -1;

/** A call that the table does not decide. `bytes[0, length)` is scratch space until the judge returns. */
export type JudgedCall = Readonly<Record<"event" | "method" | "length", number>> &
  Readonly<{ capability: Capability; bytes: Uint8Array; context: CallContext }>;

/**
 * Calls the target, once, with arguments under the same contract; `commit` is called before, if the call is made. They
 * are copies: whoever judges may run others meanwhile, and the kernel's scratch space is theirs then.
 */
export type Perform = (bytes: Uint8Array, length: number, commit?: () => void) => Replying;

export interface Monitor {
  /** The state of the automaton is in the lowest bits of the first. What else is there is the policy library's. */
  readonly state: Int32Array;
  /** `table[event * states + state]`: the next state, if the call is performed; ASK; or why it is refused. */
  readonly table: Int16Array;
  /** A power of two, up to 2^15. */
  readonly states: number;
  /** Events of a contract's calls, by method; -1: unnamed. Undefined: nothing that it leads to is named. */
  readonly eventsOf: (contract: Contract, name: string) => Int32Array | undefined;
  /** The error value of a call that the table refuses. */
  readonly refuse: (event: number, answer: number) => Uint8Array;
  readonly judge: (call: JudgedCall, perform: Perform) => Replying;
  /** Told when `state` has changed. */
  readonly onChange: (() => void) | undefined;
}

const REVOKED: Reply = { failed: errorValue("E_REVOKED", "the capability was revoked") };

/** A capability whose calls the monitor judges, as events of `name`. The same one if it need not, or does already. */
function watched(monitor: Monitor | undefined, source: Capability, name = source.contract.name): Capability {
  if (monitor === undefined || source.monitors.includes(monitor)) return source;
  const events = monitor.eventsOf(source.contract, name);
  if (events === undefined) return source;
  const { contract, account, monitors } = source;
  const { state, table, states } = monitor;
  const target: Target = (method, bytes, length, context) => {
    const event = events[method] ?? UNNAMED;
    if (event !== UNNAMED) {
      const now = (state[0] as number) & (states - 1);
      const next = table[event * states + now] ?? ASK;
      if (next < ASK) return { failed: monitor.refuse(event, next) };
      if (next === ASK) return judge(monitor, { event, capability: made, method, bytes, length, context }, source);
      if (next !== now) {
        state[0] = (state[0] as number) - now + next;
        monitor.onChange?.();
      }
    }
    return watchReply(monitor, source.target(method, bytes, length, context));
  };
  const made = newCapability(contract, target, [source], { account, monitors: [...monitors, monitor] });
  return made;
}

function judge(monitor: Monitor, call: JudgedCall, source: Capability): Replying {
  const { capability, method, context } = call;
  let isWanted = true;
  context.onDropped(() => {
    isWanted = false;
  });
  return monitor.judge(call, (given, length, commit) => {
    if (!isWanted || capability.state !== "live") return REVOKED;
    isWanted = false;
    const found = checkArguments(source.contract.calls[method] as CallContract, given, length);
    if ("why" in found) return { failed: errorValue("E_DENIED", `a policy's change: ${found.why}`) };
    commit?.();
    return watchReply(monitor, source.target(method, given, length, { ...context, found }));
  });
}

function watchReply(monitor: Monitor, reply: Replying): Replying {
  if (reply instanceof Uint8Array) return reply;
  if (reply instanceof Promise) return reply.then((late) => watchReply(monitor, late) as Reply);
  if ("later" in reply && reply.later) return { ...reply, later: watchReply(monitor, reply.later) as Promise<Reply> };
  if (!("capabilities" in reply) || reply.capabilities.length === 0) return reply;
  // What a domain gives is given away; a host keeps what it gives.
  const pass = (given: Capability): Capability => {
    const made = reply.found === undefined ? watched(monitor, given) : handOver(monitor, given);
    if (made !== given) made.isHeld = false; // but by what is derived from it
    return made;
  };
  return { ...reply, capabilities: reply.capabilities.map(pass) };
}

/** Watched, for the one who held it. */
export function handOver(monitor: Monitor | undefined, source: Capability, name?: string): Capability {
  const made = watched(monitor, source, name);
  if (made !== source) source.isHeld = false;
  return made;
}
