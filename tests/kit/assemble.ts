// Modules from parts. Instructions are written by name and encoded from the kernel's opcode table, so a test reads like
// WebAssembly text and can still say what no assembler would let through.
//
// Value types are one letter each, as in the table: i = i32, l = i64, f = f32, d = f64.
import { OPCODES, type Opcode } from "../../kernel/index.ts";

export type Bytes = Uint8Array<ArrayBuffer>;
/** A name, then its immediates. A block's type is a letter, "" for none, or the index of a function type. */
export type Instruction = readonly [name: string, ...immediates: (number | bigint | string | readonly number[])[]];
/** Instructions, and raw bytes among them. */
export type Code = readonly (Instruction | Uint8Array)[];

export interface FunctionParts {
  readonly params: string;
  readonly results: string;
  readonly locals?: string;
  /** Without the last `end`. */
  readonly code: Code;
  readonly exported?: string;
}

export interface Parts {
  readonly imports?: readonly { readonly name: string; readonly params: string; readonly results: string }[];
  readonly types?: readonly { readonly params: string; readonly results: string }[];
  readonly functions: readonly FunctionParts[];
  readonly pages?: number;
  /** The table's functions, from 0. */
  readonly table?: readonly number[];
  /** Mutable globals: type letter and initial value. */
  readonly globals?: readonly { readonly type: string; readonly value: number }[];
  readonly data?: readonly { readonly offset: number; readonly bytes: readonly number[] }[];
}

export const valueType = (letter: string): number => 0x7f - "ilfd".indexOf(letter);
export const letterOf = (type: number): string => "ilfd"[0x7f - type] ?? "?";

export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 128))];
}

export function signedLeb(value: number | bigint): number[] {
  const whole = BigInt(value);
  const low = Number(BigInt.asUintN(7, whole));
  const rest = whole >> 7n;
  const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
  return isLast ? [low] : [low | 0x80, ...signedLeb(rest)];
}

export const float32 = (value: number): number[] => [...new Uint8Array(new Float32Array([value]).buffer)];
export const float64 = (value: number): number[] => [...new Uint8Array(new Float64Array([value]).buffer)];

const blockType = (type: unknown): number[] => {
  if (typeof type === "number") return signedLeb(type);
  return [type === "" || type === undefined ? 0x40 : valueType(type as string)];
};

/** A float's immediate is its value, or its bytes: an array, so that any NaN can be written. */
const float = (encode: (value: number) => number[], value: unknown): number[] =>
  typeof value === "number" ? encode(value) : [...(value as readonly number[])];

function immediates(row: Opcode, [, first, second]: Instruction): number[] {
  switch (row.immediate) {
    case "none":
      return [];
    case "block":
      return blockType(first);
    case "labels":
      return [...leb((first as readonly number[]).length - 1), ...(first as readonly number[]).flatMap(leb)];
    case "indirect":
      return [...leb(Number(first)), ...leb(Number(second ?? 0))];
    case "memarg":
      return [...leb(Number(second ?? 0)), ...leb(Number(first ?? 0))];
    case "memory":
      return [0];
    case "memories":
      return [0, 0];
    case "i32":
      return signedLeb(Number(first) | 0);
    case "i64":
      return signedLeb(BigInt.asIntN(64, BigInt(first as bigint)));
    case "f32":
      return float(float32, first);
    case "f64":
      return float(float64, first);
    default:
      return leb(Number(first));
  }
}

const opcodeBytes = (code: number): number[] => (code > 0xff ? [code >> 8, ...leb(code & 0xff)] : [code]);

export function encode(instruction: Instruction | Uint8Array): number[] {
  if (instruction instanceof Uint8Array) return [...instruction];
  const row = (OPCODES as Readonly<Record<string, Opcode>>)[instruction[0]];
  if (row === undefined) throw new Error(`no instruction is called ${instruction[0]}`);
  return [...opcodeBytes(row.code), ...immediates(row, instruction)];
}

