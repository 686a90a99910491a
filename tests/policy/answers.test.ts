// One policy's answer in three parts, several policies' answers, and what they come to at the top, from the words of
// docs/policy-language.md.
import { describe, expect, test } from "vitest";
import { carryOut } from "../../policy-libs/policy/carry.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type { Datum, Decision, Joined, PolicyEvent, REdit, RPolicy } from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import * as r from "../kit/resolved.ts";
import { allOf, anyOf, policyOf, type Unnumbered } from "../kit/resolved.ts";
import { DIVIDE, of, READ, read, SEND, send, verdictOf } from "./ground.ts";

const size = r.named("size", [SEND]);
const host = r.named("host", [SEND]);
const isBig = r.compare(r.term(size), ">", r.constant(3));
const sends = [r.pattern([SEND])];
const over = (byDefault: RPolicy["default"], ...rules: Unnumbered[]) => policyOf("p", byDefault, [SEND], rules);
const decided = (policy: Joined, now: PolicyEvent, history: readonly PolicyEvent[] = []) =>
  decideByHistory(policy, history, now);
const summary = ({ granted, refusal, obligations, wait }: Decision) => ({
  granted,
  refusal: refusal?.effect,
  obligations: obligations.map(({ rule }) => rule.effect.kind),
  wait,
});
const ABSTAINS = { granted: false, refusal: undefined, obligations: [], wait: 0 };
const unknown = send("a");

describe("one policy", () => {
  test("outside what it is over it abstains, by whatever default", () => {
    for (const byDefault of ["allow", "deny", "abstain"] as const)
      expect(summary(decided(over(byDefault), read()))).toEqual(ABSTAINS);
    expect(summary(decided(policyOf("p", "deny", [SEND], [r.rule("deny", [r.pattern([READ])])]), read()))).toEqual(
      ABSTAINS,
    );
  });

  test("default allow grants, default abstain says nothing, default deny refuses: nothing allows it", () => {
    expect(summary(decided(over("allow"), send("a")))).toEqual({ ...ABSTAINS, granted: true });
    expect(summary(decided(over("abstain"), send("a")))).toEqual(ABSTAINS);
    const denied = decided(over("deny"), send("a"));
    expect(summary(denied)).toEqual({ ...ABSTAINS, refusal: "deny" });
    expect(denied.refusal?.rule).toBe(undefined);
  });

  test("an explicit refusal is named before nothing allows it; a stricter one counts", () => {
    const deny = decided(over("deny", r.rule("deny", sends)), send("a"));
    expect(deny.refusal?.rule?.index).toBe(0);
    expect(decided(over("deny", r.rule({ kind: "suppress", giving: 1 }, sends)), send("a")).refusal?.effect).toBe(
      "deny",
    );
    expect(decided(over("deny", r.rule("halt", sends)), send("a")).refusal?.effect).toBe("halt");
  });

  test("unknown never grants and always restricts", () => {
    expect(verdictOf(over("deny", r.rule("allow", sends, isBig)), [], unknown)).toBe("denied");
    expect(verdictOf(over("deny", r.rule("allow", sends, r.not(isBig))), [], unknown)).toBe("denied");
    expect(verdictOf(over("deny", r.rule("allow", sends, isBig)), [], send("a", 4))).toBe("allowed");
    for (const cond of [isBig, r.not(isBig)]) {
      expect(verdictOf(over("allow", r.rule("deny", sends, cond)), [], unknown)).toBe("denied");
      expect(verdictOf(over("allow", r.rule({ kind: "ask", of: undefined }, sends, cond)), [], unknown)).toBe("asked");
    }
    expect(verdictOf(over("allow", r.rule("deny", sends, isBig)), [], send("a", 3))).toBe("allowed");
  });

  test("a rule's own parentheses count like its condition", () => {
    const rule = r.rule("deny", [r.pattern([SEND], isBig)], r.compare(r.term(host), "==", r.constant("a")));
    expect(["a", "b"].map((name) => verdictOf(over("allow", rule), [], send(name, 4)))).toEqual(["denied", "allowed"]);
    expect(verdictOf(over("allow", rule), [], send("a", 3))).toBe("allowed");
    expect(verdictOf(over("allow", rule), [], send("a"))).toBe("denied");
    expect(verdictOf(over("allow", rule), [], send("b"))).toBe("allowed");
  });

  test("the strictest refusal, and all obligations", () => {
    const rules = [
      r.rule({ kind: "suppress", giving: 0 }, sends),
      r.rule("halt", sends),
      r.rule("deny", sends),
      r.rule({ kind: "ask", of: "owner" }, sends),
      r.rule({ kind: "change", edits: [r.atMost(size, 1)] }, sends),
    ];
    expect(summary(decided(over("abstain", ...rules), send("a", 4)))).toEqual({
      granted: false,
      refusal: "halt",
      obligations: ["ask", "change"],
      wait: 0,
    });
  });

  test("a result and an instruction need nobody's grant, and can be refused", () => {
    const policy = policyOf(
      "p",
      "deny",
      [READ, DIVIDE],
      [
        r.rule("deny", [r.result([READ])], r.text(r.named("path", [READ]), "under", "/secrets")),
        r.rule("halt", [r.pattern([DIVIDE])], r.compare(r.term(r.named("divisor", [DIVIDE])), "==", r.constant(0))),
      ],
    );
    const result = (path: string) => read(path, { kind: "result" });
    expect(["/a", "/secrets"].map((path) => verdictOf(policy, [], result(path)))).toEqual(["allowed", "denied"]);
    expect([1, 0].map((divisor) => verdictOf(policy, [], of(DIVIDE, { divisor })))).toEqual(["allowed", "halted"]);
  });
});

