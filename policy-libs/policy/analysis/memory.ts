// What registers remember before anything has happened, and which of them can be followed at all.
import { F } from "../kleene.ts";
import type { Memory } from "./node.ts";
import { keyOf, type Register } from "./registers.ts";

/** Registers that exploration cannot follow, and why. */
export function untracked(register: Register): string | undefined {
  if (register.kind !== "tally") return undefined;
  const { term, cap, text } = register;
  const isExact = term.within !== undefined && term.steps === undefined && term.kind === "count";
  return isExact && cap === Infinity ? `${text}: remembers too many times` : undefined;
}

/** Registers that are followed as if all happened at one moment: steps of time are not explored. */
export const isTimeless = (register: Register): boolean =>
  register.kind === "tally" &&
  (register.term.steps !== undefined || (register.term.within !== undefined && register.term.kind === "sum"));

const NO_AMOUNT: Memory = { kind: "amount", lo: 0, hi: 0 };
const NO_MOMENTS: Memory = { kind: "moments", of: [] };

type Tally = Extract<Register, { kind: "tally" }>;

/** Of one key, or of all. */
export const emptyOf = (register: Tally): Memory =>
  register.term.within === undefined || isTimeless(register) ? NO_AMOUNT : NO_MOMENTS;

export function startMemory(register: Register): Memory {
  if (register.kind === "since") {
    return register.since.within === undefined ? { kind: "flag", value: F } : { kind: "moment", sure: 0, maybe: 0 };
  }
  if (register.kind === "values") return { kind: "set", of: new Map(), isForgetful: false, others: new Map() };
  if (keyOf(register) !== undefined) {
    return { kind: "keyed", of: new Map(), isKeyless: false, isForgetful: false, others: new Map() };
  }
  return register.kind === "tally" ? emptyOf(register) : NO_AMOUNT;
}
