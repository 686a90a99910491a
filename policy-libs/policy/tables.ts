// The kernel's tables: what of a machine is decided by bits and small counters alone, as rows of numbers.
//
// Invariants
//   K1  Where the rows of an operation do not answer ASK, they answer as the machine does, in every state, whatever the
//       arguments and the time.
//   K2  Where they answer ALLOW, the updates change the shared words as the machine's `commit` of the call does, and
//       nothing has to hear of the call itself, of its arguments, or of what comes of it.
//   K3  Where they refuse, no register looks at refusals of the operation.
// Trust
//   Trusts step/partial.ts, step/rows.ts. Trusted by the enforcement, which hands rows to the kernel.
import type { Machine } from "./compile.ts";
import type { Decision } from "./resolved.ts";
import { type Answer, answerOf } from "./step/partial.ts";
import type { Plan } from "./step/plan.ts";
import { BUDGET, guardRows, updateRows } from "./step/rows.ts";
import { split } from "./step/split.ts";
import type { Reader } from "./step/types.ts";
import type { Operation } from "./vocabulary.ts";

export const ALLOW = 0;
export const ASK = 1;
/** The answer of the first refusal. */
export const REFUSED = 2;

export interface OperationTables {
  readonly op: Operation;
  /** Rows of four: word, mask, value, answer. The first that matches, ((state[word] & mask) === value), decides. */
  readonly guards: Int32Array;
  /** Rows of five: word, mask, value, clear, set. All that match in the state before the call are applied. */
  readonly updates: Int32Array;
}

export interface Tables {
  /** Words of the state that tables and machine share: of the domain's part. */
  readonly words: number;
  /** In the order of the operations that were asked for. */
  readonly operations: readonly OperationTables[];
  /** Of answer REFUSED + n. */
  readonly refusals: readonly NonNullable<Decision["refusal"]>[];
}

/** Rows of all registers that the call changes; undefined: the machine has to hear of it. */
function updatesOf(machine: Machine, plan: Plan): number[][] | undefined {
  const { op } = plan;
  if (machine.names(op, "result") || machine.names(op, "failed")) return undefined;
  const rows = plan.updates.map((update) => updateRows(update, plan, machine.registers));
  return rows.every((found) => found !== undefined) ? rows.flat() : undefined;
}

export function tablesOf(machine: Machine, operations: readonly Operation[]): Tables {
  const refusals: NonNullable<Decision["refusal"]>[] = [];
  const numberOf = (answer: Answer): number => {
    if (typeof answer === "string") return answer === "allow" ? ALLOW : ASK;
    const known = refusals.indexOf(answer);
    return REFUSED + (known >= 0 ? known : refusals.push(answer) - 1);
  };
  const tables = operations.map((op): OperationTables => {
    const plan = machine.planOf("call", op);
    const updates = updatesOf(machine, plan);
    const isHeard = machine.names(op, "refused");
    const judge = (read: Reader): Answer => {
      const answer = answerOf(plan, read);
      const isKept = answer === "allow" ? updates !== undefined : !isHeard;
      return isKept ? answer : "ask";
    };
    const rows = guardRows(split(machine.registers, judge, "ask", BUDGET));
    const guards = rows.flatMap(([{ word, mask, value }, answer]) => [word, mask, value, numberOf(answer)]);
    return { op, guards: Int32Array.from(guards), updates: Int32Array.from((updates ?? []).flat()) };
  });
  return { words: machine.words.domain, operations: tables, refusals };
}