describe("what becomes of a call", () => {
  const carried = (policy: Joined, now: PolicyEvent, isApproved: boolean, history: readonly PolicyEvent[] = []) => {
    const { settled, events, time } = carryOut(
      (one) => decideByHistory(policy, history, one),
      now,
      () => isApproved,
    );
    return [settled.verdict, events.map(({ kind, data }) => `${kind} ${data.get("size") ?? data.get("text")}`), time];
  };
  const ask = r.rule({ kind: "ask", of: undefined }, sends);
  const change = r.rule({ kind: "change", edits: [r.atMost(size, 2)] }, sends);
  const delay = r.rule({ kind: "delay", to: 1, per: 10 }, sends);

  test("an approval discharges the rules that asked and no others: the call still waits and is still changed", () => {
    const policy = over("allow", ask, change, delay);
    expect(carried(policy, send("a", 4), true, [send("a")])).toEqual(["asked", ["approved 2", "call 2"], 10]);
    expect(carried(policy, send("a", 4), false, [send("a")])).toEqual(["asked", ["refused 4"], 0]);
  });

  test("after waiting it is decided again: what was within the window then may be outside now", () => {
    const fresh = r.rule({ kind: "ask", of: undefined }, sends, r.not(r.once(r.pattern([SEND]), { within: 5 })));
    expect(carried(over("allow", delay, fresh), send("a", 4), false, [send("a")])).toEqual([
      "delayed",
      ["refused 4"],
      10,
    ]);
  });

  test("a rate of none lets nobody wait for ever", () => {
    const never = over("allow", r.rule({ kind: "delay", to: 0, per: 10 }, sends));
    expect(carried(never, send("a", 4), true)).toEqual(["delayed", ["refused 4"], 0]);
  });

  test("of a result that is withheld nothing entered the domain; one that is changed is logged as the guest saw it", () => {
    const result = of(READ, { path: "/a", text: "12" }, { kind: "result" });
    const digits = { kind: "change", edits: [r.masks(r.named("text", [READ]), "digits")] } as const;
    expect(carried(policyOf("p", "abstain", [READ], [r.rule("deny", [r.result([READ])])]), result, true)).toEqual([
      "denied",
      ["failed undefined"],
      0,
    ]);
    expect(carried(policyOf("p", "abstain", [READ], [r.rule(digits, [r.result([READ])])]), result, true)).toEqual([
      "changed",
      ["result **"],
      0,
    ]);
  });
});

