// A caretaker (Redell 1974): stands before calls, can be cut once, and cuts off what is in flight.
//
// Invariants
//   V1  Once cut no call begins.
//   V2  A call that is in flight then answers at once; what becomes of it later reaches nobody, and its signal fires.
//   V3  It is final: nothing leads back to live.
//   V4  Cutting takes time for calls in flight, none for what was derived.
// Not promised: what a base has begun and goes on with although its signal fired.
import { currentCall, type Signal } from "../call.ts";
import { delivered } from "./dropped.ts";
import { isThenable } from "./membrane.ts";
import { type CommonCode, deny, refusal } from "./refusal.ts";
import { withSignal } from "./scope.ts";

interface Controller {
  readonly signal: Signal;
  abort(reason?: unknown): void;
}
// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const AbortController: new () => Controller;

export interface Caretaker {
  /** Why it is cut. */
  code: CommonCode | undefined;
  readonly inFlight: Set<Flight>;
  /** Asked before and after every call: the time to find out that it should be cut. */
  readonly look: () => void;
}

interface Flight {
  /** There once somebody asked for the signal. */
  controller: Controller | undefined;
  /** There once the caller waits. */
  reject: ((error: Error) => void) | undefined;
  over: () => void;
}

export const newCaretaker = (look: () => void = () => undefined): Caretaker => ({
  ...{ code: undefined, inFlight: new Set(), look },
});

export function cutOff(caretaker: Caretaker, code: CommonCode): void {
  if (caretaker.code !== undefined) return;
  caretaker.code = code;
  const error = refusal(code);
  const flights = [...caretaker.inFlight];
  // First all answers, then the signals: those who listen to them are not ours.
  for (const flight of flights) flight.reject?.(error);
  for (const flight of flights) {
    flight.over();
    flight.controller?.abort(error);
  }
}

function checkLive(caretaker: Caretaker): void {
  caretaker.look();
  if (caretaker.code !== undefined) deny(caretaker.code);
}

/** The signal of one flight, which also fires when the caller's does. */
function signalOf(flight: Flight, outer: Signal | undefined): Signal {
  if (flight.controller !== undefined) return flight.controller.signal;
  const controller = new AbortController();
  flight.controller = controller;
  const abort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) abort();
  outer?.addEventListener("abort", abort, { once: true });
  const { over } = flight;
  flight.over = () => {
    outer?.removeEventListener("abort", abort);
    over();
  };
  return controller.signal;
}

/** Makes a call that can be cut off. What answers at once still does. */
export function guarded(caretaker: Caretaker, call: () => unknown): unknown {
  checkLive(caretaker);
  const caller = currentCall();
  const flight: Flight = { controller: undefined, reject: undefined, over: () => caretaker.inFlight.delete(flight) };
  caretaker.inFlight.add(flight);
  let isPending = false;
  try {
    const value = withSignal(() => signalOf(flight, caller?.signal()), call);
    isPending = isThenable(value);
    if (isPending) return landing(caretaker, flight, value);
    // A call may cut what it came through: its own answer is dropped, too.
    return delivered(value, () => checkLive(caretaker));
  } catch (error) {
    checkLive(caretaker);
    throw error;
  } finally {
    if (!isPending) flight.over();
  }
}

/** What a pending call comes to, or the cut, whichever is first. */
function landing(caretaker: Caretaker, flight: Flight, value: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (value: unknown, task: () => void): void => {
      flight.over();
      try {
        delivered(value, () => checkLive(caretaker));
        task();
      } catch (error) {
        reject(error);
      }
    };
    flight.reject = reject;
    if (caretaker.code !== undefined) reject(refusal(caretaker.code));
    Promise.resolve(value).then(
      (result) => settle(result, () => resolve(result)),
      (error) => settle(undefined, () => reject(error)),
    );
  });
}
