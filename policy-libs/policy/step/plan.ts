// What is done when an event of one kind and operation comes: arguments to read, rules to try, registers to update.
// Made when such an event comes first: a policy over everything has more of them than most guests ever need.
import type { HistoryKind } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";
import { argumentName, type Builder, type Register } from "./registers.ts";
import { type Compiled, type CompiledPolicy, type CompiledRule, matchTest, ruleTest, slotsOf } from "./rules.ts";
import type { Test } from "./types.ts";

export interface Update {
  readonly register: Register;
  readonly plus: Test | undefined;
  readonly minus: Test | undefined;
}

export interface PlannedRule {
  readonly compiled: CompiledRule;
  readonly test: Test;
}

export interface PlannedPolicy {
  readonly compiled: CompiledPolicy;
  readonly rules: readonly PlannedRule[];
}

/** `flat`: all of these policies, none of them twice. */
export type Planned =
  | { readonly kind: "flat"; readonly of: readonly PlannedPolicy[] }
  | { readonly kind: "all" | "any"; readonly of: readonly Planned[] };

export interface Plan {
  readonly op: Operation;
  readonly kind: HistoryKind;
  readonly reads: readonly { readonly slot: number; readonly name: string }[];
  /** Outer registers before inner ones: see R1 in registers.ts. */
  readonly updates: readonly Update[];
  /** undefined: every policy abstains. */
  readonly planned: Planned | undefined;
  /** Something is decided or remembered of such events. What may happen unless a rule refuses it needs a rule. */
  readonly isNamed: boolean;
}

function planPolicy(compiled: CompiledPolicy, kind: HistoryKind, op: number): Planned | undefined {
  if (!compiled.over.has(op)) return undefined;
  const rules = compiled.rules.flatMap((rule) => {
    const test = ruleTest(rule, kind, op);
    return test === undefined ? [] : [{ compiled: rule, test }];
  });
  return { kind: "flat", of: [{ compiled, rules }] };
}

const isNew = ({ compiled: { policy } }: PlannedPolicy, at: number, of: readonly PlannedPolicy[]): boolean =>
  of.findIndex(({ compiled }) => compiled.policy === policy) === at;

/** Members that abstain change nothing, and `all` of lists is one list. */
function planJoined(compiled: Compiled, kind: HistoryKind, op: number): Planned | undefined {
  if (compiled.kind === "policy") return planPolicy(compiled, kind, op);
  const of = compiled.of.map((one) => planJoined(one, kind, op)).filter((one) => one !== undefined);
  if (of.length < 2) return of[0];
  if (compiled.kind === "any" || !of.every((one) => one.kind === "flat")) return { kind: compiled.kind, of };
  return { kind: "flat", of: of.flatMap((one) => one.of).filter(isNew) };
}

function planUpdates(registers: readonly Register[], kind: HistoryKind, op: number): Update[] {
  return registers.toReversed().flatMap((register) => {
    const plus = matchTest(register.plus, kind, op);
    const minus = matchTest(register.minus, kind, op);
    return plus === undefined && minus === undefined ? [] : [{ register, plus, minus }];
  });
}

const policySlots = (planned: Planned): readonly number[] =>
  planned.kind === "flat"
    ? planned.of.flatMap(({ rules }) =>
        rules.flatMap(({ compiled: { on, when } }) => [...slotsOf(on), ...(when?.slots ?? [])]),
      )
    : planned.of.flatMap(policySlots);

const hasRules = (planned: Planned): boolean =>
  planned.kind === "flat" ? planned.of.some(({ rules }) => rules.length > 0) : planned.of.some(hasRules);

export function makePlan(builder: Builder, compiled: Compiled, kind: HistoryKind, op: Operation): Plan {
  const updates = planUpdates(builder.registers, kind, op.id);
  const planned = planJoined(compiled, kind, op.id);
  const slots = new Set([
    ...updates.flatMap(({ register: { plus, minus, slots } }) => [...slotsOf(plus), ...slotsOf(minus), ...slots]),
    ...(planned === undefined ? [] : policySlots(planned)),
  ]);
  const reads = [...slots].map((slot) => {
    const { argument } = builder.slots[slot] as Builder["slots"][number];
    return { slot, name: argumentName(argument, op) };
  });
  const isDecided = planned !== undefined && (kind === "call" || hasRules(planned));
  return { op, kind, reads, updates, planned, isNamed: updates.length > 0 || isDecided };
}
