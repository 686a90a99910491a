// A host function as the kernel calls it: bytes in, bytes out. Whatever the function does, the guest gets an answer.
//
// A throw becomes an error value with name, message, code and cause; a result that cannot cross becomes a TypeError
// E_VALUE with its path. What the contract says of either is the kernel's to check.
import type { CallContext, Capability, Contract, Failure, Parcel, Reply, Shape, Target } from "../kernel/index.ts";
import {
  type Call,
  currentCall,
  enter,
  type Granted,
  type HostFunction,
  hasHandle,
  type Interrupt,
  leave,
  takesHandle,
} from "../policy-libs/index.ts";
import { CordonError } from "./errors.ts";
import { decodeParcel, decodeValue, encodeParcel, encodeThrown, encodeValue } from "./values.ts";
import { type Watching, withRule } from "./watch.ts";

/** Counts calls of grants, and those in flight. */
export interface Meter {
  /** Counts one; false when the run may make no more, and is being ended. */
  take(): boolean;
  inFlight: number;
  /** Who watches these calls; null: nobody may, they are the engine's own. */
  watching?: Watching | null | undefined;
  /** Stops the run until somebody answers. */
  interrupt?: Interrupt | undefined;
}

/** Capabilities as the kernel has them and as host functions do. */
export interface Passing {
  readonly toCapability: (granted: Granted) => Capability;
  readonly toObject: (capability: Capability) => unknown;
}

const signals = new WeakMap<CallContext, AbortSignal>();

function signalOf(context: CallContext): AbortSignal {
  const known = signals.get(context);
  if (known !== undefined) return known;
  const controller = new AbortController();
  context.onDropped(() => controller.abort());
  signals.set(context, controller.signal);
  return controller.signal;
}

/**
 * An AbortSignal of the call that the running host function serves: it fires when the guest has ended or its capability
 * was revoked. Ask for it before the first `await`.
 */
export function callSignal(): AbortSignal {
  const call = currentCall();
  if (call === undefined) throw new CordonError("E_OPTION", "callSignal() outside of a host function's own call");
  return call.signal() as AbortSignal;
}

export function errorReply(name: string, message: string, code: string): Failure {
  const error = Object.assign(new Error(message), { name, code });
  return { failed: encodeValue(error).slice() };
}

/** What the function threw, as far as it can cross. */
export function failure(thrown: unknown): Failure {
  try {
    return withRule({ failed: encodeThrown(thrown).slice() }, thrown);
  } catch {
    return withoutRest(thrown);
  }
}

/** Its cause, say, is a live thing: name, message and code cross alone. */
function withoutRest(thrown: unknown): Failure {
  try {
    if (thrown instanceof Error) return bareFailure(thrown);
  } catch {
    return errorReply("Error", "the host function failed", "E_HOST"); // Asking what it is may throw: a proxy, say.
  }
  return errorReply("Error", "the host function threw something that is no error", "E_VALUE");
}

function bareFailure(thrown: Error): Failure {
  const { code } = thrown as { readonly code?: unknown };
  const bare = Object.assign(new Error(String(thrown.message)), { name: String(thrown.name) });
  return { failed: encodeValue(Object.assign(bare, code === undefined ? {} : { code })).slice() };
}

/** Makes a reply of a result; bytes are valid until the next crossing. */
type Encode = (value: unknown) => Uint8Array | Parcel;

function success(value: unknown, encode: Encode): Reply {
  try {
    return encode(value);
  } catch (error) {
    if (error instanceof CordonError) return errorReply("TypeError", error.message, error.code);
    throw error;
  }
}

const kept = (reply: Reply): Reply => (reply instanceof Uint8Array ? reply.slice() : reply);

const isThenable = (value: unknown): boolean =>
  typeof value === "object" && value !== null
    ? typeof (value as { then?: unknown }).then === "function"
    : typeof value === "function" && typeof (value as { then?: unknown }).then === "function";

/** `await` also catches what reading `then` or `constructor` throws. */
async function settle(value: unknown, meter: Meter, encode: Encode): Promise<Reply> {
  meter.inFlight++;
  let result: unknown;
  try {
    result = await value;
  } catch (thrown) {
    return failure(thrown);
  } finally {
    meter.inFlight--;
  }
  return kept(success(result, encode));
}

