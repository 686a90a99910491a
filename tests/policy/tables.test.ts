import { test } from "@fast-check/vitest";
import { describe, test as example, expect } from "vitest";
import { ASK_LIBRARY, type Automaton, automatonOf } from "../../policy-libs/policy/automaton.ts";
import { compile } from "../../policy-libs/policy/compile.ts";
import type { PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import { ALLOW, ASK, type OperationTables, REFUSED, tablesOf } from "../../policy-libs/policy/tables.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import { anyPast } from "../kit/policies.ts";
import * as r from "../kit/resolved.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 20_000 : 1_000;
const timeout = 1_200_000;

/** What the kernel does with the rows, by the letter. */
function answer({ guards }: OperationTables, words: Int32Array): number {
  for (let at = 0; at < guards.length; at += 4) {
    const [word, mask, value, is] = guards.subarray(at, at + 4) as unknown as [number, number, number, number];
    if (((words[word] as number) & mask) === value) return is;
  }
  throw new Error("no row matches");
}
function update({ updates }: OperationTables, words: Int32Array): void {
  const old = words.slice();
  for (let at = 0; at < updates.length; at += 5) {
    const [word, mask, value, clear, set] = updates.subarray(at, at + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (((old[word] as number) & mask) === value) words[word] = ((words[word] as number) & ~clear) | set;
  }
}

/** What the kernel does with the automaton. */
function step({ next, states }: Automaton, event: number, state: number): number {
  expect(state).toBeLessThan(states);
  return next[event * states + state] as number;
}

const operationsOf = (history: readonly PolicyEvent[]): Operation[] => [...new Set(history.map(({ op }) => op))];

const counted = { decided: 0, asked: 0, automaton: 0 };

describe("the kernel's tables", () => {
  test.prop([anyPast({ length: 14, depth: 2, rules: 3 })], { numRuns })(
    "answer and update as the machine does, wherever they do not ask it",
    ({ policy, history }) => {
      const machine = compile(policy);
      const operations = operationsOf(history);
      const { operations: tables, refusals } = tablesOf(machine, operations);
      const state = machine.start();
      for (const event of history) {
        const rows = tables[operations.indexOf(event.op)] as OperationTables;
        const is = event.kind === "call" ? answer(rows, state.domain.words) : ASK;
        const decision = machine.decide(state, event);
        if (is === ASK) counted.asked++;
        else counted.decided++;
        if (is >= REFUSED) expect(refusals[is - REFUSED]).toBe(decision.refusal);
        if (is === ALLOW) expect([decision.refusal, decision.obligations]).toEqual([undefined, []]);
        const before = machine.copy(state);
        machine.commit(state, event);
        if (is !== ALLOW) continue;
        update(rows, before.domain.words);
        expect(before).toEqual(state);
      }
    },
    timeout,
  );

  test.prop([anyPast({ length: 14, depth: 2, rules: 3 })], { numRuns })(
    "leave nothing out: what they allow or refuse is heard of by nobody else",
    ({ policy, history }) => {
      const machine = compile(policy);
      const operations = operationsOf(history);
      for (const { op, guards } of tablesOf(machine, operations).operations) {
        const answers = guards.filter((_, at) => at % 4 === 3);
        if (answers.includes(ALLOW)) {
          expect([machine.names(op, "result"), machine.names(op, "failed")]).toEqual([false, false]);
        }
        if (answers.some((is) => is >= REFUSED)) expect(machine.names(op, "refused")).toBe(false);
      }
    },
    timeout,
  );

  test.prop([anyPast({ length: 14, depth: 2, rules: 3 })], { numRuns })(
    "as one automaton over the first word do the same",
    ({ policy, history }) => {
      const machine = compile(policy);
      const operations = operationsOf(history);
      const automaton = automatonOf(tablesOf(machine, operations), machine.automatonBits);
      const state = machine.start();
      for (const event of history) {
        const before = machine.copy(state);
        const entry =
          event.kind === "call"
            ? step(automaton, operations.indexOf(event.op), state.domain.words[0] ?? 0)
            : ASK_LIBRARY;
        const decision = machine.decide(state, event);
        machine.commit(state, event);
        if (entry < ASK_LIBRARY) expect(automaton.refusalOf(entry)).toBe(decision.refusal);
        if (entry <= ASK_LIBRARY) continue;
        counted.automaton++;
        expect([decision.refusal, decision.obligations]).toEqual([undefined, []]);
        before.domain.words[0] = entry;
        expect(before).toEqual(state);
      }
    },
    timeout,
  );

  const [send, read, open, close] = ["net.send", "files.read", "window.open", "window.close"].map((name, id) =>
    r.operation(name, id, [r.argument("size", "int")]),
  ) as [Operation, Operation, Operation, Operation];
  const noSendAfterRead = r.policyOf(
    "no_send_after_read",
    "abstain",
    [send],
    [r.rule("deny", [r.pattern([send])], r.once(r.pattern([read])), "this program has read a file")],
  );

  example("of `no send after read` are one row that refuses, and one that sets the bit", () => {
    const tables = tablesOf(compile(noSendAfterRead), [send, read]);
    expect(tables.words).toBe(1);
    expect([...tables.operations[0]!.guards]).toEqual([0, 1, 1, REFUSED, 0, 0, 0, ALLOW]);
    expect([...tables.operations[0]!.updates]).toEqual([]);
    expect([...tables.operations[1]!.guards]).toEqual([0, 0, 0, ALLOW]);
    expect([...tables.operations[1]!.updates]).toEqual([0, 0, 0, 1, 1]);
    expect(tables.refusals.map(({ rule }) => rule?.because)).toEqual(["this program has read a file"]);
  });

  example("of `no send after read` are an automaton of two states", () => {
    const machine = compile(noSendAfterRead);
    const { states, next, refusalOf } = automatonOf(tablesOf(machine, [send, read]), machine.automatonBits);
    expect([states, ...next]).toEqual([2, 0, -2, 1, 1]);
    expect(refusalOf(-2).rule?.because).toBe("this program has read a file");
  });

  example("of a small level are its values, and of a large one the question", () => {
    const few = (max: number) =>
      r.policyOf(
        "few_windows",
        "abstain",
        [open],
        [
          r.rule(
            "deny",
            [r.pattern([open])],
            r.compare(r.level(r.pattern([open]), r.pattern([close]), max), ">=", r.constant(3)),
          ),
        ],
      );
    const small = tablesOf(compile(few(3)), [open, close]).operations;
    const words = new Int32Array(1);
    for (let i = 0; i < 3; i++) {
      expect(answer(small[0]!, words)).toBe(ALLOW);
      update(small[0]!, words);
    }
    expect(answer(small[0]!, words)).toBe(REFUSED);
    const large = tablesOf(compile(few(65_535)), [open, close]).operations;
    expect([...large[0]!.guards]).toEqual([0, 0, 0, ASK]);
  });

  example("ask as soon as an argument decides, and not before", () => {
    const policy = r.policyOf(
      "p",
      "abstain",
      [send],
      [
        r.rule(
          "deny",
          [r.pattern([send])],
          r.and(r.once(r.pattern([read])), r.compare(r.term(r.named("size", [send])), ">", r.constant(9))),
        ),
      ],
    );
    const [rows] = tablesOf(compile(policy), [send]).operations;
    expect([answer(rows!, Int32Array.of(0)), answer(rows!, Int32Array.of(1))]).toEqual([ALLOW, ASK]);
  });

  example("of a hundred rules on a hundred bits are a hundred rows and the default", () => {
    const reads = Array.from({ length: 100 }, (_, id) => r.operation(`files.read${id}`, id + 1, []));
    const policy = r.policyOf(
      "p",
      "abstain",
      [send],
      reads.map((op) => r.rule("deny", [r.pattern([send])], r.once(r.pattern([op])))),
    );
    const [rows] = tablesOf(compile(policy), [send]).operations;
    expect(rows!.guards.length / 4).toBe(101);
  });

  example("were tried on many decisions of both kinds", () => {
    expect(counted.decided).toBeGreaterThan(numRuns / 2);
    expect(counted.asked).toBeGreaterThan(numRuns / 2);
    expect(counted.automaton).toBeGreaterThan(numRuns / 2);
  });
});
