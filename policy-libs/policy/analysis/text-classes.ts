// Which combinations of tests on a text can hold together, each with a shortest text of which exactly they hold.
//
// Invariants
//   X1  Every text of the type has a class, if `isComplete`: the one with the same tests true (A2, P1).
//   X2  The witness of a class is of the type, and exactly the tests of its class hold of it.
import type { TextTest } from "../tree.ts";
import type { ArgumentType } from "../vocabulary.ts";
import { type Automaton, automatonOf, exactly } from "./automaton.ts";
import { type Graph, product, textTo } from "./graph.ts";
import { lettersOf, WELL_FORMED } from "./letters.ts";
import { textType } from "./text-types.ts";
import { type Lengths, wordsOf } from "./words.ts";

export type TextAtom =
  | { readonly kind: "is"; readonly values: readonly string[] }
  | { readonly kind: "text"; readonly test: TextTest; readonly text: string };

export interface TextClass {
  readonly witness: string;
  /** Up to `count` texts of the class, the shortest first. */
  readonly more: (count: number) => readonly string[];
}

export interface TextQuestion {
  readonly type: ArgumentType;
  /** Types that only some of the texts have: told apart like tests. */
  readonly alsoOf?: readonly ArgumentType[] | undefined;
  readonly atoms: readonly TextAtom[];
  /** Lengths: a text of at most so many units is told apart from a longer one. */
  readonly cuts: readonly number[];
  readonly bounds: Lengths;
}

const automaton = (atom: TextAtom): Automaton =>
  atom.kind === "text" ? automatonOf(atom.test, atom.text) : exactly(...atom.values);
/** With all units that the automaton tells apart: "/" is one of them though a `*` does not show it. */
const textsOf = (atom: TextAtom): readonly string[] =>
  atom.kind === "is" ? atom.values : atom.test === "like" || atom.test === "under" ? [atom.text, "/"] : [atom.text];

/** Between the cuts, inside the bounds. */
export function pieces(cuts: readonly number[], { least, most }: Lengths): readonly Lengths[] {
  const inside = [...new Set(cuts)].filter((cut) => cut >= least && cut < most).sort((a, b) => a - b);
  return least > most
    ? []
    : [...inside, most].map((cut, at) => ({ least: at === 0 ? least : (inside[at - 1] as number) + 1, most: cut }));
}

export function graphOf({ type, alsoOf = [], atoms }: TextQuestion): Graph {
  const base = textType(type);
  const also = alsoOf.map(textType);
  const letters = lettersOf(atoms.flatMap(textsOf), {
    ...base,
    groups: [...base.groups, ...also.flatMap((one) => one.groups)],
  });
  const isAstral = letters.some((unit) => unit >= "\ud800" && unit <= "\udfff");
  const types = isAstral ? [base.automaton, WELL_FORMED] : [base.automaton];
  return product(types, [...atoms.map(automaton), ...also.map((one) => one.automaton)], letters);
}

export function textClasses(question: TextQuestion): {
  readonly classes: readonly TextClass[];
  readonly isComplete: boolean;
} {
  const graph = graphOf(question);
  const bounds = { ...question.bounds, most: Math.min(question.bounds.most, textType(question.type).most) };
  const lengths = pieces(question.cuts, bounds);
  const firsts = new Map<string, number>();
  for (const [state, vector] of graph.accepted.entries()) {
    if (vector !== undefined && !firsts.has(vector)) firsts.set(vector, state);
  }
  let isComplete = graph.isComplete;
  const classes = [...firsts].flatMap(([vector, state]) =>
    lengths.flatMap((length): TextClass[] => {
      const texts = (count: number) => wordsOf(graph, (one) => graph.accepted[one] === vector, length, count);
      const more = (count: number): readonly string[] => texts(count).words;
      const shortest = textTo(graph, state);
      if (shortest.length > length.most) return [];
      if (shortest.length >= length.least) return [{ witness: shortest, more }];
      const found = texts(1);
      isComplete &&= found.isComplete;
      return found.words.map((witness) => ({ witness, more }));
    }),
  );
  return { classes, isComplete };
}
