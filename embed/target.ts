// A host function as the kernel calls it: bytes in, bytes out. Whatever the function does, the guest gets an answer.
//
// A throw becomes an error value with name, message, code and cause; a result that cannot cross becomes a TypeError
// E_VALUE with its path. Neither breaks the capability: only our own mistakes do.
import type { CallContext, Contract, Failure, Reply, Target } from "../kernel/index.ts";
import type { HostFunction } from "../policy-libs/index.ts";
import { CordonError } from "./errors.ts";
import { decodeValue, encodeThrown, encodeValue } from "./values.ts";
import type { Watching } from "./watch.ts";

/** Counts calls of grants, and those in flight. */
export interface Meter {
  /** Counts one; false when the run may make no more, and is being ended. */
  take(): boolean;
  inFlight: number;
  /** Who watches these calls. */
  readonly watching?: Watching | undefined;
}

/** The call that a host function is in. Set while the function itself runs, not after its first `await`. */
let current: CallContext | undefined;
const signals = new WeakMap<CallContext, AbortSignal>();

/**
 * An AbortSignal of the call that the running host function serves: it fires when the guest has ended or its capability
 * was revoked. Ask for it before the first `await`.
 */
export function callSignal(): AbortSignal {
  const context = current;
  if (context === undefined) throw new CordonError("E_OPTION", "callSignal() outside of a host function's own call");
  const known = signals.get(context);
  if (known !== undefined) return known;
  const controller = new AbortController();
  context.onDropped(() => controller.abort());
  signals.set(context, controller.signal);
  return controller.signal;
}

export function errorReply(name: string, message: string, code: string): Failure {
  const error = Object.assign(new Error(message), { name, code });
  return { failed: encodeValue(error).slice() };
}

/** What the function threw, as far as it can cross. */
export function failure(thrown: unknown): Failure {
  try {
    return { failed: encodeThrown(thrown).slice() };
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

/** Bytes of a result; valid until the next crossing. */
function success(value: unknown): Reply {
  try {
    return encodeValue(value, "result");
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
async function settle(value: unknown, meter: Meter): Promise<Reply> {
  meter.inFlight++;
  let result: unknown;
  try {
    result = await value;
  } catch (thrown) {
    return failure(thrown);
  } finally {
    meter.inFlight--;
  }
  return kept(success(result));
}

function invoke(
  fn: HostFunction,
  self: unknown,
  args: never[],
  context: CallContext,
  meter: Meter,
): Reply | Promise<Reply> {
  const before = current;
  current = context;
  try {
    const value: unknown = Reflect.apply(fn, self, args);
    return isThenable(value) ? settle(value, meter) : success(value);
  } catch (thrown) {
    return failure(thrown);
  } finally {
    current = before;
  }
}

/** One target for all calls of a contract; the method is the index. */
export function newTarget(
  name: string,
  contract: Contract,
  functions: readonly HostFunction[],
  self: unknown,
  meter: Meter,
): Target {
  const target: Target = (method, bytes, length, context) => {
    if (!meter.take()) return errorReply("Error", "no calls are left", "E_ENDED");
    const fn = functions[method];
    if (fn === undefined)
      return errorReply("Error", `${name} has no call ${method} of ${contract.calls.length}`, "E_METHOD");
    let args: unknown;
    try {
      args = decodeValue(bytes, length);
    } catch {
      return errorReply("TypeError", "the arguments are malformed", "E_VALUE");
    }
    return invoke(fn, self, args as never[], context, meter);
  };
  return meter.watching?.wrap(name, contract, target) ?? target;
}
