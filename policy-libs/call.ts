// The call that a host function serves: who pays for it, and whether anybody still wants its result.
//
// Known while the function itself runs, not after its first `await`: ask before it. embed/ says which call it is.
import type { Account } from "../kernel/index.ts";

/** An AbortSignal, as far as every host has it. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
declare const AbortController: new () => { readonly signal: Signal };

/** A run that waits for somebody's decision, as a capability sees it. */
export type Interrupt = (question: unknown) => Promise<unknown>;

/** The call that a host function serves. */
export interface Call {
  readonly account: Account | undefined;
  /** Made when it is first asked for. */
  signal(): Signal;
  readonly interrupt: Interrupt | undefined;
}

let current: Call | undefined;

/** Begins a call; what is returned has to be given to `leave` when the function has returned. */
export function enter(call: Call): Call | undefined {
  const before = current;
  current = call;
  return before;
}

export function leave(before: Call | undefined): void {
  current = before;
}

/** Runs `task` as part of a call. */
export function within<T>(call: Call, task: () => T): T {
  const before = current;
  current = call;
  try {
    return task();
  } finally {
    current = before;
  }
}

/** The call that is being served, if any. */
export const currentCall = (): Call | undefined => current;

let never: Signal | undefined;

/** Fires when the guest has ended or the capability was revoked. Outside of a call it never does. */
export function signal(): Signal {
  if (current !== undefined) return current.signal();
  never ??= new AbortController().signal;
  return never;
}

/**
 * Stops the run with the status "interrupted" and this question, until somebody answers: resolves with the answer.
 * Rejects with E_DENIED where nobody can be asked.
 */
export function interrupt(question: unknown): Promise<unknown> {
  const ask = current?.interrupt;
  if (ask !== undefined) return ask(question);
  return Promise.reject(Object.assign(new Error("nobody can be asked here"), { code: "E_DENIED" }));
}
