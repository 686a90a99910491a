// The fifteen examples: what they allow and what they refuse, as their text says, step by step.
import { test as prop } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { render } from "../../policy-libs/policy/diagnostic.ts";
import { load } from "../../policy-libs/policy/load.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type { Datum, Decision, Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import { runTests, showFailure, type TestStep } from "../../policy-libs/policy/suite.ts";
import type { Verdict } from "../../policy-libs/policy/tree.ts";
import * as r from "../kit/resolved.ts";
import { EXAMPLES, VOCABULARY } from "./examples.ts";
import * as examples from "./fifteen.ts";
import { ops } from "./fifteen.ts";

/** What the words of a line stand for; of a result behind "->" what it gives. Whatever else a call takes is missing. */
// biome-ignore format: a table
const WORDS = new Map(Object.entries({
  "net.send":        "host port size",
  "net.connect":     "ip",
  "files.read":      "path",
  "files.write":     "path size",
  "files.open":      "path",
  "files.delete":    "path",
  "dns.resolve":     "name",
  "payments.charge": "amount",
  "tool.call":       "name",
  "mail.read":       "-> text",
  "http.get":        "host timeout",
  "db.query":        "table_owner rows",
  "vm.divide":       "divisor",
  "vm.call":         "depth",
  "vm.grow":         "pages_after",
}));

const wordsOf = (name: string, isResult: boolean): string[] => {
  const [takes = "", gives = ""] = (WORDS.get(name) ?? "").split("->");
  return `${takes} ${isResult ? gives : ""}`.split(" ").filter((word) => word !== "");
};

/** `net.send a 443 10`, `result files.read /a` */
const eventOf = (line: string): PolicyEvent => {
  const words = line.split(" ");
  const isResult = words[0] === "result";
  const [name = "", ...texts] = isResult ? words.slice(1) : words;
  const [op] = ops(name);
  const names = wordsOf(name, isResult);
  if (op === undefined || names.length !== texts.length) throw new Error(line);
  const data = names.map((word, at): [string, Datum] => {
    const text = texts[at] as string;
    return [word, r.named(word, [op]).type === "int" ? Number(text) : text];
  });
  return r.event(op, Object.fromEntries(data), { kind: isResult ? "result" : "call" });
};
type Line = number | readonly [line: string, is: Verdict, by?: string];
const stepOf = (line: Line): TestStep =>
  typeof line === "number"
    ? { kind: "wait", time: line, at: r.placeOf("wait") }
    : { kind: "event", event: eventOf(line[0]), is: line[1], by: line[2], at: r.placeOf(line[0]) };
const run = (policy: Joined, lines: readonly Line[]): string[] =>
  runTests([{ name: policy.name, policy, steps: lines.map(stepOf) }]).map(
    (failure) => `${failure.at.text}: ${showFailure(failure)}`,
  );
const times = (n: number, ...lines: readonly Line[]): Line[] => Array.from({ length: n }, () => lines).flat();

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

