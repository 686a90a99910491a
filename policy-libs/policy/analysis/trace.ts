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
import type { Lab } from "./lab.ts";
import type { Data, Step } from "./node.ts";
import type { Register } from "./registers.ts";
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
  | { readonly kind: "failed"; readonly reason: string };

const PLACES: Readonly<Record<Relation, Pick<PolicyEvent, "domain" | "capability" | "tenant">>> = {
  same: { domain: 1, capability: 1, tenant: "one" },
  capability: { domain: 1, capability: 2, tenant: "one" },
  domain: { domain: 2, capability: 3, tenant: "one" },
  tenant: { domain: 3, capability: 4, tenant: "two" },
};

type Values = ReadonlyMap<Argument, Datum | undefined>;

interface Call {
  readonly step: Step;
  readonly values: Values;
}

/** Values that are not told apart get one each, used nowhere else; results those of the calls they answer. */
function valuesOf(lab: Lab, steps: readonly Step[]): readonly Values[] | undefined {
  const used = new Set<Value>(steps.flatMap((step) => [...step.data.values()].filter((value) => !isOther(value))));
  const open: Call[] = [];
  const fresh = (argument: Argument, at: number): Datum | undefined => {
    const one = lab.tables.get(argument)?.classes[at];
    const value = one?.more(used.size + 1).find((each) => !used.has(each));
    used.add(value);
    return value;
  };
  const valued = (data: Data): Map<Argument, Datum | undefined> =>
    new Map([...data].map(([argument, value]) => [argument, isOther(value) ? fresh(argument, value.other) : value]));
  const all: Values[] = [];
  for (const step of steps) {
    if ((step.kind === "result" || step.kind === "failed") && !step.isOfHost) {
      const call = open.find((one) => isAnswered(one, step));
      if (call === undefined) return undefined;
      open.splice(open.indexOf(call), 1);
      const given = [...step.data].filter(([argument]) => !step.op.takes.includes(argument));
      all.push(new Map([...call.values, ...valued(new Map(given))]));
    } else {
      const values = valued(step.data);
      if (step.kind === "call" && !step.isOfHost) open.push({ step, values });
      all.push(values);
    }
  }
  return all;
}

/** A result's step has of its call's arguments those that matter, and the call's step has all. */
const isAnswered = ({ step: call }: Call, { op, relation, data, awaited }: Step): boolean =>
  call.op === op &&
  call.relation === relation &&
  awaited.every((argument) => isEqual(call.data.get(argument), data.get(argument)));
const isEqual = (a: Value, b: Value): boolean => (isOther(a) && isOther(b) ? a.other === b.other : a === b);

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

/** What the history says of the event; undefined: that it cannot have happened. `wait`: it has to be later. */
function logged(policy: Joined, history: readonly PolicyEvent[], event: PolicyEvent, isOfHost: boolean) {
  if (isOfHost || event.kind === "failed") return { events: [event], wait: 0 };
  const { decision, isPerformed } = replay(policy, history, {
    ...event,
    kind: event.kind === "result" ? "result" : "call",
  });
  if (event.kind === "refused") return isPerformed && !isAsked(decision) ? undefined : { events: [event], wait: 0 };
  if (!isPerformed) return undefined;
  const approved: PolicyEvent = { ...event, kind: "approved" };
  return { events: isAsked(decision) && event.kind === "call" ? [approved, event] : [event], wait: decision.wait };
}

/** `isAskedFor`: of the last event, after the history before it. */
export function confirm(
  lab: Lab,
  policy: Joined,
  steps: readonly Step[],
  isAskedFor: (history: readonly PolicyEvent[], event: PolicyEvent) => boolean,
): Outcome {
  const times = earliest(
    steps.length,
    steps.flatMap(({ ages }) => ages),
  );
  const values = valuesOf(lab, steps);
  if (times === undefined) return { kind: "failed", reason: "no times fit" };
  if (values === undefined)
    return { kind: "failed", reason: "more calls of one kind are in flight than are told apart" };
  const history: PolicyEvent[] = [];
  let late = 0;
  for (const [at, step] of steps.entries()) {
    const data = dataOf(step, values[at] as Values);
    const eventAt = (time: number): PolicyEvent => ({
      kind: step.kind,
      op: step.op,
      data,
      time,
      ...PLACES[step.relation],
    });
    let event = eventAt((times[at] as number) + late);
    const wrong = mistaken(history, event, step.reads);
    if (wrong.length > 0) return { kind: "mistaken", registers: wrong };
    let log = logged(policy, history, event, step.isOfHost);
    if (log !== undefined && log.wait > 0 && log.wait < Infinity) {
      late += log.wait;
      event = eventAt(event.time + log.wait);
      log = logged(policy, history, event, step.isOfHost);
    }
    if (log === undefined || log.wait > 0) return { kind: "failed", reason: "a delay, or a mask, decides otherwise" };
    if (at === steps.length - 1) {
      return isAskedFor(history, event)
        ? { kind: "confirmed", trace: [...history, event] }
        : { kind: "failed", reason: "a delay, or a mask, decides otherwise" };
    }
    history.push(...log.events);
  }
  return { kind: "failed", reason: "nothing happens" };
}
