// The sections of an artifact, each from the parts of the source and the kernel's own tables.
import {
  CORDON,
  type DataSegment,
  type ElementSegment,
  type Export,
  type FunctionType,
  IMPORTS,
  type Inline,
  i32,
  type Mode,
  type Module,
  RESERVED_GLOBALS,
  reservedExport,
  TRAMPOLINES,
  trampolines,
} from "../../kernel/index.ts";
import { toUtf8 } from "./text.ts";
import { newWriter, put, putAll, putSized, putSpan, putU32, putVector, type Writer } from "./writer.ts";

const SECTION = { type: 1, import: 2, function: 3, table: 4, global: 6, export: 7, element: 9, code: 10, data: 11 };
const [I32, I64, MUTABLE, FUNCREF] = [0x7f, 0x7e, 1, 0x70];
const [I32_CONST, I64_CONST, END] = [0x41, 0x42, 0x0b];

export const putSection = (out: Writer, name: keyof typeof SECTION, write: (inner: Writer) => void): void => {
  put(out, SECTION[name]);
  putSized(out, write);
};

const putText = (out: Writer, text: string): void => {
  const bytes = toUtf8(text);
  putU32(out, bytes.length);
  putAll(out, bytes);
};

/** Types of the source under their old numbers, and behind them those that only the artifact needs. */
export interface TypeTable {
  readonly types: FunctionType[];
  readonly numbers: Map<string, number>;
}

const spell = ({ params, results }: FunctionType): string => `${params.join()}>${results.join()}`;

export function newTypeTable(types: readonly FunctionType[]): TypeTable {
  const table: TypeTable = { types: [...types], numbers: new Map() };
  for (const [index, type] of types.entries()) {
    if (!table.numbers.has(spell(type))) table.numbers.set(spell(type), index);
  }
  return table;
}

export function numberOf(table: TypeTable, type: FunctionType): number {
  const known = table.numbers.get(spell(type));
  if (known !== undefined) return known;
  table.numbers.set(spell(type), table.types.length);
  return table.types.push(type) - 1;
}

const numbers = (count: number): number[] => Array.from({ length: count }, () => I32);
const gateType = (params: number, results: number): FunctionType => ({
  params: numbers(params),
  results: numbers(results),
});

export const putTypes = (out: Writer, { types }: TypeTable): void =>
  putVector(out, types, (inner, { params, results }) => {
    put(inner, 0x60);
    putVector(inner, params, put);
    putVector(inner, results, put);
  });

export function putImports(out: Writer, table: TypeTable, minimumPages: number): void {
  putU32(out, IMPORTS.length + 1);
  putText(out, CORDON);
  putText(out, "memory");
  putAll(out, [2, 0]);
  putU32(out, minimumPages);
  for (const { name, params } of IMPORTS) {
    putText(out, CORDON);
    putText(out, name);
    put(out, 0);
    putU32(out, numberOf(table, gateType(params, 1)));
  }
}

export function putFunctions(out: Writer, table: TypeTable, guest: readonly number[]): void {
  const own = TRAMPOLINES.map(({ params, results }) => numberOf(table, gateType(params, results)));
  putVector(out, [...own, ...guest], putU32);
}

export function putTable(out: Writer, entries: number): void {
  putAll(out, [1, FUNCREF, 1]);
  putU32(out, entries);
  putU32(out, entries);
}

export function putGlobals(out: Writer, bytes: Uint8Array, { globals }: Module, { firstOwn }: Inline): void {
  putU32(out, firstOwn + globals.length);
  for (let i = 0; i < RESERVED_GLOBALS; i++) putAll(out, [I32, MUTABLE, I32_CONST, 0, END]);
  for (let i = RESERVED_GLOBALS; i < firstOwn; i++) putAll(out, [I64, MUTABLE, I64_CONST, 0, END]);
  for (const { type, mutable, at, end } of globals) {
    putAll(out, [type, mutable ? MUTABLE : 0]);
    putSpan(out, bytes, at, end);
  }
}

type Exported = readonly Pick<Export, "name" | "index">[];

/** All globals, then exported functions by their numbers in the artifact. */
export function putExports(out: Writer, exports: Exported, globals: number): void {
  putU32(out, globals + exports.length);
  for (let global = 0; global < globals; global++) {
    putText(out, reservedExport(global));
    put(out, 3);
    putU32(out, global);
  }
  for (const { name, index } of exports) {
    putText(out, name);
    put(out, 0);
    putU32(out, index);
  }
}

function putPlace(out: Writer, offset: number | undefined): void {
  put(out, 0);
  putAll(out, [I32_CONST, ...i32(offset ?? 0), END]);
}

export const putElements = (out: Writer, elements: readonly ElementSegment[], renumbered: Uint32Array): void =>
  putVector(out, elements, (inner, { offset, functions }) => {
    putPlace(inner, offset);
    putVector(inner, functions, (w, index) => putU32(w, renumbered[index] ?? 0));
  });

export const putData = (out: Writer, bytes: Uint8Array, data: readonly DataSegment[]): void =>
  putVector(out, data, (inner, { offset, from, length }) => {
    putPlace(inner, offset);
    putU32(inner, length);
    putSpan(inner, bytes, from, from + length);
  });

/** The code section's payload: trampolines, then what `bodies` holds, each body with its length before it. */
export function putCode(out: Writer, bodies: Writer, count: number, { kind }: Mode, inlined: Inline): void {
  putU32(out, TRAMPOLINES.length + count);
  for (const { body } of trampolines(kind, inlined)) {
    putU32(out, body.length);
    putAll(out, body);
  }
  putSpan(out, bodies.bytes, 0, bodies.length);
}

export const moduleHeader = (): Writer => {
  const out = newWriter(65_536);
  putAll(out, [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  return out;
};
