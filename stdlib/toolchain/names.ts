// The name section: what a compiler calls its functions. For messages only; nothing rests on it.
import { type Module, type Reader, readByte, readU32 } from "../../kernel/index.ts";
import { listen } from "./complaint.ts";
import { utf8 } from "./text.ts";

const FUNCTIONS = 1;

function readName(reader: Reader): string {
  const length = readU32(reader);
  const from = reader.at;
  reader.at += length;
  return utf8(reader.bytes.subarray(from, reader.at));
}

function readSized(reader: Reader): Reader {
  const length = readU32(reader);
  const inner = { bytes: reader.bytes, at: reader.at, end: Math.min(reader.at + length, reader.end) };
  reader.at += length;
  return inner;
}

function readFunctionNames(reader: Reader, names: Map<number, string>): void {
  for (let count = readU32(reader); count > 0; count--) {
    const index = readU32(reader);
    names.set(index, readName(reader));
  }
}

function readNameSection(bytes: Uint8Array, at: number, names: Map<number, string>): void {
  const section = readSized({ bytes, at: at + 1, end: bytes.length });
  if (readName(section) !== "name") return;
  while (section.at < section.end) {
    const kind = readByte(section);
    const part = readSized(section);
    if (kind === FUNCTIONS) readFunctionNames(part, names);
  }
}

/** Names by function index of the source module. A broken name section gives those before the break. */
export function functionNames(bytes: Uint8Array, module: Module): Map<number, string> {
  const names = new Map<number, string>();
  for (const { id, at } of module.sections) {
    if (id === 0) listen(() => readNameSection(bytes, at, names));
  }
  return names;
}
