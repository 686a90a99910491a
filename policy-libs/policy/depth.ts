// How deep conditions nest: the same for a text, a tree and JSON, so that a tree within the limit prints as a text within it.
import type { Cond } from "./tree.ts";

/** What a condition stands in: another one, the parentheses of a pattern, a `let`, or nothing of the kind. */
export type Around = "or" | "and" | "not" | "pattern" | "let" | "rule";

/** Must it be written in parentheses of its own? */
export function isParenthesised(kind: Cond["kind"], around: Around): boolean {
  if (around === "or") return kind === "or";
  if (around === "and" || around === "not") return kind === "or" || kind === "and";
  // `let x = y` is a term.
  return around === "let" && kind === "name";
}

/** Levels that it adds: parentheses, those of a pattern too, and `not`. */
export const levelsOf = (kind: Cond["kind"], around: Around): number =>
  Number(isParenthesised(kind, around)) + Number(kind === "not") + Number(around === "pattern");
