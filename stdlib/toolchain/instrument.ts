// The instrumenter: a source module in, an artifact out that the kernel's verifier accepts.
//
// Nothing rests on it. Where it errs, the verifier refuses the artifact or the guest computes something else.
import { FIRST_GUEST, type FunctionType, GUARD, type Inline, i32, inline, type Mode, u32 } from "../../kernel/index.ts";
import { rewriteBody } from "./body.ts";
import { type Complaint, complain, listen } from "./complaint.ts";
import { functionNames } from "./names.ts";
import * as sections from "./sections.ts";
import { padShadowStack } from "./shadow.ts";
import { type Code, type Foreign, readSource, type Source } from "./source.ts";
import { newWalk } from "./walk.ts";
import { newWriter, putU32, putWriter, type Writer, written } from "./writer.ts";

export interface Options {
  /** With the monitors whose checks are put in, if there are any: the kernel is to be given the same. */
  readonly mode?: Mode;
  /** Bodies for imports that are no gates. Without it they are refused. */
  readonly foreign?: Foreign;
  /**
   * The exported name of a C program's stack pointer. Every function on a cycle of calls then lowers it by at least its
   * estimated host frame, so that the program's own check for overflow comes before the kernel's limit of depth.
   */
  readonly padShadowStack?: string;
  /** The host engine's own check of the source; an invalid module may come out as a valid one of other meaning. */
  readonly validate?: (bytes: Uint8Array) => boolean;
}

export interface Instrumented {
  readonly kind: "instrumented";
  readonly bytes: Uint8Array;
  /** The maximum of the source's memory: the kernel's limit of virtual growth. */
  readonly maxPages: number | undefined;
  /** Names of functions by their number in the artifact, as a trap's stack tells it. */
  readonly names: ReadonlyMap<number, string>;
}

export interface Refused extends Complaint {
  readonly kind: "refused";
}

type Exported = readonly { readonly name: string; readonly index: number }[];

const INIT = "cordon_init";
const NO_TYPE: FunctionType = { params: [], results: [] };

/** Exported functions; memories, tables and globals are nobody's business outside. */
function exportedFunctions({ module, renumbered }: Source): Exported {
  return module.exports
    .filter(({ kind }) => kind === 0)
    .map(({ name, index, at }) => {
      if (name.startsWith("cordon.")) complain(`exports the reserved name "${name}"`, at);
      return { name, index: renumbered[index] ?? complain("exports an unknown function", at) };
    });
}

/** Locals, code and end of a function that calls these functions of the source. */
const callAll = (functions: readonly number[]): Uint8Array =>
  Uint8Array.from([0, ...functions.flatMap((index) => [0x10, ...u32(index)]), 0x0b]);

const isAction = (type: FunctionType | undefined): boolean => type?.params.length === 0 && type.results.length === 0;

interface Program extends Source {
  readonly exported: Exported;
}

/** A start function runs when the kernel says so: as `cordon_init`, before a `cordon_init` of the source's own. */
function takeOutStart(source: Source, table: sections.TypeTable): Program {
  const exported = exportedFunctions(source);
  const { start, exports } = source.module;
  if (start === undefined) return { ...source, exported };
  const own = exports.find(({ name, kind }) => name === INIT && kind === 0);
  if (own !== undefined && !isAction(source.signatures[own.index])) complain(`${INIT} has another type`, own.at);
  const bytes = callAll(own === undefined ? [start] : [start, own.index]);
  const code: Code = { type: NO_TYPE, typeIndex: sections.numberOf(table, NO_TYPE), bytes, at: 0, end: bytes.length };
  const others = exported.filter(({ name }) => name !== INIT);
  const index = FIRST_GUEST + source.codes.length;
  return { ...source, codes: [...source.codes, code], exported: [...others, { name: INIT, index }] };
}

function blockType(table: sections.TypeTable, { results }: FunctionType): number[] {
  if (results.length === 0) return [0x40];
  return results.length === 1 ? [...results] : i32(sections.numberOf(table, { params: [], results }));
}

