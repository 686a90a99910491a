// What registers remember before anything has happened, and which of them can be followed at all.
import { F } from "../kleene.ts";
import type { Memory } from "./node.ts";
import { keyOf, type Register } from "./registers.ts";

/** Registers that exploration cannot follow, and why. */
export function untracked(register: Register): string | undefined {
  if (register.kind !== "tally") return undefined;
  const { term, cap, text } = register;
  if (term.steps !== undefined) return `${text}: steps of time are not explored`;
  if (term.within !== undefined && (cap === Infinity || term.kind === "sum"))
    return `${text}: remembers too many times`;
  return undefined;
}

const NO_AMOUNT: Memory = { kind: "amount", lo: 0, hi: 0 };
const NO_MOMENTS: Memory = { kind: "moments", of: [] };

type Tally = Extract<Register, { kind: "tally" }>;

/** Of one key, or of all. */
export const emptyOf = ({ term }: Tally): Memory => (term.within === undefined ? NO_AMOUNT : NO_MOMENTS);

export function startMemory(register: Register): Memory {
  if (register.kind === "since") {
    return register.since.within === undefined ? { kind: "flag", value: F } : { kind: "moment", sure: 0, maybe: 0 };
  }
  if (register.kind === "values") return { kind: "set", of: new Map(), isForgetful: false, others: 0 };
  if (keyOf(register) !== undefined) {
    return { kind: "keyed", of: new Map(), isKeyless: false, isForgetful: false, others: 0 };
  }
  return register.kind === "tally" ? emptyOf(register) : NO_AMOUNT;
}
