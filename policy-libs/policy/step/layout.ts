// Where registers live in the part of a scope: bit fields in words, cells of 64 bits, and sets of values.
//
// Invariants
//   L1  A field lies inside one word, and no two fields share a bit.
//   L2  Each cell of `numbers` has one spec, which says how it starts and what it may hold: state.ts checks by it.
import type { Part, Values } from "./types.ts";

export interface Field {
  readonly word: number;
  readonly shift: number;
  /** Not shifted; at most 31 bits. */
  readonly mask: number;
}

export interface FieldSpec {
  readonly field: Field;
  readonly isValid: (value: number) => boolean;
}

/** What a cell may hold: a time or "none yet", an amount, a place in a ring, the number of a step of time. */
export type CellKind = "stamp" | "amount" | "place";
export interface Cells {
  readonly kind: CellKind;
  readonly at: number;
  readonly count: number;
  readonly most: number;
}

export interface SetSpec {
  readonly max: number;
  /** What may stand beside a value: T or U, or the place of its cells. */
  readonly least: number;
  readonly most: number;
  /** Keys have places of their own. */
  readonly isDistinct: boolean;
}

export interface Layout {
  /** How many bits of each word are taken. The first is always there. */
  readonly fill: number[];
  readonly fields: FieldSpec[];
  readonly cells: Cells[];
  numbers: number;
  readonly sets: SetSpec[];
}

export const newLayout = (): Layout => ({ fill: [0], fields: [], cells: [], numbers: 0, sets: [] });

/** Bits of the first word, which is the state of the kernel's automaton: its table has a column for each value. */
export const AUTOMATON_BITS = 10;
/** Wider fields stand in other words: the automaton could not count so far. */
const MAX_AUTOMATON_WIDTH = 4;

/**
 * First fit, so that what is allocated together mostly shares a word: the kernel's rows look at one word each. The first
 * word is for small fields.
 */
export function addField(layout: Layout, width: number, isValid: FieldSpec["isValid"]): Field {
  const isSmall = width <= MAX_AUTOMATON_WIDTH;
  const fits = (taken: number, at: number): boolean =>
    at === 0 ? isSmall && taken + width <= AUTOMATON_BITS : taken + width <= 32;
  let word = layout.fill.findIndex(fits);
  if (word < 0) word = layout.fill.push(0) - 1;
  const shift = layout.fill[word] as number;
  layout.fill[word] = shift + width;
  const field = { word, shift, mask: 2 ** width - 1 };
  layout.fields.push({ field, isValid });
  return field;
}

export function addCells(layout: Layout, kind: CellKind, count: number, most = Number.MAX_SAFE_INTEGER): number {
  const at = layout.numbers;
  layout.cells.push({ kind, at, count, most });
  layout.numbers += count;
  return at;
}

export function addSet(layout: Layout, spec: SetSpec): number {
  return layout.sets.push(spec) - 1;
}

export const initialOf = (kind: CellKind): number => (kind === "stamp" ? Number.NEGATIVE_INFINITY : 0);

/** `words`: cells shared with the kernel, as many as the layout has, zero. */
export function startPart(
  layout: Layout,
  tracing: boolean,
  words: Int32Array = new Int32Array(layout.fill.length),
): Part {
  const numbers = new Float64Array(layout.numbers);
  for (const { kind, at, count } of layout.cells) numbers.fill(initialOf(kind), at, at + count);
  const values = layout.sets.map((): Values => ({ slots: new Map(), lost: 0 }));
  return { words, numbers, values, causes: tracing ? new Map() : undefined };
}
