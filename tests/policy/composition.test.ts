// The laws of composition and of memory, on random policies and histories.
import { test as prop } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { all, any, rankOf } from "../../policy-libs/policy/compose.ts";
import { policiesOf } from "../../policy-libs/policy/decisive.ts";
import { edit } from "../../policy-libs/policy/edits.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type {
  Datum,
  Decision,
  Joined,
  PolicyEvent,
  RPattern,
  RPolicy,
  RRule,
} from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import { anyCase, anyOver, anyPast, drawPolicy } from "../kit/policies.ts";
import { allOf, argument, operation, pattern, policyOf, rule } from "../kit/resolved.ts";
import { drawHistory, performed } from "../kit/traces.ts";

const OP = operation("net.send", 0, [argument("n", "int")]);
const POLICY = policyOf("p", "abstain", [OP], []);
const numbered = (index: number, kind: "ask" | "delay" | "change" | "halt" | "deny"): RRule => ({
  ...rule(
    kind === "ask"
      ? { kind, of: undefined }
      : kind === "delay"
        ? { kind, to: 1, per: 1 }
        : kind === "change"
          ? { kind, edits: [] }
          : { kind },
    [pattern([OP])],
  ),
  index,
});
const OBLIGING = (["ask", "delay", "change", "change"] as const).map((kind, index) => numbered(index, kind));
const suppress = (giving: Datum | undefined, index: number): RRule => ({
  ...rule({ kind: "suppress", giving }, [pattern([OP])]),
  index,
});
const REFUSING = [
  undefined,
  { effect: "suppress", policy: POLICY, rule: suppress(undefined, 4) },
  { effect: "suppress", policy: POLICY, rule: suppress(true, 5) },
  { effect: "suppress", policy: POLICY, rule: suppress(7, 6) },
  { effect: "deny", policy: POLICY, rule: undefined },
  { effect: "deny", policy: POLICY, rule: numbered(7, "deny") },
  { effect: "halt", policy: POLICY, rule: numbered(8, "halt") },
] as const;

const anyDecision: fc.Arbitrary<Decision> = fc.record({
  granted: fc.boolean(),
  refusal: fc.oneof(fc.constant(undefined), fc.constantFrom(...REFUSING)),
  obligations: fc.subarray(OBLIGING).map((rules) => rules.map((rule) => ({ policy: POLICY, rule }))),
  wait: fc.nat(2),
});

/** An answer without who is named for it. */
function answer({ granted, refusal, obligations, wait }: Decision) {
  const given = refusal?.rule?.effect.kind === "suppress" ? refusal.rule.effect.giving : "not suppressed";
  return { granted, refusal: refusal?.effect, given, obligations: new Set(obligations.map(({ rule }) => rule)), wait };
}
const RUNS = { numRuns: 2_000 };

describe.each([
  ["all", all],
  ["any", any],
] as const)("%s", (_name, join) => {
  prop.prop([anyDecision, anyDecision, anyDecision], RUNS)("is associative", (a, b, c) => {
    const flat = answer(join([a, b, c]));
    expect(answer(join([join([a, b]), c]))).toEqual(flat);
    expect(answer(join([a, join([b, c])]))).toEqual(flat);
  });

  prop.prop([fc.array(anyDecision), fc.infiniteStream(fc.nat(99))], RUNS)("is commutative", (decisions, order) => {
    const shuffled = decisions.map((one) => ({ one, at: order.next().value })).sort((a, b) => a.at - b.at);
    expect(answer(join(shuffled.map(({ one }) => one)))).toEqual(answer(join(decisions)));
  });

  prop.prop([fc.array(anyDecision)], RUNS)("is idempotent", (decisions) => {
    expect(answer(join([...decisions, ...decisions]))).toEqual(answer(join(decisions)));
  });

  prop.prop([anyDecision], RUNS)("of one is that one", (decision) => {
    expect(answer(join([decision]))).toEqual(answer(decision));
  });
});

const isRefused = ({ refusal }: Decision): boolean => refusal !== undefined;

