// Bodies as lists of instructions, for tests that cut artifacts open. Reads the kernel's opcode table, nothing else of it.
import { decode, type Module, OPCODES, type Opcode, type Reader, readByte, readU32 } from "../../kernel/index.ts";

export interface Seen {
  readonly name: string;
  readonly at: number;
  readonly end: number;
  /** The first immediate where it is one number: an index, a label, a constant. */
  readonly first: number | undefined;
}

const names = new Map(Object.entries(OPCODES).map(([name, row]) => [row.code, name]));
const rowOf = (name: string): Opcode => OPCODES[name as keyof typeof OPCODES];

function skipLeb(reader: Reader): number {
  const at = reader.at;
  let value = 0;
  let shift = 0;
  for (;;) {
    const byte = readByte(reader);
    if (shift < 28) value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) break;
  }
  const last = reader.bytes[reader.at - 1] as number;
  const isSmall = reader.at - at <= 4;
  return isSmall && (last & 0x40) !== 0 ? value | (-1 << shift) : value;
}

function readImmediate(reader: Reader, row: Opcode): number | undefined {
  switch (row.immediate) {
    case "none":
      return undefined;
    case "labels": {
      const count = readU32(reader);
      for (let i = 0; i <= count; i++) readU32(reader);
      return undefined;
    }
    case "f32":
      reader.at += 4;
      return undefined;
    case "f64":
      reader.at += 8;
      return undefined;
    case "memory":
      reader.at += 1;
      return undefined;
    case "memories":
      reader.at += 2;
      return undefined;
    case "memarg":
    case "indirect": {
      const first = readU32(reader);
      const second = readU32(reader);
      return row.immediate === "memarg" ? second : first;
    }
    case "i32":
    case "i64":
    case "block":
      return skipLeb(reader);
    default:
      return readU32(reader);
  }
}

/** The instructions of one body, locals left out. Throws on what has no row. */
export function disassemble(bytes: Uint8Array, body: { readonly at: number; readonly end: number }): Seen[] {
  const reader: Reader = { bytes, at: body.at, end: body.end };
  for (let groups = readU32(reader); groups > 0; groups--) {
    readU32(reader);
    readByte(reader);
  }
  const out: Seen[] = [];
  while (reader.at < body.end) {
    const at = reader.at;
    const byte = readByte(reader);
    const name = names.get(byte === 0xfc ? 0xfc00 + readU32(reader) : byte);
    if (name === undefined) throw new Error(`no row for byte ${byte} at ${at}`);
    const first = readImmediate(reader, rowOf(name));
    out.push({ name, at, end: reader.at, first });
  }
  return out;
}

const decoder = new TextDecoder();
export const decodeModule = (bytes: Uint8Array): Module => decode(bytes, (name) => decoder.decode(name));