describe("delay", () => {
  const polite = over("allow", r.rule({ kind: "delay", to: 3, per: 100 }, sends));
  const at = (...times: number[]) => times.map((time) => send("a", 1, { time }));
  const wait = (policy: Joined, history: readonly PolicyEvent[], time: number) =>
    decideByHistory(policy, history, send("a", 1, { time })).wait;
  test("after a pause n begin at once, then one every d/n", () => {
    expect(wait(polite, [], 1_000)).toBe(0);
    expect(wait(polite, at(1_000, 1_000), 1_000)).toBe(0);
    // 100/3 ms after the first three.
    expect(wait(polite, at(1_000, 1_000, 1_000), 1_000)).toBe(34);
    expect(wait(polite, at(1_000, 1_000, 1_000), 1_033)).toBe(1);
    expect(wait(polite, at(1_000, 1_000, 1_000), 1_034)).toBe(0);
    // Nothing drifts: the sixth begins 300/3 after the first, whatever the rounding between.
    expect(wait(polite, at(1_000, 1_000, 1_000, 1_034, 1_067), 1_100)).toBe(0);
    expect(wait(polite, at(1_000, 1_000, 1_000, 1_034, 1_067), 1_099)).toBe(1);
  });

  test("in any span of t at most n + t * n / d begin, if each waits as long as it is told", () => {
    const history: PolicyEvent[] = [];
    let time = 0;
    for (let n = 0; n < 30; n++) {
      time += wait(polite, history, time);
      expect(wait(polite, history, time)).toBe(0);
      history.push(...at(time));
    }
    for (const [i, a] of history.entries())
      for (const [j, b] of history.entries())
        if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(3 + ((b.time - a.time) * 3) / 100);
    expect(time).toBe(900);
  });

  test("only performed calls to which the rule applied fill the bucket, those of which it is unknown too", () => {
    const big = over("allow", r.rule({ kind: "delay", to: 1, per: 100 }, sends, isBig));
    const then = { time: 0 };
    expect(decided(big, send("a", 4), [send("a", 3, then), read()]).wait).toBe(0);
    expect(decided(big, send("a", 4), [send("a", 4, { kind: "refused" })]).wait).toBe(0);
    expect(decided(big, send("a", 4), [send("a", 4, then)]).wait).toBe(100);
    expect(decided(big, send("a", 4), [send("a")]).wait).toBe(100);
    expect(decided(big, send("a", 3), [send("a", 4, then)]).wait).toBe(0);
  });

  test("the longest delay counts", () => {
    const two = allOf(
      over("allow", r.rule({ kind: "delay", to: 1, per: 10 }, sends)),
      over("allow", r.rule({ kind: "delay", to: 1, per: 30 }, sends)),
    );
    expect(decided(two, send("a"), [send("a")]).wait).toBe(30);
  });
});

describe("several policies", () => {
  const grants = over("abstain", r.rule("allow", sends));
  const denies = over("abstain", r.rule("deny", sends));
  const asks = over("allow", r.rule({ kind: "ask", of: undefined }, sends));
  const changes = over("allow", r.rule({ kind: "change", edits: [r.atMost(size, 1)] }, sends));
  const closed = over("deny");
  const now = send("a", 4);
  const verdict = (policy: Joined) => verdictOf(policy, [], now);

  test("all: a refusal beats every grant, and obligations add up", () => {
    expect(verdict(allOf(grants, denies))).toBe("denied");
    expect(verdict(allOf(grants, closed))).toBe("denied");
    expect(verdict(allOf(grants, asks, changes))).toBe("asked");
    expect(summary(decided(allOf(grants, asks, changes), now)).obligations).toEqual(["ask", "change"]);
  });

  test("any: the granting members of lowest rank", () => {
    expect(verdict(anyOf(closed, grants))).toBe("allowed");
    expect(verdict(anyOf(asks, grants))).toBe("allowed");
    expect(verdict(anyOf(asks, changes))).toBe("changed");
    expect(verdict(anyOf(closed, asks))).toBe("asked");
    expect(verdict(anyOf(denies, grants))).toBe("allowed");
  });

  test("any: if none grants, as all", () => {
    expect(verdict(anyOf(closed, denies))).toBe("denied");
    expect(verdict(anyOf(denies, over("abstain")))).toBe("denied");
    expect(summary(decided(anyOf(over("abstain"), over("abstain")), now))).toEqual(ABSTAINS);
  });

  test("what all abstain from counts as granted: the embedder has granted it", () => {
    expect(verdict(allOf())).toBe("allowed");
    expect(verdict(over("abstain"))).toBe("allowed");
  });

  test("of several suppressions the least answer is given, whatever the order", () => {
    const giving = (value: Datum | undefined) => over("allow", r.rule({ kind: "suppress", giving: value }, sends));
    for (const [a, b, least] of [
      [1, 0, 0],
      ["b", "a", "a"],
      [true, 0, true],
      [undefined, false, undefined],
      ["", 3, 3],
      [true, false, false],
    ] as const) {
      for (const policy of [allOf(giving(a), giving(b)), anyOf(giving(b), giving(a)), allOf(giving(b), giving(a))]) {
        const effect = decided(policy, now).refusal?.rule?.effect;
        expect(effect?.kind === "suppress" ? effect.giving : "nothing").toBe(least);
      }
    }
  });
});