// biome-ignore format: a table
const TRACES: readonly (readonly [what: string, policy: Joined, lines: readonly Line[]])[] = [
  ["1: no send after a read, however long ago; reading goes on", examples.noSendAfterRead, [
    ["net.send a.example 443 10", "allowed"],
    ["files.read /etc/hosts", "allowed"],
    ["net.send a.example 443 10", "denied", "once files.read"],
    30 * 24 * HOUR,
    ["net.send a.example 443 10", "denied", "this program has read a file"],
    ["files.read /etc/hosts", "allowed"],
    ["net.connect 10.0.0.1", "allowed"],
  ]],
  ["2: three windows at once, and as many after each other as one likes", examples.fewWindows(), [
    ...times(3, ["window.open", "allowed"]),
    ["window.open", "denied", "too many windows"],
    ["window.close", "allowed"],
    ["window.open", "allowed"],
    ["window.open", "denied"],
  ]],
  ["2: with another number", examples.fewWindows(1), [
    ["window.close", "allowed"],
    ["window.open", "allowed"],
    ["window.open", "denied"],
  ]],
  ["3: only division by zero", examples.safeDivision, [
    ["vm.divide 1", "allowed"],
    ["vm.divide 0", "denied", "division by zero"],
    ["vm.call 0", "allowed"],
  ]],
  ["4: limits, each at its edge", examples.smallProgram, [
    ["vm.call 200", "allowed"],
    ["vm.call 201", "halted", "recursion too deep"],
    ["vm.grow 256", "allowed"],
    ["vm.grow 257", "denied", "more than 16 MiB"],
    ["files.write /a 6000000", "allowed"],
    ["files.write /a 4000001", "denied", "disk quota"],
    ["files.write /a 4000000", "allowed"],
    ["files.write /a 0", "allowed"],
    ["files.write /a 1", "denied"],
    ["files.read /a", "allowed"],
  ]],
  ["5: a chroot with exceptions", examples.editorFiles, [
    ["files.read /project/a", "allowed"],
    ["files.read /usr/share/fonts", "allowed"],
    ["files.read /usr/share/fontsmith", "denied", "nothing allows this"],
    ["files.read /project/a.key", "denied", "private keys"],
    ["files.write /project/a 1", "allowed"],
    ["files.write /project/.git/config 1", "denied", "nothing allows this"],
    ["files.write /project/.git 1", "allowed"],
    ["files.write /usr/share/fonts/a 1", "denied"],
    ["files.delete /project/a", "denied", "nothing allows this"],
    ["net.send a 443 1", "allowed"],
  ]],
  ["6: nothing is opened after sealing", examples.sealed, [
    ["files.open /a", "allowed"],
    ["net.connect 8.8.8.8", "allowed"],
    ["window.open", "denied", "nothing allows this"],
    ["sandbox.seal", "allowed"],
    ["files.open /a", "denied", "nothing allows this"],
    ["net.connect 8.8.8.8", "denied"],
    ["files.read /a", "allowed"],
    ["net.send a 443 1", "allowed"],
    ["vm.divide 0", "allowed"],
  ]],
  ["7: sends only to what it has resolved", examples.onlyResolved, [
    ["net.send a.example.com 443 1", "denied"],
    ["dns.resolve a.example.com", "allowed"],
    ["net.send a.example.com 443 1", "denied", "nothing allows this"],
    ["result dns.resolve a.example.com", "allowed"],
    ["net.send a.example.com 443 1", "allowed"],
    ["net.send a.example.com 80 1", "allowed"],
    ["net.send a.example.com 22 1", "denied"],
    ["net.send b.example.com 443 1", "denied"],
    ["dns.resolve a.example.org", "denied"],
    ["net.connect 8.8.8.8", "denied"],
  ]],
  ["7: of the 65th name nothing is known", examples.onlyResolved, [
    ...Array.from({ length: 64 }, (_, n): Line => [`result dns.resolve h${n}.example.com`, "allowed"]),
    ["net.send h63.example.com 443 1", "allowed"],
    ["net.send h64.example.com 443 1", "denied"],
    ["result dns.resolve h64.example.com", "allowed"],
    ["net.send h64.example.com 443 1", "denied"],
    ["net.send h0.example.com 443 1", "allowed"],
  ]],
  ["8: no way into the inner network", examples.noInnerNetwork, [
    ["net.connect 10.0.0.1", "denied"],
    ["net.connect 9.255.255.255", "allowed"],
    ["net.connect 11.0.0.0", "allowed"],
    ["net.connect 172.31.255.255", "denied"],
    ["net.connect 172.32.0.0", "allowed"],
    ["net.connect 169.254.169.254", "denied"],
    ["net.connect 127.0.0.1", "denied"],
    ["net.connect ::ffff:192.168.1.1", "denied"],
    ["net.connect localhost", "denied"],
    ["net.connect 2001:4860:4860::8888", "allowed"],
  ]],
  ["9: a secret stays until it is released", examples.secretsStay, [
    ["files.read /secrets/k", "allowed"],
    ["net.send a 443 1", "allowed"],
    ["result files.read /public", "allowed"],
    ["net.send a 443 1", "allowed"],
    ["result files.read /secrets/k", "allowed"],
    ["net.send a 443 1", "denied", "it holds a secret"],
    ["user.release", "allowed"],
    ["net.send a 443 1", "allowed"],
    ["result vault.get", "allowed"],
    ["net.send a 443 1", "denied"],
  ]],
  ["10: a budget, and a question before the first and before large payments", examples.assistantPayments(), [
    ["payments.charge 101", "denied", "nothing allows this"],
    ["payments.charge 1", "asked", "first or large payment"],
    ["payments.charge 20", "allowed"],
    ["payments.charge 21", "asked", "amount > 20"],
    ...times(4, ["payments.charge 100", "asked"] as const),
    ["payments.charge 59", "denied", "nothing allows this"],
    ["payments.charge 58", "asked"],
    ["payments.charge 1", "denied"],
    ["payments.charge 0", "allowed"],
    23 * HOUR,
    ["payments.charge 1", "denied"],
    2 * HOUR,
    ["payments.charge 1", "allowed"],
  ]],
  ["11: after untrusted text, dangerous tools need a person", examples.injectionGuard, [
    ["tool.call shell", "allowed"],
    ["result mail.read hello", "allowed"],
    ["tool.call shell", "asked", "untrusted"],
    ["tool.call git.push", "asked"],
    ["tool.call search", "allowed"],
  ]],
  ["12: thirty at once, then one every two seconds; five to one host in ten seconds", examples.politeClient, [
    ...times(5, ["http.get a.example 1000", "allowed"] as const),
    ["http.get a.example 1000", "denied"],
    ["http.get b.example 60000", "changed", "timeout at most 30000"],
    10 * SECOND,
    ["http.get a.example 1000", "denied"],
    1,
    ["http.get a.example 1000", "allowed"],
  ]],
  ["12: the thirty-first waits", examples.politeClient, [
    ...Array.from({ length: 30 }, (_, n): Line => [`http.get h${n}.example 30000`, "allowed"]),
    ["http.get h30.example 30000", "delayed", "30 per"],
    // It waited for 2 s: so long the next one has to wait as well.
    ["http.get h31.example 30001", "delayed"],
    1_999,
    ["http.get h32.example 30000", "delayed"],
    2 * SECOND,
    ["http.get h33.example 30001", "changed"],
  ]],
  ["13: what the guest sees of mail", examples.maskMail, [
    ["mail.read", "allowed"],
    ["result mail.read hello", "allowed"],
    ["result mail.read 4111111111111111", "changed", "card-number"],
    [`result mail.read ${"a".repeat(20_001)}`, "changed", "text first 20"],
    [`result mail.read ${"a".repeat(20_000)}`, "allowed"],
  ]],
  ["14: a question before each delete, and telemetry nowhere", examples.plugin, [
    ["files.delete /a", "denied", "confirm first"],
    ["user.confirm", "allowed"],
    ["telemetry.send", "suppressed", "giving true"],
    ["files.delete /a", "allowed"],
    ["files.delete /a", "denied"],
    ["user.confirm", "allowed"],
    ["files.read /a", "allowed"],
    ["files.delete /a", "denied"],
  ]],
  ["15: own rows, and a rate for the tenant", examples.ownRows("acme"), [
    ["db.query bolt 1", "denied", "nothing allows this"],
    ["db.query acme 1001", "denied"],
    ...times(50, ["db.query acme 1000", "allowed"] as const),
    ["db.query acme 1000", "denied", "tenant rate"],
    1_000,
    ["db.query acme 1000", "denied"],
    1,
    ["db.query acme 1000", "allowed"],
  ]],
];

