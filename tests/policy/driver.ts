// A compiled machine over a history: one part for each domain, capability and tenant, and one for the host.
import { compile, type Machine, type Part, type State } from "../../policy-libs/policy/compile.ts";
import type { Decision, Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import type { Scope } from "../../policy-libs/policy/tree.ts";

export interface Driver {
  readonly machine: Machine;
  readonly decide: (event: PolicyEvent) => Decision;
  readonly commit: (event: PolicyEvent) => void;
  readonly stateOf: (event: PolicyEvent) => State;
  readonly states: () => Map<string, Part>;
  /** Puts others in the place of all parts. */
  readonly replace: (other: (state: State) => State) => void;
}

export function drive(policy: Joined, machine: Machine = compile(policy)): Driver {
  const parts = new Map<string, Part>();
  const partOf = (scope: Scope, name: unknown): Part => {
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
  return {
    machine,
    stateOf,
    decide: (event) => machine.decide(stateOf(event), event),
    commit: (event) => machine.commit(stateOf(event), event),
    states: () => parts,
    replace: (other) => {
      for (const [key, part] of parts) {
        const scope = key.slice(0, key.indexOf(" ")) as Scope;
        parts.set(key, other({ ...machine.start(), [scope]: part })[scope]);
      }
    },
  };
}