describe("changes", () => {
  const settledBy = (policy: Joined, now: PolicyEvent) => settle((one) => decideByHistory(policy, [], one), now);
  const change = (...edits: REdit[]) => r.rule({ kind: "change", edits }, sends);

  test("a change that alters nothing is none", () => {
    const policy = over("allow", change(r.atMost(size, 3)));
    expect([2, 3, 4].map((n) => settledBy(policy, send("a", n)).verdict)).toEqual(["allowed", "allowed", "changed"]);
  });

  test("what is performed has been decided as it is performed", () => {
    // Changed to 3, which is denied.
    const denied = over(
      "allow",
      change(r.atMost(size, 3)),
      r.rule("deny", sends, r.compare(r.term(size), "==", r.constant(3))),
    );
    expect(settledBy(denied, send("a", 4)).verdict).toBe("denied");
    expect(settledBy(denied, send("a", 2)).verdict).toBe("allowed");
    const asked = over(
      "allow",
      change(r.atMost(size, 3)),
      r.rule({ kind: "ask", of: undefined }, sends, r.compare(r.term(size), "==", r.constant(3))),
    );
    expect(settledBy(asked, send("a", 4)).verdict).toBe("asked");
    expect(settledBy(asked, send("a", 4)).event.data.get("size")).toBe(3);
  });

  test("what was asked of the call before its change is still asked", () => {
    const policy = over("allow", change(r.atMost(size, 3)), r.rule({ kind: "ask", of: undefined }, sends, isBig));
    expect(settledBy(policy, send("a", 4)).verdict).toBe("asked");
  });

  test("a call that would be changed further is refused", () => {
    const further = over(
      "allow",
      r.rule({ kind: "change", edits: [r.becomes(size, 2)] }, sends, isBig),
      r.rule({ kind: "change", edits: [r.becomes(size, 1)] }, sends, r.compare(r.term(size), "==", r.constant(2))),
    );
    const settled = settledBy(further, send("a", 4));
    expect(settled.verdict).toBe("denied");
    expect(settled.decision.refusal?.rule?.index).toBe(1);
    expect(settled.event.data.get("size")).toBe(4);
  });

  test("two different becomes refuse; two equal ones do not", () => {
    const both = (a: number, b: number) =>
      settledBy(
        allOf(over("allow", change(r.becomes(size, a))), over("allow", change(r.becomes(size, b)))),
        send("a", 4),
      ).verdict;
    expect([both(1, 2), both(2, 1), both(1, 1)]).toEqual(["denied", "denied", "changed"]);
  });

  test("a becomes that another rule's at most would lower refuses: its own policy would not perform what comes of it", () => {
    const becoming = over("allow", change(r.becomes(size, 3)));
    const both = (most: number, n: number) =>
      settledBy(allOf(becoming, over("allow", change(r.atMost(size, most)))), send("a", n));
    expect([both(2, 4), both(2, 2), both(2, 3)].map(({ verdict }) => verdict)).toEqual(["denied", "denied", "denied"]);
    expect(both(3, 4)).toMatchObject({ verdict: "changed" });
    expect(both(3, 4).event.data.get("size")).toBe(3);
  });

  test("at most takes the least, and sets what is missing", () => {
    const policy = allOf(over("allow", change(r.atMost(size, 3))), over("allow", change(r.atMost(size, 2))));
    expect([4, undefined].map((n) => settledBy(policy, send("a", n)).event.data.get("size"))).toEqual([2, 2]);
  });

  test("a result is changed like a call", () => {
    const text = r.named("text", [READ]);
    const policy = policyOf(
      "p",
      "abstain",
      [READ],
      [
        r.rule({ kind: "change", edits: [r.masks(text, "digits"), r.first(text, 8)] }, [r.result([READ])]),
        r.rule({ kind: "change", edits: [r.masks(text, "email"), r.first(text, 20)] }, [r.result([READ])]),
      ],
    );
    const settled = settledBy(policy, of(READ, { path: "/a", text: "12 a@b.c and more" }, { kind: "result" }));
    expect([settled.verdict, settled.event.data.get("text")]).toEqual(["changed", "** *****"]);
  });
});
