// The values and places of a trace's events, where exploration left them open.
import { eventArguments } from "../event.ts";
import type { Datum, PolicyEvent } from "../resolved.ts";
import type { Argument } from "../vocabulary.ts";
import { isSame } from "./events.ts";
import type { Lab, Past } from "./lab.ts";
import type { Data, Step } from "./node.ts";
import { relationOf, unanswered, valuesIn } from "./past.ts";
import { isOther, type Relation, type Value } from "./world.ts";

type Place = Past["place"];

/** Whom an event happens to: `number` tells others apart. */
function placeOf(own: Place, relation: Relation, number: number): Place {
  const other = 1_000 + number;
  return {
    domain: relation === "domain" || relation === "tenant" ? other : own.domain,
    capability: relation === "same" ? own.capability : other,
    tenant: relation === "tenant" ? `tenant ${other}` : own.tenant,
  };
}
export const OWN: Place = { domain: 1, capability: 1, tenant: "tenant 1" };

export type Values = ReadonlyMap<Argument, Datum | undefined>;

/** What an event is of, and where. */
export interface Made {
  readonly values: Values;
  readonly place: Place;
}

type Opened = Pick<Step, "op" | "relation" | "open">;

interface Call extends Made {
  readonly step: Opened;
  /** Its number in the trace; -1: it happened before. */
  readonly at: number;
}

/** A call of the past. */
function callOf(event: PolicyEvent, past: Past): Call {
  const values = valuesIn(event) as Values;
  const { domain, capability, tenant } = event;
  const step: Opened = { op: event.op, relation: relationOf(event, past.place), open: values };
  return { step, at: -1, values, place: { domain, capability, tenant } };
}

/** They are told apart by the same. */
const isAnswered = ({ step: call }: Call, { op, relation, open }: Step): boolean =>
  call.op === op && call.relation === relation && isSame(open ?? new Map(), call.open ?? new Map());

/** Values that are not told apart get one each, used nowhere else. */
function newChooser(lab: Lab, steps: readonly Step[], past: Past): (data: Data) => Values {
  const used = new Set<Value>(steps.flatMap((step) => [...step.data.values()].filter((value) => !isOther(value))));
  for (const { data } of past.events) for (const value of data.values()) used.add(value);
  const fresh = (argument: Argument, at: number): Datum | undefined => {
    const one = lab.tables.get(argument)?.classes[at];
    const value = one?.more(used.size + 1).find((each) => !used.has(each));
    used.add(value);
    return value;
  };
  return (data) =>
    new Map([...data].map(([argument, value]) => [argument, isOther(value) ? fresh(argument, value.other) : value]));
}

type Pair = readonly [Argument, Value];

/** What a call was of, with the values that its outcome needs: for the call itself its class was enough. */
function settledBy(call: Call, { data, open, op }: Step): Values {
  const isSettled = ([argument, value]: Pair): boolean =>
    op.takes.includes(argument) && isOther(open?.get(argument)) && !isOther(value);
  return new Map([...call.values, ...[...data].filter(isSettled)] as [Argument, Datum | undefined][]);
}

const isOutcome = ({ kind, isOfHost }: Step): boolean => !isOfHost && (kind === "result" || kind === "failed");

/**
 * Results have the values of the calls that they answer; undefined: some answer none. Others of the trace are one other,
 * or each somebody else.
 */
export function madeOf(lab: Lab, steps: readonly Step[], isOneOther: boolean, past: Past): readonly Made[] | undefined {
  const open: Call[] = unanswered(past.events).map((event) => callOf(event, past));
  const choose = newChooser(lab, steps, past);
  const all: Made[] = [];
  for (const [at, step] of steps.entries()) {
    if (isOutcome(step)) {
      const call = open.find((one) => isAnswered(one, step));
      if (call === undefined) return undefined;
      open.splice(open.indexOf(call), 1);
      const values = settledBy(call, step);
      if (call.at >= 0) all[call.at] = { values, place: call.place };
      const given = choose(new Map([...step.data].filter(([argument]) => !step.op.takes.includes(argument))));
      all.push({ values: new Map([...values, ...given]), place: call.place });
    } else {
      const made: Made = { values: choose(step.data), place: placeOf(past.place, step.relation, isOneOther ? 0 : at) };
      if (step.kind === "call" && !step.isOfHost) open.push({ step, at, ...made });
      all.push(made);
    }
  }
  return all;
}

/** Under every name that an argument has in such an event. */
export function dataOf(step: Step, values: Values): ReadonlyMap<string, Datum> {
  const { byName } = eventArguments(step.op, step.kind === "result" ? "result" : "call");
  const names = [...byName].map(([name, argument]) => [name, values.get(argument)] as const);
  const plain = [...values].map(([argument, value]) => [argument.name, value] as const);
  return new Map([...plain, ...names].filter((pair): pair is [string, Datum] => pair[1] !== undefined));
}
