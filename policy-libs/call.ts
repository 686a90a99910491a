// The call that a host function serves: its signal, and what makes it wait for people.
//
// A call is known while its function runs, not after its first `await`. Whoever waits and then calls on takes a scope
// before and goes on in it, so that signal and account of the call still belong to what is called then.
import { refusal } from "./attenuate/refusal.ts";

/** What policy libraries use of an AbortSignal, which is a name of hosts and of no ECMAScript library. */
export interface CallSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare const AbortController: new () => { readonly signal: CallSignal; abort(reason?: unknown): void };

const NEVER: CallSignal = new AbortController().signal;
let current: CallSignal = NEVER;

/** Fires when the guest has ended or the capability was revoked. Ask before the first `await`. */
export const signal = (): CallSignal => current;

/** Runs `task` as part of the running call, under a signal that fires earlier than the call's own. */
export function underSignal<T>(narrower: CallSignal, task: () => T): T {
  const before = current;
  current = narrower;
  try {
    return task();
  } finally {
    current = before;
  }
}

export interface CallScope {
  readonly signal: CallSignal;
  /** Runs `task` as if the call had not waited. */
  readonly run: <T>(task: () => T) => T;
}

/** The running call, for going on after an `await`. Ask before it. */
export function scope(): CallScope {
  const mine = current;
  return { signal: mine, run: (task) => underSignal(mine, task) };
}

/** What a person is asked. */
export interface Interrupt {
  readonly capability: string;
  readonly call: string;
  readonly args: readonly unknown[];
}

/** Ends the run as `interrupted`; the promise settles with the answer when the run is resumed. */
export const interrupt = async (_question: Interrupt): Promise<unknown> => {
  throw refusal("E_DENIED", "this run cannot be interrupted");
};
