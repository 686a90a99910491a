// Somebody who is asked about whole numbers: a program that reads and writes SMT-LIB 2, such as Z3.
//
// Trust
//   That something has no solution is believed, so what is proved with a solver rests on it. A solution is tried.
import { type Expression, expressionsIn } from "./expression.ts";

/** Answers scripts of SMT-LIB 2. Made by whoever has one: nothing here loads it. */
export interface Solver {
  readonly name: string;
  /**
   * What it writes when it reads the script, which stands for itself: nothing is remembered of it. It has to answer in
   * time; a rejected promise, or what is no answer, is as good as "unknown".
   */
  readonly run: (script: string, milliseconds: number) => Promise<string>;
}

export type Answer =
  | { readonly kind: "sat"; readonly model: readonly Expression[] }
  | { readonly kind: "unsat" }
  | { readonly kind: "unknown"; readonly why: string };

const unknown = (why: string): Answer => ({ kind: "unknown", why });

/** Z3 writes "(model …)", or without the word. */
const modelOf = ([first, ...rest]: readonly Expression[]): readonly Expression[] =>
  typeof first !== "object" || rest.length > 0 ? [] : first[0] === "model" ? first.slice(1) : first;

const MAX_WHY = 120;

function read(text: unknown): Answer {
  if (typeof text !== "string") return unknown("its answer is no text");
  const [first, ...rest] = expressionsIn(text) ?? [];
  if (first === "sat") return { kind: "sat", model: modelOf(rest) };
  if (first === "unsat") return { kind: "unsat" };
  if (first === "unknown" || first === "timeout") return unknown("it does not know in that time");
  return unknown(`it said: ${text.replaceAll(/\s+/g, " ").slice(0, MAX_WHY)}`);
}

/** Asks; never throws because of what a solver does. */
export async function ask(solver: Solver, script: string, milliseconds: number): Promise<Answer> {
  const time = Math.max(1, Math.ceil(milliseconds));
  try {
    return read(await solver.run(`(set-option :timeout ${time})\n${script}`, time));
  } catch (error) {
    return unknown(`it failed: ${String(error instanceof Error ? error.message : error).slice(0, MAX_WHY)}`);
  }
}
