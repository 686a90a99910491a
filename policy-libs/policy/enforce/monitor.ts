// A policy as the kernel's monitor: which calls of which contracts are events, and what is done when one comes.
//
// Invariants
//   N1  What a policy does not know is refused: a capability whose calls are in no vocabulary could be anything.
//   N2  An event is the call of a contract, under the name that its capability was granted by, or its contract's own.
import { type Capability, type Contract, errorValue, type Monitor } from "../../../kernel/index.ts";
import { callName } from "../operations.ts";
import type { Operation, Vocabulary } from "../vocabulary.ts";
import { judgeCall } from "./enforce.ts";
import { type Enforced, judgementOf } from "./judgement.ts";
import type { EnforcePowers } from "./types.ts";

/** The operations of a contract's calls under this name, in their order. Undefined: not those of this contract. */
function operationsOf({ byName }: Vocabulary, group: string, { calls }: Contract): readonly Operation[] | undefined {
  const found = calls.map(({ name }) => byName.get(`${group}.${callName(name)}`));
  return found.every((operation) => operation !== undefined) ? found : undefined;
}

interface Events {
  readonly operations: readonly (Operation | undefined)[];
  readonly of: (contract: Contract, name: string) => Int32Array;
}

/** Number 0 is every call that nobody knows. */
function newEvents({ machine }: Enforced, vocabulary: Vocabulary): Events {
  const operations: (Operation | undefined)[] = [undefined];
  const numbers = new Map<Operation, number>();
  const numberOf = (operation: Operation): number => {
    if (!machine.names(operation)) return -1;
    const number = numbers.get(operation) ?? operations.push(operation) - 1;
    numbers.set(operation, number);
    return number;
  };
  const known = new WeakMap<Contract, Map<string, Int32Array>>();
  const make = (contract: Contract, name: string): Int32Array => {
    const found = operationsOf(vocabulary, name, contract) ?? operationsOf(vocabulary, contract.name, contract);
    return found === undefined ? new Int32Array(contract.calls.length) : Int32Array.from(found, numberOf);
  };
  return {
    operations,
    of(contract, name) {
      const names = known.get(contract) ?? new Map<string, Int32Array>();
      known.set(contract, names);
      const events = names.get(name) ?? make(contract, name);
      names.set(name, events);
      return events;
    },
  };
}

/** What an embedder grants under this name is its own machinery, which no policy speaks of. */
export const UNJUDGED = "";

const UNKNOWN = (): Uint8Array => errorValue("E_DENIED", "the policy does not know this capability");

export function newMonitor(enforced: Enforced, vocabulary: Vocabulary, powers: EnforcePowers): Monitor {
  const events = newEvents(enforced, vocabulary);
  const numbers = new WeakMap<Capability, number>();
  let last = 0;
  const numberOf = (capability: Capability): number => {
    const number = numbers.get(capability) ?? ++last;
    numbers.set(capability, number);
    return number;
  };
  return {
    ...{ state: enforced.domain.words, table: new Int16Array(0), states: 1 },
    eventsOf: (contract, name) => (name === UNJUDGED ? undefined : events.of(contract, name)),
    refuse: UNKNOWN,
    judge: (call, perform) => {
      const operation = events.operations[call.event];
      if (operation === undefined) return { failed: UNKNOWN() };
      const { capability } = call;
      const who = { domain: 0, capability: numberOf(capability), tenant: enforced.tenant };
      return judgeCall(judgementOf(enforced, capability), powers, operation, who, call, perform);
    },
    onChange: undefined,
  };
}
