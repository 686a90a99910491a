// States from bytes.
//
// Invariants
//   B1  What is read fits the layout of the very machine that reads it: every field, cell and set is in its bounds, and
//       nothing stands before, between or behind. Else nothing is read.
//   B2  Reading allocates no more than the layout and the length of the bytes allow.
import type { Datum } from "../resolved.ts";
import { SCOPES, type Scope } from "../tree.ts";
import { fingerprint, MAGIC, NUMBER, TEXT, TRUE } from "./format.ts";
import { type Cells, type Layout, type SetSpec, startPart } from "./layout.ts";
import { readField } from "./registers.ts";
import { MAX_TEXT } from "./sets.ts";
import type { Layouts } from "./state.ts";
import { KEYLESS, LEFT_OUT, type Part, type State, type Values } from "./types.ts";

/** Bytes that are no state of this machine. Caught where reading began. */
const BAD = Symbol("bad state");
function check(holds: boolean): void {
  if (!holds) throw BAD;
}

interface Source {
  readonly u32: () => number;
  readonly f64: () => number;
  readonly text: () => string;
  readonly isDone: () => boolean;
}

function newSource(bytes: Uint8Array): Source {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const take = (length: number): number => {
    check(length <= bytes.length - at);
    at += length;
    return at - length;
  };
  const u32 = (): number => view.getUint32(take(4));
  return {
    u32,
    f64: () => view.getFloat64(take(8)),
    text: () => {
      const length = u32();
      check(length <= MAX_TEXT);
      const from = take(2 * length);
      return String.fromCharCode(...Array.from({ length }, (_, i) => view.getUint16(from + 2 * i)));
    },
    isDone: () => at === bytes.length,
  };
}

function readDatum(source: Source): Datum {
  const tag = source.u32();
  check(tag <= TEXT);
  if (tag === TEXT) return source.text();
  return tag === NUMBER ? source.f64() : tag === TRUE;
}

function readWords(source: Source, { fill, fields }: Layout, words: Int32Array): void {
  for (const [at, taken] of fill.entries()) {
    const word = source.u32();
    check(word < 2 ** taken);
    words[at] = word;
  }
  for (const { field, isValid } of fields) check(isValid(readField(words, field)));
}

function isCell(value: number, { kind, most }: Cells): boolean {
  if (kind === "stamp" && value === Number.NEGATIVE_INFINITY) return true;
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}

function readValues(source: Source, { max, least, most, isDistinct }: SetSpec, { slots }: Values): number {
  const [lost, size] = [source.u32(), source.u32()];
  check(lost <= (LEFT_OUT | KEYLESS) && size <= max);
  const taken = new Set<number>();
  for (let i = 0; i < size; i++) {
    const [value, beside] = [readDatum(source), source.u32()];
    check(!slots.has(value) && beside >= least && beside <= most && !(isDistinct && taken.has(beside)));
    taken.add(beside);
    slots.set(value, beside);
  }
  return lost;
}

function readPart(source: Source, layout: Layout, tracing: boolean): Part {
  const part = startPart(layout, tracing);
  readWords(source, layout, part.words);
  for (const cells of layout.cells) {
    for (let at = cells.at; at < cells.at + cells.count; at++) {
      const value = source.f64();
      check(isCell(value, cells));
      part.numbers[at] = value;
    }
  }
  for (const [at, spec] of layout.sets.entries()) {
    const values = part.values[at] as Values;
    values.lost = readValues(source, spec, values);
  }
  return part;
}

/** A machine, as far as its states are concerned. */
export interface Form {
  readonly layouts: Layouts;
  readonly key: string;
  readonly tracing: boolean;
}

/** Undefined: the bytes are no state of this machine. */
export function restore(bytes: Uint8Array, form: Form): State | undefined {
  const parts = restoreParts(bytes, SCOPES, form);
  return parts && (Object.fromEntries(SCOPES.map((scope, i) => [scope, parts[i]])) as Record<Scope, Part>);
}

/** Parts of these scopes. Undefined: the bytes are none of this machine. */
export function restoreParts(
  bytes: Uint8Array,
  scopes: readonly Scope[],
  { layouts, key, tracing }: Form,
): Part[] | undefined {
  const source = newSource(bytes);
  try {
    check(source.u32() === MAGIC && source.u32() === fingerprint(key));
    const parts = scopes.map((scope) => readPart(source, layouts[scope], tracing));
    check(source.isDone());
    return parts;
  } catch (error) {
    if (error === BAD) return undefined;
    throw error;
  }
}
