// What rules come to when their names are resolved.
import { describe, expect, test } from "vitest";
import { render } from "../../policy-libs/policy/diagnostic.ts";
import { type Loaded, type LoadOptions, load } from "../../policy-libs/policy/load.ts";
import type { Joined, RCond, RPolicy, RRule } from "../../policy-libs/policy/resolved.ts";
import { VOCABULARY } from "./examples.ts";

const loaded = (text: string, options: Partial<LoadOptions> = {}): Loaded => {
  const result = load(text, { file: "p", vocabulary: VOCABULARY, ...options });
  if (result.kind === "wrong") throw new Error(result.diagnostics.map(render).join("\n"));
  return result;
};
const wrong = (text: string, options: Partial<LoadOptions> = {}): readonly string[] => {
  const result = load(text, { file: "p", vocabulary: VOCABULARY, ...options });
  return result.kind === "wrong" ? result.diagnostics.map(render) : [];
};
const policiesIn = (joined: Joined | undefined): readonly RPolicy[] => {
  if (joined === undefined) return [];
  return joined.kind === "policy" ? [joined] : joined.of.flatMap(policiesIn);
};
const policy = (body: string, head = "policy p"): RPolicy =>
  policiesIn(loaded(`${head} { default abstain\n${body}\n}`).entry)[0] as RPolicy;
