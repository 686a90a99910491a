// Tables as the kernel runs them: the first word of the state is the number of the automaton's state.
//
// Invariants
//   N1  next[event * states + state] is what the rows of the operation do in a state with that first word: the first word
//       after the call, ASK_LIBRARY, or below it the refusal.
//   N2  Where rows look at other words or change them, the library is asked.
// Trust
//   Trusts tables.ts. Trusted by the enforcement.
import type { Decision } from "./resolved.ts";
import { AUTOMATON_BITS } from "./step/layout.ts";
import { ALLOW, ASK, type OperationTables, REFUSED, type Tables } from "./tables.ts";

export const ASK_LIBRARY = -1;
/** The first refusal; the next ones are below. */
const FIRST_REFUSAL = -2;

export interface Automaton {
  readonly states: number;
  readonly next: Int16Array;
  /** What an entry below ASK_LIBRARY refuses with. */
  readonly refusalOf: (entry: number) => NonNullable<Decision["refusal"]>;
}

type Guard = [word: number, mask: number, value: number, answer: number];
type Update = [word: number, mask: number, value: number, clear: number, set: number];
type Rows<A> = readonly A[];

function rowsOf<A>(numbers: Int32Array, width: number): Rows<A> {
  return Array.from({ length: numbers.length / width }, (_, at) => [
    ...numbers.subarray(at * width, (at + 1) * width),
  ]) as unknown as Rows<A>;
}

const matches = (state: number, mask: number, value: number): boolean => (state & mask) === value;

function answerOf(guards: Rows<Guard>, state: number): number {
  const found = guards.find(([word, mask, value]) => (word !== 0 && mask !== 0) || matches(state, mask, value));
  return found === undefined || (found[0] !== 0 && found[1] !== 0) ? ASK : found[3];
}

function after(updates: Rows<Update>, state: number): number {
  return updates
    .filter(([, mask, value]) => matches(state, mask, value))
    .reduce((now, [, , , clear, set]) => (now & ~clear) | set, state);
}

function entries({ guards, updates }: OperationTables, states: number): number[] {
  const [first, then] = [rowsOf<Guard>(guards, 4), rowsOf<Update>(updates, 5)];
  const isWithin = then.every(([word]) => word === 0);
  return Array.from({ length: states }, (_, state) => {
    const answer = answerOf(first, state);
    if (answer >= REFUSED) return FIRST_REFUSAL - (answer - REFUSED);
    return answer === ALLOW && isWithin ? after(then, state) : ASK_LIBRARY;
  });
}

/** Events in the order of the tables' operations. `bits`: of the first word, see Machine. */
export function automatonOf({ operations, refusals }: Tables, bits: number): Automaton {
  const states = 2 ** Math.min(bits, AUTOMATON_BITS);
  const next = Int16Array.from(operations.flatMap((tables) => entries(tables, states)));
  return {
    states,
    next,
    refusalOf: (entry) => {
      const refusal = refusals[FIRST_REFUSAL - entry];
      if (refusal === undefined) throw new Error(`no refusal has the entry ${entry}`);
      return refusal;
    },
  };
}
