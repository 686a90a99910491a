// Bytes to module, or malformed. Reads every section but the code inside function bodies.
//
// Invariants
//   D1  Time is linear in the bytes: a count is at most the bytes that are left.
//   D2  The data section is read to its last byte, as the specification has it: nobody else looks at it.
// Trust
//   Relies on the host engine's validation of all before the data section for indices and types; trusted by verify.ts.
//   Used on source modules by the toolchain too.
import { isNumeric, matches, type Reader, readByte, readCount, readI32, readU32, refuse } from "./bytes.ts";
import { MAX_BODY_BYTES, MAX_GLOBALS, MAX_SECTION_ENTRIES, MAX_TYPE_ARITY, MAX_TYPE_RESULTS } from "./limits.ts";
import type { DataSegment, ElementSegment, Export, FunctionType, Global, Import, Limits, Module } from "./module.ts";

type Utf8 = (bytes: Uint8Array) => string;

const list = <T>(reader: Reader, item: (reader: Reader) => T, most = MAX_SECTION_ENTRIES): T[] =>
  Array.from({ length: readCount(reader, most) }, () => item(reader));

function skip(reader: Reader, length: number): number {
  const from = reader.at;
  if (length > reader.end - from) refuse("malformed", from);
  reader.at = from + length;
  return from;
}

const readValueType = (reader: Reader): number => {
  const type = readByte(reader);
  return isNumeric(type) ? type : refuse("O-opcode", reader.at - 1);
};

const readType = (reader: Reader): FunctionType => {
  if (readByte(reader) !== 0x60) refuse("O-opcode", reader.at - 1);
  const params = list(reader, readValueType, MAX_TYPE_ARITY);
  return { params, results: list(reader, readValueType, MAX_TYPE_RESULTS) };
};

const readLimits = (reader: Reader): Limits => {
  const flags = readByte(reader);
  if (flags > 1) refuse("O-opcode", reader.at - 1); // shared, memory64, custom page sizes
  const min = readU32(reader);
  return { min, max: flags === 1 ? readU32(reader) : undefined };
};

const readTable = (reader: Reader): Limits =>
  readByte(reader) === 0x70 ? readLimits(reader) : refuse("O-opcode", reader.at - 1);

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

function readImport(reader: Reader, utf8: Utf8): Import {
  const at = reader.at;
  const [module, name] = [readName(reader, utf8), readName(reader, utf8)];
  const kind = readByte(reader);
  const base = { at, module, name, type: 0, limits: { min: 0, max: undefined } };
  if (kind === 0) return { ...base, kind: "function", type: readU32(reader) };
  if (kind === 1) return { ...base, kind: "table", limits: readTable(reader) };
  if (kind === 2) return { ...base, kind: "memory", limits: readLimits(reader) };
  if (kind !== 3) return refuse("O-opcode", reader.at - 1);
  skip(reader, 2);
  return { ...base, kind: "global" };
}

function readName(reader: Reader, utf8: Utf8): string {
  const length = readU32(reader);
  const from = skip(reader, length);
  // With the byte before it, the last of the length and so ASCII: at the beginning a decoder would drop a byte order
  // mark, and what the kernel takes for a reserved name would be another to the engine.
  return utf8(reader.bytes.subarray(from - 1, from + length)).slice(1);
}

/** A constant expression: one constant and `end`. Its value is known when it is an i32. */
function readConstant(reader: Reader): number | undefined {
  const opcode = readByte(reader);
  let value: number | undefined;
  if (opcode === 0x41) value = readI32(reader);
  else if (opcode === 0x42) while (readByte(reader) > 0x7f);
  else if (opcode === 0x43) skip(reader, 4);
  else if (opcode === 0x44) skip(reader, 8);
  else refuse("V1-globals", reader.at - 1);
  if (readByte(reader) !== 0x0b) refuse("V1-globals", reader.at - 1);
  return value;
}

