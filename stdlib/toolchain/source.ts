// A source module as the toolchain sees it: decoded, checked against DESIGN section 4, its functions numbered anew.
import {
  CORDON,
  decode,
  FIRST_GATE,
  FIRST_GUEST,
  type FunctionType,
  IMPORTS,
  type Import,
  type Module,
  trampolineIndex,
} from "../../kernel/index.ts";
import { complain } from "./complaint.ts";
import { utf8 } from "./text.ts";

/** One function to be rewritten: its type and where its locals and instructions lie. */
export interface Code {
  readonly type: FunctionType;
  readonly typeIndex: number;
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
}

export interface Source {
  readonly bytes: Uint8Array;
  readonly module: Module;
  /** Guest functions in the order of the artifact. */
  readonly codes: readonly Code[];
  /** From a function index of the source to one of the artifact. */
  readonly renumbered: Uint32Array;
  /** The type of each function of the source, imports first. */
  readonly signatures: readonly FunctionType[];
}

/** The body that stands in for an import which is no gate (locals, code, `end`), or undefined: the import is refused. */
export type Foreign = (module: string, name: string, type: FunctionType) => Uint8Array | undefined;

const I32 = 0x7f;
const gates = IMPORTS.slice(FIRST_GATE);

function gateIndex(row: Import, type: FunctionType): number | undefined {
  const gate = row.module === CORDON ? gates.find(({ name }) => name === row.name) : undefined;
  if (gate === undefined) return undefined;
  const all = [...type.params, ...type.results];
  const fits = type.params.length === gate.params && type.results.length === 1 && all.every((t) => t === I32);
  return fits ? trampolineIndex(gate.name) : complain(`the gate "${row.name}" has another type`, row.at);
}

const typeOf = (module: Module, index: number, at: number): FunctionType =>
  module.types[index] ?? complain("a function has an unknown type", at);

function importedFunctions(module: Module): readonly Import[] {
  const other = module.imports.find(({ kind }) => kind !== "function");
  if (other !== undefined) complain(`imports a ${other.kind}: only gates may be imported`, other.at);
  return module.imports;
}

function checkParts({ tables, memories, elements, data }: Module): void {
  if (tables.length > 1) complain("more than one table", 0);
  if (memories.length > 1) complain("more than one memory", 0);
  for (const { active, offset, at } of [...elements, ...data]) {
    if (!active || offset === undefined) complain("a passive segment, or one at no constant place", at);
  }
}

interface Draft {
  readonly codes: Code[];
  readonly renumbered: number[];
  readonly signatures: FunctionType[];
}

function addCode({ codes, renumbered }: Draft, code: Code): void {
  renumbered.push(FIRST_GUEST + codes.length);
  codes.push(code);
}

function addImport(draft: Draft, row: Import, module: Module, foreign: Foreign): void {
  const type = typeOf(module, row.type, row.at);
  const gate = gateIndex(row, type);
  draft.signatures.push(type);
  if (gate !== undefined) {
    draft.renumbered.push(gate);
    return;
  }
  const bytes = foreign(row.module, row.name, type) ?? complain(`imports ${row.module}.${row.name}: no gate`, row.at);
  addCode(draft, { type, typeIndex: row.type, bytes, at: 0, end: bytes.length });
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export function readSource(bytes: Uint8Array, foreign: Foreign): Source {
  if (HEADER.some((byte, index) => bytes[index] !== byte)) complain("not a WebAssembly module of version 1", 0);
  const module = decode(bytes, utf8);
  checkParts(module);
  const draft: Draft = { codes: [], renumbered: [], signatures: [] };
  for (const row of importedFunctions(module)) addImport(draft, row, module, foreign);
  for (const [index, typeIndex] of module.functions.entries()) {
    const body = module.bodies[index] ?? complain("a function has no body", 0);
    const type = typeOf(module, typeIndex, body.at);
    draft.signatures.push(type);
    addCode(draft, { type, typeIndex, bytes, at: body.at, end: body.end });
  }
  const { codes, renumbered, signatures } = draft;
  return { bytes, module, codes, renumbered: Uint32Array.from(renumbered), signatures };
}
