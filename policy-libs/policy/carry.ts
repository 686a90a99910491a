// What becomes of a proposed call, or of a result that arrives, when every question is answered and every delay waited
// for, and what the history then says of it.
//
// Invariants
//   H1  A performed call is logged as it was performed, after "approved" if somebody had to be asked. A refused one is
//       logged as it was proposed.
//   H2  Between the last decision and the log nothing happens: what is logged as performed was accepted at that moment.
//   H3  An approval discharges the rules that asked, and no others.
//   H4  A result that is withheld is logged as a failure: nothing of it entered the domain.
// Trust
//   Trusts settle.ts.
import { eventArguments } from "./event.ts";
import type { Decision, PolicyEvent, RRule } from "./resolved.ts";
import { type Settled, settle } from "./settle.ts";

export interface Carried {
  /** The answer at once, before anybody was asked. */
  readonly settled: Settled;
  readonly events: readonly PolicyEvent[];
  /** When the last of them happened: later than proposed, if it had to wait. */
  readonly time: number;
}

const isAsk = (rule: RRule): boolean => rule.effect.kind === "ask";

/** Without the questions that have been answered. */
export const discharged = (decision: Decision, answered: ReadonlySet<RRule>): Decision => ({
  ...decision,
  obligations: decision.obligations.filter(({ rule }) => !answered.has(rule)),
});

/** Of a failed call nothing is known but what was passed, under the names that it has in a call. */
function failed({ data, ...event }: PolicyEvent): PolicyEvent {
  const passed = [...eventArguments(event.op, "call").byName.keys()].flatMap((name) => {
    const value = data.get(name) ?? data.get(`takes.${name}`);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...event, kind: "failed", data: new Map(passed) };
}

const refused = (event: PolicyEvent): PolicyEvent =>
  event.kind === "result" ? failed(event) : { ...event, kind: "refused" };

const performed = (event: PolicyEvent, isApproved: boolean): readonly PolicyEvent[] =>
  isApproved ? [{ ...event, kind: "approved" }, event] : [event];

/** Ends: each round answers a rule, or lets a delay pass that stays passed, for nothing else happens meanwhile. */
export function carryOut(
  decide: (event: PolicyEvent) => Decision,
  proposed: PolicyEvent,
  isApproving: (event: PolicyEvent) => boolean,
): Carried {
  const answered = new Set<RRule>();
  let first: Settled | undefined;
  let event = proposed;
  for (;;) {
    const settled = settle((now) => discharged(decide(now), answered), event);
    first ??= settled;
    const { verdict, decision } = settled;
    const carried = (events: readonly PolicyEvent[]): Carried => ({
      settled: first ?? settled,
      events,
      time: event.time,
    });
    if (verdict === "asked" && isApproving(settled.event)) {
      for (const { rule } of decision.obligations) if (isAsk(rule)) answered.add(rule);
    } else if (verdict === "delayed" && decision.wait < Infinity) {
      event = { ...event, time: event.time + decision.wait };
    } else if (verdict === "allowed" || verdict === "changed") {
      return carried(performed(settled.event, answered.size > 0));
    } else return carried([refused(event)]);
  }
}