/** How the values of one call cross. */
interface Crossing {
  readonly decode: (bytes: Uint8Array, length: number, context: CallContext) => unknown;
  readonly encode: Encode;
}

/** A call that gives nothing gives nothing, whatever its function returns. */
const isNothing = (shape: Shape): boolean =>
  shape.kind === "exact" && shape.of.length === 1 && shape.of[0]?.[0] === 0xf7;

const plainly: Crossing["decode"] = (bytes, length) => decodeValue(bytes, length);
const asData: Encode = (value) => encodeValue(value, "result");
const NOTHING = encodeValue(undefined).slice();

function crossingOf(call: Contract["calls"][number], { toCapability, toObject }: Passing): Crossing {
  const decode: Crossing["decode"] = (bytes, length, { capabilities }) =>
    decodeParcel(bytes, length, capabilities, toObject);
  const encode: Encode = (value) => encodeParcel(value, "result", toCapability);
  const encodeResult = hasHandle(call.gives) ? encode : asData;
  return {
    decode: takesHandle(call) ? decode : plainly,
    encode: isNothing(call.gives) ? () => NOTHING : encodeResult,
  };
}

/** The call at hand, as policy libraries see it. One function for all: it asks the call itself. */
interface Served extends Call {
  readonly context: CallContext;
}
function signalHere(this: Served): AbortSignal {
  return signalOf(this.context);
}

/** A call that no host function serves yet, as policy libraries see it. */
export function contextCall(context: CallContext): Call {
  const { owner, account } = context;
  return { account, signal: () => signalOf(context), interrupt: isMeter(owner) ? owner.interrupt : undefined };
}

function invoke(
  fn: HostFunction,
  self: unknown,
  args: never[],
  context: CallContext,
  meter: Meter,
  encode: Encode,
): Reply | Promise<Reply> {
  const call: Served = { account: context.account, signal: signalHere, interrupt: meter.interrupt, context };
  const before = enter(call);
  try {
    const value: unknown = Reflect.apply(fn, self, args);
    return isThenable(value) ? settle(value, meter, encode) : success(value, encode);
  } catch (thrown) {
    return failure(thrown);
  } finally {
    leave(before);
  }
}

export interface TargetParts {
  readonly name: string;
  readonly contract: Contract;
  readonly functions: readonly HostFunction[];
  readonly self?: unknown;
  /** Undefined: whatever counts the calls of the domain that calls. */
  readonly meter?: Meter | undefined;
}

/** Counts and allows everything, and nobody is told. */
export const newMeter = (): Meter => ({ take: () => true, inFlight: 0, watching: null });

const isMeter = (owner: unknown): owner is Meter => typeof owner === "object" && owner !== null && "take" in owner;

/** Of a plain host function, whose contract names no number: they lie on the host's stack. */
const MAX_ARGUMENTS = 10_000;

/** One target for all calls of a contract; the method is the index. */
export function newTarget({ name, contract, functions, self, meter }: TargetParts, passing: Passing): Target {
  const crossings = contract.calls.map((call) => crossingOf(call, passing));
  const serve = (method: number, bytes: Uint8Array, length: number, context: CallContext, counter: Meter) => {
    if (!counter.take()) return errorReply("Error", "no calls are left", "E_ENDED");
    const fn = functions[method];
    const crossing = crossings[method];
    if (fn === undefined || crossing === undefined)
      return errorReply("Error", `${name} has no call ${method} of ${contract.calls.length}`, "E_METHOD");
    let args: unknown[];
    try {
      args = crossing.decode(bytes, length, context) as unknown[];
    } catch {
      return errorReply("TypeError", "the arguments are malformed", "E_VALUE");
    }
    if (args.length > MAX_ARGUMENTS) return errorReply("TypeError", "too many arguments", "E_VALUE");
    return invoke(fn, self, args as never[], context, counter, crossing.encode);
  };
  const target: Target = (method, bytes, length, context) => {
    const counter = meter ?? (isMeter(context.owner) ? context.owner : newMeter());
    // Whose call it is, is the caller's to tell, whoever granted what it calls.
    const watching = counter.watching === null || !isMeter(context.owner) ? counter.watching : context.owner.watching;
    if (!watching) return serve(method, bytes, length, context, counter);
    const asked = { target, name, contract, method, bytes, length, context };
    return watching.around(asked, () => serve(method, bytes, length, context, counter));
  };
  return target;
}
