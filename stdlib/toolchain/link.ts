// The linker: a program and a library become one source module, in which the program's imports are the library's
// functions. The library works in the program's own memory.
//
// A library has no memory, table, data or start of its own: it imports the memory, and besides that only gates. It
// answers an import `wasi_snapshot_preview1.name` with its export `name`, an import `env.name` with `env_name`. Its
// exports `memory_size` and `memory_grow`, if it has them, take the place of those instructions in the program: so it
// can keep pages of its own behind the program's without the program's allocator seeing them. Into its exported global
// `memory_maximum` goes the maximum of the program's memory. Its exports `cordon_...` are exported by the whole.
//
// Nothing rests on it: what it makes is instrumented and verified like any other module.
import {
  CORDON,
  decode,
  type FunctionType,
  type Import,
  i32,
  type Module,
  OPCODES,
  type Reader,
  readByte,
  readI32,
  readU32,
} from "../../kernel/index.ts";
import { type Complaint, complain, listen } from "./complaint.ts";
import { IMMEDIATE, K, readOpcode, skipImmediate } from "./instructions.ts";
import { functionNames } from "./names.ts";
import { toUtf8, utf8 } from "./text.ts";
import { newWriter, put, putAll, putSized, putSpan, putU32, putVector, type Writer, written } from "./writer.ts";

/** The module name of WASI preview 1. */
export const WASI = "wasi_snapshot_preview1";

export interface Linked {
  readonly kind: "linked";
  readonly bytes: Uint8Array;
  /** Did the program import anything of the library? If not, `bytes` are the program's own. */
  readonly usesLibrary: boolean;
  /** The types of the program's exported functions. */
  readonly entries: ReadonlyMap<string, FunctionType>;
}

/** The program imports `name`, and there is no such thing. */
export interface Unlinkable {
  readonly kind: "unlinkable";
  readonly name: string;
  readonly at: number;
}

export interface Unreadable extends Complaint {
  readonly kind: "refused";
}

