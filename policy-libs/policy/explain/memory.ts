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
  /** The part of one of them, which it is to go on with: that of another of which it is a copy. */
  adopt(scope: Scope, name: number | string, part: Part): void;
  partOf(scope: Scope, name: number | string): Part;
  /** `number`: of the event, for causes. */
  commit(event: PolicyEvent, number: number): void;
}

export function newMemory(machine: Machine): Memory {
  const parts = new Map<string, Part>();
  const keyOf = (scope: Scope, name: number | string): string => `${scope} ${name}`;
  const partOf = (scope: Scope, name: number | string): Part => {
    const part = parts.get(keyOf(scope, name)) ?? machine.startPart(scope);
    parts.set(keyOf(scope, name), part);
    return part;
  };
  const stateOf = ({ domain, capability, tenant }: PolicyEvent): State => ({
    domain: partOf("domain", domain),
    capability: partOf("capability", capability),
    tenant: partOf("tenant", tenant),
    host: partOf("host", ""),
  });
  return {
    ...{ machine, stateOf, partOf },
    adopt: (scope, name, part) => void parts.set(keyOf(scope, name), part),
    commit: (event, number) => machine.commit(stateOf(event), event, number),
  };
}
