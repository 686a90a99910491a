// Random traces, in two kinds: what guests try, with what would come of it, and histories of any events at all.
import fc from "fast-check";
import { mayBeMissing } from "../../policy-libs/policy/analysis/classes.ts";
import { carryOut } from "../../policy-libs/policy/carry.ts";
import { normalAddress } from "../../policy-libs/policy/normal.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type { Datum, Decision, HistoryKind, Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import type { Settled } from "../../policy-libs/policy/settle.ts";
import type { Operation, Vocabulary } from "../../policy-libs/policy/vocabulary.ts";
import { showEvent } from "./resolved.ts";
import { type Draw, drawData, int, isOneIn, pick } from "./vocabularies.ts";

/** One call that a guest tries, or that the host performs without asking anybody. */
export interface Attempt {
  /** Milliseconds after the attempt before. */
  readonly wait: number;
  readonly op: Operation;
  readonly data: ReadonlyMap<string, Datum>;
  readonly domain: number;
  readonly capability: number;
  readonly tenant: string;
  readonly isOfHost: boolean;
  /** What everybody answers who is asked. */
  readonly isApproved: boolean;
  readonly outcome: "result" | "failed" | "none";
  readonly gives: ReadonlyMap<string, Datum>;
  /** The outcome comes after so many further attempts. */
  readonly after: number;
}
export type Trace = readonly Attempt[];

const TENANTS = ["acme", "bolt"];

function drawWhere(draw: Draw) {
  const domain = int(draw, 1, 2);
  return {
    domain,
    capability: int(draw, 1, 3),
    tenant: isOneIn(draw, 4) ? pick(draw, TENANTS) : (TENANTS[domain - 1] as string),
  };
}

function drawAttempt(draw: Draw, { operations }: Vocabulary): Attempt {
  const op = pick(draw, operations);
  return {
    wait: int(draw, 0, 8),
    op,
    data: drawData(draw, op.takes),
    ...drawWhere(draw),
    isOfHost: isOneIn(draw, 8) && !op.isInstruction,
    isApproved: draw(fc.boolean),
    outcome: op.isInstruction ? "none" : pick(draw, ["result", "result", "failed", "none"] as const),
    gives: drawData(draw, op.gives),
    after: isOneIn(draw, 3) ? int(draw, 0, 3) : 0,
  };
}

export const drawTrace = (draw: Draw, vocabulary: Vocabulary, length: number): Trace =>
  Array.from({ length: int(draw, 0, length) }, () => drawAttempt(draw, vocabulary));

const KINDS: readonly HistoryKind[] = ["call", "call", "call", "refused", "result", "failed", "approved"];

/** The last one can be taken as the present. Never empty; its time never goes back. */
export function drawHistory(draw: Draw, { operations }: Vocabulary, length: number): readonly PolicyEvent[] {
  let time = 0;
  return Array.from({ length: int(draw, 1, length) }, (): PolicyEvent => {
    const op = pick(draw, operations);
    const kind = op.isInstruction ? "call" : pick(draw, KINDS);
    time += int(draw, 0, 8);
    const data = drawData(draw, kind === "result" ? [...op.takes, ...op.gives] : op.takes);
    return { kind, op, data, time, ...drawWhere(draw) };
  });
}

/**
 * Is it what a contract lets through, as policies see it? Histories of the kit are any events at all: of other types than
 * their contract's, and with addresses in other spellings than the one. No division is without a divisor.
 */
export const isPossible = ({ kind, op, data }: PolicyEvent): boolean =>
  [...op.takes, ...(kind === "result" ? op.gives : [])].every((one) => {
    const value = data.get(one.name);
    if (value === undefined) return mayBeMissing(one, op.isInstruction);
    return one.type !== "ip" || normalAddress(String(value)) === value;
  });

/** An event that was decided, with the history that it was decided in. */
export interface Decided {
  readonly event: PolicyEvent;
  readonly before: readonly PolicyEvent[];
  readonly settled: Settled;
}
export interface Performed {
  readonly history: readonly PolicyEvent[];
  readonly decided: readonly Decided[];
}

export type Decide = (history: readonly PolicyEvent[], event: PolicyEvent) => Decision;

/** Runs a trace: each call is decided and carried out, and its outcome is decided when it comes. */
export function performedBy(decide: Decide, trace: Trace): Performed {
  const history: PolicyEvent[] = [];
  const decided: Decided[] = [];
  const pending: { event: PolicyEvent; left: number }[] = [];
  let time = 0;
  function happen(proposed: PolicyEvent, isApproved: boolean): PolicyEvent {
    const before = [...history];
    const event = { ...proposed, time };
    const carried = carryOut(
      (now) => decide(before, now),
      event,
      () => isApproved,
    );
    time = carried.time;
    decided.push({ event, before, settled: carried.settled });
    history.push(...carried.events);
    return carried.events.at(-1) as PolicyEvent;
  }
  function arrive(event: PolicyEvent): void {
    if (event.kind === "result") happen(event, false);
    else history.push({ ...event, time });
  }
  for (const attempt of trace) {
    time += attempt.wait;
    const { op, data, domain, capability, tenant, outcome, gives } = attempt;
    const event: PolicyEvent = { kind: "call", op, data, time, domain, capability, tenant };
    if (attempt.isOfHost) history.push(event);
    const last = attempt.isOfHost ? event : happen(event, attempt.isApproved);
    if (last.kind === "call" && outcome !== "none") {
      const given = outcome === "result" ? new Map([...last.data, ...gives]) : last.data;
      pending.push({ event: { ...last, kind: outcome, data: given }, left: attempt.after + 1 });
    }
    for (const one of pending) one.left--;
    for (const one of pending.filter(({ left }) => left <= 0)) arrive(one.event);
    pending.splice(0, pending.length, ...pending.filter(({ left }) => left > 0));
  }
  return { history, decided };
}

/** The same by the reference semantics. */
export const performed = (policy: Joined, trace: Trace): Performed =>
  performedBy((history, event) => decideByHistory(policy, history, event), trace);

const showAttempt = ({ wait, isOfHost, isApproved, outcome, gives, after, ...event }: Attempt): string =>
  `+${wait}ms ${isOfHost ? "host " : ""}${showEvent({ ...event, kind: "call", time: 0 })} ${isApproved ? "approved" : "not approved"}; ` +
  `${outcome} ${JSON.stringify([...gives])} after ${after}`;
export const showTrace = (trace: Trace): string => `\n${trace.map(showAttempt).join("\n")}\n`;
