// Approval: somebody is asked before a call is made.
//
// Invariants
//   K1  No yes, no call: what throws, hangs, or is no decision is a no (E_DENIED).
//   K2  What was approved is what is called: asked with one copy of the arguments, called with another. Arguments that
//       the answer changes still fit the contract.
//   K3  Who asks too much is refused (E_BUSY): so many questions wait at once, each for so long.
//   K4  A guest that has gone, or a capability that was revoked, makes no call, whatever the late answer.
import { interrupt } from "../call.ts";
import type { Granted } from "../capability.ts";
import { type Clock, checkBound, checkNumber, REAL_CLOCK } from "./clock.ts";
import { copyOf } from "./copy.ts";
import { fitsArguments } from "./fits.ts";
import { type Args, type Crossing, membrane } from "./membrane.ts";
import { callKey, callNames } from "./names.ts";
import { deny, refusal } from "./refusal.ts";
import { requestOf, type SignalledRequest } from "./request.ts";
import { scope } from "./scope.ts";

/**
 * `always`: yes, and no question about this call any more. `interrupt`: the whole run ends as interrupted, and the answer
 * with which it is resumed is the decision.
 */
export type Decision =
  | "allow"
  | "deny"
  | "always"
  | "interrupt"
  | { readonly deny: string }
  | { readonly allow: true; readonly args?: readonly unknown[] };

/** Which calls are asked about, and how many questions may wait for how long. */
export interface AskOptions {
  /** The calls that are asked about. Default: all, those of handles too. */
  readonly calls?: readonly string[];
  /** Milliseconds until silence is a no. Default: five minutes. */
  readonly timeout?: number;
  /** Questions that may wait at once. Default: 100. */
  readonly waiting?: number;
  readonly clock?: Clock;
}

/** Not also of one that answers at once: TypeScript would then not take `async () => "allow"` for a decision. */
export type Decide = (request: SignalledRequest) => Promise<Decision>;

interface Asking {
  readonly decide: Decide;
  readonly timeout: number;
  readonly most: number;
  readonly clock: Clock;
  waiting: number;
  readonly always: Set<string>;
}

/** The answer, or a refusal when it is too late for one. */
function answerOf(asking: Asking, request: SignalledRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const tooLate = (): void => reject(refusal("E_DENIED", "nobody answered"));
    const gone = (): void => reject(refusal("E_REVOKED"));
    const stop = asking.clock.after(asking.timeout, tooLate);
    const settle = (task: () => void): void => {
      stop();
      request.signal.removeEventListener("abort", gone);
      task();
    };
    request.signal.addEventListener("abort", gone, { once: true });
    // In a turn of its own: a callback that throws at once is no other than one that throws later.
    Promise.resolve(request)
      .then(asking.decide)
      .then(
        (decision) => settle(() => resolve(decision)),
        () => settle(() => reject(refusal("E_DENIED", "nobody could be asked"))),
      );
  });
}

type Keys = Readonly<Record<string, unknown>>;

const hasOnly = (value: unknown, ...keys: readonly string[]): value is Keys =>
  typeof value === "object" && value !== null && Object.keys(value).every((key) => keys.includes(key));

/** The arguments to call with. Refuses whatever is no yes. */
function allowedArgs(asking: Asking, crossing: Crossing, args: Args, decision: unknown): Args {
  if (decision === "always") asking.always.add(callKey(crossing));
  if (decision === "allow" || decision === "always") return args;
  if (hasOnly(decision, "deny") && typeof decision["deny"] === "string") return deny("E_DENIED", decision["deny"]);
  if (hasOnly(decision, "allow", "args") && decision["allow"] === true) return changedArgs(crossing, args, decision);
  return deny("E_DENIED");
}

function changedArgs({ contract, call }: Crossing, args: Args, { args: given }: Keys): Args {
  if (given === undefined) return args;
  if (!Array.isArray(given)) return deny("E_DENIED");
  const copy = copyOf(given) as Args;
  return fitsArguments(contract, call, copy) ? copy : deny("E_DENIED", "the changed arguments break the contract");
}

async function askAndCall(asking: Asking, crossing: Crossing, next: (args: Args) => unknown): Promise<unknown> {
  const { signal, run } = scope();
  const args = copyOf(crossing.args);
  const question = requestOf(crossing);
  asking.waiting++;
  let decision: unknown;
  try {
    decision = await answerOf(asking, { ...question, signal });
    if (decision === "interrupt") decision = await run(() => interrupt(question));
  } finally {
    asking.waiting--;
  }
  if (signal.aborted) throw refusal("E_REVOKED");
  const allowed = allowedArgs(asking, crossing, args, decision);
  return run(() => next(allowed));
}

/** The capability, of which each call is made only after a yes. */
export function ask<G extends Granted>(granted: G, decide: Decide, options: AskOptions = {}): G {
  if (typeof decide !== "function") throw new TypeError("ask takes a function that decides");
  const { calls, timeout = 300_000, waiting = 100, clock = REAL_CLOCK } = options;
  const named = calls === undefined ? undefined : callNames(granted, calls);
  const most = checkBound(waiting, "waiting");
  const asking = {
    decide,
    timeout: checkNumber(timeout, "timeout"),
    most,
    clock,
    waiting: 0,
    always: new Set<string>(),
  };
  const isAsked = (crossing: Pick<Crossing, "contract" | "call">): boolean => named?.has(crossing) ?? true;
  return membrane(granted, {
    around: (crossing, next) => {
      if (!isAsked(crossing) || asking.always.has(callKey(crossing))) return next(crossing.args);
      if (asking.waiting >= asking.most) return deny("E_BUSY", "too many questions wait for an answer");
      return askAndCall(asking, crossing, next);
    },
    waits: isAsked,
  });
}