/** The same policies from their text. */
const LOADED = load(EXAMPLES, { file: "examples.policy", vocabulary: VOCABULARY });
function fromText(of: Joined): Joined {
  if (LOADED.kind === "wrong") throw new Error(LOADED.diagnostics.map(render).join("\n"));
  const [name = "", parameter] = of.name.split(/[():]/);
  const value = /: "?(\w+)"?\)/.exec(of.name)?.[1] ?? "";
  const values =
    parameter === undefined ? [] : [[parameter, Number.isNaN(Number(value)) ? value : Number(value)] as const];
  const made = LOADED.policies.get(name)?.instantiate(new Map(values));
  if (made?.kind !== "instance") throw new Error(of.name);
  return made.policy;
}

describe("the fifteen examples", () => {
  test.each(TRACES)("%s", (_what, policy, lines) => {
    expect(run(policy, lines)).toEqual([]);
  });

  test.each(TRACES)("from their text: %s", (_what, policy, lines) => {
    expect(run(fromText(policy), lines)).toEqual([]);
  });

  const KINDS = ["call", "call", "refused", "failed", "approved"] as const;
  const answer = ({ granted, refusal, obligations, wait }: Decision) => [
    granted,
    refusal && [refusal.effect, refusal.rule?.index],
    obligations.map(({ rule }) => rule.index),
    wait,
  ];
  const waits = fc.constantFrom(0, 1, 1_999, 10_000, HOUR);
  const anyHistory = fc.constantFrom(...TRACES).chain(([, policy, lines]) => {
    const pool = lines.flatMap((line) => (typeof line === "number" ? [] : [eventOf(line[0])]));
    const events = fc.array(
      fc.record({
        event: fc.constantFrom(...pool),
        kind: fc.constantFrom(...KINDS),
        wait: waits,
        domain: fc.constantFrom(1, 1, 2),
      }),
      { minLength: 1, maxLength: 20 },
    );
    return events.map((list) => ({ policy, list }));
  });
  prop.prop([anyHistory], { numRuns: 500 })(
    "what the checker makes of their text decides as what was resolved by hand",
    ({ policy, list }) => {
      const checked = fromText(policy);
      let time = 0;
      const history: PolicyEvent[] = [];
      for (const { event, kind, wait, domain } of list) {
        time += wait;
        const now = { ...event, kind: event.kind === "result" ? event.kind : kind, time, domain };
        expect(answer(decideByHistory(checked, history, now))).toEqual(answer(decideByHistory(policy, history, now)));
        history.push(now);
      }
    },
  );

  test("11: three refusals within ten minutes close the shell", () => {
    const refused = (time: number): PolicyEvent => ({ ...eventOf("tool.call git.push"), kind: "refused", time });
    const verdict = (time: number, ...history: PolicyEvent[]) =>
      settle((event) => decideByHistory(examples.injectionGuard, history, event), {
        ...eventOf("tool.call shell"),
        time,
      }).verdict;
    expect(verdict(600_000, refused(0), refused(1))).toBe("allowed");
    expect(verdict(600_000, refused(0), refused(1), refused(2))).toBe("denied");
    expect(verdict(600_001, refused(0), refused(1), refused(2))).toBe("allowed");
  });

  test("15: a tenant's rate is one for all its domains, and another tenant's is another", () => {
    const history = Array.from({ length: 50 }, (_, domain) => ({ ...eventOf("db.query acme 1"), domain }));
    const verdict = (tenant: string) =>
      settle((event) => decideByHistory(examples.ownRows("acme"), history, event), {
        ...eventOf("db.query acme 1"),
        tenant,
      }).verdict;
    expect(["acme", "bolt"].map(verdict)).toEqual(["denied", "allowed"]);
  });

  test("13: what is delivered is masked and cut", () => {
    const { event } = settle(
      (one) => decideByHistory(examples.maskMail, [], one),
      eventOf(`result mail.read 4111111111111111${"a".repeat(20_000)}`),
    );
    expect(event.data.get("text")).toBe(`${"*".repeat(16)}${"a".repeat(19_984)}`);
  });
});

