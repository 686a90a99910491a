// How the toolchain says no: one exception, thrown anywhere below `instrument` and caught only there.
import { RULES, type RuleId } from "../../kernel/index.ts";

export interface Complaint {
  readonly why: string;
  /** Byte offset in the source module. */
  readonly at: number;
}

export const complain = (why: string, at: number): never => {
  throw { why, at } satisfies Complaint;
};

const has = (thrown: unknown, key: "why" | "rule"): boolean =>
  typeof thrown === "object" && thrown !== null && key in thrown && "at" in thrown;

/** Runs what may complain. The kernel's own reader refuses by rule; its sentence becomes the reason. */
export function listen<T>(work: () => T): { readonly value: T } | Complaint {
  try {
    return { value: work() };
  } catch (thrown) {
    if (has(thrown, "why")) return thrown as Complaint;
    if (!has(thrown, "rule")) throw thrown;
    const { rule, at } = thrown as { readonly rule: RuleId; readonly at: number };
    return { why: `${rule}: ${RULES[rule]}`, at };
  }
}
