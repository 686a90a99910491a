// All tests of one text argument at once: a decision looks at the text once, not once for each rule.
//
// Invariants
//   X1  After a look exactly the tests that hold are marked.
//   X2  A look costs the length of the text, what it finds, and a pass for each `like` whose rarest piece was found.
import type { TextTest } from "../tree.ts";
import { type Piece, type Shape, shapeOf } from "./like.ts";
import { endsOf, type Find, insidesOf, type Needle, startsOf } from "./needles.ts";

export interface TextCondition {
  readonly test: TextTest;
  readonly text: string;
}

/** Says of each of several tests, by its number, whether a text passes it. */
export type Look = (text: string, found: Find) => void;

interface Plan {
  readonly equals: Map<string, number[]>;
  readonly starts: Needle[];
  readonly ends: Needle[];
  readonly contains: Needle[];
  /** Matched whole once a piece of them is found: numbers from the count of tests on. */
  readonly candidates: { readonly test: (text: string) => boolean; readonly number: number }[];
  /** Those without any piece. */
  readonly others: number[];
}

function under(plan: Plan, directory: string, number: number): void {
  plan.equals.set(directory, [...(plan.equals.get(directory) ?? []), number]);
  plan.starts.push([directory.endsWith("/") ? directory : `${directory}/`, number]);
}

const keyOf = ({ kind, text }: Piece): string => `${kind} ${text}`;

/** The piece that the fewest patterns share; of those the longest. */
function rarest(pieces: readonly Piece[], counts: ReadonlyMap<string, number>): Piece | undefined {
  const count = (piece: Piece): number => counts.get(keyOf(piece)) ?? 0;
  return pieces.toSorted((a, b) => count(a) - count(b) || b.text.length - a.text.length)[0];
}

function countPieces(shapes: readonly (Shape | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const shape of shapes) {
    if (shape?.kind !== "like") continue;
    for (const piece of shape.pieces) counts.set(keyOf(piece), (counts.get(keyOf(piece)) ?? 0) + 1);
  }
  return counts;
}

function place(plan: Plan, shape: Shape, number: number, offset: number, counts: ReadonlyMap<string, number>): void {
  if (shape.kind === "equals") {
    plan.equals.set(shape.text, [...(plan.equals.get(shape.text) ?? []), number]);
    return;
  }
  if (shape.kind !== "like") {
    plan[shape.kind].push([shape.text, number]);
    return;
  }
  const candidate = offset + plan.candidates.push({ test: shape.test, number }) - 1;
  const piece = rarest(shape.pieces, counts);
  if (piece === undefined) plan.others.push(candidate);
  else plan[piece.kind].push([piece.text, candidate]);
}

function planOf(conditions: readonly TextCondition[]): Plan {
  const plan: Plan = { equals: new Map(), starts: [], ends: [], contains: [], candidates: [], others: [] };
  const shapes = conditions.map(({ test, text }) => (test === "under" ? undefined : shapeOf(test, text)));
  const counts = countPieces(shapes);
  for (const [number, { text }] of conditions.entries()) {
    const shape = shapes[number];
    if (shape === undefined) under(plan, text, number);
    else place(plan, shape, number, conditions.length, counts);
  }
  return plan;
}

export function lookAt(conditions: readonly TextCondition[]): Look {
  const { equals, starts, ends, contains, candidates, others } = planOf(conditions);
  const passes = [
    ...(starts.length > 0 ? [startsOf(starts)] : []),
    ...(ends.length > 0 ? [endsOf(ends)] : []),
    ...(contains.length > 0 ? [insidesOf(contains)] : []),
  ];
  return (text, found) => {
    const find: Find = (number) => {
      if (number < conditions.length) return found(number);
      const candidate = candidates[number - conditions.length];
      if (candidate?.test(text)) found(candidate.number);
    };
    for (const number of equals.get(text) ?? []) found(number);
    for (const pass of passes) pass(text, find);
    for (const number of others) find(number);
  };
}
