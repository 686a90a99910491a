// Texts of a given acceptance and length, the shortest first. Of which states a text of k more units can lead to the
// wanted ones is a sequence of sets, each made from the one before: so it repeats, and any length can be asked for.
import { DEAD } from "./automaton.ts";
import type { Graph } from "./graph.ts";

/** Sets kept before the sequence must have repeated. */
const MAX_SETS = 4096;
/** UTF-16 units: nobody reads a longer witness. */
export const MAX_WITNESS = 1 << 20;

export interface Lengths {
  readonly least: number;
  readonly most: number;
}

interface Sequence {
  /** From which states exactly `length` units more lead to a wanted one. */
  at(length: number): Uint8Array;
  /** From this length on nothing new comes; undefined: not found out. */
  readonly repeats: number | undefined;
}

function before(graph: Graph, wanted: Uint8Array): Uint8Array {
  const width = graph.letters.length;
  return Uint8Array.from({ length: graph.size }, (_, state) => {
    for (let letter = 0; letter < width; letter++) {
      const after = graph.next[state * width + letter] as number;
      if (after !== DEAD && wanted[after] === 1) return 1;
    }
    return 0;
  });
}

function sequenceOf(graph: Graph, isWanted: (state: number) => boolean): Sequence {
  let set: Uint8Array = Uint8Array.from({ length: graph.size }, (_, state) => (isWanted(state) ? 1 : 0));
  const sets: Uint8Array[] = [];
  const seen = new Map<string, number>();
  while (sets.length < MAX_SETS && !seen.has(set.join(""))) {
    seen.set(set.join(""), sets.length);
    sets.push(set);
    set = before(graph, set);
  }
  const first = seen.get(set.join(""));
  const period = sets.length - (first ?? 0);
  const at = (length: number): Uint8Array =>
    sets[length < sets.length ? length : (first ?? 0) + ((length - (first ?? 0)) % period)] as Uint8Array;
  return { at, repeats: first === undefined ? undefined : sets.length };
}

/** Up to `count` texts of one length, in the order of the letters. */
function ofLength(graph: Graph, sequence: Sequence, length: number, count: number): readonly string[] {
  const width = graph.letters.length;
  const found: string[] = [];
  const path: number[] = [];
  const states = [0];
  let letter = 0;
  if (sequence.at(length)[0] !== 1) return found;
  for (;;) {
    if (path.length === length) {
      found.push(path.map((one) => graph.letters[one]).join(""));
      if (found.length === count) return found;
      letter = width;
    }
    const state = states.at(-1) as number;
    const goal = length > path.length ? sequence.at(length - path.length - 1) : undefined;
    while (letter < width && goal?.[graph.next[state * width + letter] as number] !== 1) letter += 1;
    if (letter < width) {
      path.push(letter);
      states.push(graph.next[state * width + letter] as number);
      letter = 0;
      continue;
    }
    const back = path.pop();
    if (back === undefined) return found;
    states.pop();
    letter = back + 1;
  }
}

/** Up to `count` different texts, the shortest first. `isComplete`: if fewer came, there are no more. */
export function wordsOf(
  graph: Graph,
  isWanted: (state: number) => boolean,
  { least, most }: Lengths,
  count: number,
): { readonly words: readonly string[]; readonly isComplete: boolean } {
  const sequence = sequenceOf(graph, isWanted);
  const words: string[] = [];
  // A whole round of the repeating part without a text: none comes any more. With texts in it, they come for ever.
  let empty = 0;
  const patience = sequence.repeats ?? MAX_SETS;
  for (let length = least; length <= most && words.length < count; length++) {
    if (length > MAX_WITNESS || (sequence.repeats === undefined && length >= MAX_SETS))
      return { words, isComplete: false };
    const more = ofLength(graph, sequence, length, count - words.length);
    words.push(...more);
    empty = more.length === 0 && length >= patience ? empty + 1 : 0;
    if (empty > patience) return { words, isComplete: sequence.repeats !== undefined };
  }
  return { words, isComplete: true };
}
