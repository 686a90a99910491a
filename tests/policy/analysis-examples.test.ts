// Claims about the fifteen examples of the language's document, each with the verdict that its words have; the three
// lessons at the end of its section 4; and how long comparisons may take.
import { describe, expect, test } from "vitest";
import {
  bound,
  conflicts,
  contradiction,
  narrower,
  prove,
  reach,
  residual,
  type Verdict,
} from "../../policy-libs/policy/analysis/index.ts";
import { type Loaded, load } from "../../policy-libs/policy/load.ts";
import type { Joined, PolicyEvent, RPolicy } from "../../policy-libs/policy/resolved.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import { and, argument, event, named, not, once, operation, pattern, policyOf, rule, text } from "../kit/resolved.ts";
import { EXAMPLES, VOCABULARY } from "./examples.ts";

const FIFTEEN = EXAMPLES.slice(
  0,
  EXAMPLES.indexOf("# Composition") < 0 ? undefined : EXAMPLES.indexOf("# Composition"),
);

function loaded(text: string): Loaded {
  const result = load(text, { file: "test.policy", vocabulary: VOCABULARY });
  if (result.kind !== "loaded") throw new Error(result.diagnostics.map(({ message }) => message).join("\n"));
  return result;
}

/** "net.send(a.example,443)"; of results and refusals with the word before it. */
const shown = ({ kind, op, data }: PolicyEvent): string =>
  `${kind === "call" ? "" : `${kind} `}${op.name}(${op.takes
    .filter(({ source }) => source?.part === undefined || source.part === "url")
    .map(({ name }) => data.get(name) ?? "")
    .join()})`;
const verdictOf = (claim: string, source = FIFTEEN): Verdict => {
  const [only] = loaded(`${source}\n${claim}\n`).proves;
  if (only === undefined) throw new Error(claim);
  return prove(only);
};

const PROVED = [
  "no_send_after_read never net.send when once files.read",
  "few_windows never window.open when level window.open minus window.close >= 3",
  "few_windows(n: 2) narrower than few_windows",
  "few_windows same as few_windows(n: 3)",
  "safe_division never vm.divide when divisor == 0",
  "small_program never vm.call when depth > 200",
  "small_program never vm.grow when pages_after > 256",
  "small_program never files.write when sum size on files.write + size > 10MB",
  'editor_files never files.read when path ends with ".key"',
  'editor_files never files.write when path like "/project/.git/**"',
  "editor_files never files.open",
  "sealed never net.connect when once sandbox.seal",
  "sealed never files.write",
  'only_resolved never net.send when not host ends with ".example.com"',
  "only_resolved never net.send when port == 22",
  "no_inner_network never net.connect when ip in 10.0.0.0/8",
  "secrets_stay never net.send when once result vault.get with no user.release since",
  "assistant_payments never payments.charge when amount > 100",
  "assistant_payments never payments.charge when sum amount on payments.charge within 1d in 24 steps + amount > 500",
  "assistant_payments(daily: 100) narrower than assistant_payments",
  'injection_guard never tool.call when name == "shell" and count refused tool.call within 10m >= 3',
  "polite_client never http.get when timeout > 30000",
  "polite_client never http.get when count http.get by host max 64 within 10s >= 5",
  "mask_mail never result mail.read when length(text) > 20000",
  "plugin never files.delete when not previous user.confirm among files.*",
  "plugin never telemetry.send",
  'own_rows(tenant: "acme") never db.query when table_owner != "acme"',
  'own_rows(tenant: "acme") never db.query when count db.query per tenant within 1s >= 50',
  'own_rows(tenant: "acme") disjoint from own_rows(tenant: "bolt")',
  "editor_files disjoint from only_resolved",
];

/** With the shortest trace. Hosts and paths are the simplest that there are. */
const REFUTED: readonly (readonly [claim: string, trace: readonly string[]])[] = [
  ["no_send_after_read never net.send", ["net.send(g,0,0)"]],
  ["few_windows narrower than few_windows(n: 2)", ["window.open()", "window.open()", "window.open()"]],
  // "/project/.git/**" has a "/" at its end that "/project/.git" has not.
  ['editor_files never files.write when path under "/project/.git"', ["files.write(/project/.git,0)"]],
  [
    "only_resolved never net.send",
    ["dns.resolve(g.example.com)", "result dns.resolve(g.example.com)", "net.send(g.example.com,80,0)"],
  ],
  ["no_inner_network never net.connect when ip in 10.0.0.0/7", ["net.connect(g,11.0.0.0,0)"]],
  [
    "secrets_stay never net.send when once result vault.get",
    ["vault.get()", "result vault.get()", "user.release()", "net.send(g,0,0)"],
  ],
  ["plugin never files.delete", ["user.confirm()", "files.delete(/)"]],
  ["no_send_after_read narrower than secrets_stay", ["vault.get()", "result vault.get()", "net.send(g,0,0)"]],
];

