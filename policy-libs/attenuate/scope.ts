// The running call, for what waits and then goes on: the base that is called after an `await` must still find the
// account that pays and the signal that ends it. Forgetting that would be a way around meters.
import { type Call, currentCall, type Signal, signal, within } from "../call.ts";

export interface Scope {
  readonly signal: Signal;
  /** Runs `task` as if the call had not waited. */
  readonly run: <T>(task: () => T) => T;
}

/** Ask before the first `await`. */
export function scope(): Scope {
  const call = currentCall();
  return { signal: signal(), run: (task) => (call === undefined ? task() : within(call, task)) };
}

/** Runs `task` as part of the running call, with another signal, which is made when it is asked for. */
export function withSignal<T>(ownSignal: () => Signal, task: () => T): T {
  const outer: Call | undefined = currentCall();
  return within({ account: outer?.account, interrupt: outer?.interrupt, signal: ownSignal }, task);
}
