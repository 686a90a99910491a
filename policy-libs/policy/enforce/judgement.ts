// The policy that a domain is under, while it runs: its compiled machine, and where each scope's part of the state is.
import type { Capability } from "../../../kernel/index.ts";
import type { Machine, Part, State } from "../compile.ts";
import { callReader, resultReader } from "../data.ts";
import { explain } from "../explain/explain.ts";
import { type Memory, newMemory } from "../explain/memory.ts";
import { newTrail, type Trail } from "../explain/trail.ts";
import type { Scene } from "../explain/types.ts";
import type { Decision, PolicyEvent, RRule } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";
import type { Judgement, Readers } from "./case.ts";
import type { Lines } from "./line.ts";

/** Parts of the state that outlive a domain, and how many domains and capabilities there were: in events each is one. */
export interface Lasting {
  readonly host: Part;
  readonly tenants: Map<string, Part>;
  domains: number;
  capabilities: number;
}

/** What domains under the same policy share. `host` and `tenants`: those that last, with causes of their own. */
export interface Shared {
  readonly lasting: Lasting;
  readonly host: Part;
  readonly tenants: Map<string, Part>;
  /** Undefined: nobody asks for the earlier events behind a decision. */
  readonly trail: Trail | undefined;
  /** The policy as it is written, with all that it remembers, where another one is enforced in its place. */
  readonly observer: Memory | undefined;
}

export interface SharedOptions {
  /** The machine is one with tracing. */
  readonly tracing?: boolean;
  readonly observer?: Machine | undefined;
  /** Of the same policy with another tracing. */
  readonly lasting?: Lasting | undefined;
}

const newLasting = (machine: Machine): Lasting => ({
  ...{ host: machine.startPart("host"), tenants: new Map(), domains: 0, capabilities: 0 },
});

/** The same part, with causes as the machine keeps them. */
const traced = (part: Part, machine: Machine, scope: "tenant" | "host"): Part => ({
  ...part,
  causes: machine.startPart(scope).causes,
});

export const newShared = (
  machine: Machine,
  { tracing = false, observer, lasting = newLasting(machine) }: SharedOptions = {},
): Shared => ({
  ...{ lasting, host: traced(lasting.host, machine, "host"), tenants: new Map() },
  ...{ trail: tracing ? newTrail() : undefined, observer: observer && newMemory(observer) },
});

function knownOr<K, V>(
  known: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/** A capability, to policies: a number in events, and a part of the state. */
export interface Row {
  readonly number: number;
  readonly part: Part;
}

export interface Enforced {
  readonly machine: Machine;
  readonly shared: Shared;
  /** Shared with the kernel's table. */
  readonly domain: Part;
  readonly number: number;
  readonly tenant: string;
  /** By what is watched, and by what that is one of: what is given out twice is one capability. */
  readonly rows: WeakMap<Capability, Row>;
  /** Calls that wait, of the domain and of those that it makes. */
  readonly lines: Lines;
  time: number;
  isHalted: boolean;
}

export const newEnforced = (machine: Machine, shared: Shared, tenant: string): Enforced => ({
  ...{ machine, shared, domain: machine.startPart("domain"), number: ++shared.lasting.domains, tenant },
  ...{ rows: new WeakMap(), lines: new Map(), time: 0, isHalted: false },
});

/** What was derived, or is watched by others as well, is the same as what it was made of. */
const isSame = (source: Capability | undefined, { target, contract, monitors }: Capability): source is Capability =>
  source?.contract === contract && (source.target === target || source.monitors.length < monitors.length);

/** What it was before it was derived, or watched. */
export function originOf(capability: Capability): Capability {
  let origin = capability;
  for (let source = origin.parents[0]; isSame(source, origin); source = origin.parents[0]) origin = source;
  return origin;
}

/** `capability`: what the kernel watches. Of it the answer is known, so that no walk is made twice. */
export const rowOf = (enforced: Enforced, capability: Capability): Row =>
  knownOr(enforced.rows, capability, () =>
    knownOr(enforced.rows, originOf(capability), () => ({
      number: ++enforced.shared.lasting.capabilities,
      part: enforced.machine.startPart("capability"),
    })),
  );

export const tenantOf = ({ machine, shared, tenant }: Enforced): Part =>
  knownOr(shared.tenants, tenant, () =>
    traced(
      knownOr(shared.lasting.tenants, tenant, () => machine.startPart("tenant")),
      machine,
      "tenant",
    ),
  );

export const stateOf = (enforced: Enforced, { part }: Row): State => ({
  domain: enforced.domain,
  capability: part,
  tenant: tenantOf(enforced),
  host: enforced.shared.host,
});

const readers = new WeakMap<Operation, Readers>();
const readersOf = (op: Operation): Readers =>
  knownOr(readers, op, () => ({ call: callReader(op), result: resultReader(op) }));

/** What was approved is asked no more. */
function without(decision: Decision, approved: ReadonlySet<RRule>): Decision {
  if (approved.size === 0) return decision;
  return { ...decision, obligations: decision.obligations.filter(({ rule }) => !approved.has(rule)) };
}

export function judgementOf(enforced: Enforced, row: Row, onChange?: () => void): Judgement {
  const { machine, lines, shared } = enforced;
  const { observer, trail } = shared;
  const state = stateOf(enforced, row);
  const past: Scene["past"] = trail?.get;
  return {
    decide: (event: PolicyEvent, approved) => without(machine.decide(state, event), approved),
    commit(event) {
      const number = trail?.add(event);
      machine.commit(state, event, number);
      observer?.commit(event, number ?? 0);
      onChange?.();
    },
    stamp(time) {
      enforced.time = Math.max(enforced.time, time);
      return enforced.time;
    },
    watchesResults: (op) =>
      [machine, observer?.machine].some((one) => one?.names(op, "result") || one?.names(op, "failed")),
    raw: observer && ((event) => observer.machine.decide(observer.stateOf(event), event)),
    explain(event, settled, options) {
      const scene = observer ? { machine: observer.machine, state: observer.stateOf(event) } : { machine, state };
      return explain({ ...scene, past }, event, options, settled);
    },
    readers: readersOf,
    lines,
    isHalted: () => enforced.isHalted,
  };
}
