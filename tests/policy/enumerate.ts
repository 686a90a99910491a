// All histories of a policy up to a length, by the reference semantics alone: what the analyses have to agree with.
import { edit } from "../../policy-libs/policy/edits.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type { Datum, Decision, HistoryKind, Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import type { Argument, Operation } from "../../policy-libs/policy/vocabulary.ts";

type Data = ReadonlyMap<string, Datum>;

/** What may be called, and with what: every list of data is tried. `gives`: of results. */
export interface Calls {
  readonly op: Operation;
  readonly takes: readonly Data[];
  readonly gives: readonly Data[];
  readonly isHost: boolean;
}

export interface Reach {
  readonly depth: number;
  /** Milliseconds that may pass before each event. */
  readonly waits: readonly number[];
  /** Histories of one length that are gone on with. */
  readonly most: number;
  /** Other policies are joined with this one: they may refuse, and ask about, whatever they like. */
  readonly hasCompany?: boolean;
  /** What has happened before. */
  readonly past?: readonly PolicyEvent[];
}

interface Moment {
  readonly history: readonly PolicyEvent[];
  readonly open: readonly PolicyEvent[];
}
type Next = readonly [event: PolicyEvent, after: Moment];

const isAsked = ({ obligations }: Decision): boolean => obligations.some(({ rule }) => rule.effect.kind === "ask");

/** Neither refused nor changed. */
export function isPerformed(policy: Joined, history: readonly PolicyEvent[], event: PolicyEvent): boolean {
  const decision = decideByHistory(policy, history, event);
  return decision.refusal === undefined && edit(decision, event).by === undefined;
}

/** As it stands, as its changes make it, or because two of them do not go together; or somebody who is asked says no. */
export function isRefusable(policy: Joined, history: readonly PolicyEvent[], call: PolicyEvent): boolean {
  const { decision } = settle((event) => decideByHistory(policy, history, event), call);
  return decision.refusal !== undefined || isAsked(decision);
}

const eventOf = (op: Operation, kind: HistoryKind, data: Data, time: number): PolicyEvent => ({
  kind,
  op,
  data,
  time,
  domain: 1,
  capability: 1,
  tenant: "one",
});

const after = ({ history }: Moment, open: Moment["open"], ...events: readonly PolicyEvent[]): Moment => ({
  history: [...history, ...events],
  open,
});

function* callsAfter(policy: Joined, moment: Moment, event: PolicyEvent, hasCompany: boolean): Generator<Next> {
  const decision = decideByHistory(policy, moment.history, event);
  if (isPerformed(policy, moment.history, event) && decision.wait === 0) {
    const approved: PolicyEvent = { ...event, kind: "approved" };
    const open = event.op.isInstruction ? moment.open : [...moment.open, event];
    if (!isAsked(decision)) yield [event, after(moment, open, event)];
    if (isAsked(decision) || hasCompany) yield [event, after(moment, open, approved, event)];
  }
  const refused: PolicyEvent = { ...event, kind: "refused" };
  if (hasCompany || isRefusable(policy, moment.history, event)) yield [refused, after(moment, moment.open, refused)];
}

function* outcomesAfter(policy: Joined, moment: Moment, { op, gives }: Calls, now: number): Generator<Next> {
  for (const call of moment.open.filter((one) => one.op === op)) {
    const open = moment.open.filter((one) => one !== call);
    const failed = eventOf(op, "failed", call.data, now);
    yield [failed, after(moment, open, failed)];
    for (const given of gives) {
      const result = eventOf(op, "result", new Map([...call.data, ...given]), now);
      if (isPerformed(policy, moment.history, result)) yield [result, after(moment, open, result)];
    }
  }
}

/** What can come next, with what the history says of it and which calls are open afterwards. */
function* nextAfter(policy: Joined, moment: Moment, calls: readonly Calls[], reach: Reach): Generator<Next> {
  for (const wait of reach.waits) {
    const now = (moment.history.at(-1)?.time ?? 0) + wait;
    for (const one of calls) {
      for (const data of one.takes) {
        const event = eventOf(one.op, "call", data, now);
        if (one.isHost) yield [event, after(moment, moment.open, event)];
        else yield* callsAfter(policy, moment, event, reach.hasCompany === true);
      }
      yield* outcomesAfter(policy, moment, one, now);
    }
  }
}

/** The length of a shortest history of the policy whose last event is asked for; undefined: none is that short. */
export function shortest(
  policy: Joined,
  calls: readonly Calls[],
  isAskedFor: (history: readonly PolicyEvent[], event: PolicyEvent) => boolean,
  reach: Reach,
): number | undefined {
  let level: readonly Moment[] = [{ history: reach.past ?? [], open: [] }];
  for (let length = 1; length <= reach.depth; length++) {
    const next: Moment[] = [];
    for (const moment of level) {
      for (const [event, then] of nextAfter(policy, moment, calls, reach)) {
        if (isAskedFor(moment.history, event)) return length;
        if (next.length < reach.most) next.push(then);
      }
    }
    level = next;
  }
  return undefined;
}

/** Events of a trace; an approval belongs to the call that it led to. */
export const lengthOf = (trace: readonly PolicyEvent[]): number =>
  trace.filter(({ kind }) => kind !== "approved").length;

/** So many of a list, from all over it. */
const spread = <A>(list: readonly A[], most: number): readonly A[] =>
  list.length <= most
    ? list
    : Array.from({ length: most }, (_, at) => list[Math.floor((at * list.length) / most)] as A);

/** Combinations of one value for each argument: all, or as many as are wanted. */
export function products(
  lists: readonly (readonly [Argument, readonly (Datum | undefined)[]])[],
  most: number,
): readonly Data[] {
  const [first, ...rest] = lists;
  if (first === undefined) return [new Map()];
  const [{ name }, values] = first;
  const all = products(rest, most).flatMap((inner) =>
    values.map((value) => (value === undefined ? inner : new Map([[name, value] as const, ...inner]))),
  );
  return spread(all, most);
}
