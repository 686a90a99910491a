// The policy that a domain is under, while it runs: its compiled machine, and where each scope's part of the state is.
import type { Capability } from "../../../kernel/index.ts";
import type { Machine, Part, State } from "../compile.ts";
import { callReader, resultReader } from "../data.ts";
import type { Decision, PolicyEvent, RRule } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";
import type { Judgement, Readers } from "./enforce.ts";

/** Parts of the state that outlive a domain. */
export interface Shared {
  readonly host: Part;
  readonly tenants: Map<string, Part>;
}

export const newShared = (machine: Machine): Shared => ({ host: machine.startPart("host"), tenants: new Map() });

function partOf<K>(
  parts: { get(key: K): Part | undefined; set(key: K, part: Part): unknown },
  key: K,
  made: () => Part,
) {
  const known = parts.get(key) ?? made();
  parts.set(key, known);
  return known;
}

export interface Enforced {
  readonly machine: Machine;
  readonly shared: Shared;
  /** Shared with the kernel's table. */
  readonly domain: Part;
  readonly tenant: string;
  readonly capabilities: WeakMap<Capability, Part>;
}

export function newEnforced(machine: Machine, shared: Shared, tenant: string, words?: Int32Array): Enforced {
  return { machine, shared, domain: machine.startPart("domain", words), tenant, capabilities: new WeakMap() };
}

export const stateOf = (
  { machine, shared, domain, tenant, capabilities }: Enforced,
  capability: Capability,
): State => ({
  domain,
  capability: partOf(capabilities, capability, () => machine.startPart("capability")),
  tenant: partOf(shared.tenants, tenant, () => machine.startPart("tenant")),
  host: shared.host,
});

const readers = new WeakMap<Operation, Readers>();
function readersOf(op: Operation): Readers {
  const known = readers.get(op) ?? { call: callReader(op), result: resultReader(op) };
  readers.set(op, known);
  return known;
}

/** What was approved is asked no more. */
function without(decision: Decision, approved: ReadonlySet<RRule>): Decision {
  if (approved.size === 0) return decision;
  return { ...decision, obligations: decision.obligations.filter(({ rule }) => !isDischarged(rule, approved)) };
}

const isDischarged = (rule: RRule, approved: ReadonlySet<RRule>): boolean =>
  rule.effect.kind === "ask" && approved.has(rule);

export function judgementOf(enforced: Enforced, capability: Capability): Judgement {
  const { machine } = enforced;
  const state = stateOf(enforced, capability);
  return {
    decide: (event: PolicyEvent, approved) => without(machine.decide(state, event), approved),
    commit: (event) => machine.commit(state, event),
    watchesResults: (op) => machine.names(op, "result") || machine.names(op, "failed"),
    readers: readersOf,
  };
}
