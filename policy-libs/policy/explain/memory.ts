// What a policy remembers of a history that many domains, capabilities and tenants share: a part of the state for each.
//
// Invariants
//   Y1  An event changes the parts of whoever it happened to, and no others.
import type { Machine, Part, State } from "../compile.ts";
import type { PolicyEvent } from "../resolved.ts";
import type { Scope } from "../tree.ts";

export interface Memory {
  readonly machine: Machine;
  stateOf(event: PolicyEvent): State;
  /** `number`: of the event, for causes. */
  commit(event: PolicyEvent, number: number): void;
}

export function newMemory(machine: Machine): Memory {
  const parts = new Map<string, Part>();
  const partOf = (scope: Scope, name: number | string): Part => {
    const key = `${scope} ${name}`;
    const part = parts.get(key) ?? machine.startPart(scope);
    parts.set(key, part);
    return part;
  };
  const stateOf = ({ domain, capability, tenant }: PolicyEvent): State => ({
    domain: partOf("domain", domain),
    capability: partOf("capability", capability),
    tenant: partOf("tenant", tenant),
    host: partOf("host", ""),
  });
  return { machine, stateOf, commit: (event, number) => machine.commit(stateOf(event), event, number) };
}