describe("answers", () => {
  prop.prop([fc.array(anyDecision), anyDecision], RUNS)(
    "one more member of all never takes a refusal or an obligation away",
    (decisions, more) => {
      const [before, after] = [all(decisions), all([...decisions, more])];
      expect(rankOf(after)).toBeGreaterThanOrEqual(rankOf(before));
      expect(new Set(after.obligations)).toEqual(new Set([...before.obligations, ...after.obligations]));
      expect(after.wait).toBeGreaterThanOrEqual(before.wait);
    },
  );

  prop.prop([fc.array(anyDecision)], RUNS)("nobody who has not granted grants in any", (decisions) => {
    expect(any(decisions).granted).toBe(decisions.some(({ granted }) => granted));
  });
});

const CASES = { numRuns: 300 };

/** All that happens: verdicts, and what was performed. */
const outcomes = ({ history, decided }: ReturnType<typeof performed>) => [
  decided.map(({ settled }) => settled.verdict),
  history.map(({ kind, op, data, time }) => [kind, op.name, [...data], time]),
];

function reversed(policy: Joined): Joined {
  if (policy.kind === "policy") return { ...policy, rules: [...policy.rules].reverse() };
  return { ...policy, of: policy.of.map(reversed).reverse() };
}

describe("policies", () => {
  prop.prop([anyCase()], CASES)("all of a policy and itself is that policy", ({ policy, trace }) => {
    expect(outcomes(performed(allOf(policy, policy), trace))).toEqual(outcomes(performed(policy, trace)));
  });

  prop.prop([anyCase()], CASES)("the order of rules and of members never matters", ({ policy, trace }) => {
    expect(outcomes(performed(reversed(policy), trace))).toEqual(outcomes(performed(policy, trace)));
  });

  const anyTwo = anyOver((draw, vocabulary) => {
    const [policy, added] = [drawPolicy(draw, vocabulary), drawPolicy(draw, vocabulary)];
    return { policy, added, history: drawHistory(draw, vocabulary, 10) };
  });
  prop.prop([anyTwo], CASES)(
    "a policy with default abstain or deny added to all never allows what was refused, or without what was asked",
    ({ policy, added, history }) => {
      const more: RPolicy = { ...added, default: added.default === "allow" ? "abstain" : added.default };
      const [past, now] = [history.slice(0, -1), history.at(-1) as PolicyEvent];
      const before = decideByHistory(policy, past, now);
      const after = decideByHistory(allOf(policy, more), past, now);
      if (isRefused(before)) expect(isRefused(after)).toBe(true);
      expect(rankOf(after)).toBeGreaterThanOrEqual(rankOf(before));
      for (const obligation of before.obligations) expect(after.obligations).toContainEqual(obligation);
    },
  );

  prop.prop([anyCase()], CASES)(
    "what is performed is accepted unchanged, by every member of all",
    ({ policy, trace }) => {
      const members = policy.kind === "all" ? [policy, ...policy.of] : [policy];
      for (const { before, settled } of performed(policy, trace).decided) {
        if (settled.decision.refusal !== undefined) continue;
        for (const member of members) {
          const again = decideByHistory(member, before, settled.event);
          expect(again.refusal).toBe(undefined);
          expect(edit(again, settled.event).by).toBe(undefined);
        }
      }
    },
  );

  prop.prop([anyCase()], CASES)("only what was allowed at that moment is performed", ({ policy, trace }) => {
    const { history } = performed(
      { kind: "all", name: "all", of: [policy] },
      trace.filter(({ isOfHost }) => !isOfHost),
    );
    for (const [at, event] of history.entries()) {
      if (event.kind !== "call") continue;
      const past = history.slice(0, history[at - 1]?.kind === "approved" ? at - 1 : at);
      const settled = settle((one) => decideByHistory(policy, past, one), event);
      const isApproved = past.length < at;
      // What was asked about may have been changed as well: nobody has to ask about what it became.
      expect(isApproved ? ["asked", "allowed"] : ["allowed"]).toContain(settled.verdict);
      expect(settled.event).toBe(event);
      expect(settled.decision.wait).toBe(0);
    }
  });
});

function patternsOf(policy: Joined): RPattern[] {
  const found: RPattern[] = [];
  const seen = new Set<object>();
  /** Whatever in a policy looks like a pattern is one. */
  function walk(value: unknown): void {
    if (typeof value !== "object" || value === null || seen.has(value) || value instanceof Map) return;
    seen.add(value);
    if ("kinds" in value && "ops" in value) found.push(value as RPattern);
    for (const inner of Object.values(value)) walk(inner);
  }
  walk(policiesOf(policy).map(({ rules }) => rules));
  return found;
}

