// One line of a policy log, as JSON: a header, a decision, or an event that has become part of the past.
//
//   {"log":"cordon-policy","version":1,"trace":"…"}
//   {"decided":"denied","kind":"call","op":"net.send","data":{…},"time":7,"domain":1,"capability":2,"tenant":"","rule":{…}}
//   {"past":"refused","op":"net.send","data":{…},"time":7,"domain":1,"capability":2,"tenant":""}
//   {"cut":true}
//
// Invariants
//   L1  A line is ASCII: nothing that a guest passes drives a terminal or ends a line.
//   L2  What is read of a line is what was written: `data` has each argument under its own name, parts too.
import { eventArguments } from "../event.ts";
import type { Datum, HistoryKind, PolicyEvent } from "../resolved.ts";
import type { Verdict } from "../tree.ts";

export const LOG = "cordon-policy";
export const VERSION = 1;

/** Which rule decided. */
export interface LoggedRule {
  readonly party: string;
  readonly policy: string;
  /** Its place among the policy's rules, from 0. */
  readonly rule: number | "nothing allows";
  /** "acme.policy:12:3" */
  readonly at: string;
  readonly because?: string | undefined;
}

/** What a decision was not the policy's alone: an approver's no, a change that could not be made, others before it. */
export type By = "approver" | "edit" | "line";

export interface LoggedDecision {
  readonly verdict: Verdict;
  /** As the guest proposed it. */
  readonly proposed: PolicyEvent;
  /** Questions had been answered before. */
  readonly isApproved: boolean;
  /** False: the policy only looked on, and it went another way. */
  readonly isEnforced: boolean;
  readonly by: By | undefined;
  readonly rule: LoggedRule | undefined;
}

const present = (key: string, value: unknown): object => (value === undefined ? {} : { [key]: value });

function dataOf({ op, kind, data }: PolicyEvent): Readonly<Record<string, Datum>> {
  const { takes, gives } = eventArguments(op, kind === "result" ? "result" : "call");
  const known = [...takes, ...gives].flatMap(({ name }): [string, Datum][] => {
    const datum = data.get(name);
    return datum === undefined ? [] : [[name, datum]];
  });
  return Object.fromEntries(known); // own properties, whatever their names are
}

const whoIs = (event: PolicyEvent) => {
  const { op, time, domain, capability, tenant } = event;
  return { op: op.name, data: dataOf(event), time, domain, capability, tenant };
};

const UNSAFE = /[\x7f-\uffff]/g;
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
const line = (value: object): string => `${JSON.stringify(value).replace(UNSAFE, escaped)}\n`;

export const headerLine = (trace: string): string => line({ log: LOG, version: VERSION, trace });
export const cutLine = (): string => line({ cut: true });
export const pastLine = (event: PolicyEvent): string => line({ past: event.kind, ...whoIs(event) });

export function decisionLine({ verdict, proposed, isApproved, isEnforced, by, rule }: LoggedDecision): string {
  const kind: HistoryKind = proposed.kind;
  return line({
    ...{ decided: verdict, kind, ...whoIs(proposed) },
    ...{ ...present("approved", isApproved || undefined), ...present("enforced", isEnforced ? undefined : false) },
    ...{ ...present("by", by), ...present("rule", rule) },
  });
}
