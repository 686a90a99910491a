// The policy that a domain is under, while it runs: its compiled machine, and where each scope's part of the state is.
import type { Capability } from "../../../kernel/index.ts";
import type { Machine, Part, State } from "../compile.ts";
import { callReader, resultReader } from "../data.ts";
import { explain } from "../explain/explain.ts";
import { type Memory, newMemory } from "../explain/memory.ts";
import { newTrail, type Trail } from "../explain/trail.ts";
import type { Scene } from "../explain/types.ts";
import type { Decision, RRule } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";
import type { Judgement, Readers } from "./enforce.ts";

/** What outlives a domain, one for all that are under a policy. */
export interface Shared {
  readonly host: Part;
  readonly tenants: Map<string, Part>;
  /** Undefined: nobody asks for the earlier events behind a decision. */
  readonly trail: Trail | undefined;
  /** The policy as it is written, with all that it remembers, where another one is enforced in its place. */
  readonly observer: Memory | undefined;
  /** The last that were given out. */
  readonly last: { domain: number; capability: number };
}

export interface SharedOptions {
  /** The machine is one with tracing. */
  readonly tracing?: boolean;
  readonly observer?: Machine | undefined;
}

export const newShared = (machine: Machine, { tracing = false, observer }: SharedOptions = {}): Shared => ({
  host: machine.startPart("host"),
  tenants: new Map(),
  trail: tracing ? newTrail() : undefined,
  observer: observer && newMemory(observer),
  last: { domain: 0, capability: 0 },
});

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
  /** Its number, for events. */
  readonly number: number;
  readonly capabilities: WeakMap<Capability, Part>;
}

export function newEnforced(machine: Machine, shared: Shared, tenant: string, words?: Int32Array): Enforced {
  shared.last.domain += 1;
  const { domain: number } = shared.last;
  return { machine, shared, domain: machine.startPart("domain", words), tenant, number, capabilities: new WeakMap() };
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
  const { machine, shared } = enforced;
  const { observer, trail } = shared;
  const state = stateOf(enforced, capability);
  const past: Scene["past"] = trail?.get;
  return {
    decide: (event, approved) => without(machine.decide(state, event), approved),
    commit: (event) => {
      const number = trail?.add(event);
      machine.commit(state, event, number);
      observer?.commit(event, number ?? 0);
    },
    raw: observer && ((event, approved) => without(observer.machine.decide(observer.stateOf(event), event), approved)),
    explain: (event, settled, options) => {
      const scene = observer ? { machine: observer.machine, state: observer.stateOf(event) } : { machine, state };
      return explain({ ...scene, past }, event, options, settled);
    },
    watchesResults: (op) =>
      [machine, observer?.machine].some((one) => one?.names(op, "result") || one?.names(op, "failed")),
    readers: readersOf,
  };
}