describe("the fifteen examples", () => {
  test.each(PROVED)("prove %s", (claim) => {
    expect(verdictOf(`prove ${claim}`)).toEqual({ verdict: "proved" });
  });

  test.each(REFUTED)("refute %s", (claim, trace) => {
    const verdict = verdictOf(`prove ${claim}`);
    expect(verdict).toMatchObject({ verdict: "refuted", isShortest: true });
    if (verdict.verdict === "refuted") expect(verdict.trace.map(shown)).toEqual(trace);
  });

  test("a budget of 500 is not narrower than one of 100, and three traces of payments show it", () => {
    const verdict = verdictOf("prove assistant_payments narrower than assistant_payments(daily: 100)");
    expect(verdict.verdict).toBe("refuted");
    if (verdict.verdict !== "refuted") return;
    const amounts = verdict.trace.filter(({ kind }) => kind === "call").map(({ data }) => Number(data.get("amount")));
    expect(amounts).toHaveLength(2);
    expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBeGreaterThan(100);
  });

  test("no rule of them is dead, and the calls that they never perform are those that nothing allows", () => {
    const { policies } = loaded(FIFTEEN);
    const silent = new Map<string, readonly string[]>();
    for (const [name, template] of policies) {
      const made = template.instantiate(new Map(name === "own_rows" ? [["tenant", "acme"]] : []));
      if (made.kind !== "instance") throw new Error(name);
      expect([name, reach(made.policy)]).toEqual([name, { findings: [], open: [] }]);
      const { never, open, isContradiction } = contradiction(made.policy);
      expect([name, open, isContradiction]).toEqual([name, [], false]);
      if (never.length > 0 && name !== "sealed")
        silent.set(
          name,
          never.map((op) => op.name),
        );
    }
    expect([...silent]).toEqual([
      ["editor_files", ["files.open", "files.delete"]],
      ["only_resolved", ["net.connect"]],
      ["plugin", ["telemetry.send"]],
    ]);
  });
});

describe("lessons of the prototype", () => {
  test("a result follows only a performed call: what is not allowed to be resolved never is", () => {
    expect(verdictOf('prove only_resolved never result dns.resolve when not name ends with ".example.com"')).toEqual({
      verdict: "proved",
    });
    expect(verdictOf('prove only_resolved never net.send when host == "evil.test"')).toEqual({ verdict: "proved" });
  });

  test("every call has a class: policies that differ in a call without arguments are not the same", () => {
    const close = operation("window.close", 0, []);
    const open = operation("window.open", 1, []);
    const [a, b] = [
      policyOf("a", "deny", [close, open], [rule("allow", [pattern([close])])]),
      policyOf("b", "deny", [close, open], [rule("allow", [pattern([open])])]),
    ];
    expect(narrower(a, b)).toMatchObject({ verdict: "refuted", trace: [{ op: close }] });
    expect(narrower(b, a)).toMatchObject({ verdict: "refuted", trace: [{ op: open }] });
  });

  test("obligations add up: a change is not dead because a delay always matches too", () => {
    const { policies } = loaded(FIFTEEN);
    const made = policies.get("polite_client")?.instantiate(new Map());
    if (made?.kind !== "instance") throw new Error("polite_client");
    expect(made.policy.rules.map(({ effect }) => effect.kind)).toEqual(["delay", "deny", "change"]);
    expect(reach(made.policy).findings).toEqual([]);
  });
});