export const encodeAll = (code: Code): number[] => code.flatMap(encode);
export const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
export const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes];
export const section = (id: number, payload: readonly number[]): number[] => [id, ...sized(payload)];
export const text = (name: string): number[] => sized([...new TextEncoder().encode(name)]);
export const HEADER: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

const functionType = ({ params, results }: { params: string; results: string }): number[] => [
  0x60,
  ...vector([...params].map((letter) => [valueType(letter)])),
  ...vector([...results].map((letter) => [valueType(letter)])),
];

const initial = (type: string, value: number): number[] => {
  const names: Record<string, string> = { i: "i32.const", l: "i64.const", f: "f32.const", d: "f64.const" };
  const whole = type === "i" || type === "l" ? Math.trunc(value) : value;
  return [...encode([names[type] as string, type === "l" ? BigInt(whole) : whole]), 0x0b];
};

const body = ({ locals = "", code }: FunctionParts): number[] =>
  sized([...vector([...locals].map((letter) => [1, valueType(letter)])), ...encodeAll(code), 0x0b]);

const place = (offset: number): number[] => [0, ...encode(["i32.const", offset]), 0x0b];
const optional = (id: number, present: boolean, payload: () => number[]): number[] =>
  present ? section(id, payload()) : [];

/** The types of a module, in order: those of imports, of functions, then those of blocks and indirect calls. */
export const typesOf = ({ imports = [], functions, types = [] }: Parts): readonly FunctionType[] => [
  ...imports,
  ...functions,
  ...types,
];
type FunctionType = { readonly params: string; readonly results: string };

export function assemble(parts: Parts): Bytes {
  const { imports = [], functions, pages, table = [], globals = [], data = [] } = parts;
  const exported = functions.flatMap(({ exported: name }, index) =>
    name === undefined ? [] : [[...text(name), 0, ...leb(imports.length + index)]],
  );
  const imported = imports.map(({ name }, index) => [...text("cordon"), ...text(name), 0, ...leb(index)]);
  return Uint8Array.from([
    ...HEADER,
    ...section(1, vector(typesOf(parts).map(functionType))),
    ...optional(2, imports.length > 0, () => vector(imported)),
    ...section(3, vector(functions.map((_, index) => leb(imports.length + index)))),
    ...optional(4, table.length > 0, () => vector([[0x70, 1, ...leb(table.length), ...leb(table.length)]])),
    ...optional(5, pages !== undefined, () => vector([[0, ...leb(pages ?? 0)]])),
    ...optional(6, globals.length > 0, () =>
      vector(globals.map(({ type, value }) => [valueType(type), 1, ...initial(type, value)])),
    ),
    ...section(7, vector(exported)),
    ...optional(9, table.length > 0, () => vector([[...place(0), ...vector(table.map(leb))]])),
    ...section(10, vector(functions.map(body))),
    ...optional(11, data.length > 0, () =>
      vector(data.map(({ offset, bytes }) => [...place(offset), ...sized(bytes)])),
    ),
  ]);
}

/** The module as WebAssembly text, near enough to be read and to be pasted into an issue. */
export function textOf(parts: Parts): string {
  const letters: Record<string, string> = { i: "i32", l: "i64", f: "f32", d: "f64" };
  const spell = (types: string): string => [...types].map((letter) => letters[letter]).join(" ");
  const lines = parts.functions.map(({ params, results, locals = "", code, exported }, index) => {
    const head = `(func $${index}${exported === undefined ? "" : ` (export "${exported}")`}`;
    const instructions = code.map((one) => (one instanceof Uint8Array ? `;; bytes ${one}` : one.join(" ")));
    return `${head} (param ${spell(params)}) (result ${spell(results)}) (local ${spell(locals)})\n  ${instructions.join("\n  ")})`;
  });
  return lines.join("\n");
}