const rule = (body: string): RRule => policy(body).rules[0] as RRule;
const when = (body: string): RCond => rule(body).when as RCond;
/** Without places, and operations by their names. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner) => {
      if (key === "at" || key === "because") return undefined;
      if (key === "ops") return inner.map(({ name }: { readonly name: string }) => name);
      if (key === "argument") return inner.name;
      return typeof inner === "bigint" ? `${inner}` : inner;
    }),
  );
const _names = (joined: Joined): unknown =>
  joined.kind === "policy" ? joined.name : { [joined.kind]: joined.of.map(_names) };

describe("rules", () => {
  test("a rule is what it says, with its place", () => {
    const resolved = policy(
      'deny net.send when port == 80 unless host == "a.example" because "why"',
      "policy p over net.*",
    );
    expect(plain(resolved)).toMatchObject({ kind: "policy", name: "p", party: "p", default: "abstain" });
    expect(resolved.over.map(({ name }) => name)).toEqual(["net.send", "net.connect"]);
    const [only] = resolved.rules;
    expect(only?.because).toBe("why");
    expect(only?.at).toMatchObject({ file: "p", line: 2, column: 1 });
    expect(plain(only)).toEqual({
      index: 0,
      effect: { kind: "deny" },
      on: [{ kinds: ["call"], ops: ["net.send"] }],
      when: {
        kind: "and",
        of: [
          {
            kind: "compare",
            is: "==",
            left: { kind: "argument", argument: "port" },
            right: { kind: "constant", value: 80 },
          },
          {
            kind: "not",
            of: {
              kind: "compare",
              is: "==",
              left: { kind: "argument", argument: "host" },
              right: { kind: "constant", value: "a.example" },
            },
          },
        ],
      },
    });
  });

  test("a rule covers as much as its policy is over, and a policy without over all that its rules name", () => {
    const narrowed = policy("deny * when once files.read", "policy p over net.send, window.*");
    expect(plain(narrowed.rules[0]?.on)).toEqual([
      { kinds: ["call"], ops: ["net.send", "window.open", "window.close"] },
    ]);
    const free = policy("deny net.send deny result files.re*").over;
    expect(free.map(({ name }) => name)).toEqual(["net.send", "files.read"]);
  });

  test("* is every call and no instruction", () => {
    expect(rule("deny *").on[0]?.ops).toEqual(VOCABULARY.operations.filter(({ isInstruction }) => !isInstruction));
    expect(rule("deny vm.*").on[0]?.ops.map(({ name }) => name)).toEqual([
      "vm.divide",
      "vm.call",
      "vm.grow",
      "vm.indirect",
    ]);
    expect(rule("deny net.s*").on[0]?.ops.map(({ name }) => name)).toEqual(["net.send"]);
  });

  test("tried is performed or refused; never and not are one; previous has all its patterns", () => {
    expect(plain(when("deny net.send when count tried net.send > 3"))).toMatchObject({
      left: { kind: "count", pattern: { kinds: ["call", "refused"] }, per: "domain" },
    });
    expect(plain(when("deny net.send when never net.send"))).toEqual({
      kind: "not",
      of: { kind: "once", pattern: { kinds: ["call"], ops: ["net.send"] } },
    });
    expect(plain(when("deny files.delete unless previous user.confirm among files.*"))).toMatchObject({
      kind: "not",
      of: {
        kind: "previous",
        pattern: { ops: ["user.confirm"] },
        among: [{ ops: ["files.read", "files.write", "files.open", "files.delete"] }],
      },
    });
  });

  test("addresses are blocks, an address a block of one", () => {
    expect(plain(when('deny net.connect when ip in [10.0.0.0/8, "::1"]'))).toEqual({
      kind: "address",
      argument: "ip",
      blocks: [
        { bits: 32, first: `${10 * 2 ** 24}`, last: `${11 * 2 ** 24 - 1}`, text: "10.0.0.0/8" },
        { bits: 128, first: "1", last: "1", text: "::1/128" },
      ],
    });
  });

  test("what is no argument is in a list if it equals one of it", () => {
    expect(plain(when("deny net.send when count net.send in [1, 3]"))).toMatchObject({
      kind: "or",
      of: [
        { kind: "compare", is: "==", right: { value: 1 } },
        { kind: "compare", is: "==", right: { value: 3 } },
      ],
    });
  });

  test("an argument's place is known for every call of a rule", () => {
    const both = when('deny net.* when host == "a"');
    const argument = both.kind === "compare" && both.left.kind === "argument" ? both.left.argument : undefined;
    expect([...(argument?.of ?? [])].map(([op, { type }]) => [op.name, type])).toEqual([
      ["net.send", "host"],
      ["net.connect", "host"],
    ]);
  });

  test("by is an argument of both events", () => {
    const keyed = when("deny net.connect when count net.send by host max 4 > 3");
    const term = keyed.kind === "compare" && keyed.left.kind === "count" ? keyed.left : undefined;
    expect([...(term?.by?.argument.of.keys() ?? [])].map(({ name }) => name)).toEqual(["net.send", "net.connect"]);
  });
});

describe("names", () => {
  test("lets are put in, for the event at hand", () => {
    const text = "let far = port > 1000 or once net.send(far_too) let far_too = port > 2000 deny net.send when far";
    expect(plain(when(text))).toMatchObject({
      kind: "or",
      of: [{ kind: "compare" }, { kind: "once", pattern: { when: { kind: "compare", right: { value: 2000 } } } }],
    });
  });

  test("a let of a let, of a number and of a name", () => {
    expect(plain(when("let a = b let b = size + 1 deny net.send when a > 3"))).toMatchObject({
      left: { kind: "add", terms: [{ argument: "size" }, { value: 1 }] },
    });
    expect(plain(when("let a = c let c = once net.send deny net.send when a"))).toMatchObject({ kind: "once" });
  });

  test("a let of a name is a condition in one place and a value in another", () => {
    const head = "policy p(yes: bool = true)";
    for (const cond of ["a and a == false", "a == false and a"]) {
      const [first] = policy(`let a = yes deny net.send when ${cond}`, head).rules;
      const values = cond.startsWith("a and") ? [true, false] : [false, true];
      expect(plain(first?.when)).toEqual({ kind: "and", of: values.map((value) => ({ kind: "constant", value })) });
    }
  });

  test("sets and lists of parameters are put in", () => {
    const text = `set web = [80, 443]
      policy p(hosts: host = ["a.example"]) { default abstain deny net.send when port in web or host in hosts }`;
    expect(plain(policiesIn(loaded(text).entry)[0]?.rules[0]?.when)).toEqual({
      kind: "or",
      of: [
        { kind: "oneOf", argument: "port", values: [80, 443] },
        { kind: "oneOf", argument: "host", values: ["a.example"] },
      ],
    });
  });

  test("all who ask one set of values ask the same one", () => {
    const both = when("let v = values host on net.send max 4 deny net.send when host in v and not host in v");
    const [first, second] = both.kind === "and" ? both.of : [];
    const inner = second?.kind === "not" ? second.of : undefined;
    expect(first?.kind === "remembered" && inner?.kind === "remembered" && first.values === inner.values).toBe(true);
  });

  test("what nobody names is checked as well", () => {
    const lets = "let a = hots == 1 let b = values x on net.sned max 3 label l from files.raed deny net.send";
    expect(wrong(`policy p { default abstain\n${lets} }`).map((line) => line.slice(0, 11))).toEqual([
      "p:2:9 P107 ",
      "p:2:39 P104",
      "p:2:67 P104",
    ]);
    expect(wrong('policy p { default abstain\nlet a = host == "x" deny files.read, net.send }')).toEqual([]);
  });
});
