// The kernel's table: for each event and each state of a few bits, the next state, or what is to be done instead.
//
// Invariants
//   B1  Where the table decides, it decides and updates as rows of tables.ts do, of which there may be too many to say
//       so: then the policy library is asked.
import type { Decision } from "../resolved.ts";
import { ALLOW, ASK, type OperationTables, REFUSED, type Tables } from "../tables.ts";

/** What the kernel's table says if not the next state. */
export const ASKS = -1;
const FIRST_REFUSAL = -2;

/** Bits of state that a table looks at, and its entries, at most. */
const MOST_BITS = 12;
const MOST_ENTRIES = 2 ** 18;

const [GUARD, UPDATE] = [4, 5];
const at = (rows: Int32Array, index: number): number => rows[index] as number;

function* rowsOf(rows: Int32Array, width: number): Generator<number> {
  for (let row = 0; row < rows.length; row += width) yield row;
}

/** Bits of word 0 that an operation's rows name; undefined: they name others as well. */
function bitsIn({ guards, updates }: OperationTables): number | undefined {
  let bits = 0;
  for (const row of rowsOf(guards, GUARD)) {
    if (at(guards, row + 1) !== 0 && at(guards, row) !== 0) return undefined;
    bits |= at(guards, row + 1);
  }
  for (const row of rowsOf(updates, UPDATE)) {
    if (at(updates, row) !== 0) return undefined;
    bits |= at(updates, row + 1) | at(updates, row + 3) | at(updates, row + 4);
  }
  return bits >>> 0;
}

const widthOf = (bits: number): number => 32 - Math.clz32(bits);

function answerIn({ guards }: OperationTables, state: number): number {
  for (const row of rowsOf(guards, GUARD))
    if ((state & at(guards, row + 1)) === at(guards, row + 2)) return at(guards, row + 3);
  return ASK;
}

function nextOf({ updates }: OperationTables, state: number): number {
  let next = state;
  for (const row of rowsOf(updates, UPDATE))
    if ((state & at(updates, row + 1)) === at(updates, row + 2))
      next = (next & ~at(updates, row + 3)) | at(updates, row + 4);
  return next;
}

/** What is suppressed is answered with a value: that is for the policy library. */
function entryOf(operation: OperationTables, refusals: Tables["refusals"], state: number): number {
  const answer = answerIn(operation, state);
  if (answer === ALLOW) return nextOf(operation, state);
  const isRefused = answer !== ASK && refusals[answer - REFUSED]?.effect !== "suppress";
  return isRefused ? FIRST_REFUSAL - (answer - REFUSED) : ASKS;
}

export interface Table {
  readonly table: Int16Array;
  readonly states: number;
  /** What a negative entry refuses with. */
  readonly refusalOf: (entry: number) => NonNullable<Decision["refusal"]> | undefined;
}

/** Event 0 is not in `tables`: it is asked about in every state. */
export function newTable({ operations, refusals }: Tables): Table {
  const most = Math.min(MOST_BITS, Math.floor(Math.log2(MOST_ENTRIES / (operations.length + 1))));
  const widths = operations.map((operation) => widthOf(bitsIn(operation) ?? 2 ** 31));
  const fitting = widths.filter((width) => width <= most);
  const states = 2 ** Math.max(0, ...fitting);
  const table = new Int16Array(states * (operations.length + 1)).fill(ASKS);
  for (const [index, operation] of operations.entries()) {
    if ((widths[index] as number) > most) continue;
    for (let state = 0; state < states; state++)
      table[(index + 1) * states + state] = entryOf(operation, refusals, state);
  }
  return { table, states, refusalOf: (entry) => refusals[FIRST_REFUSAL - entry] };
}
