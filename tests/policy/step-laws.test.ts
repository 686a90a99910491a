import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { compile, type Part, type State } from "../../policy-libs/policy/compile.ts";
import type { PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import { SCOPES } from "../../policy-libs/policy/tree.ts";
import { anyOver, anyPast, drawJoined } from "../kit/policies.ts";
import { drawHistory } from "../kit/traces.ts";
import { someButNone } from "../kit/vocabularies.ts";
import { drive } from "./driver.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 20_000 : 500;
const timeout = 1_200_000;

const committed = (policy: Parameters<typeof compile>[0], history: readonly PolicyEvent[]) => {
  const machine = compile(policy);
  const state = machine.start();
  for (const event of history) machine.commit(state, event);
  return { machine, state };
};

/** Bits that a part holds: those of its words that are ever set, its numbers, and its values. */
const heldBits = ({ words, numbers, values }: Part): number =>
  [...words].reduce((sum, word) => sum + (32 - Math.clz32(word)), 0) +
  64 * numbers.length +
  values.reduce((sum, { slots }) => sum + 2 + 64 * slots.size, 0);

describe("the compiled step", () => {
  test.prop([anyPast({ length: 12, depth: 3 })], { numRuns })(
    "decides without changing anything",
    ({ policy, history }) => {
      const { machine, state } = committed(policy, history);
      const before = machine.copy(state);
      for (const event of history) machine.decide(state, { ...event, time: event.time + 1_000 });
      expect(state).toEqual(before);
    },
    timeout,
  );

  test.prop([anyPast({ length: 12, depth: 3 })], { numRuns })(
    "keeps silent about events that it does not name: nothing changes",
    ({ policy, history }) => {
      const driver = drive(policy);
      for (const event of history) {
        const before = driver.machine.copy(driver.stateOf(event));
        driver.commit(event);
        if (!driver.machine.names(event.op, event.kind)) expect(driver.stateOf(event)).toEqual(before);
      }
    },
    timeout,
  );

  test.prop(
    [
      anyOver((draw, vocabulary) => {
        const calls = someButNone(
          draw,
          vocabulary.operations.filter((op) => !op.isInstruction),
        );
        const known = [...calls, ...vocabulary.operations.filter((op) => op.isInstruction && draw(fc.boolean))];
        const policy = drawJoined(draw, { ...vocabulary, operations: known }, { depth: 3 });
        return { policy, known, history: drawHistory(draw, vocabulary, 14) };
      }),
    ],
    { numRuns },
  )(
    "answers the same whether events of other operations happen in between or not",
    ({ policy, known, history }) => {
      const [all, few] = [drive(policy), drive(policy)];
      for (const event of history) {
        const isKnown = known.includes(event.op);
        expect(all.machine.names(event.op) && !isKnown).toBe(false);
        if (isKnown) expect(all.decide(event)).toEqual(few.decide(event));
        all.commit(event);
        if (isKnown) few.commit(event);
      }
    },
    timeout,
  );

  test.prop([anyPast({ length: 40, depth: 3 })], { numRuns })(
    "never holds more than its stated bits",
    ({ policy, history }) => {
      const driver = drive(policy);
      for (const event of history) {
        driver.commit(event);
        for (const scope of SCOPES) {
          expect(heldBits(driver.stateOf(event)[scope])).toBeLessThanOrEqual(driver.machine.bits[scope]);
        }
      }
    },
    timeout,
  );

  test.prop([anyPast({ length: 14, depth: 3 })], { numRuns })(
    "goes on after its state was written as bytes and read again, as it would have",
    ({ policy, history }) => {
      const [one, other] = [drive(policy), drive(policy)];
      for (const event of history) {
        expect(other.decide(event)).toEqual(one.decide(event));
        for (const { commit } of [one, other]) commit(event);
        other.replace((state) => compile(policy).restore(other.machine.serialise(state)) as State);
        expect(other.stateOf(event)).toEqual(one.stateOf(event));
      }
    },
    timeout,
  );

  test.prop([anyPast({ length: 10, depth: 3 }), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(9)], { numRuns })(
    "reads no bytes that are not a state of its own: what it reads it can write, and go on with",
    ({ policy, history }, place, difference, cut) => {
      const { machine, state } = committed(policy, history);
      const bytes = machine.serialise(state);
      expect(machine.restore(bytes.subarray(0, Math.max(0, bytes.length - 1 - cut)))).toBeUndefined();
      expect(machine.restore(Uint8Array.of(...bytes, 0))).toBeUndefined();
      bytes[place % bytes.length] = (bytes[place % bytes.length] as number) ^ difference;
      const read = machine.restore(bytes);
      if (read === undefined) return;
      expect(machine.serialise(read)).toEqual(bytes);
      for (const event of history) {
        const later = { ...event, time: event.time + 1_000 };
        machine.decide(read, later);
        machine.commit(read, later);
        for (const scope of SCOPES) expect(heldBits(read[scope])).toBeLessThanOrEqual(machine.bits[scope]);
      }
    },
    timeout,
  );
});