describe("rules that say nothing", () => {
  const found = (source: string) => {
    const { entry } = loaded(source);
    if (entry === undefined) throw new Error(source);
    const { findings, open } = reach(entry);
    expect(open).toEqual([]);
    return findings.map(({ kind, rule: one, cond, instead }) => [
      kind,
      one.at.line,
      cond?.at.text,
      instead.map((other) => other?.at.line),
    ]);
  };

  test("a rule whose condition nothing fulfils never matches, or only what is unknown if it restricts", () => {
    const both = 'files.read when path under "/a" and path under "/b"';
    expect(
      found(`policy p over files.* {
 default deny
 allow ${both}
}`),
    ).toEqual([["never matches", 3, undefined, []]]);
    expect(
      found(`policy p over files.* {
 default allow
 deny ${both}
}`),
    ).toEqual([["only unknown", 3, undefined, []]]);
  });

  test("a rule of an event that cannot happen never matches", () => {
    expect(found("policy p over files.*, net.* {\n default deny\n allow net.send when once files.read\n}")).toEqual([
      ["never matches", 3, undefined, []],
    ]);
  });

  test("a rule never decides whose events another one refuses, which is named", () => {
    expect(
      found(
        'policy p over files.* {\n default allow\n deny files.* when path like "**.key"\n deny files.write when path like "/k/**.key"\n}',
      ),
    ).toEqual([["never decides", 4, undefined, [3]]]);
  });

  test("an allow never decides where another one allows, nor what a refusal refuses", () => {
    expect(
      found('policy p over files.read {\n default deny\n allow files.read\n allow files.read when path under "/a"\n}'),
    ).toEqual([["never decides", 4, undefined, [undefined]]]);
  });

  test("a restriction that no allow meets never decides", () => {
    expect(found("policy p over files.* {\n default deny\n allow files.read\n ask files.write\n}")).toEqual([
      ["never decides", 4, undefined, [undefined]],
    ]);
  });

  test("a condition that is always true is found, and one that a missing argument makes unknown is not", () => {
    expect(
      found(
        "policy p over window.open {\n default deny\n allow window.open when level window.open minus window.close >= 0\n}",
      ),
    ).toEqual([["always true", 3, "level window.open minus window.close >= 0", []]]);
    expect(found("policy p over net.send {\n default deny\n allow net.send when port >= 0\n}")).toEqual([]);
  });

  test("a policy that performs nothing it speaks of contradicts itself", () => {
    const { entry } = loaded(
      "policy p over net.send {\n default deny\n allow net.send\n deny net.send unless once net.send\n}",
    );
    expect(contradiction(entry as Joined)).toMatchObject({ isContradiction: true, never: [{ name: "net.send" }] });
  });

  test("rules that allow what others refuse are shown with an event of both", () => {
    const { entry } = loaded(
      'policy p over files.* {\n default deny\n allow files.read when path under "/a"\n deny files.read when path under "/a/b"\n deny files.read when path under "/c"\n}',
    );
    const all = conflicts(entry as Joined).map(({ allowing, refusing, trace }) => [
      allowing.at.line,
      refusing.at.line,
      trace.map(shown),
    ]);
    expect(all).toEqual([[3, 4, ["files.read(/a/b)"]]]);
  });
});

describe("what is left after a trace", () => {
  const PLACE = { domain: 1, capability: 1, tenant: "acme" };
  const op = (name: string): Operation => VOCABULARY.byName.get(name) as Operation;
  const possible = (policy: Joined, ...events: readonly PolicyEvent[]) =>
    residual(policy, { events, place: PLACE }).calls.map(({ call, possible: one }) => [
      shown(call),
      one.when,
      ...("after" in one ? [one.after.map(shown)] : []),
    ]);
  const policy = (name: string): RPolicy => {
    const made = loaded(FIFTEEN).policies.get(name)?.instantiate(new Map());
    if (made?.kind !== "instance") throw new Error(name);
    return made.policy;
  };

  test("what is sealed is never possible again", () => {
    const when = (...events: readonly PolicyEvent[]) =>
      new Map(possible(policy("sealed"), ...events).map(([call, is]) => [String(call).split("(")[0], is]));
    expect(when().get("files.open")).toBe("now");
    expect(when(event(op("sandbox.seal"))).get("files.open")).toBe("never again");
    expect(when(event(op("sandbox.seal"))).get("files.read")).toBe("now");
  });

  test("what has to be confirmed is possible later, after the host's confirmation", () => {
    const all = possible(policy("plugin"));
    expect(all).toContainEqual(["files.delete(/)", "later", ["user.confirm()", "files.delete(/)"]]);
    expect(possible(policy("plugin"), event(op("user.confirm")))).toContainEqual(["files.delete(/)", "now"]);
  });

  test("a window of time ends: what it holds back is possible again, and not before", () => {
    const source = "policy p over net.send {\n default allow\n deny net.send when once files.read within 10s\n}";
    const { entry } = loaded(source);
    const { calls } = residual(entry as Joined, {
      events: [event(op("files.read"), { path: "/a" }, { time: 500 })],
      place: PLACE,
    });
    const send = calls.find(({ op: one }) => one.name === "net.send");
    expect(send?.possible).toMatchObject({ when: "later", after: [{ time: 10_501 }] });
  });
});

