// Claims settled by Z3 alone: verdicts agree with all short histories by the reference semantics, and with exploration
// where that is exact.
import { fc, test } from "@fast-check/vitest";
import { afterAll, describe, expect } from "vitest";
import { newZ3 } from "../../embed/cli/policy/z3.ts";
import {
  narrower,
  never,
  type Options,
  prove,
  proveWith,
  type Verdict,
} from "../../policy-libs/policy/analysis/index.ts";
import type { RProve } from "../../policy-libs/policy/resolved.ts";
import { anyClaim, anyPair, expectAgreement, holdsIn, isWider } from "./agreement.ts";
import { anyClaimText, CALLS, claimOf, isAskedForBy } from "./solver-claims.ts";

const z3 = newZ3();
afterAll(() => z3.close());

/** Exploration finds out nothing. */
const BLIND: Options = { limits: { work: 1, states: 1 } };
const EXACT: Options = { limits: { work: 60_000, states: 2_000 } };
const SHORT = { ...BLIND, milliseconds: 1_500 };
const AT = { file: "t.policy", line: 1, column: 1, span: { from: 0, to: 0 }, text: "" };
const TIME = 600_000;
const RUNS = 10;

/** What is proved is not refuted, and the other way round. */
function expectNoQuarrel(one: Verdict, other: Verdict): void {
  expect([one.verdict, other.verdict].toSorted()).not.toEqual(["proved", "refuted"]);
}

describe("verdicts with a solver alone agree with enumeration, and with exploration", () => {
  test.prop([anyPair], { numRuns: RUNS })(
    "of narrower",
    async ({ a, b, calls }) => {
      const claim: RProve = { of: a, claim: { kind: "narrower than", other: b }, at: AT };
      const verdict = await proveWith(z3, claim, SHORT);
      expectAgreement(verdict, a, isWider(a, b), calls, true);
      expectNoQuarrel(verdict, narrower(a, b, EXACT));
    },
    TIME,
  );

  test.prop([anyClaim], { numRuns: RUNS })(
    "of never",
    async ({ policy, on, when, calls }) => {
      const claim: RProve = { of: policy, claim: { kind: "never", patterns: [on], when }, at: AT };
      const verdict = await proveWith(z3, claim, SHORT);
      expectAgreement(verdict, policy, holdsIn(on, when), calls);
      expectNoQuarrel(verdict, never(policy, [on], when, EXACT));
    },
    TIME,
  );

  test.prop([anyClaimText], { numRuns: 2 * RUNS })(
    "of sums, counts and comparisons",
    async (text) => {
      const claim = claimOf(text);
      const verdict = await proveWith(z3, claim, SHORT);
      expectAgreement(verdict, claim.of, isAskedForBy(claim), [CALLS], claim.claim.kind === "narrower than");
      expectNoQuarrel(verdict, prove(claim, EXACT));
    },
    TIME,
  );
});

const CAPPED = `policy capped over bank.pay { default deny allow bank.pay when count bank.pay < 2 }
prove capped never bank.pay when sum amount on bank.pay + amount > 6`;

describe("a solver that is wrong refutes nothing that does not happen", () => {
  test.prop([fc.integer({ min: 0, max: 2 ** 53 }), fc.nat({ max: 9 })], { numRuns: 20 })(
    "by any model that it makes up",
    async (amount, letter) => {
      const values = Array.from(
        { length: 70 },
        (_, at) => `(define-fun l${at} () Int ${letter})
        (define-fun i${at}qgoalx0 () Int ${amount}) (define-fun i${at}q${letter}x0 () Int ${amount})`,
      );
      const answer = `sat (${values.join(" ")})`;
      const run = async (script: string) => (script.includes("define-fun Gg") ? answer : "unsat");
      const liar = { name: "liar", run };
      const claim = claimOf(CAPPED);
      const verdict = await proveWith(liar, claim, BLIND);
      expect(verdict.verdict).toBe("bounded");
    },
  );
});