const readGlobal = (reader: Reader): Global => {
  const [type, mutable, at] = [readValueType(reader), readByte(reader) === 1, reader.at];
  readConstant(reader);
  return { type, mutable, at, end: reader.at };
};

function readExport(reader: Reader, utf8: Utf8): Export {
  const at = reader.at;
  return { at, name: readName(reader, utf8), kind: readByte(reader), index: readU32(reader) };
}

// Flag 0: active, table 0. Flag 2: the same with the table and the element kind spelled out. Others are refused.
const readElement = (reader: Reader): ElementSegment => {
  const at = reader.at;
  const flags = readU32(reader);
  if (flags !== 0 && (flags !== 2 || readU32(reader) !== 0)) refuse("V2-elements", at);
  const offset = readConstant(reader);
  if (flags === 2 && readByte(reader) !== 0) refuse("V2-elements", at);
  return { at, active: true, offset, functions: list(reader, readU32) };
};

const readData = (reader: Reader): DataSegment => {
  const at = reader.at;
  const flags = readU32(reader);
  if (flags > 2 || (flags === 2 && readU32(reader) !== 0)) refuse("V2-data", at);
  const offset = flags === 1 ? undefined : readConstant(reader);
  const length = readU32(reader);
  return { at, active: flags !== 1, offset, from: skip(reader, length), length };
};

const readBody = (reader: Reader): { at: number; end: number } => {
  const length = readU32(reader);
  if (length > MAX_BODY_BYTES) refuse("S-instructions", reader.at);
  const at = skip(reader, length);
  return { at, end: at + length };
};

type Draft = { -readonly [K in keyof Module]: Module[K] } & { sections: { id: number; at: number }[] };

const empty = (): Draft => ({
  ...{ types: [], imports: [], functions: [], tables: [], memories: [], globals: [], exports: [] },
  ...{ start: undefined, elements: [], data: [], bodies: [], sections: [] },
});

function readSection(id: number, reader: Reader, draft: Draft, utf8: Utf8): void {
  // biome-ignore format: a table
  switch (id) {
    case 1: draft.types = list(reader, readType); break;
    case 2: draft.imports = list(reader, (one) => readImport(one, utf8)); break;
    case 3: draft.functions = list(reader, readU32); break;
    case 4: draft.tables = list(reader, readTable); break;
    case 5: draft.memories = list(reader, readLimits); break;
    case 6: draft.globals = list(reader, readGlobal, MAX_GLOBALS); break;
    case 7: draft.exports = list(reader, (one) => readExport(one, utf8)); break;
    case 8: draft.start = readU32(reader); break;
    case 9: draft.elements = list(reader, readElement); break;
    case 10: draft.bodies = list(reader, readBody); break;
    case 11: draft.data = list(reader, readData); break;
    default: reader.at = reader.end; // custom sections and the data count hold nothing that is run
  }
}

/** Where the data section begins, or the module ends. What precedes it is what the host's engine is given: it must count none. */
export function dataSectionAt(bytes: Uint8Array, { sections }: Module): number {
  const count = sections.find(({ id }) => id === 12);
  return count === undefined
    ? (sections.find(({ id }) => id === 11)?.at ?? bytes.length)
    : refuse("V2-sections", count.at);
}

/** Reads a module. Throws a Refusal: call it inside `attempt` (verify.ts). */
export function decode(bytes: Uint8Array, utf8: Utf8): Module {
  if (!matches(bytes, 0, HEADER)) refuse("malformed", 0);
  const draft = empty();
  const reader: Reader = { bytes, at: 8, end: bytes.length };
  while (reader.at < bytes.length) {
    const [at, id] = [reader.at, readByte(reader)];
    if (id > 12) refuse("O-opcode", at);
    const length = readU32(reader);
    const from = skip(reader, length);
    draft.sections.push({ id, at });
    const section: Reader = { bytes, at: from, end: from + length };
    readSection(id, section, draft, utf8);
    if (section.at !== section.end) refuse("malformed", section.at);
  }
  return draft;
}
