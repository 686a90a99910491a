// Section 4, steps 2 to 4: verdicts agree with enumeration by the reference semantics, over witnesses of all classes and
// over random arguments; every counterexample is one, and none is shorter.
import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { askingOf } from "../../policy-libs/policy/analysis/atoms.ts";
import { argumentClasses } from "../../policy-libs/policy/analysis/classes.ts";
import {
  disjoint,
  narrower,
  never,
  type Options,
  residual,
  same,
  type Verdict,
} from "../../policy-libs/policy/analysis/index.ts";
import { operationsOf } from "../../policy-libs/policy/analysis/inside.ts";
import { T } from "../../policy-libs/policy/kleene.ts";
import { judge, matches } from "../../policy-libs/policy/past.ts";
import { decideByHistory, momentOf } from "../../policy-libs/policy/reference.ts";
import type { Decision, Joined, PolicyEvent, RCond, RPattern } from "../../policy-libs/policy/resolved.ts";
import type { Argument } from "../../policy-libs/policy/vocabulary.ts";
import { argumentsOf, drawCond } from "../kit/conditions.ts";
import { anyOver, drawJoined, drawPolicy } from "../kit/policies.ts";
import { allOf, pattern, showEvent } from "../kit/resolved.ts";
import { drawTrace, performed } from "../kit/traces.ts";
import { type Draw, pick, VALUES } from "../kit/vocabularies.ts";
import { type Calls, isPerformed, lengthOf, products, shortest } from "./enumerate.ts";

/** So that one random pair does not take all the time there is. */
const OPTIONS: Options = { limits: { work: 60_000, states: 2_000 } };
const REACH = { depth: 4, waits: [0, 7], most: 25 };
const isHost = ({ group }: { readonly group: string }): boolean => group === "user";

/** Of each operation calls with the witness of every class, up to a number of them. */
function witnessed(joined: readonly Joined[], conds: readonly RCond[]): readonly Calls[] {
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

type IsAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent) => boolean;

