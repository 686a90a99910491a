// The conditions of a rule as a tree, each with its value: for people, so nothing is left out to be quick.
import { F, type Kleene } from "../kleene.ts";
import type { Place, PolicyEvent } from "../resolved.ts";
import { type CompiledRule, ruleTest } from "./rules.ts";
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

/** What the patterns that speak of the event ask in their parentheses, of which one is enough, and what the rule asks. */
export function explainRule(compiled: CompiledRule, { kind, op: { id } }: PolicyEvent, s: State, f: Frame): Condition {
  const { rule, on, when } = compiled;
  const patterns = on.filter(({ ops, kinds }) => ops.has(id) && kinds.includes(kind));
  const nodes = [...patterns.map((pattern) => pattern.when), when].filter((node) => node !== undefined);
  const value = ruleTest(compiled, kind, id)?.(s, f) ?? F;
  return { text: rule.at.text, at: rule.at, value, registers: [], of: nodes.map((node) => conditionOf(node, s, f)) };
}
