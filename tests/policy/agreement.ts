// Random policies and claims, and what all short histories say of them by the reference semantics: what every verdict has
// to agree with.
import { expect } from "vitest";
import { askingOf } from "../../policy-libs/policy/analysis/atoms.ts";
import { argumentClasses } from "../../policy-libs/policy/analysis/classes.ts";
import type { Verdict } from "../../policy-libs/policy/analysis/index.ts";
import { operationsOf } from "../../policy-libs/policy/analysis/inside.ts";
import { T } from "../../policy-libs/policy/kleene.ts";
import { judge, matches } from "../../policy-libs/policy/past.ts";
import { decideByHistory, momentOf } from "../../policy-libs/policy/reference.ts";
import type { Decision, Joined, PolicyEvent, RCond, RPattern } from "../../policy-libs/policy/resolved.ts";
import type { Argument } from "../../policy-libs/policy/vocabulary.ts";
import { argumentsOf, drawCond } from "../kit/conditions.ts";
import { anyOver, drawJoined } from "../kit/policies.ts";
import { pattern, showEvent } from "../kit/resolved.ts";
import { type Draw, pick, VALUES } from "../kit/vocabularies.ts";
import { type Calls, isPerformed, isRefusable, lengthOf, products, shortest } from "./enumerate.ts";

export const REACH = { depth: 4, waits: [0, 7], most: 25 };
export const isHost = ({ group }: { readonly group: string }): boolean => group === "user";

/** Of each operation calls with the witness of every class, up to a number of them. */
export function witnessed(joined: readonly Joined[], conds: readonly RCond[]): readonly Calls[] {
  const asking = askingOf(joined, conds);
  return operationsOf(joined, [], conds).map((op) => {
    const witnesses = (one: Argument) =>
      argumentClasses(one, asking, op.isInstruction).classes.map(({ witness }) => witness);
    const of = (list: typeof op.takes, most: number) =>
      products(
        list.map((one) => [one, witnesses(one)] as const),
        most,
      );
    return { op, isHost: isHost(op), takes: of(op.takes, 8), gives: of(op.gives, 4) };
  });
}

function drawn(draw: Draw, joined: readonly Joined[], conds: readonly RCond[]): readonly Calls[] {
  return operationsOf(joined, [], conds).map((op) => {
    const of = (list: typeof op.takes) =>
      Array.from({ length: 5 }, () =>
        products(
          list.map((one) => [one, [VALUES[one.type].length === 0 ? undefined : pick(draw, VALUES[one.type])]]),
          1,
        ),
      ).flat();
    return { op, isHost: isHost(op), takes: of(op.takes), gives: of(op.gives).slice(0, 3) };
  });
}

export type IsAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent) => boolean;

/** The verdict says no more and no less than what all short histories show. */
export function expectAgreement(
  verdict: Verdict,
  inForce: Joined,
  isAskedFor: IsAskedFor,
  all: readonly (readonly Calls[])[],
  hasCompany = false,
): void {
  if (verdict.verdict === "refuted") {
    const { trace } = verdict;
    expect([trace.map(showEvent), isAskedFor(trace.slice(0, -1), trace.at(-1) as PolicyEvent)]).toEqual([
      trace.map(showEvent),
      true,
    ]);
    expectHistory(inForce, trace.slice(0, -1), hasCompany);
  }
  const isShortest = verdict.verdict !== "refuted" || verdict.isShortest;
  for (const calls of all) {
    const length = shortest(inForce, calls, isAskedFor, { ...REACH, hasCompany });
    if (length === undefined) continue;
    expect(verdict.verdict).not.toBe("proved");
    if (verdict.verdict === "refuted" && isShortest) expect(lengthOf(verdict.trace)).toBeLessThanOrEqual(length);
    if (verdict.verdict === "bounded") expect(length).toBeGreaterThan(verdict.depth);
  }
}

/** Every event of it could come where it stands: a result follows only a performed call. */
function expectHistory(policy: Joined, history: readonly PolicyEvent[], hasCompany: boolean): void {
  const open: PolicyEvent[] = [];
  for (const [at, event] of history.entries()) {
    const before = history.slice(0, at);
    if (isHost(event.op)) continue;
    if (event.kind === "call") {
      const isApproved = history[at - 1]?.kind === "approved";
      expect(isPerformed(policy, isApproved ? history.slice(0, at - 1) : before, event)).toBe(true);
      open.push(event);
    } else if (event.kind === "result" || event.kind === "failed") {
      const call = open.findIndex(
        (one) => one.op === event.op && [...one.data].every(([name, value]) => event.data.get(name) === value),
      );
      expect(call).toBeGreaterThanOrEqual(0);
      open.splice(call, 1);
      if (event.kind === "result") expect(isPerformed(policy, before, event)).toBe(true);
    } else if (event.kind === "refused" && !hasCompany) {
      expect(isRefusable(policy, before, { ...event, kind: "call" })).toBe(true);
    }
  }
}

interface Limit {
  readonly to: number;
  readonly per: number;
}
/** "Each obligation of B is one of A's": the same person is asked, the rate is no higher. */
function asksMore(a: Decision, b: Decision): boolean {
  const asked = new Set(a.obligations.flatMap(({ rule: { effect } }) => (effect.kind === "ask" ? [effect.of] : [])));
  const rates = a.obligations.flatMap(({ rule: { effect } }): Limit[] => (effect.kind === "delay" ? [effect] : []));
  return b.obligations.some(({ rule: { effect } }) => {
    if (effect.kind === "ask") return !asked.has(effect.of);
    if (effect.kind !== "delay") return false;
    return !rates.some(({ to, per }) => to <= effect.to && to / per <= effect.to / effect.per);
  });
}
export const isWider =
  (a: Joined, b: Joined): IsAskedFor =>
  (history, event) => {
    if (isHost(event.op) || (event.kind !== "call" && event.kind !== "result")) return false;
    if (!isPerformed(a, history, event)) return false;
    return (
      !isPerformed(b, history, event) ||
      asksMore(decideByHistory(a, history, event), decideByHistory(b, history, event))
    );
  };

export const anyPair = anyOver((draw, vocabulary) => {
  const [a, b] = [drawJoined(draw, vocabulary, { rules: 2 }), drawJoined(draw, vocabulary, { rules: 2 })];
  return { a, b, calls: [witnessed([a, b], []), drawn(draw, [a, b], [])] };
});

export const anyClaim = anyOver((draw, vocabulary) => {
  const policy = drawJoined(draw, vocabulary, { rules: 3 });
  const op = pick(
    draw,
    vocabulary.operations.filter((one) => !one.isInstruction),
  );
  const kind = pick(draw, ["call", "call", "result", "refused"] as const);
  const speech = { operations: vocabulary.operations, patterns: [], depth: 1, about: argumentsOf([op], [kind]) };
  const when = drawCond(draw, speech);
  const calls = [witnessed([policy], [when]), drawn(draw, [policy], [when])];
  return { policy, on: pattern([op], undefined, [kind]), when, calls };
});

export const holdsIn =
  (on: RPattern, when: RCond): IsAskedFor =>
  (history, event) => {
    const moment = momentOf(history, event);
    return matches(moment, on) === T && judge(moment, when) === T;
  };