const PLANTED: Operation = operation("other.call", 99, [argument("n", "int")]);

/** Events that no pattern names: of an operation it never heard of, and of kinds that no pattern of an operation has. */
function unnamed(policy: Joined, ops: readonly Operation[]): { op: Operation; kind: PolicyEvent["kind"] }[] {
  const patterns = patternsOf(policy);
  const kinds = ["call", "refused", "result", "failed", "approved"] as const;
  const isNamed = (op: Operation, kind: PolicyEvent["kind"]) =>
    patterns.some((one) => one.ops.includes(op) && one.kinds.includes(kind));
  return [PLANTED, ...ops].flatMap((op) => kinds.filter((kind) => !isNamed(op, kind)).map((kind) => ({ op, kind })));
}

describe("silence", () => {
  prop.prop([anyPast({ length: 10 }), fc.infiniteStream(fc.nat(999))], CASES)(
    "inserting events that a policy does not name changes no answer",
    ({ policy, history }, order) => {
      const [past, now] = [history.slice(0, -1), history.at(-1) as PolicyEvent];
      const foreign = unnamed(policy, [...new Set(history.map(({ op }) => op))]);
      const noisy = past.flatMap((event) => {
        const { op, kind } = foreign[order.next().value % foreign.length] as (typeof foreign)[0];
        return [event, { ...event, op, kind }];
      });
      expect(decideByHistory(policy, noisy, now)).toEqual(decideByHistory(policy, past, now));
    },
  );
});

describe("memory", () => {
  prop.prop([anyPast({ length: 16, depth: 3 })], { numRuns: 1_000 })(
    "the answer with bounds is never milder than with unbounded memory",
    ({ policy, history }) => {
      const [past, now] = [history.slice(0, -1), history.at(-1) as PolicyEvent];
      const bounded = decideByHistory(policy, past, now);
      const unbounded = decideByHistory(policy, past, now, "unbounded");
      expect(rankOf(bounded)).toBeGreaterThanOrEqual(rankOf(unbounded));
      if (!unbounded.granted) expect(bounded.granted).toBe(false);
      for (const one of policiesOf(policy)) {
        const [less, more] = (["bounded", "unbounded"] as const).map((memory) =>
          decideByHistory(one, past, now, memory),
        );
        for (const obligation of more?.obligations ?? []) expect(less?.obligations).toContainEqual(obligation);
        expect(less?.wait).toBeGreaterThanOrEqual(more?.wait ?? 0);
      }
    },
  );
});

describe("the generators", () => {
  const CASE = { rules: 6, depth: 3, length: 20 };
  prop("reach every verdict, bounds that matter, and every kind of event", () => {
    const seen = new Set<string>();
    let forgetful = 0;
    for (const { policy, trace } of fc.sample(anyCase(CASE), { numRuns: 400, seed: 1 })) {
      const { decided, history } = performed(policy, trace);
      for (const { event, before, settled } of decided) {
        seen.add(settled.verdict);
        const unbounded = decideByHistory(policy, before, event, "unbounded");
        if (rankOf(decideByHistory(policy, before, event)) !== rankOf(unbounded)) forgetful++;
      }
      for (const { kind } of history) seen.add(kind);
    }
    expect([...seen].sort()).toEqual([
      "allowed",
      "approved",
      "asked",
      "call",
      "changed",
      "delayed",
      "denied",
      "failed",
      "halted",
      "refused",
      "result",
      "suppressed",
    ]);
    expect(forgetful).toBeGreaterThan(20);
  });

  prop.prop([anyCase({ length: 20 })], { numRuns: 100 })(
    "make histories that can be: time never goes back, and outcomes are of calls that were performed",
    ({ policy, trace }) => {
      const { history } = performed(policy, trace);
      const open = new Map<Operation, number>();
      for (const [at, { kind, op, time }] of history.entries()) {
        expect(time).toBeGreaterThanOrEqual(history[at - 1]?.time ?? 0);
        const left = (open.get(op) ?? 0) + (kind === "call" ? 1 : kind === "result" || kind === "failed" ? -1 : 0);
        expect(left).toBeGreaterThanOrEqual(0);
        open.set(op, left);
      }
    },
  );
});
