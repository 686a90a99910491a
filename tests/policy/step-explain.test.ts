import { test } from "@fast-check/vitest";
import { describe, test as example, expect } from "vitest";
import { type Condition, compile } from "../../policy-libs/policy/compile.ts";
import { F, T, U } from "../../policy-libs/policy/kleene.ts";
import type { PolicyEvent, RPolicy } from "../../policy-libs/policy/resolved.ts";
import { anyOver, drawPolicy } from "../kit/policies.ts";
import * as r from "../kit/resolved.ts";
import { drawHistory } from "../kit/traces.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 20_000 : 500;

const send = r.operation("net.send", 0, [r.argument("host", "host"), r.argument("size", "int")]);
const read = r.operation("files.read", 1, [r.argument("path", "path")]);
const lookUp = r.operation("dns.resolve", 2, [r.argument("host", "host")]);
const host = r.named("host", [send]);
const deny = (when: Parameters<typeof r.rule>[2]): RPolicy =>
  r.policyOf("p", "abstain", [send], [r.rule("deny", [r.pattern([send])], when)]);

function run(policy: RPolicy, history: readonly PolicyEvent[]) {
  const machine = compile(policy, { tracing: true });
  const state = machine.start();
  for (const [number, event] of history.entries()) machine.commit(state, event, number);
  return { machine, state, causes: (value?: string) => machine.causes(state, 0, value) };
}
const sent = (to = "a.example", size = 1): PolicyEvent => r.event(send, { host: to, size });
const readOf = (path: string): PolicyEvent => r.event(read, { path });

describe("causes", () => {
  example("of a bit are the event that set it, not those that found it set", () => {
    const policy = deny(r.once(r.pattern([read])));
    expect(run(policy, [sent()]).causes()).toEqual([]);
    expect(run(policy, [sent(), readOf("/a"), readOf("/b")]).causes()).toEqual([1]);
  });

  example("of a bit that was cleared are the event that cleared it", () => {
    const policy = deny(r.once(r.pattern([read]), { since: r.pattern([lookUp]) }));
    expect(run(policy, [readOf("/a"), r.event(lookUp), r.event(lookUp)]).causes()).toEqual([1]);
  });

  example("of a count are the first and the last event that was counted", () => {
    const policy = deny(r.compare(r.count(r.pattern([read])), ">=", r.constant(9)));
    expect(run(policy, [sent(), readOf("/a"), readOf("/b"), sent(), readOf("/c"), sent()]).causes()).toEqual([1, 4]);
  });

  example("of remembered values are those of each value", () => {
    const values = r.values(r.named("host", [lookUp]), r.pattern([lookUp]), 2);
    const policy = deny(r.not(r.remembered(host, values)));
    const looked = (name: string) => r.event(lookUp, { host: name });
    const { causes } = run(policy, [
      looked("a.example"),
      looked("b.example"),
      looked("c.example"),
      looked("a.example"),
    ]);
    expect([causes("a.example"), causes("b.example"), causes("c.example")]).toEqual([[0], [1], []]);
  });

  example("of a count by key are those of each key", () => {
    const by = { argument: r.named("host", [send]), max: 4 };
    const policy = deny(r.compare(r.count(r.pattern([send]), { by }), ">=", r.constant(9)));
    const { causes } = run(
      policy,
      ["a.example", "b.example", "a.example", "b.example", "a.example"].map((to) => sent(to)),
    );
    expect([causes("a.example"), causes("b.example")]).toEqual([
      [0, 4],
      [1, 3],
    ]);
  });

  example("are kept with tracing only", () => {
    const machine = compile(deny(r.once(r.pattern([read]))));
    const state = machine.start();
    machine.commit(state, readOf("/a"), 0);
    expect(machine.causes(state, 0)).toEqual([]);
  });
});

describe("conditions", () => {
  example("are a tree of texts and values, with the registers that they read", () => {
    const past = r.once(r.pattern([read]));
    const large = r.compare(r.term(r.named("size", [send])), ">", r.constant(9));
    const policy = deny(r.or(r.and(past, large), r.not(r.text(host, "ends with", ".example"))));
    const { machine, state } = run(policy, [readOf("/a")]);
    const short = ({ text, value, registers, of }: Condition): unknown => [text, value, registers, of.map(short)];
    const shown = machine.conditionsOf(state, r.event(send, { size: 3 }), policy.rules[0]!)!;
    expect(short(shown.of[0]!)).toEqual([
      '((once files.read and size > 9) or not host ends with ".example")',
      U,
      [],
      [
        [
          "(once files.read and size > 9)",
          F,
          [],
          [
            ["once files.read", T, [0], []],
            ["size > 9", F, [], []],
          ],
        ],
        ['not host ends with ".example"', U, [], [['host ends with ".example"', U, [], []]]],
      ],
    ]);
  });

  test.prop(
    [
      anyOver((draw, vocabulary) => ({
        policy: drawPolicy(draw, vocabulary, { depth: 3 }),
        history: drawHistory(draw, vocabulary, 12),
      })),
    ],
    { numRuns },
  )(
    "say of a rule what the decision says of it",
    ({ policy, history }) => {
      const machine = compile(policy);
      const state = machine.start();
      for (const event of history) {
        const { obligations, refusal } = machine.decide(state, event);
        for (const rule of policy.rules) {
          const matches = rule.on.some(({ kinds, ops }) => kinds.includes(event.kind) && ops.includes(event.op));
          if (!matches || !policy.over.includes(event.op)) continue;
          const value = machine.conditionsOf(state, event, rule)?.value;
          if (["ask", "delay", "change"].includes(rule.effect.kind)) {
            expect(obligations.some((one) => one.rule === rule)).toBe(value !== F);
          }
          if (refusal?.rule === rule) expect(value).not.toBe(F);
        }
        machine.commit(state, event);
      }
    },
    1_200_000,
  );
});
