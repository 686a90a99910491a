import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { compile, type Machine } from "../../policy-libs/policy/compile.ts";
import { eventArguments, namesOf } from "../../policy-libs/policy/event.ts";
import { causesOf } from "../../policy-libs/policy/explain/causes.ts";
import { explain } from "../../policy-libs/policy/explain/explain.ts";
import { whatMattered } from "../../policy-libs/policy/explain/matter.ts";
import { type Memory, newMemory } from "../../policy-libs/policy/explain/memory.ts";
import { nearestCall } from "../../policy-libs/policy/explain/nearest.ts";
import { rulesAbout } from "../../policy-libs/policy/explain/scene.ts";
import type { Call, Condition, Explanation, Next } from "../../policy-libs/policy/explain/types.ts";
import { waitIn } from "../../policy-libs/policy/explain/waiting.ts";
import { T } from "../../policy-libs/policy/kleene.ts";
import { judge } from "../../policy-libs/policy/past.ts";
import { decideByHistory, momentOf } from "../../policy-libs/policy/reference.ts";
import type { Datum, Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import { anyPast } from "../kit/policies.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 5_000 : 300;

function remember(machine: Machine, history: readonly PolicyEvent[]): Memory {
  const memory = newMemory(machine);
  for (const [at, event] of history.entries()) memory.commit(event, at);
  return memory;
}

function explained(policy: Joined, history: readonly PolicyEvent[], now: PolicyEvent, flips = true): Explanation {
  const memory = remember(compile(policy, { tracing: true }), history);
  return explain({ machine: memory.machine, state: memory.stateOf(now), past: (at) => history[at] }, now, { flips });
}

/** By the reference semantics, which knows nothing of machines. */
const verdict = (policy: Joined, history: readonly PolicyEvent[], now: PolicyEvent) =>
  settle((event) => decideByHistory(policy, history, event), now).verdict;
const isPassed = (policy: Joined, history: readonly PolicyEvent[], now: PolicyEvent): boolean =>
  ["allowed", "changed"].includes(verdict(policy, history, now));

/** Under all names of its arguments again. */
function dataOf(op: Operation, { kind, data }: Call): ReadonlyMap<string, Datum> {
  const { byName } = eventArguments(op, kind === "result" ? "result" : "call");
  return new Map([...data].flatMap(([name, datum]) => namesOf(byName.get(name) as never).map((each) => [each, datum])));
}

function followed(history: readonly PolicyEvent[], next: readonly Next[], now: PolicyEvent, ops: readonly Operation[]) {
  const events = [...history];
  let { time } = now;
  for (const one of next) {
    const op = ops.find(({ name }) => name === one.call) as Operation;
    time += one.after;
    events.push({ ...now, kind: one.kind, op, data: dataOf(op, one), time });
  }
  return { events, time };
}

/** Every operation that is mentioned anywhere. */
function operationsIn(...mentioned: readonly unknown[]): readonly Operation[] {
  const found = new Map<string, Operation>();
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const one = value as Operation;
    if (typeof one.name === "string" && Array.isArray(one.takes)) found.set(one.name, one);
    else for (const inner of Object.values(value)) look(inner);
  };
  look(mentioned);
  return [...found.values()];
}

/** Every call of a history that is not allowed when it comes. */
function* refusals(policy: Joined, history: readonly PolicyEvent[]) {
  const memory = newMemory(compile(policy));
  for (const [at, now] of history.entries()) {
    const before = history.slice(0, at);
    const scene = { machine: memory.machine, state: memory.stateOf(now) };
    if (now.kind === "call" && !isPassed(policy, before, now)) yield { scene, now, before };
    memory.commit(now, at);
  }
}

