// The product of automata, breadth first: its states, and for each of them which of the automata accept there.
//
// Invariants
//   P1  The first state that is found for a combination of acceptances is reached by a shortest text that has it.
//   P2  States in which the first automaton, the type's, is dead are left out.
import { type Automaton, DEAD } from "./automaton.ts";

/** Product states. More tests on one argument than this can tell apart are not looked at in full. */
export const MAX_STATES = 20_000;

export interface Graph {
  readonly letters: readonly string[];
  readonly size: number;
  /** The state after `letters[l]` in state `s` is at `s * letters.length + l`; DEAD: none. */
  readonly next: Int32Array;
  /** Which automata accept, one character "0" or "1" each, the type's left out; undefined: it is no text of the type. */
  readonly accepted: readonly (string | undefined)[];
  /** The state before, and the letter that led here. */
  readonly from: readonly (readonly [number, number])[];
  readonly isComplete: boolean;
}

export function product(type: readonly Automaton[], tests: readonly Automaton[], letters: readonly string[]): Graph {
  const all = [...type, ...tests];
  const start = all.map((one) => one.start);
  const states: (readonly number[])[] = [start];
  const numbers = new Map<string, number>([[start.join(), 0]]);
  const from: (readonly [number, number])[] = [[DEAD, 0]];
  const next: number[] = [];
  let isComplete = true;
  const numberOf = (state: readonly number[], before: number, letter: number): number => {
    if (type.some((_, at) => state[at] === DEAD)) return DEAD;
    const key = state.join();
    const known = numbers.get(key);
    if (known !== undefined) return known;
    if (states.length >= MAX_STATES) isComplete = false;
    if (!isComplete) return DEAD;
    numbers.set(key, states.length);
    from.push([before, letter]);
    return states.push(state) - 1;
  };
  for (let at = 0; at < states.length; at++) {
    const state = states[at] as readonly number[];
    for (const [letter, unit] of letters.entries()) {
      const after = all.map((one, which) => one.step(state[which] as number, unit));
      next.push(numberOf(after, at, letter));
    }
  }
  const accepted = states.map((state) =>
    type.every((one, at) => one.accepts(state[at] as number))
      ? tests.map((one, at) => (one.accepts(state[type.length + at] as number) ? "1" : "0")).join("")
      : undefined,
  );
  return { letters, size: states.length, next: Int32Array.from(next), accepted, from, isComplete };
}

/** A shortest text that leads to a state. */
export function textTo(graph: Graph, state: number): string {
  const units: string[] = [];
  let [before, letter] = graph.from[state] as readonly [number, number];
  while (before !== DEAD) {
    units.push(graph.letters[letter] as string);
    [before, letter] = graph.from[before] as readonly [number, number];
  }
  return units.reverse().join("");
}
