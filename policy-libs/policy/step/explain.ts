// The conditions of a rule as a tree, each with its value: for people, so nothing is left out to be quick.
import { and, type Kleene, T } from "../kleene.ts";
import type { Place } from "../resolved.ts";
import type { CompiledRule } from "./rules.ts";
import type { Frame, Node, State } from "./types.ts";

export interface Condition {
  readonly text: string;
  readonly at: Place;
  readonly value: Kleene;
  /** Numbers of the registers that it reads itself. */
  readonly registers: readonly number[];
  readonly of: readonly Condition[];
}

const conditionOf = ({ at, test, registers, of }: Node, state: State, frame: Frame): Condition => ({
  text: at.text,
  at,
  value: test(state, frame),
  registers,
  of: of.map((part) => conditionOf(part, state, frame)),
});

/** What the pattern that speaks of the event asks in its parentheses, and what the rule itself asks. */
export function explainRule(
  { rule, on, when }: CompiledRule,
  op: number,
  kind: string,
  state: State,
  frame: Frame,
): Condition {
  const patterns = on.filter((matcher) => matcher.ops.has(op) && matcher.kinds.some((one) => one === kind));
  const nodes = [...patterns.flatMap((matcher) => matcher.when ?? []), ...(when === undefined ? [] : [when])];
  const of = nodes.map((node) => conditionOf(node, state, frame));
  const value = of.reduce<Kleene>((sum, part) => and(sum, part.value), T);
  return { text: rule.at.text, at: rule.at, value, registers: [], of };
}