describe("sets that are full", () => {
  const limited = (max: number): string =>
    `policy p${max} over net.send {\n default abstain\n let seen = values name on dns.resolve max ${max}\n deny net.send when host in seen\n}\n`;

  test("a smaller set is full after as many different values, and then nothing more is known", () => {
    const verdict = verdictOf("prove p4 narrower than p3", limited(3) + limited(4));
    expect(verdict).toMatchObject({ verdict: "refuted", isShortest: true });
    if (verdict.verdict !== "refuted") return;
    const calls = verdict.trace.map(({ op }) => op.name);
    expect(calls).toEqual([...Array.from({ length: 4 }, () => "dns.resolve"), "net.send"]);
    const names = new Set(verdict.trace.slice(0, -1).map(({ data }) => data.get("name")));
    expect(names.size).toBe(4);
    expect(names.has(verdict.trace.at(-1)?.data.get("host"))).toBe(false);
    // Not proved: which of the values that are not told apart came twice is not known.
    expect(verdictOf("prove p3 narrower than p4", limited(3) + limited(4))).toMatchObject({
      verdict: "bounded",
      depth: 5,
    });
  });
});

describe("how much and how long", () => {
  const VISIBLE = operation("files.read", 0, [argument("path", "path")]);
  const OTHERS = Array.from({ length: 40 }, (_, at) =>
    operation(`other.call${at}`, at + 1, [argument("path", "path")]),
  );
  const other = (at: number): Operation => OTHERS[at % OTHERS.length] as Operation;
  const path = named("path", [VISIBLE, ...OTHERS]);

  /** Each rule has bits of its own, which have nothing to do with each other. */
  const large = (count: number, order: "forward" | "back" = "forward", spoilt = -1): RPolicy => {
    const rules = Array.from({ length: count }, (_, at) => {
      const first = once(pattern([other(7 * at + 3)], text(named("path", [other(7 * at + 3)]), "under", `/dir${at}`)));
      const second = once(pattern([other(5 * at + 1)]));
      const here = text(named("path", [VISIBLE]), "under", `/area${at}`);
      if (at === spoilt) return rule("deny", [pattern([VISIBLE])], and(here, first, second));
      if (at % 3 === 0) return rule("deny", [pattern([VISIBLE])], and(first, not(second)));
      if (at % 3 === 1) return rule("deny", [pattern([VISIBLE])], and(here, first));
      return rule("allow", [pattern([VISIBLE, ...OTHERS])], at === 2 ? undefined : text(path, "under", `/ok${at}`));
    });
    return policyOf("large", "deny", [VISIBLE, ...OTHERS], order === "back" ? rules.toReversed() : rules);
  };
  const timed = <A>(run: () => A): readonly [A, number] => {
    const start = performance.now();
    return [run(), performance.now() - start];
  };

  test.each([24, 30, 96])(
    "%i rules of many unrelated bits are compared with themselves in under two seconds",
    (count) => {
      const [verdict, time] = timed(() => narrower(large(count), large(count, "back")));
      expect(verdict).toEqual({ verdict: "proved" });
      expect(time).toBeLessThan(2_000);
    },
  );

  test("ninety-six rules of many unrelated bits are the same as themselves", () => {
    expect(narrower(large(96), large(96, "back"))).toEqual({ verdict: "proved" });
  });

  test("one spoilt rule among thirty is found in under two seconds, with a trace of two events", () => {
    const [verdict, time] = timed(() => narrower(large(30, "forward", 28), large(30, "back")));
    expect(verdict).toMatchObject({ verdict: "refuted", isShortest: true, trace: { length: 2 } });
    expect(time).toBeLessThan(2_000);
    expect(narrower(large(30), large(30, "back", 28))).toEqual({ verdict: "proved" });
  });

  test("too little time is said, with the depth that was looked at", () => {
    const claim = loaded(`${FIFTEEN}\nprove few_windows never window.open when count window.open >= 40\n`).proves[0];
    const verdict = claim && prove(claim, { limits: { work: 100, states: 10 } });
    expect(verdict).toMatchObject({ verdict: "bounded" });
  });

  test("the state of a policy is counted in bits of each scope", () => {
    const { policies } = loaded(FIFTEEN);
    const bits = (name: string) => {
      const made = policies.get(name)?.instantiate(new Map());
      return made?.kind === "instance" ? bound(made.policy) : undefined;
    };
    expect(bits("no_inner_network")).toEqual({ domain: 0, capability: 0, tenant: 0, host: 0 });
    expect(bits("no_send_after_read")).toMatchObject({ capability: 0, tenant: 0, host: 0 });
  });
});
