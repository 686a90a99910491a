// States as bytes: for snapshots and for files.
//
// Invariants
//   B1  What is read fits the layout of the very machine that reads it: every field, cell and set is in its bounds, and
//       nothing stands before, between or behind. Else nothing is read.
//   B2  Reading allocates no more than the layout and the length of the bytes allow.
import type { Datum } from "../resolved.ts";
import { SCOPES } from "../tree.ts";
import { type Cells, type Layout, type SetSpec, startPart } from "./layout.ts";
import { readField } from "./registers.ts";
import { MAX_TEXT } from "./sets.ts";
import { byScope, type Layouts } from "./state.ts";
import { KEYLESS, LEFT_OUT, type Part, type State, type Values } from "./types.ts";

const MAGIC = 0x50_53_54_31; // "PST1"
const [FALSE, TRUE, NUMBER, TEXT] = [0, 1, 2, 3];

/** Tells machines apart (FNV-1a): a mistake is found, an attacker is not kept out by it but by B1. */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

interface Writer {
  readonly u32: (value: number) => void;
  readonly f64: (value: number) => void;
  readonly text: (value: string) => void;
  readonly done: () => Uint8Array;
}

function newWriter(): Writer {
  let bytes = new Uint8Array(256);
  let at = 0;
  const view = (length: number): DataView => {
    if (at + length > bytes.length) {
      const larger = new Uint8Array(Math.max(2 * bytes.length, at + length));
      larger.set(bytes);
      bytes = larger;
    }
    at += length;
    return new DataView(bytes.buffer, at - length, length);
  };
  const u32 = (value: number): void => view(4).setUint32(0, value);
  return {
    u32,
    f64: (value) => view(8).setFloat64(0, value),
    text: (value) => {
      u32(value.length);
      const room = view(2 * value.length);
      for (let i = 0; i < value.length; i++) room.setUint16(2 * i, value.charCodeAt(i));
    },
    done: () => bytes.slice(0, at),
  };
}

function writeDatum(out: Writer, value: Datum): void {
  if (typeof value === "boolean") return out.u32(value ? TRUE : FALSE);
  out.u32(typeof value === "number" ? NUMBER : TEXT);
  if (typeof value === "number") out.f64(value);
  else out.text(value);
}

function writePart(out: Writer, { words, numbers, values }: Part): void {
  words.forEach(out.u32);
  numbers.forEach(out.f64);
  for (const { slots, lost } of values) {
    out.u32(lost);
    out.u32(slots.size);
    for (const [value, beside] of slots) {
      writeDatum(out, value);
      out.u32(beside);
    }
  }
}

export function serialise(state: State, key: string): Uint8Array {
  const out = newWriter();
  out.u32(MAGIC);
  out.u32(fingerprint(key));
  for (const scope of SCOPES) writePart(out, state[scope]);
  return out.done();
}

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

/** Undefined: the bytes are no state of this machine. */
export function restore(bytes: Uint8Array, layouts: Layouts, key: string, tracing: boolean): State | undefined {
  const source = newSource(bytes);
  try {
    check(source.u32() === MAGIC && source.u32() === fingerprint(key));
    const state = byScope((scope) => readPart(source, layouts[scope], tracing));
    check(source.isDone());
    return state;
  } catch (error) {
    if (error === BAD) return undefined;
    throw error;
  }
}
