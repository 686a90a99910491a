// What was performed under a policy, held against what the policy means: the reference semantics over the whole history.
import { expect } from "vitest";
import { vocabularyOf } from "../../policy-libs/index.ts";
import { discharged } from "../../policy-libs/policy/carry.ts";
import { compile } from "../../policy-libs/policy/compile.ts";
import { callReader } from "../../policy-libs/policy/data.ts";
import { load } from "../../policy-libs/policy/load.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type { Joined, PolicyEvent, RRule } from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import { CONTRACTS, type Happened } from "./policed-world.ts";

const { vocabulary } = vocabularyOf(CONTRACTS);
const opOf = (name: string): Operation => vocabulary.byName.get(name) as Operation;

/** The policy that a text is. Undefined: it does not load. */
export function policyOf(text: string): Joined | undefined {
  const loaded = load(text, { file: "drawn", vocabulary });
  return loaded.kind === "loaded" ? loaded.entry : undefined;
}

const NONE: ReadonlySet<RRule> = new Set();

/** Decided after a history, as if the questions of these rules were answered. */
function settledAfter(policy: Joined, history: readonly PolicyEvent[], event: PolicyEvent, answered = NONE) {
  return settle((one) => discharged(decideByHistory(policy, history, one), answered), event);
}

const asksOf = ({ obligations }: ReturnType<typeof decideByHistory>): readonly RRule[] =>
  obligations.map(({ rule }) => rule).filter(({ effect }) => effect.kind === "ask");

interface Told extends Happened {
  readonly policy: Joined;
}

/** One call of the past: was it one that the policy lets happen, as it was, after what was before? */
function checkCall({ policy, past, approved }: Told, event: PolicyEvent, at: number): void {
  const previous = past[at - 1];
  const isApproved = previous?.kind === "approved" && previous.op === event.op && previous.domain === event.domain;
  const before = past.slice(0, isApproved ? at - 1 : at);
  const asks = asksOf(decideByHistory(policy, before, event));
  const settled = settledAfter(policy, before, event, new Set(isApproved ? asks : []));
  expect([settled.verdict, settled.event]).toEqual(["allowed", event]);
  if (!isApproved) return;
  expect(new Map(previous.data)).toEqual(new Map(event.data));
  const read = callReader(opOf(event.op.name));
  for (const rule of asks) {
    const wasShown = approved.some(
      (question) =>
        question.call === event.op.name &&
        question.because === rule.because &&
        sameData(read(question.arguments), event.data),
    );
    expect(wasShown).toBe(true);
  }
}

const sameData = (a: PolicyEvent["data"], b: PolicyEvent["data"]): boolean =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());

/** Every refusal has its reason: the policy, or a no, which stands even if nobody would be asked any more. */
function checkRefused({ policy, past, decided }: Told, event: PolicyEvent, at: number): boolean {
  const settled = settledAfter(policy, past.slice(0, at), { ...event, kind: "call" });
  const wasAsked = decided.some(
    ({ verdict, event: { op, domain, data } }) =>
      verdict === "asked" && op.name === event.op.name && domain === event.domain && sameData(data, event.data),
  );
  if (!wasAsked) expect(["denied", "suppressed", "halted", "asked"]).toContain(settled.verdict);
  return settled.verdict === "halted";
}

function checkResult({ policy, past }: Told, event: PolicyEvent, at: number): void {
  const settled = settledAfter(policy, past.slice(0, at), event);
  expect(settled.decision.refusal).toBeUndefined();
  expect(settled.event).toBe(event);
}

const known = (event: PolicyEvent): PolicyEvent => ({ ...event, op: opOf(event.op.name) });

/** What of the past is the host's own record: calls of what the policy names. */
const recorded = (call: string, data: Iterable<readonly [string, unknown]>): string =>
  `${call} ${JSON.stringify([...data].sort())}`;

/** What differs. Sockets may be objects of the other guest: then no host sees what comes to them. */
function unseen(seen: readonly string[], committed: readonly string[]): string[] {
  const left = [...seen];
  const others = committed.filter((one) => (left[0] === one ? left.shift() === undefined : !one.startsWith("socket.")));
  return [...others, ...left];
}

/** No call was performed that the policy refuses; and nothing was performed that it has not heard of. */
export function check(text: string, happened: Happened, isOrdered: boolean): void {
  const policy = policyOf(text) as Joined;
  const past = happened.past.map(known);
  const told: Told = { ...happened, past, policy };
  const halted = new Set<number>();
  const times = new Map<number, number>();
  for (const [at, event] of past.entries()) {
    expect(event.time).toBeGreaterThanOrEqual(times.get(event.domain) ?? 0);
    times.set(event.domain, event.time);
    if (event.kind === "call") {
      expect(halted.has(event.domain)).toBe(false);
      checkCall(told, event, at);
    }
    if (event.kind === "refused" && checkRefused(told, event, at)) halted.add(event.domain);
    if (event.kind === "result") checkResult(told, event, at);
  }
  const machine = compile(policy);
  const named = happened.performed.filter(({ call }) => machine.names(opOf(call)));
  const seen = named.map(({ call, args }) => recorded(call, callReader(opOf(call))(args)));
  const committed = past.flatMap(({ kind, op, data }) => (kind === "call" ? [recorded(op.name, data)] : []));
  expect(unseen(isOrdered ? seen : seen.toSorted(), isOrdered ? committed : committed.toSorted())).toEqual([]);
}
