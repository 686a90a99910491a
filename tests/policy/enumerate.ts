// All histories of a policy up to a length, by the reference semantics alone: what the analyses have to agree with.
import { edit } from "../../policy-libs/policy/edits.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type { Datum, Decision, HistoryKind, Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import type { Argument, Operation } from "../../policy-libs/policy/vocabulary.ts";

/** What may be called, and with what: every list of data is tried. `gives`: of results. */
export interface Alphabet {
  readonly op: Operation;
  readonly takes: readonly ReadonlyMap<string, Datum>[];
  readonly gives: readonly ReadonlyMap<string, Datum>[];
  readonly isHost: boolean;
}

interface Moment {
  readonly history: readonly PolicyEvent[];
  /** Without approvals: these belong to the calls that they led to. */
  readonly length: number;
  readonly open: readonly PolicyEvent[];
}

const isAsked = ({ obligations }: Decision): boolean => obligations.some(({ rule }) => rule.effect.kind === "ask");
export const isPerformed = (policy: Joined, history: readonly PolicyEvent[], event: PolicyEvent): boolean => {
  const decision = decideByHistory(policy, history, event);
  return decision.refusal === undefined && edit(decision, event).by === undefined;
};

const at = (op: Operation, kind: HistoryKind, data: ReadonlyMap<string, Datum>, time: number): PolicyEvent => ({
  kind,
  op,
  data,
  time,
  domain: 1,
  capability: 1,
  tenant: "one",
});

/** What can come next, with what the history says of it and which calls are open afterwards. */
function* nextAfter(
  policy: Joined,
  moment: Moment,
  alphabet: readonly Alphabet[],
  waits: readonly number[],
): Generator<readonly [PolicyEvent, Moment]> {
  const { history, open, length } = moment;
  const now = history.at(-1)?.time ?? 0;
  const after = (events: readonly PolicyEvent[], opened: readonly PolicyEvent[]): Moment => ({
    history: [...history, ...events],
    length: length + 1,
    open: opened,
  });
  for (const wait of waits) {
    for (const { op, takes, gives, isHost } of alphabet) {
      for (const data of takes) {
        const event = at(op, "call", data, now + wait);
        if (isHost) {
          yield [event, after([event], open)];
          continue;
        }
        const decision = decideByHistory(policy, history, event);
        const performs = decision.refusal === undefined && edit(decision, event).by === undefined;
        if (performs && decision.wait === 0) {
          const approved: PolicyEvent = { ...event, kind: "approved" };
          yield [
            event,
            after(isAsked(decision) ? [approved, event] : [event], op.isInstruction ? open : [...open, event]),
          ];
        }
        if (decision.refusal !== undefined || isAsked(decision)) {
          const refused: PolicyEvent = { ...event, kind: "refused" };
          yield [refused, after([refused], open)];
        }
      }
      for (const call of open.filter((one) => one.op === op)) {
        const rest = open.filter((one) => one !== call);
        const failed = at(op, "failed", call.data, now + wait);
        yield [failed, after([failed], rest)];
        for (const given of gives) {
          const result = at(op, "result", new Map([...call.data, ...given]), now + wait);
          if (isPerformed(policy, history, result)) yield [result, after([result], rest)];
        }
      }
    }
  }
}

/** The length of a shortest history of the policy whose last event is asked for; undefined: none is that short. */
export function shortest(
  policy: Joined,
  alphabet: readonly Alphabet[],
  isAskedFor: (history: readonly PolicyEvent[], event: PolicyEvent) => boolean,
  {
    depth,
    waits = [0],
    most = 3_000,
  }: { readonly depth: number; readonly waits?: readonly number[]; readonly most?: number },
): number | undefined {
  let level: readonly Moment[] = [{ history: [], length: 0, open: [] }];
  for (let length = 1; length <= depth; length++) {
    const next: Moment[] = [];
    for (const moment of level) {
      for (const [event, after] of nextAfter(policy, moment, alphabet, waits)) {
        if (isAskedFor(moment.history, event)) return length;
        if (next.length < most) next.push(after);
      }
    }
    level = next;
  }
  return undefined;
}

export const lengthOf = (trace: readonly PolicyEvent[]): number =>
  trace.filter(({ kind }) => kind !== "approved").length;

export const products = (
  lists: readonly (readonly [Argument, readonly (Datum | undefined)[]])[],
): ReadonlyMap<string, Datum>[] => {
  const [first, ...rest] = lists;
  if (first === undefined) return [new Map()];
  const [{ name }, values] = first;
  return products(rest).flatMap((inner) =>
    values.map((value) => (value === undefined ? inner : new Map([[name, value] as const, ...inner]))),
  );
};
