// Section 4, steps 2 to 4: verdicts agree with enumeration by the reference semantics, over witnesses of all classes and
// over random arguments; every counterexample is one, and none is shorter.
import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { disjoint, narrower, never, type Options, residual, same } from "../../policy-libs/policy/analysis/index.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type { Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import { anyOver, drawJoined, drawPolicy } from "../kit/policies.ts";
import { allOf } from "../kit/resolved.ts";
import { drawTrace, performed } from "../kit/traces.ts";
import {
  anyClaim,
  anyPair,
  expectAgreement,
  holdsIn,
  type IsAskedFor,
  isHost,
  isWider,
  REACH,
  witnessed,
} from "./agreement.ts";
import { isPerformed, shortest } from "./enumerate.ts";

/** So that one random pair does not take all the time there is. */
const OPTIONS: Options = { limits: { work: 60_000, states: 2_000 } };

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
