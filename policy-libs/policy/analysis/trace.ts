// From the steps of an exploration to events, run on the reference semantics: what is reported has happened there.
//
// Invariants
//   F1  A trace that is confirmed is a history of the policy in force, event by event, and its last event is what was
//       asked for, as the reference semantics decides it.
//   F2  A trace that is not tells which test of the past came out otherwise than it was taken to.
import { edit } from "../edits.ts";
import { judge } from "../past.ts";
import { decideByHistory, momentOf } from "../reference.ts";
import type { Decision, Joined, PolicyEvent } from "../resolved.ts";
import { settle } from "../settle.ts";
import type { Lab, Past } from "./lab.ts";
import { dataOf, type Made, madeOf, OWN } from "./made.ts";
import type { Step } from "./node.ts";
import type { Register } from "./registers.ts";
import { fitting } from "./whole.ts";
import type { Read } from "./world.ts";
import { earliest } from "./zone.ts";

/** What a decision makes of an event, where only the policy in force, and nobody else, is asked. */
export interface Replayed {
  readonly decision: Decision;
  /** Neither refused nor changed. */
  readonly isPerformed: boolean;
}

export function replay(policy: Joined, history: readonly PolicyEvent[], event: PolicyEvent): Replayed {
  const decision = decideByHistory(policy, history, event);
  const isPerformed = decision.refusal === undefined && edit(decision, event).by === undefined;
  return { decision, isPerformed };
}

export type Outcome =
  | { readonly kind: "confirmed"; readonly trace: readonly PolicyEvent[] }
  /** These came out otherwise. */
  | { readonly kind: "mistaken"; readonly registers: readonly Register[] }
  /** More calls gave something than were made. */
  | { readonly kind: "crowded" }
  | { readonly kind: "failed"; readonly reason: string };

function mistaken(history: readonly PolicyEvent[], event: PolicyEvent, reads: readonly Read[]): readonly Register[] {
  const wrong = reads.filter(({ cond, value, kind, isLate }) => {
    const before = isLate ? [...history, { ...event, kind: "approved" as const }] : history;
    return judge(momentOf(before, { ...event, kind }), cond) !== value;
  });
  return [...new Set(wrong.flatMap(({ registers }) => registers))];
}

const isAsked = ({ obligations }: Decision): boolean => obligations.some(({ rule }) => rule.effect.kind === "ask");

/** Who decides: the policy in force, and others if it has company. */
export interface Replay {
  readonly policy: Joined;
  readonly hasCompany: boolean;
  /** What is asked for, of the last event, after the history before it. */
  readonly isAskedFor: (history: readonly PolicyEvent[], event: PolicyEvent) => boolean;
  readonly past: Past;
}

/** Refused, as it is or as it is changed to; or somebody is asked, who may say no. */
function isRefusable(policy: Joined, history: readonly PolicyEvent[], event: PolicyEvent): boolean {
  const { decision } = settle((one) => decideByHistory(policy, history, one), { ...event, kind: "call" });
  return decision.refusal !== undefined || isAsked(decision);
}

interface Logged {
  readonly events: readonly PolicyEvent[];
  /** It has to be so much later. */
  readonly wait: number;
}
const atOnce = (...events: readonly PolicyEvent[]): Logged => ({ events, wait: 0 });

/** What the history says of the event; undefined: it cannot have happened. */
function logged({ policy, hasCompany }: Replay, history: readonly PolicyEvent[], event: PolicyEvent, step: Step) {
  if (step.isOfHost || event.kind === "failed") return atOnce(event);
  if (event.kind === "refused" && hasCompany) return atOnce(event);
  const { decision, isPerformed } = replay(policy, history, {
    ...event,
    kind: event.kind === "result" ? "result" : "call",
  });
  if (event.kind === "refused") return isRefusable(policy, history, event) ? atOnce(event) : undefined;
  if (!isPerformed) return undefined;
  const isApproved = event.kind === "call" && (isAsked(decision) || (hasCompany && step.isApproved === true));
  if (step.isApproved !== undefined && step.isApproved !== isApproved) return undefined;
  const approved: PolicyEvent = { ...event, kind: "approved" };
  return { events: isApproved ? [approved, event] : [event], wait: decision.wait };
}

const OTHERWISE: Outcome = { kind: "failed", reason: "a delay, or a mask, decides otherwise" };

function run(replay: Replay, steps: readonly Step[], made: readonly Made[]): Outcome {
  const { isAskedFor, past } = replay;
  const given = past.events.map(({ time }) => time);
  const all = earliest(
    given.length + steps.length,
    steps.flatMap(({ ages }) => ages),
    given,
  );
  if (all === undefined) return { kind: "failed", reason: "no times fit" };
  const times = all.slice(given.length);
  const history: PolicyEvent[] = [...past.events];
  let late = 0;
  for (const [at, step] of steps.entries()) {
    const { values, place } = made[at] as Made;
    const { kind, op, reads } = step;
    let event: PolicyEvent = { kind, op, data: dataOf(step, values), time: (times[at] as number) + late, ...place };
    const registers = mistaken(history, event, reads);
    if (registers.length > 0) return { kind: "mistaken", registers };
    if (step.isAttempt)
      return isAskedFor(history, event) ? { kind: "confirmed", trace: [...history, event] } : OTHERWISE;
    let log = logged(replay, history, event, step);
    if (log !== undefined && log.wait > 0 && log.wait < Infinity) {
      late += log.wait;
      event = { ...event, time: event.time + log.wait };
      log = logged(replay, history, event, step);
    }
    if (log === undefined || log.wait > 0) return OTHERWISE;
    if (at === steps.length - 1) {
      return isAskedFor(history, event) ? { kind: "confirmed", trace: [...history, event] } : OTHERWISE;
    }
    history.push(...log.events);
  }
  return OTHERWISE;
}

export const NO_PAST: Past = { events: [], place: OWN };

/** Has it happened? Others of the trace are everybody else, or one. */
export function confirm(lab: Lab, steps: readonly Step[], replay: Replay): Outcome {
  const hasOthers = steps.some(({ relation }) => relation !== "same");
  let outcome: Outcome | undefined;
  for (const isOneOther of hasOthers ? [false, true] : [true]) {
    const made = madeOf(lab, steps, isOneOther, replay.past);
    if (made === undefined) return { kind: "crowded" };
    const fit = fitting(lab, steps, made);
    if (fit === undefined) return { kind: "failed", reason: "what follows from one argument does not fit another" };
    const next = run(replay, steps, fit);
    if (next.kind === "confirmed") return next;
    outcome ??= next;
  }
  return outcome ?? OTHERWISE;
}
