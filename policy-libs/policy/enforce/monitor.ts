// A policy as the kernel's monitor: which calls of which contracts are events, and what is done when one comes.
//
// Invariants
//   N1  What a policy does not know is refused: a capability whose calls are in no vocabulary could be anything.
//   N2  An event is the call of a contract, under the name that its capability was granted by, or its contract's own. A
//       name alone is not enough: what is called has to take and give what the policy was checked against.
//   N3  Once the policy has ended its domain, nothing that it speaks of is performed.
import { type Contract, errorValue, type Monitor } from "../../../kernel/index.ts";
import { takesHandle } from "../../contract/index.ts";
import { ASK_LIBRARY, type Automaton, automatonOf } from "../automaton.ts";
import { UNJUDGED } from "../given.ts";
import { callName, callsOf } from "../operations.ts";
import { tablesOf } from "../tables.ts";
import { stoodFor } from "../view.ts";
import type { Operation, Vocabulary } from "../vocabulary.ts";
import { letGo, reasonOf } from "./case.ts";
import { judgeCall } from "./enforce.ts";
import { type Enforced, judgementOf, rowOf } from "./judgement.ts";
import type { EnforcePowers } from "./types.ts";

/** The operations of a contract's calls under this name, in their order. Undefined: not those of this contract. */
function operationsOf({ byName }: Vocabulary, group: string, contract: Contract): readonly Operation[] | undefined {
  const described = new Map(callsOf(stoodFor(contract)).map((each) => [each.call, each]));
  const found = contract.calls.map(({ name }) => {
    const operation = byName.get(`${group}.${callName(name)}`);
    const call = described.get(callName(name));
    const isSame = JSON.stringify([call?.takes, call?.gives]) === JSON.stringify([operation?.takes, operation?.gives]);
    return isSame ? operation : undefined;
  });
  return found.every((operation) => operation !== undefined) ? found : undefined;
}

interface Events {
  readonly operations: readonly (Operation | undefined)[];
  readonly operationOf: (event: number) => Operation | undefined;
  readonly of: (contract: Contract, name: string) => Int32Array;
}

/**
 * Number 0 is every call that nobody knows; the others are the operations that the policy names. Calls that carry
 * capabilities have numbers beyond those, of which no table says anything: what they carry has to be let go if they are
 * refused.
 */
function newEvents({ machine, shared: { observer } }: Enforced, vocabulary: Vocabulary): Events {
  // What only looks on looks at everything.
  const isNamed = (operation: Operation): boolean =>
    observer === undefined ? machine.names(operation) : !operation.isInstruction;
  const operations = [undefined, ...vocabulary.operations.filter(isNamed)];
  const numbers = new Map(operations.map((operation, number) => [operation, number]));
  const known = new WeakMap<Contract, Map<string, Int32Array>>();
  const make = (contract: Contract, name: string): Int32Array => {
    const found = operationsOf(vocabulary, name, contract) ?? operationsOf(vocabulary, contract.name, contract);
    return Int32Array.from(contract.calls, (call, method) => {
      const number = found === undefined ? 0 : (numbers.get(found[method]) ?? UNNAMED);
      return number !== UNNAMED && takesHandle(call) ? number + operations.length : number;
    });
  };
  return {
    operations,
    operationOf: (event) => operations[event % operations.length],
    of(contract, name) {
      const names = known.get(contract) ?? new Map<string, Int32Array>();
      known.set(contract, names);
      const events = names.get(name) ?? make(contract, name);
      names.set(name, events);
      return events;
    },
  };
}

/** What the kernel takes for no event. */
const UNNAMED = -1;

const unknown = (): Uint8Array => errorValue("E_DENIED", "the policy does not know this capability");

type Table = Pick<Automaton, "states" | "refusalOf"> & { readonly table: Int16Array };

/**
 * The row of event 0 asks, in every state; what is suppressed is answered with a value, which is for the policy library.
 * Who wants to hear of every call is asked about every call.
 */
function tableOf({ machine, shared }: Enforced, events: Events, powers: EnforcePowers): Table {
  const { onDecided, onHappened, onRefused } = powers;
  const isHeard = [onDecided, onHappened, onRefused, shared.trail].some((one) => one !== undefined);
  const [, ...operations] = events.operations as readonly Operation[];
  const { states, next, refusalOf } = automatonOf(tablesOf(machine, isHeard ? [] : operations), machine.automatonBits);
  const isSuppressed = (entry: number): boolean => entry < ASK_LIBRARY && refusalOf(entry).effect === "suppress";
  const rows = next.map((entry) => (isSuppressed(entry) ? ASK_LIBRARY : entry));
  return { states, refusalOf, table: withRow(rows, states) };
}

function withRow(rows: Int16Array, states: number): Int16Array {
  const table = new Int16Array(states + rows.length).fill(ASK_LIBRARY);
  table.set(rows, states);
  return table;
}

export function newMonitor(enforced: Enforced, vocabulary: Vocabulary, given: EnforcePowers): Monitor {
  const events = newEvents(enforced, vocabulary);
  const { table, states, refusalOf } = tableOf(enforced, events, given);
  const halt = (why: string): void => {
    enforced.isHalted = true;
    table.fill(ASK_LIBRARY);
    given.halt(why);
  };
  const powers: EnforcePowers = { ...given, halt };
  return {
    ...{ state: enforced.domain.words, table, states },
    eventsOf: (contract, name) => (name === UNJUDGED ? undefined : events.of(contract, name)),
    refuse: (_event, answer) => {
      const refusal = refusalOf(answer);
      const why = reasonOf(refusal);
      if (refusal.effect === "halt") halt(why);
      return powers.errorValue("E_DENIED", why);
    },
    judge: (call, perform) => {
      const operation = events.operationOf(call.event);
      if (operation === undefined) {
        letGo(call.context);
        return { failed: unknown() };
      }
      const row = rowOf(enforced, call.capability);
      const who = { domain: enforced.number, capability: row.number, tenant: enforced.tenant };
      return judgeCall(judgementOf(enforced, row, given.onChange), powers, operation, who, call, perform);
    },
    onChange: given.onChange,
  };
}