describe("tests beside policies", () => {
  const failures = (policy: Joined, ...lines: Line[]) =>
    runTests([{ name: "t", policy, steps: lines.map(stepOf) }]).map(({ at, expected, came }) => [
      at.text,
      expected,
      came,
    ]);

  test("every step that went otherwise is reported, with what was expected, what came, and the rule", () => {
    const lines: Line[] = [
      ["files.read /a", "denied"],
      ["net.send a 443 1", "allowed"],
      ["net.send a 443 1", "denied", "no such text"],
      ["net.send a 443 1", "denied"],
    ];
    expect(failures(examples.noSendAfterRead, ...lines)).toEqual([
      ["files.read /a", "denied", "allowed"],
      ["net.send a 443 1", "allowed", "denied by no_send_after_read (line 1): this program has read a file"],
      [
        "net.send a 443 1",
        'denied by "no such text"',
        "denied by no_send_after_read (line 1): this program has read a file",
      ],
    ]);
    expect(failures(examples.sealed, ["window.open", "allowed"])).toEqual([
      ["window.open", "allowed", "denied by sealed (line 1): nothing allows this"],
    ]);
  });

  test("they say where: file, line, column", () => {
    const at = { ...r.placeOf("net.send()"), file: "a.policy", line: 14, column: 3 };
    const step: TestStep = { kind: "event", event: eventOf("files.read /a"), is: "halted", at };
    const [failure] = runTests([{ name: "send after read", policy: examples.noSendAfterRead, steps: [step] }]);
    expect(showFailure(failure as NonNullable<typeof failure>)).toBe(
      'a.policy:14:3 test "send after read": expected halted, came allowed',
    );
  });

  test("a condition that did not matter is not what decided", () => {
    const [amount] = ops("payments.charge").map((op) => r.term(r.named("amount", [op])));
    if (amount === undefined) throw new Error("no amount");
    const [small, large] = [r.compare(amount, "<", r.constant(5)), r.compare(amount, ">", r.constant(20))];
    const deny = (when: ReturnType<typeof r.or>) =>
      r.policyOf("p", "allow", ops("payments.charge"), [r.rule("deny", [r.pattern(ops("payments.charge"))], when)]);
    const by = (policy: Joined, amount: number, text: string) =>
      failures(policy, [`payments.charge ${amount}`, "denied", text]).length === 0;
    const either = deny(r.or(small, large));
    expect([by(either, 3, "amount < 5"), by(either, 3, "amount > 20")]).toEqual([true, false]);
    expect([by(either, 21, "amount < 5"), by(either, 21, "amount > 20")]).toEqual([false, true]);
    const neither = deny(r.not(r.and(r.not(small), r.not(large))));
    expect([by(neither, 3, "amount < 5"), by(neither, 3, "amount > 20")]).toEqual([true, false]);
    const both = deny(r.or(r.and(small, large), r.compare(amount, "==", r.constant(3))));
    expect([by(both, 3, "amount < 5"), by(both, 3, "amount == 3")]).toEqual([false, true]);
    expect([by(either, 3, "deny payments.charge"), by(either, 3, "amount")]).toEqual([true, true]);
  });
});
