// Small deterministic automata over UTF-16 units: one for each test on a text, and one for what every text of a type is.
//
// Invariants
//   A1  An automaton accepts a text exactly if the test holds of it (tests/policy/analysis-classes.test.ts).
//   A2  A unit that no automaton names is treated like every other such unit: one of them stands for all (letters.ts).
//   A3  From DEAD no text is accepted any more.
import type { TextTest } from "../tree.ts";

/** States are numbers from 0; `step` may be called with any unit. */
export interface Automaton {
  readonly start: number;
  step(state: number, unit: string): number;
  accepts(state: number): boolean;
}

export const DEAD = -1;

/** Exactly one of these texts. States are their beginnings. */
export function exactly(...texts: readonly string[]): Automaton {
  const after: Map<string, number>[] = [new Map()];
  const ends = new Set<number>();
  for (const text of texts) {
    let state = 0;
    for (const unit of text.split("")) {
      const known = (after[state] as Map<string, number>).get(unit) ?? after.push(new Map()) - 1;
      (after[state] as Map<string, number>).set(unit, known);
      state = known;
    }
    ends.add(state);
  }
  return {
    start: 0,
    step: (state, unit) => after[state]?.get(unit) ?? DEAD,
    accepts: (state) => ends.has(state),
  };
}

export const startsWith = (text: string): Automaton => ({
  start: 0,
  step: (state, unit) => (state === text.length || text[state] === unit ? Math.min(state + 1, text.length) : DEAD),
  accepts: (state) => state === text.length,
});

/** Knuth, Morris, Pratt: of each prefix the longest shorter one that it ends with. */
function borders(text: string): readonly number[] {
  const border = [0, 0];
  for (let at = 1; at < text.length; at++) {
    let length = border[at] as number;
    while (length > 0 && text[length] !== text[at]) length = border[length] as number;
    border.push(text[length] === text[at] ? length + 1 : 0);
  }
  return border;
}

/** States are how much of `text` has been read last; `stays`: once whole, it stays so. */
function searching(text: string, stays: boolean): Automaton {
  const border = borders(text);
  const step = (state: number, unit: string): number => {
    if (stays && state === text.length) return state;
    let length = state;
    while (length > 0 && text[length] !== unit) length = border[length] as number;
    return text[length] === unit ? length + 1 : 0;
  };
  return { start: 0, step, accepts: (state) => state === text.length };
}

export const endsWith = (text: string): Automaton => (text === "" ? startsWith("") : searching(text, false));
export const contains = (text: string): Automaton => (text === "" ? startsWith("") : searching(text, true));

/** States are sets of states of others, numbered as they are met. */
function numbered<S>(first: S, keyOf: (set: S) => string, next: (set: S, unit: string) => S | undefined) {
  const sets: S[] = [first];
  const numbers = new Map<string, number>([[keyOf(first), 0]]);
  const numberOf = (set: S): number => {
    const key = keyOf(set);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, sets.length);
    return sets.push(set) - 1;
  };
  const known: Map<string, number>[] = [];
  const step = (state: number, unit: string): number => {
    if (state === DEAD) return DEAD;
    known[state] ??= new Map();
    const before = known[state].get(unit);
    if (before !== undefined) return before;
    const set = next(sets[state] as S, unit);
    const after = set === undefined ? DEAD : numberOf(set);
    known[state].set(unit, after);
    return after;
  };
  return { step, setOf: (state: number): S | undefined => sets[state] };
}

type Piece = { readonly kind: "unit"; readonly unit: string } | { readonly kind: "inside" | "any" };

const piecesOf = (glob: string): readonly Piece[] =>
  (glob.match(/\*+|[^*]/gsu) ?? []).flatMap((run): Piece[] => {
    if (run === "*") return [{ kind: "inside" }];
    if (run.startsWith("*")) return [{ kind: "any" }];
    return run.split("").map((unit) => ({ kind: "unit", unit }));
  });

const stays = (piece: Piece | undefined, unit: string): boolean =>
  piece?.kind === "any" || (piece?.kind === "inside" && unit !== "/");

/** `*` is any run without "/", `**` any run, all else literal. States are sets of places in the pattern. */
export function glob(pattern: string): Automaton {
  const pieces = piecesOf(pattern);
  // A run may be empty: whoever stands before it stands behind it as well.
  const closed = (places: readonly number[]): readonly number[] => {
    const all = new Set<number>();
    for (let place of places) {
      all.add(place);
      while (place < pieces.length && pieces[place]?.kind !== "unit") all.add(++place);
    }
    return [...all].sort((a, b) => a - b);
  };
  const next = (places: readonly number[], unit: string): readonly number[] | undefined => {
    const reached = places.flatMap((place) => {
      const piece = pieces[place];
      if (stays(piece, unit)) return [place];
      return piece?.kind === "unit" && piece.unit === unit ? [place + 1] : [];
    });
    return reached.length === 0 ? undefined : closed(reached);
  };
  const { step, setOf } = numbered(closed([0]), String, next);
  return { start: 0, step, accepts: (state) => setOf(state)?.at(-1) === pieces.length };
}

/** What any of them accepts. */
export function either(...of: readonly Automaton[]): Automaton {
  const next = (states: readonly number[], unit: string): readonly number[] | undefined => {
    const reached = of.map((one, at) => one.step(states[at] as number, unit));
    return reached.every((state) => state === DEAD) ? undefined : reached;
  };
  const { step, setOf } = numbered(
    of.map((one) => one.start),
    String,
    next,
  );
  return {
    start: 0,
    step,
    accepts: (state) => of.some((one, at) => one.accepts(setOf(state)?.[at] ?? DEAD)),
  };
}

/** "/a" itself and everything below. */
export const under = (directory: string): Automaton =>
  either(exactly(directory), startsWith(directory.endsWith("/") ? directory : `${directory}/`));

const TESTS: Readonly<Record<TextTest, (text: string) => Automaton>> = {
  "starts with": startsWith,
  "ends with": endsWith,
  contains,
  like: glob,
  under,
};

export const automatonOf = (test: TextTest, text: string): Automaton => TESTS[test](text);