describe("flips", () => {
  test.prop([anyPast()], { numRuns })("the call with other arguments is allowed now", ({ policy, history }) => {
    for (const { scene, now, before } of refusals(policy, history)) {
      const flip = nearestCall(scene, now);
      if (flip !== undefined) expect(isPassed(policy, before, { ...now, data: dataOf(now.op, flip) })).toBe(true);
    }
  });

  test.prop([anyPast()], { numRuns })("after the continuation this very call is allowed", ({ policy, history }) => {
    const [now, before] = [history.at(-1) as PolicyEvent, history.slice(0, -1)];
    const first = explained(policy, before, now).flips?.first;
    if (first === undefined || typeof first === "string") return;
    const { events, time } = followed(before, first, now, operationsIn(policy, history));
    expect(isPassed(policy, before, now)).toBe(false);
    expect(isPassed(policy, events, { ...now, time })).toBe(true);
  });

  test.prop([anyPast()], { numRuns })(
    "every call of the continuation is one that the policy lets happen",
    ({ policy, history }) => {
      const [now, before] = [history.at(-1) as PolicyEvent, history.slice(0, -1)];
      const first = explained(policy, before, now).flips?.first;
      if (first === undefined || typeof first === "string") return;
      const { events } = followed(before, first, now, operationsIn(policy, history));
      for (const [at, next] of first.entries()) {
        if (next.by !== "guest" || next.kind !== "call") continue;
        // An approval is logged just before the call that it led to.
        const isApproved = first[at - 1]?.kind === "approved";
        const place = before.length + at;
        const came = verdict(policy, events.slice(0, isApproved ? place - 1 : place), events[place] as PolicyEvent);
        expect(isApproved ? ["asked"] : ["allowed", "changed"]).toContain(came);
      }
    },
  );

  test.prop([anyPast({ length: 20 })], { numRuns })(
    "after the time to wait this very call is allowed, and not a moment before",
    ({ policy, history }) => {
      for (const { scene, now, before } of refusals(policy, history)) {
        const wait = waitIn(scene, now);
        if (wait === undefined) continue;
        for (let more = 0; more < wait; more++)
          expect(isPassed(policy, before, { ...now, time: now.time + more }), `after ${more} of ${wait}`).toBe(false);
        expect(isPassed(policy, before, { ...now, time: now.time + wait })).toBe(true);
      }
    },
  );

  test.prop([anyPast({ length: 20 })], { numRuns: numRuns / 3 })(
    "never again is never followed by an allowed one",
    ({ policy, history }) => {
      for (const [at, now] of history.entries()) {
        if (at > 2 || explained(policy, history.slice(0, at), now).flips?.first !== "never again") continue;
        for (let end = at; end < history.length; end++) {
          const { time } = history[end] as PolicyEvent;
          expect(["denied", "halted", "suppressed"]).toContain(
            verdict(policy, history.slice(0, end), { ...now, time }),
          );
        }
      }
    },
  );
});

const leaves = (conditions: readonly Condition[]): readonly Condition[] =>
  conditions.flatMap((one) => (one.of.length === 0 ? [one] : leaves(one.of)));

describe("causes", () => {
  test.prop([anyPast()], { numRuns })(
    "are events of the past that a named condition looks at",
    ({ policy, history }) => {
      const [now, before] = [history.at(-1) as PolicyEvent, history.slice(0, -1)];
      const { causes, conditions } = explained(policy, before, now, false);
      const texts = leaves(conditions).map(({ text }) => text);
      for (const cause of causes) {
        expect(cause.event).toBeLessThan(before.length);
        expect(cause.time).toBe(before[cause.event]?.time);
        expect(texts).toContain(cause.of);
      }
    },
  );

  test.prop([anyPast()], { numRuns })(
    "taken away until there are none, they change a condition that the past had changed",
    ({ policy, history }) => {
      const [now, before] = [history.at(-1) as PolicyEvent, history.slice(0, -1)];
      const machine = compile(policy, { tracing: true });
      for (const rule of rulesAbout(policy, now)) {
        for (const leaf of whatMattered(machine, remember(machine, before).stateOf(now), now, rule, T).leaves) {
          const valueAfter = (past: readonly PolicyEvent[]) => judge(momentOf(past, now), leaf.cond);
          const value = valueAfter(before);
          const causes = (past: readonly PolicyEvent[]) =>
            new Set(
              causesOf({ machine, state: remember(machine, past).stateOf(now) }, now, [leaf]).map(({ event }) => event),
            );
          let past = before;
          for (let taken = causes(past); taken.size > 0 && valueAfter(past) === value; taken = causes(past)) {
            past = past.filter((_, at) => !taken.has(at));
          }
          if (valueAfter([]) !== value) expect(valueAfter(past)).not.toBe(value);
        }
      }
    },
  );
});

describe("conditions", () => {
  test.prop([anyPast()], { numRuns })(
    "that are named of a refusal by a rule are not all false, and of nothing allowed not all true",
    ({ policy, history }) => {
      const [now, before] = [history.at(-1) as PolicyEvent, history.slice(0, -1)];
      const { conditions, rule, answer } = explained(policy, before, now, false);
      if (conditions.length === 0) return;
      const values = conditions.map(({ value }) => value);
      if (rule === "nothing allows") expect(values.some((value) => value !== "T")).toBe(true);
      else if (answer !== "allowed") expect(values).not.toContain("F");
    },
  );
});
