// Texts that tests tell apart from a given one, each beginning as it does for as long as can be.
import { DEAD } from "../analysis/automaton.ts";
import type { Graph } from "../analysis/graph.ts";
import { graphOf, type TextQuestion } from "../analysis/text-classes.ts";
import { isOfType } from "../analysis/text-types.ts";

/** States from which ends are looked for. */
const MOST_STATES = 64;
/** Units of a text whose beginnings are tried: those of longer ones are cut. */
const MOST_UNITS = 4_096;

const nextOf = ({ next, letters }: Graph, state: number, letter: number): number =>
  next[state * letters.length + letter] as number;

/** The letter that a unit is, or the one that stands for it: tests tell neither apart. */
function letterOf(question: TextQuestion, graph: Graph, state: number, unit: string): number {
  const own = graph.letters.indexOf(unit);
  if (own >= 0) return own;
  // Units that no test names: one of the spare letters, whichever of them the type treats alike.
  return graph.letters.findIndex((letter, at) => nextOf(graph, state, at) !== DEAD && isAlike(question, letter, unit));
}

const CLASSES = [/[0-9]/u, /[a-z]/u, /[A-Z]/u];
const classOf = (unit: string): number => CLASSES.findIndex((one) => one.test(unit));
function isAlike({ type }: TextQuestion, letter: string, unit: string): boolean {
  return type !== "host" || classOf(letter) === classOf(unit);
}

/** A shortest end for each class that can still be reached. */
function endsFrom(graph: Graph, start: number): ReadonlyMap<string, string> {
  const ends = new Map<string, string>();
  const before = new Map<number, string>([[start, ""]]);
  for (const [state, end] of before) {
    const vector = graph.accepted[state];
    if (vector !== undefined && !ends.has(vector)) ends.set(vector, end);
    for (const [letter, unit] of graph.letters.entries()) {
      const next = nextOf(graph, state, letter);
      if (next !== DEAD && !before.has(next)) before.set(next, end + unit);
    }
  }
  return ends;
}

/** States after each beginning, as far as there are any. */
function statesAlong(question: TextQuestion, graph: Graph, text: string): readonly number[] {
  const states = [0];
  for (const unit of text.slice(0, MOST_UNITS)) {
    const state = states.at(-1) as number;
    const letter = letterOf(question, graph, state, unit);
    const next = letter < 0 ? DEAD : nextOf(graph, state, letter);
    if (next === DEAD) break;
    states.push(next);
  }
  return states;
}

/** One text of each class but the text's own, and cuts of it: none is said to be of the class, so each has to be tried. */
export function nearestTexts(question: TextQuestion, text: string): readonly string[] {
  const graph = graphOf(question);
  const states = statesAlong(question, graph, text);
  const found = new Map<string, string>();
  const seen = new Set<number>();
  for (let length = states.length - 1; length >= 0 && seen.size < MOST_STATES; length--) {
    const state = states[length] as number;
    if (seen.has(state)) continue;
    seen.add(state);
    for (const [vector, end] of endsFrom(graph, state))
      if (!found.has(vector)) found.set(vector, text.slice(0, length) + end);
  }
  const cuts = question.cuts.map((cut) => text.slice(0, cut));
  const { least, most } = question.bounds;
  return [...new Set([...found.values(), ...cuts])].filter(
    (one) => one !== text && one.length >= least && one.length <= most && isOfType(question.type, one),
  );
}
