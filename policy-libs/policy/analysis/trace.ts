// From the steps of an exploration to events, run on the reference semantics: what is reported has happened there.
//
// Invariants
//   F1  A trace that is confirmed is a history of the policy in force, event by event, and its last event is what was
//       asked for, as the reference semantics decides it.
//   F2  A trace that is not tells which test of the past came out otherwise than it was taken to.
import { edit } from "../edits.ts";
import { eventArguments } from "../event.ts";
import { judge } from "../past.ts";
import { decideByHistory, momentOf } from "../reference.ts";
import type { Datum, Decision, Joined, PolicyEvent } from "../resolved.ts";
import type { Argument } from "../vocabulary.ts";
import type { Lab, Past } from "./lab.ts";
import type { Data, Step } from "./node.ts";
import { relationOf, valuesIn } from "./past.ts";
import type { Register } from "./registers.ts";
import { whole } from "./whole.ts";
import { isOther, type Read, type Relation, type Value } from "./world.ts";
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

type Place = Pick<PolicyEvent, "domain" | "capability" | "tenant">;

/** Whom an event happens to: `number` tells others apart. */
function placeOf(own: Place, relation: Relation, number: number): Place {
  const other = 1_000 + number;
  return {
    domain: relation === "domain" || relation === "tenant" ? other : own.domain,
    capability: relation === "same" ? own.capability : other,
    tenant: relation === "tenant" ? `tenant ${other}` : own.tenant,
  };
}
const OWN: Place = { domain: 1, capability: 1, tenant: "tenant 1" };

type Values = ReadonlyMap<Argument, Datum | undefined>;

/** What an event is of, and where. */
interface Made {
  readonly values: Values;
  readonly place: Place;
}
interface Call extends Made {
  readonly step: Step;
}

/**
 * Values that are not told apart get one each, used nowhere else; results those of the calls they answer. Others are one
 * other, or each somebody else.
 */
function madeOf(lab: Lab, steps: readonly Step[], isOneOther: boolean, past: Past): readonly Made[] | undefined {
  const used = new Set<Value>(steps.flatMap((step) => [...step.data.values()].filter((value) => !isOther(value))));
  for (const { data } of past.events) for (const value of data.values()) used.add(value);
  const open: Call[] = past.events.filter(({ kind }) => kind === "call").map((event) => callOf(event, past));
  const fresh = (argument: Argument, at: number): Datum | undefined => {
    const one = lab.tables.get(argument)?.classes[at];
    const value = one?.more(used.size + 1).find((each) => !used.has(each));
    used.add(value);
    return value;
  };
  const valued = (data: Data): Map<Argument, Datum | undefined> =>
    new Map([...data].map(([argument, value]) => [argument, isOther(value) ? fresh(argument, value.other) : value]));
  const all: Made[] = [];
  for (const [at, step] of steps.entries()) {
    if ((step.kind === "result" || step.kind === "failed") && !step.isOfHost) {
      const call = open.find((one) => isAnswered(one, step));
      if (call === undefined) return undefined;
      open.splice(open.indexOf(call), 1);
      const given = [...step.data].filter(([argument]) => !step.op.takes.includes(argument));
      all.push({ values: new Map([...call.values, ...valued(new Map(given))]), place: call.place });
    } else {
      const made: Made = { values: valued(step.data), place: placeOf(past.place, step.relation, isOneOther ? 0 : at) };
      if (step.kind === "call" && !step.isOfHost) open.push({ step, ...made });
      all.push(made);
    }
  }
  return all;
}

/** A call of the past. */
function callOf(event: PolicyEvent, { place }: Past): Call {
  const values = valuesIn(event) as Values;
  const relation = relationOf(event, place);
  const step: Step = {
    kind: "call",
    op: event.op,
    relation,
    isOfHost: false,
    data: values,
    awaited: [],
    reads: [],
    ages: [],
    isAttempt: false,
    isApproved: undefined,
  };
  return { step, values, place: event };
}

/** A result's step has of its call's arguments those that matter, and the call's step has all. */
const isAnswered = ({ step: call }: Call, { op, relation, data, awaited }: Step): boolean =>
  call.op === op &&
  call.relation === relation &&
  awaited.every((argument) => isEqual(call.data.get(argument), data.get(argument)));
const isEqual = (a: Value, b: Value): boolean => (isOther(a) && isOther(b) ? a.other === b.other : a === b);

/** With values that fit together. */
const fitting = (lab: Lab, { op }: Step, values: Values): Values | undefined =>
  whole(values, (argument) => (lab.tables.get(argument)?.classes.length ?? 0) > 1, op);

/** Under every name that an argument has in such an event. */
function dataOf(step: Step, values: Values): ReadonlyMap<string, Datum> {
  const { byName } = eventArguments(step.op, step.kind === "result" ? "result" : "call");
  const names = [...byName].map(([name, argument]) => [name, values.get(argument)] as const);
  const plain = [...values].map(([argument, value]) => [argument.name, value] as const);
  return new Map([...plain, ...names].filter((pair): pair is [string, Datum] => pair[1] !== undefined));
}

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
  if (event.kind === "refused") return isPerformed && !isAsked(decision) ? undefined : atOnce(event);
  if (!isPerformed) return undefined;
  const isApproved = event.kind === "call" && (isAsked(decision) || (hasCompany && step.isApproved === true));
  if (step.isApproved !== undefined && step.isApproved !== isApproved) return undefined;
  const approved: PolicyEvent = { ...event, kind: "approved" };
  return { events: isApproved ? [approved, event] : [event], wait: decision.wait };
}

const isFit = (one: { readonly values: Values | undefined; readonly place: Place }): one is Made =>
  one.values !== undefined;

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
    const fit = made.map((one, at) => ({ ...one, values: fitting(lab, steps[at] as Step, one.values) }));
    if (!fit.every(isFit)) return { kind: "failed", reason: "what follows from one argument does not fit another" };
    const next = run(replay, steps, fit);
    if (next.kind === "confirmed") return next;
    outcome ??= next;
  }
  return outcome ?? OTHERWISE;
}
