// All ways through a piece of code that chooses: it is run again for every sequence of choices.
//
// Invariants
//   W1  Every sequence of choices is tried once, unless one before it has succeeded and said, by `settle`, that what it
//       chose from some point on does not matter.

export interface Choices {
  /** From 0; the first is tried first. */
  choose(count: number): number;
  /** How many choices there were. */
  made(): number;
  /** If this attempt succeeds, no other way is tried to choose what came after so many. */
  settle(after: number): void;
}

interface Chosen {
  taken: number;
  readonly of: number;
}

/** What attempts gave that were not undefined. */
export function* eachPath<T>(attempt: (choices: Choices) => T | undefined): Generator<T> {
  const script: Chosen[] = [];
  for (;;) {
    let at = 0;
    let settled: number | undefined;
    const choose = (count: number): number => {
      if (count < 2) return 0;
      script[at] ??= { taken: 0, of: count };
      return (script[at++] as Chosen).taken;
    };
    const result = attempt({
      choose,
      made: () => at,
      settle: (after) => {
        settled = after;
      },
    });
    // Choices that this attempt did not come to belong to none that follows.
    script.length = result !== undefined && settled !== undefined ? settled : at;
    if (result !== undefined) yield result;
    for (let last = script.at(-1); last !== undefined && last.taken + 1 === last.of; last = script.at(-1)) script.pop();
    const next = script.at(-1);
    if (next === undefined) return;
    next.taken += 1;
  }
}

/** Always the first choice. */
export const FIRST: Choices = { choose: () => 0, made: () => 0, settle: () => {} };