interface Unit {
  readonly bytes: Uint8Array;
  readonly module: Module;
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNCTION = 0;
const GLOBAL = 3;
const I32 = 0x7f;
const MOST_PAGES = 65_536;
const SECTION = { type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8 };
const CONTENT = { element: 9, code: 10, data: 11, custom: 0 };

function readUnit(bytes: Uint8Array): Unit {
  if (HEADER.some((byte, index) => bytes[index] !== byte)) complain("not a WebAssembly module of version 1", 0);
  return { bytes, module: decode(bytes, utf8) };
}

const isGate = (row: Import): boolean => row.kind === "function" && row.module === CORDON;
const functionImports = ({ imports }: Module): readonly Import[] => imports.filter(({ kind }) => kind === "function");
const libraryName = ({ module, name }: Import): string => (module === WASI ? name : `${module}_${name}`);

/** The type of each function, imports first. */
const typesOf = (module: Module): (FunctionType | undefined)[] =>
  [...functionImports(module).map(({ type }) => type), ...module.functions].map((type) => module.types[type]);

const isSame = (a: FunctionType | undefined, b: FunctionType | undefined): boolean =>
  a?.params.join() === b?.params.join() && a?.results.join() === b?.results.join();

function entriesOf(module: Module): Map<string, FunctionType> {
  const types = typesOf(module);
  const entries = new Map<string, FunctionType>();
  for (const { kind, name, index } of module.exports) {
    const type = kind === FUNCTION ? types[index] : undefined;
    if (type !== undefined) entries.set(name, type);
  }
  return entries;
}

/** How indices of one of the two units change. */
interface Move {
  /** New number of each function, imports first. */
  readonly functions: Uint32Array;
  readonly types: number;
  readonly globals: number;
  /** Functions that take the place of `memory.size` and `memory.grow`. */
  readonly size: number | undefined;
  readonly grow: number | undefined;
}

interface Plan {
  readonly program: Unit;
  readonly library: Unit;
  readonly imports: readonly { readonly row: Import; readonly type: number }[];
  readonly ofProgram: Move;
  readonly ofLibrary: Move;
}

const exportIndex = ({ exports }: Module, kind: number, name: string): number | undefined =>
  exports.find((row) => row.kind === kind && row.name === name)?.index;

/** Numbers of functions in the linked module: kept imports of the program, the library's gates, then defined ones. */
function planFunctions(program: Module, library: Module): Pick<Plan, "imports" | "ofProgram" | "ofLibrary"> {
  const own = functionImports(program);
  const gates = functionImports(library);
  const kept = own.filter(isGate);
  const first = kept.length + gates.length;
  const libraryAt = (index: number): number =>
    index < gates.length ? kept.length + index : first + program.functions.length + index - gates.length;
  const count = gates.length + library.functions.length;
  const exported = (name: string): number | undefined => {
    const index = exportIndex(library, FUNCTION, name);
    return index === undefined ? undefined : libraryAt(index);
  };
  let gate = 0;
  const imported = own.map((row) => (isGate(row) ? gate++ : (exported(libraryName(row)) as number)));
  const types = program.types.length;
  return {
    imports: [
      ...kept.map((row) => ({ row, type: row.type })),
      ...gates.map((row) => ({ row, type: row.type + types })),
    ],
    ofProgram: {
      functions: Uint32Array.from([...imported, ...program.functions.map((_, index) => first + index)]),
      ...{ types: 0, globals: 0, size: exported("memory_size"), grow: exported("memory_grow") },
    },
    ofLibrary: {
      functions: Uint32Array.from({ length: count }, (_, index) => libraryAt(index)),
      ...{ types, globals: program.globals.length, size: undefined, grow: undefined },
    },
  };
}

const SIZE = OPCODES["memory.size"].code;
const GROW = OPCODES["memory.grow"].code;
const CALL = OPCODES.call.code;

function putBlockType(out: Writer, reader: Reader, moved: number): void {
  const byte = reader.bytes[reader.at] as number;
  if (byte !== 0x40 && (byte < 0x7c || byte > 0x7f)) return putAll(out, i32(readI32(reader) + moved));
  put(out, readByte(reader));
}

/** Does the instruction name anything that has another number now? Most do not, and are copied in one piece. */
function isMoved(opcode: number, move: Move): boolean {
  // biome-ignore format: a table
  switch (IMMEDIATE[opcode]) {
    case K.function: return true;
    case K.global: return move.globals > 0;
    case K.block:
    case K.indirect: return move.types > 0;
    case K.memory: return (opcode === SIZE ? move.size : opcode === GROW ? move.grow : undefined) !== undefined;
    default: return false;
  }
}

/** Writes an instruction, whose opcode was read, with its indices moved. */
function putMoved(out: Writer, reader: Reader, opcode: number, move: Move): void {
  const at = reader.at;
  if (opcode === SIZE || opcode === GROW) {
    readByte(reader);
    put(out, CALL);
    return putU32(out, (opcode === SIZE ? move.size : move.grow) as number);
  }
  put(out, opcode);
  // biome-ignore format: a table
  switch (IMMEDIATE[opcode]) {
    case K.function: return putU32(out, move.functions[readU32(reader)] ?? complain("a call of an unknown function", at));
    case K.global: return putU32(out, readU32(reader) + move.globals);
    case K.block: return putBlockType(out, reader, move.types);
    default: putU32(out, readU32(reader) + move.types); return putU32(out, readU32(reader));
  }
}

function skipLocals(reader: Reader): void {
  for (let groups = readU32(reader); groups > 0; groups--) {
    readU32(reader);
    readByte(reader);
  }
}

function putBody(out: Writer, bytes: Uint8Array, { at, end }: Module["bodies"][number], move: Move): void {
  const reader: Reader = { bytes, at, end };
  skipLocals(reader);
  let copied = at;
  while (reader.at < end) {
    const from = reader.at;
    const opcode = readOpcode(reader);
    if (isMoved(opcode, move)) {
      putSpan(out, bytes, copied, from);
      putMoved(out, reader, opcode, move);
      copied = reader.at;
    } else skipImmediate(reader, opcode);
  }
  putSpan(out, bytes, copied, end);
}

function putBodies(out: Writer, { bytes, module }: Unit, move: Move): void {
  const one = newWriter(4096);
  for (const body of module.bodies) {
    one.length = 0;
    putBody(one, bytes, body, move);
    putU32(out, one.length);
    putSpan(out, one.bytes, 0, one.length);
  }
}

function putText(out: Writer, text: string): void {
  const bytes = toUtf8(text);
  putU32(out, bytes.length);
  putAll(out, bytes);
}

const putType = (out: Writer, { params, results }: FunctionType): void => {
  put(out, 0x60);
  putVector(out, params, put);
  putVector(out, results, put);
};

const putLimits = (out: Writer, { min, max }: Module["memories"][number]): void => {
  put(out, max === undefined ? 0 : 1);
  putU32(out, min);
  if (max !== undefined) putU32(out, max);
};

function putGlobals(out: Writer, { program, library }: Plan): void {
  const maximum = exportIndex(library.module, GLOBAL, "memory_maximum");
  putU32(out, program.module.globals.length + library.module.globals.length);
  for (const { bytes, module } of [program, library]) {
    for (const [index, { type, mutable, at, end }] of module.globals.entries()) {
      putAll(out, [type, mutable ? 1 : 0]);
      if (module !== library.module || index !== maximum || type !== I32) putSpan(out, bytes, at, end);
      else putAll(out, [0x41, ...i32(program.module.memories[0]?.max ?? MOST_PAGES), 0x0b]);
    }
  }
}

function putElements(out: Writer, { program, ofProgram }: Plan): void {
  putVector(out, program.module.elements, (inner, { at, offset, functions }) => {
    const place = offset ?? complain("an element segment at no constant place", at);
    putAll(inner, [0, 0x41, ...i32(place), 0x0b]);
    putVector(inner, functions, (w, index) =>
      putU32(w, ofProgram.functions[index] ?? complain("unknown function", at)),
    );
  });
}

function putData(out: Writer, { program }: Plan): void {
  putVector(out, program.module.data, (inner, { at, active, offset, from, length }) => {
    const place = active ? offset : undefined;
    putAll(inner, [0, 0x41, ...i32(place ?? complain("a passive segment, or one at no constant place", at)), 0x0b]);
    putU32(inner, length);
    putSpan(inner, program.bytes, from, from + length);
  });
}

function putNames(out: Writer, { program, library, ofProgram, ofLibrary }: Plan): void {
  const moved = (unit: Unit, move: Move): [number, string][] =>
    [...functionNames(unit.bytes, unit.module)].flatMap(([index, name]) => {
      const to = move.functions[index];
      return to === undefined ? [] : [[to, name]];
    });
  const names = new Map([...moved(program, ofProgram), ...moved(library, ofLibrary)]);
  putText(out, "name");
  put(out, 1);
  putSized(out, (inner) =>
    putVector(
      inner,
      [...names].sort(([a], [b]) => a - b),
      (w, [index, name]) => {
        putU32(w, index);
        putText(w, name);
      },
    ),
  );
}

interface Exported {
  readonly name: string;
  readonly index: number;
}

/** The program's exported functions, and the library's that are for the embedder. */
function exportsOf({ program, library, ofProgram, ofLibrary }: Plan): Exported[] {
  const find = ({ functions }: Move, index: number, at: number): number =>
    functions[index] ?? complain("exports an unknown function", at);
  const own = program.module.exports.filter(({ kind }) => kind === FUNCTION);
  const names = new Set(own.map(({ name }) => name));
  const added = library.module.exports.filter(({ name }) => name.startsWith("cordon_") && !names.has(name));
  return [
    ...own.map(({ name, index, at }) => ({ name, index: find(ofProgram, index, at) })),
    ...added.map(({ name, index, at }) => ({ name, index: find(ofLibrary, index, at) })),
  ];
}

function putExports(out: Writer, plan: Plan): void {
  putVector(out, exportsOf(plan), (inner, { name, index }) => {
    putText(inner, name);
    put(inner, FUNCTION);
    putU32(inner, index);
  });
}

function putImports(out: Writer, { imports }: Plan): void {
  putVector(out, imports, (inner, { row, type }) => {
    putText(inner, row.module);
    putText(inner, row.name);
    put(inner, FUNCTION);
    putU32(inner, type);
  });
}

function putFunctionTypes(out: Writer, { program, library, ofLibrary }: Plan): void {
  const moved = library.module.functions.map((type) => type + ofLibrary.types);
  putVector(out, [...program.module.functions, ...moved], putU32);
}

function putCode(out: Writer, { program, library, ofProgram, ofLibrary }: Plan): void {
  putU32(out, program.module.bodies.length + library.module.bodies.length);
  putBodies(out, program, ofProgram);
  putBodies(out, library, ofLibrary);
}

function assemble(plan: Plan): Uint8Array {
  const { program, library, ofProgram } = plan;
  const { types, tables, memories, start } = program.module;
  const out = newWriter(program.bytes.length + library.bytes.length);
  const section = (id: number, write: (inner: Writer) => void): void => {
    put(out, id);
    putSized(out, write);
  };
  putAll(out, HEADER);
  section(SECTION.type, (w) => putVector(w, [...types, ...library.module.types], putType));
  section(SECTION.import, (w) => putImports(w, plan));
  section(SECTION.function, (w) => putFunctionTypes(w, plan));
  section(SECTION.table, (w) =>
    putVector(w, tables, (inner, table) => {
      put(inner, 0x70);
      putLimits(inner, table);
    }),
  );
  section(SECTION.memory, (w) => putVector(w, memories.length > 0 ? memories : [{ min: 0, max: 0 }], putLimits));
  section(SECTION.global, (w) => putGlobals(w, plan));
  section(SECTION.export, (w) => putExports(w, plan));
  if (start !== undefined) section(SECTION.start, (w) => putU32(w, ofProgram.functions[start] ?? 0));
  section(CONTENT.element, (w) => putElements(w, plan));
  section(CONTENT.code, (w) => putCode(w, plan));
  section(CONTENT.data, (w) => putData(w, plan));
  section(CONTENT.custom, (w) => putNames(w, plan));
  return written(out);
}

/** The first import of the program that is neither a gate nor in the library. */
function unknownImport(program: Module, library: Module): Import | undefined {
  return program.imports.find(
    (row) =>
      !isGate(row) && (row.kind !== "function" || exportIndex(library, FUNCTION, libraryName(row)) === undefined),
  );
}

function checkTypes(program: Module, library: Module): void {
  const types = typesOf(library);
  for (const row of functionImports(program).filter((one) => !isGate(one))) {
    const found = types[exportIndex(library, FUNCTION, libraryName(row)) as number];
    if (!isSame(program.types[row.type], found))
      complain(`imports ${row.module}.${row.name} with another type`, row.at);
  }
}

function work(programBytes: Uint8Array, libraryBytes: Uint8Array): Linked | Unlinkable {
  const program = readUnit(programBytes);
  const entries = entriesOf(program.module);
  const library = readUnit(libraryBytes);
  const unknown = unknownImport(program.module, library.module);
  if (unknown !== undefined) {
    return { kind: "unlinkable", name: `${unknown.module}.${unknown.name}`, at: unknown.at };
  }
  if (program.module.imports.every(isGate)) return { kind: "linked", bytes: programBytes, usesLibrary: false, entries };
  checkTypes(program.module, library.module);
  const plan = { program, library, ...planFunctions(program.module, library.module) };
  return { kind: "linked", bytes: assemble(plan), usesLibrary: true, entries };
}

/** Links a program with a library. Never throws because of the program; offsets are the program's own. */
export function link(program: Uint8Array, library: Uint8Array): Linked | Unlinkable | Unreadable {
  const heard = listen(() => work(program, library));
  return "value" in heard ? heard.value : { kind: "refused", ...heard };
}
