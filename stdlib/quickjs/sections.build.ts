// Just enough of WebAssembly's binary format to rename imports, cut exports and change limits.
// Reads modules that our own tools made, so a malformed one is an exception and no more.

import { readU32 } from "../../kernel/index.ts";
import { readOpcode, skipImmediate } from "../toolchain/instructions.ts";

export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

const MAGIC_LENGTH = 8;
export const IMPORT = 2;
export const FUNCTION = 3;
export const TABLE = 4;
export const MEMORY = 5;
export const EXPORT = 7;
export const CODE = 10;
export const DATA = 11;
const CUSTOM = 0;
/** Only `memory.init` and `data.drop` need it, which no verifier of ours lets through. */
const DATA_COUNT = 12;

export class Reader {
  at = 0;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error("the module is cut off");
    return byte;
  }
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }
}

export function u32(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    out.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return out;
}

/** A number that is not negative, as signed LEB128. */
export function s32(value: number): number[] {
  const bytes = u32(value);
  const last = bytes.at(-1) as number;
  return last & 64 ? [...bytes.slice(0, -1), last | 128, 0] : bytes;
}

export function readBodies(section: Uint8Array): Uint8Array[] {
  const reader = new Reader(section);
  return Array.from({ length: reader.u32() }, () => reader.take(reader.u32()));
}

export const writeBodies = (bodies: readonly Uint8Array[]): Uint8Array =>
  concat([u32(bodies.length), ...bodies.flatMap((body) => [u32(body.length), body])]);

/** Where an instruction begins, where what follows its opcode does, and where it ends. */
export interface Instruction {
  readonly opcode: number;
  readonly at: number;
  readonly immediate: number;
  readonly end: number;
}

/** The instructions of a body, its last `end` included. */
export function* instructionsOf(code: Uint8Array): Generator<Instruction> {
  const reader = { bytes: code, at: 0, end: code.length };
  for (let groups = readU32(reader); groups > 0; groups--) {
    readU32(reader);
    reader.at++;
  }
  while (reader.at < code.length) {
    const at = reader.at;
    const opcode = readOpcode(reader);
    const immediate = reader.at;
    skipImmediate(reader, opcode);
    yield { opcode, at, immediate, end: reader.at };
  }
}

export function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...u32(bytes.length), ...bytes];
}

export function readSections(module: Uint8Array): Section[] {
  const reader = new Reader(module, MAGIC_LENGTH);
  const sections: Section[] = [];
  while (reader.at < module.length) sections.push({ id: reader.byte(), body: reader.take(reader.u32()) });
  return sections;
}

/** Writes a module without its custom sections and its data count. */
export function writeSections(sections: readonly Section[]): Uint8Array {
  const chunks: Uint8Array[] = [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)];
  for (const { id, body } of sections) {
    if (id !== CUSTOM && id !== DATA_COUNT) chunks.push(Uint8Array.of(id, ...u32(body.length)), body);
  }
  return concat(chunks);
}

export function concat(chunks: readonly ArrayLike<number>[]): Uint8Array {
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
  /** The import's type, as its bytes. */
  readonly type: Uint8Array;
}

export function readImports(body: Uint8Array): Import[] {
  const reader = new Reader(body);
  return Array.from({ length: reader.u32() }, () => {
    const module = reader.name();
    const field = reader.name();
    const kind = reader.byte();
    const start = reader.at;
    skipType(reader, kind);
    return { module, name: field, kind, type: body.subarray(start, reader.at) };
  });
}

function skipType(reader: Reader, kind: number): void {
  if (kind === 0) reader.u32();
  else if (kind === 3) reader.take(2);
  else {
    if (kind === 1) reader.byte();
    if (reader.byte() % 2 === 1) reader.u32();
    reader.u32();
  }
}

export function writeImports(imports: readonly Import[]): Uint8Array {
  const rows = imports.map((row) => Uint8Array.of(...name(row.module), ...name(row.name), row.kind, ...row.type));
  return concat([u32(imports.length), ...rows]);
}

/** Keeps the exports with the given names. */
export function cutExports(body: Uint8Array, kept: ReadonlySet<string>): Uint8Array {
  const reader = new Reader(body);
  const rows: Uint8Array[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const start = reader.at;
    const keep = kept.has(reader.name());
    reader.byte();
    reader.u32();
    if (keep) rows.push(body.subarray(start, reader.at));
  }
  return concat([u32(rows.length), ...rows]);
}