interface Rewritten {
  readonly bodies: Writer;
  /** Per guest function: the estimated bytes of an activation on the host's stack. */
  readonly frames: readonly number[];
}

interface Manner {
  readonly mode: Mode;
  readonly inlined: Inline;
}

function rewriteAll(program: Program, table: sections.TypeTable, manner: Manner): Rewritten {
  const { module, codes, signatures, renumbered } = program;
  const walk = newWalk({ types: module.types, signatures, renumbered, ...manner });
  const [bodies, one, frames] = [newWriter(1 << 20), newWriter(65_536), [] as number[]];
  for (const code of codes) {
    one.length = 0;
    frames.push(rewriteBody(walk, code, blockType(table, code.type), one));
    putU32(bodies, one.length);
    putWriter(bodies, one);
  }
  return { bodies, frames };
}

function assemble(program: Program, table: sections.TypeTable, manner: Manner): Uint8Array {
  const { mode, inlined } = manner;
  const { bytes, module, codes, renumbered, exported } = program;
  const { tables, memories, globals, elements, data } = module;
  const { bodies } = rewriteAll(program, table, manner);
  const [imports, functions] = [newWriter(), newWriter()];
  sections.putImports(imports, table, memories[0]?.min ?? 0);
  sections.putFunctions(
    functions,
    table,
    codes.map(({ typeIndex }) => typeIndex),
  );
  const out = sections.moduleHeader();
  sections.putSection(out, "type", (w) => sections.putTypes(w, table));
  sections.putSection(out, "import", (w) => putWriter(w, imports));
  sections.putSection(out, "function", (w) => putWriter(w, functions));
  if (tables[0] !== undefined) sections.putSection(out, "table", (w) => sections.putTable(w, tables[0]?.min ?? 0));
  sections.putSection(out, "global", (w) => sections.putGlobals(w, bytes, module, inlined));
  sections.putSection(out, "export", (w) => sections.putExports(w, exported, inlined.firstOwn + globals.length));
  if (elements.length > 0) sections.putSection(out, "element", (w) => sections.putElements(w, elements, renumbered));
  sections.putSection(out, "code", (w) => sections.putCode(w, bodies, codes.length, mode, inlined));
  if (data.length > 0) sections.putSection(out, "data", (w) => sections.putData(w, bytes, data));
  return written(out);
}

function artifactNames({ bytes, module, renumbered }: Source): Map<number, string> {
  const names = functionNames(bytes, module);
  return new Map([...names].map(([index, name]) => [renumbered[index] ?? index, name]));
}

function padded(program: Program, table: sections.TypeTable, manner: Manner, name: string): Program {
  const pointer = program.module.exports.find((row) => row.kind === 3 && row.name === name);
  if (pointer === undefined) return complain(`exports no global "${name}"`, 0);
  // Of the larger of the two kinds of frames: a program's own stack must not tell in which mode it runs.
  const mode: Mode = { kind: "segment", mask: GUARD - 1, guard: GUARD };
  const { frames } = rewriteAll(program, table, { ...manner, mode });
  return { ...program, ...padShadowStack(program, pointer.index, frames) };
}

function work(bytes: Uint8Array, { mode = { kind: "frame" }, ...options }: Options): Instrumented {
  if (options.validate?.(bytes) === false) complain("not a valid WebAssembly module", 0);
  const source = readSource(bytes, options.foreign ?? (() => undefined));
  const table = sections.newTypeTable(source.module.types);
  const plain = takeOutStart(source, table);
  const name = options.padShadowStack;
  const manner = { mode, inlined: inline(mode.monitors) };
  const program = name === undefined ? plain : padded(plain, table, manner, name);
  return {
    kind: "instrumented",
    bytes: assemble(program, table, manner),
    maxPages: source.module.memories[0]?.max,
    names: artifactNames(source),
  };
}

/** Makes an artifact of a source module, or says why not. Never throws because of the source. */
export function instrument(source: Uint8Array, options: Options = {}): Instrumented | Refused {
  const heard = listen(() => work(source, options));
  return "value" in heard ? heard.value : { kind: "refused", ...heard };
}
