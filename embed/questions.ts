// Questions that host functions put to whoever waits for the run: they wait here until the run is interrupted with them.
//
// Invariants
//   Q1  A question is settled once: with an answer, or because nobody wants one any more (its call was dropped: the
//       guest has ended, or the capability was revoked).
//   Q2  One question is shown at a time, the oldest first.
import { type Interrupt, signal } from "../policy-libs/index.ts";

export interface Question {
  readonly asked: unknown;
  /** Does nothing once nobody waits for it. */
  answer(value: unknown): void;
}

export interface Questions {
  /** What host functions call, as part of the call that they serve. */
  readonly ask: Interrupt;
  /** The oldest one, if there is any. */
  first(): Question | undefined;
  /** The one that was asked last. */
  last(): Question | undefined;
}

const dropped = (): Error => Object.assign(new Error("nobody waits for this call any more"), { code: "E_ENDED" });

/** `onAsked` hears of each question, as part of the call. */
export function newQuestions(onAsked: () => void): Questions {
  /** There are many sandboxes, and few that ask. */
  let open: Set<Question> | undefined;

  const ask: Interrupt = (asked) => {
    const call = signal();
    if (call.aborted) return Promise.reject(dropped());
    return new Promise((resolve, reject) => {
      const settle = (task: () => void): void => {
        if (open?.delete(question) !== true) return;
        call.removeEventListener("abort", leave);
        task();
      };
      const leave = (): void => settle(() => reject(dropped()));
      const question: Question = {
        asked,
        answer: (value) => settle(() => resolve(value)),
      };
      call.addEventListener("abort", leave, { once: true });
      open ??= new Set();
      open.add(question);
      onAsked();
    });
  };
  return { ask, first: () => open?.values().next().value, last: () => [...(open ?? [])].at(-1) };
}