/** The verdict says no more and no less than what all short histories show. */
function expectAgreement(
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
      const { refusal, obligations } = decideByHistory(policy, before, { ...event, kind: "call" });
      expect(refusal !== undefined || obligations.some(({ rule }) => rule.effect.kind === "ask")).toBe(true);
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
const isWider =
  (a: Joined, b: Joined): IsAskedFor =>
  (history, event) => {
    if (isHost(event.op) || (event.kind !== "call" && event.kind !== "result")) return false;
    if (!isPerformed(a, history, event)) return false;
    return (
      !isPerformed(b, history, event) ||
      asksMore(decideByHistory(a, history, event), decideByHistory(b, history, event))
    );
  };

const anyPair = anyOver((draw, vocabulary) => {
  const [a, b] = [drawJoined(draw, vocabulary, { rules: 2 }), drawJoined(draw, vocabulary, { rules: 2 })];
  return { a, b, calls: [witnessed([a, b], []), drawn(draw, [a, b], [])] };
});

const anyClaim = anyOver((draw, vocabulary) => {
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

const holdsIn =
  (on: RPattern, when: RCond): IsAskedFor =>
  (history, event) => {
    const moment = momentOf(history, event);
    return matches(moment, on) === T && judge(moment, when) === T;
  };

describe("residuals", () => {
  const anyPast = anyOver((draw, vocabulary) => {
    const policy = drawJoined(draw, vocabulary, { rules: 2 });
    const trace = drawTrace(draw, vocabulary, 5).map((attempt) => ({
      ...attempt,
      domain: 1,
      capability: 1,
      tenant: "one",
    }));
    return { policy, events: performed(policy, trace).history };
  });
  const PLACE = { domain: 1, capability: 1, tenant: "one" };

  test.prop([anyPast], { numRuns: 40 })(
    "are what the reference semantics says now, later and never again",
    ({ policy, events }) => {
      for (const { op, call, possible } of residual(policy, { events, place: PLACE }, OPTIONS).calls.slice(0, 12)) {
        const isNow = isPerformed(policy, events, call) && decideByHistory(policy, events, call).wait === 0;
        expect([call.op.name, possible.when === "now"]).toEqual([op.name, isNow]);
        if (possible.when === "later") {
          const { after } = possible;
          expect(isPerformed(policy, [...events, ...after.slice(0, -1)], after.at(-1) as PolicyEvent)).toBe(true);
        }
        if (possible.when !== "never again") continue;
        const isIt: IsAskedFor = (history, event) =>
          event.op === op && event.kind === "call" && isSameData(event, call) && isPerformed(policy, history, event);
        expect(shortest(policy, witnessed([policy], []), isIt, { ...REACH, depth: 2, past: events })).toBeUndefined();
      }
    },
  );
});

const isSameData = (a: PolicyEvent, b: PolicyEvent): boolean =>
  a.data.size === b.data.size && [...a.data].every(([name, value]) => b.data.get(name) === value);

describe("verdicts", () => {
  test.prop([anyPair], { numRuns: 40 })("of narrower agree with enumeration to depth 4", ({ a, b, calls }) => {
    expectAgreement(narrower(a, b, OPTIONS), a, isWider(a, b), calls, true);
  });

  test.prop([anyClaim], { numRuns: 40 })(
    "of never agree with enumeration to depth 4",
    ({ policy, on, when, calls }) => {
      expectAgreement(never(policy, [on], when, OPTIONS), policy, holdsIn(on, when), calls);
    },
  );

  test.prop([anyPair], { numRuns: 40 })("of disjoint agree with enumeration to depth 4", ({ a, b, calls }) => {
    const both = allOf(a, b);
    const over = (joined: Joined): ReadonlySet<unknown> =>
      new Set(joined.kind === "policy" ? joined.over : joined.of.flatMap((one) => [...over(one)]));
    const isShared: IsAskedFor = (history, event) =>
      event.kind === "call" &&
      !isHost(event.op) &&
      !event.op.isInstruction &&
      over(a).has(event.op) &&
      over(b).has(event.op) &&
      isPerformed(both, history, event);
    expectAgreement(disjoint(a, b, OPTIONS), both, isShared, calls);
  });

  test.prop([anyPair], { numRuns: 40 })(
    "of same are narrower both ways, refuted with the shorter trace",
    ({ a, b }) => {
      const [there, back, both] = [narrower(a, b, OPTIONS), narrower(b, a, OPTIONS), same(a, b, OPTIONS)];
      const refuted = [there, back].filter((one) => one.verdict === "refuted");
      if (refuted.length === 0) expect(both.verdict).toBe(there.verdict === "proved" ? back.verdict : "bounded");
      else
        expect(both).toMatchObject({
          verdict: "refuted",
          trace: { length: Math.min(...refuted.map(({ trace }) => trace.length)) },
        });
    },
  );

  test.prop([anyOver((draw, vocabulary) => drawJoined(draw, vocabulary, { rules: 3 }))], { numRuns: 40 })(
    "hold every policy narrower than itself: never is one refuted",
    (policy) => {
      expect(narrower(policy, policy, OPTIONS).verdict).not.toBe("refuted");
    },
  );

  test.prop([anyOver((draw, vocabulary) => [1, 2, 3].map(() => drawPolicy(draw, vocabulary, { rules: 1 })))], {
    numRuns: 60,
  })("of narrower are transitive", ([a, b, c]) => {
    const [first, second, whole] = [a, b, c] as const;
    if (first === undefined || second === undefined || whole === undefined) return;
    const isProved = [narrower(first, second, OPTIONS), narrower(second, whole, OPTIONS)].every(
      (one) => one.verdict === "proved",
    );
    if (isProved) expect(narrower(first, whole, OPTIONS).verdict).not.toBe("refuted");
  });

  test.prop([anyPair], { numRuns: 40 })(
    "hold what two policies both perform narrower than each of them",
    ({ a, b }) => {
      for (const one of [a, b]) expect(narrower(allOf(a, b), one, OPTIONS).verdict).not.toBe("refuted");
    },
  );
});
