// Capabilities as the kernel has them, and as host functions and embedders do: a Granted. Each has its other side, made
// once, so that what comes back is known again.
import {
  type CallContext,
  type CallContract,
  type Capability,
  checkArguments,
  checkReply,
  cut,
  newCapability,
  type Reply,
  release,
  type Target,
} from "../kernel/index.ts";
import { type CallMode, capability, type Granted, type HostFunction, unused } from "../policy-libs/index.ts";
import { CordonError } from "./errors.ts";
import { asError } from "./result.ts";
import { newTarget, type Passing, type TargetParts } from "./target.ts";
import { decodeParcel, decodeValue, encodeParcel } from "./values.ts";

const powers = new WeakMap<Granted, Capability>();
/** Weakly, for a capability lives in the kernel as long as somebody holds it: here that is the embedder's side. */
const facades = new WeakMap<Capability, WeakRef<Granted>>();
const dropped = new FinalizationRegistry<Capability>(release);

const passing: Passing = { toCapability: powerOf, toObject: facadeOf };

export const hostTarget = (parts: TargetParts): Target => newTarget(parts, passing);

/** The functions of a Granted, in the order of its contract. */
export const bodiesOf = ({ contract, functions }: Granted): HostFunction[] =>
  contract.calls.map(({ name }) => functions[name] as HostFunction);

/** Guests that have been granted it and have not ended. */
const holders = new WeakMap<Granted, number>();

/** Counts one guest more that has it, until what is returned is called: with the last one it is unused. */
export function heldOnce(granted: Granted): () => void {
  holders.set(granted, (holders.get(granted) ?? 0) + 1);
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    const left = (holders.get(granted) ?? 1) - 1;
    holders.set(granted, left);
    if (left === 0) unused(granted);
  };
}

/** The kernel's side of a Granted. What a guest offered has it already: calls of it do not come by here again. */
export function powerOf(granted: Granted): Capability {
  const known = powers.get(granted);
  if (known !== undefined) return known;
  const { contract, caretaker } = granted;
  const target = hostTarget({ name: contract.name, contract, functions: bodiesOf(granted) });
  const made = newCapability(contract, target, caretaker === undefined ? [] : [caretaker]);
  // What it keeps open is closed when no guest has it any more.
  made.onUnused = () => unused(granted);
  powers.set(granted, made);
  return made;
}

/** Was it made by a guest, so that its calls need time? */
export const isOfGuest = (granted: Granted): boolean => {
  const power = powers.get(granted);
  return power !== undefined && facades.get(power)?.deref() === granted;
};

/** The embedder's side of a capability: functions that call it, asynchronous all of them. */
export function facadeOf(power: Capability): Granted {
  const known = facades.get(power)?.deref();
  if (known !== undefined) return known;
  const { contract } = power;
  const functions = contract.calls.map(({ name }, method): [string, HostFunction] => [
    name,
    (...args: unknown[]) => callOut(power, method, args),
  ]);
  // A guest answers when it can: what is not to be awaited parks the caller.
  const waits = contract.calls
    .filter(({ mode }) => mode === "sync")
    .map(({ name }): [string, CallMode] => [name, "blocking"]);
  const made = capability(contract, Object.fromEntries(functions), Object.fromEntries(waits), power);
  facades.set(power, new WeakRef(made));
  dropped.register(made, power);
  powers.set(made, power);
  return made;
}

const refusal = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/** Calls a capability from the host, under its contract. Rejects with what it refuses. */
async function callOut(power: Capability, method: number, args: readonly unknown[]): Promise<unknown> {
  if (power.state !== "live") throw refusal("E_REVOKED", `the capability is ${power.state}`);
  const call = power.contract.calls[method] as CallContract;
  const { value, capabilities } = encodeParcel(args, call.name, powerOf);
  const found = checkArguments(call, value, value.length);
  if ("why" in found) throw new CordonError("E_VALUE", `${call.name}: ${found.why}`);
  const drops: (() => void)[] = [];
  const context: CallContext = {
    ...{ domain: 0, owner: undefined, account: power.account, capabilities, found },
    onDropped: (task) => void drops.push(task),
  };
  const drop = (): void => {
    for (const task of drops) task();
  };
  const reply = await untilCut(power, power.target(method, value, value.length, context), drop);
  return read(power, call, reply);
}

/** Revocation answers at once what is in flight. */
function untilCut(power: Capability, reply: Reply | Promise<Reply>, drop: () => void): Reply | Promise<Reply> {
  if (!(reply instanceof Promise)) return reply;
  return new Promise((resolve, reject) => {
    const revoked = (): void => {
      drop();
      reject(refusal("E_REVOKED", "the capability was revoked"));
    };
    power.inFlight ??= new Set();
    power.inFlight.add(revoked);
    reply.then(resolve, reject).finally(() => power.inFlight?.delete(revoked));
  });
}

function read(power: Capability, call: CallContract, reply: Reply): unknown {
  if ("failed" in reply) throw asError(decodeValue(reply.failed));
  const { value, capabilities, found } =
    reply instanceof Uint8Array ? { value: reply, capabilities: [], found: undefined } : reply;
  // What comes from a domain was checked when it answered.
  const checked = found === undefined ? checkReply(call, value, true) : undefined;
  if (checked !== undefined && "why" in checked) {
    cut(power, "broken");
    throw refusal("E_TARGET", `the capability answered with ${checked.why} and was revoked`);
  }
  return decodeParcel(value, value.length, capabilities, facadeOf);
}
