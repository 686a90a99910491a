// A proof that a call can never be allowed again, whatever happens.
//
// Invariants
//   V1  More can happen here than under any policy: every event, of every class of arguments, in every order, whether it
//       would be allowed or not. What is not allowed after any of that is not allowed after any real history.
//   V2  Where what is remembered is not of a few values of the domain's own, or a test compares an argument with anything
//       but constants, there is no proof.

import type { Asking } from "../analysis/atoms.ts";
import { argumentClasses, callClasses } from "../analysis/classes.ts";
import type { Machine, State } from "../compile.ts";
import { eventArguments, namesOf } from "../event.ts";
import type { Datum, HistoryKind, PolicyEvent } from "../resolved.ts";
import { readField } from "../step/registers.ts";
import type { Node } from "../step/types.ts";
import type { Operation } from "../vocabulary.ts";
import { askingIn } from "./candidates.ts";
import { condsOf, pastOf, policiesOf, rulesAbout, settledIn, windowsIn } from "./scene.ts";
import type { Scene } from "./types.ts";

const MOST_STATES = 1_000;
const MOST_EVENTS = 512;

type Register = Machine["registers"][number];

const registersIn = (node: Node): readonly number[] => [...node.registers, ...node.of.flatMap(registersIn)];

/** All that a decision about such an event reads, directly or by way of what feeds it. */
function readFor({ machine, state }: Scene, event: PolicyEvent): readonly Register[] {
  const conditions = rulesAbout(machine.joined, event).flatMap(
    (rule) => machine.conditionsOf(state, event, rule) ?? [],
  );
  const direct = conditions.flatMap(function all(one): readonly number[] {
    return [...one.registers, ...one.of.flatMap(all)];
  });
  const found = new Set(direct.map((register) => machine.registers[register] as Register));
  for (const { plus, minus } of found) {
    const nodes = [...plus, ...minus].flatMap(({ when }) => when ?? []);
    for (const register of nodes.flatMap(registersIn)) found.add(machine.registers[register] as Register);
  }
  return [...found];
}

const KINDS: readonly HistoryKind[] = ["call", "refused", "result", "failed", "approved"];

/** Events of one kind and operation, one of each class; undefined: classes do not tell all apart. */
function classEvents(op: Operation, kind: HistoryKind, asking: Asking, event: PolicyEvent): PolicyEvent[] | undefined {
  const { takes, gives } = eventArguments(op, kind === "result" ? "result" : "call");
  const classes = [...takes, ...gives].map((argument) => argumentClasses(argument, asking, op.isInstruction));
  const isPlain = classes.every(({ argument, isComplete }) => isComplete && asking.get(argument)?.isRelated !== true);
  const size = classes.reduce((product, one) => product * one.classes.length, 1);
  if (!isPlain || op.isInstruction || size > MOST_EVENTS) return undefined;
  return [...callClasses(classes)].map((one) => {
    const data = [...one].flatMap(([argument, { witness }]): [string, Datum][] =>
      witness === undefined ? [] : namesOf(argument).map((name) => [name, witness]),
    );
    return { ...event, kind, op, data: new Map(data) };
  });
}

/** Every class of events that feeds one of the registers; undefined: they cannot all be said. */
function eventsFor({ machine }: Scene, registers: readonly Register[], event: PolicyEvent): PolicyEvent[] | undefined {
  const asking = askingIn(machine.joined);
  const matchers = registers.flatMap(({ plus, minus }) => [...plus, ...minus]);
  const events: PolicyEvent[] = [];
  for (const op of new Set(remembered(machine))) {
    for (const kind of KINDS) {
      if (!matchers.some(({ kinds, ops }) => kinds.includes(kind) && ops.has(op.id))) continue;
      const more = classEvents(op, kind, asking, event);
      if (more === undefined || events.length + more.length > MOST_EVENTS) return undefined;
      events.push(...more);
    }
  }
  return events;
}

/** Those whose events are remembered at all. */
const remembered = (machine: Machine): readonly Operation[] =>
  pastOf(policiesOf(machine.joined).flatMap(({ rules }) => rules.flatMap(condsOf))).flatMap(({ ops }) => ops);

/** What the registers hold. */
function keyOf(registers: readonly Register[], { domain }: State): string {
  return registers.map(({ finite }) => (finite === undefined ? "" : readField(domain.words, finite.field))).join();
}

/** True: it is proved. An answer that only waits, or asks somebody, is not counted as a refusal. */
export function isNeverAgain(scene: Scene, event: PolicyEvent): boolean {
  const { machine, state } = scene;
  const registers = readFor(scene, event);
  if (registers.some(({ finite, scope }) => finite === undefined || scope !== "domain")) return false;
  const conds = rulesAbout(machine.joined, event).flatMap(condsOf);
  if (windowsIn(conds).length > 0) return false;
  const events = eventsFor(scene, registers, event);
  if (events === undefined) return false;
  const states: State[] = [state];
  const seen = new Set([keyOf(registers, state)]);
  for (const one of states) {
    if (settledIn({ machine, state: one }, event).decision.refusal === undefined) return false;
    for (const next of events) {
      const after = machine.copy(one);
      machine.commit(after, next);
      const key = keyOf(registers, after);
      if (seen.has(key)) continue;
      if (seen.size >= MOST_STATES) return false;
      seen.add(key);
      states.push(after);
    }
  }
  return true;
}
