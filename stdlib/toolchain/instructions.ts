// Facts about instructions as byte tables, made from the kernel's opcode table, and a reader that steps over one.
import {
  type Immediate,
  OPCODES,
  PREFIX,
  PREFIXED,
  type Reader,
  readByte,
  readU32,
  TABLE_SIZE,
  tabulate,
} from "../../kernel/index.ts";
import { complain } from "./complaint.ts";

const MISSING = 255;
const KINDS: readonly Immediate[] = [
  ...(["none", "block", "label", "labels", "function", "indirect", "local", "global"] as const),
  ...(["memarg", "memory", "memories", "i32", "i64", "f32", "f64"] as const),
];
/** Numbers of the kinds of immediates, for `switch`. */
export const K = {
  ...{ none: 0, block: 1, label: 2, labels: 3, function: 4, indirect: 5, local: 6, global: 7 },
  ...{ memarg: 8, memory: 9, memories: 10, i32: 11, i64: 12, f32: 13, f64: 14 },
} as const;

export const IMMEDIATE = tabulate(MISSING, (row) => KINDS.indexOf(row.immediate));
export const POPS = tabulate(0, (row) => row.pops.length);
export const PUSHES = tabulate(0, (row) => row.pushes.length);
export const WIDTH = tabulate(0, (row) => row.width);
export const WRITES = tabulate(0, (row) => (row.effect === "writes" ? 1 : 0));
export const STOPS = tabulate(0, (row) => (row.effect === "stops" ? 1 : 0));

/** Is a float that comes of this settled? 1: yes; 2: as far as the first operand is; 0: no. As kernel/body.ts has it. */
export const RESULT = tabulate(0, (_row, name) => {
  if (/^f..\.(load|const|convert_|reinterpret_)/.test(name)) return 1;
  return /^f..\.(abs|neg|copysign)$/.test(name) || name === "local.tee" ? 2 : 0;
});
/** The type of the float on top whose bits, or sign, become visible here; 0: none. */
export const SHOWS = tabulate(0, (row, name) => {
  if (!/^f..\.(store|copysign)$|\.reinterpret_f/.test(name)) return 0;
  return row.pops.endsWith("f") ? 0x7d : 0x7c;
});
/** The type of the value that a store writes; 0: no store. */
export const STORED = tabulate(0, ({ effect, immediate, pops }) => {
  if (effect !== "writes" || immediate !== "memarg") return 0;
  return 0x7f - "ilfd".indexOf(pops[1] as string);
});

export const TYPED_SELECT = 0x1c;

/** The slot of the next opcode in these tables. */
export function readOpcode(reader: Reader): number {
  const opcode = readByte(reader);
  return opcode === PREFIX ? Math.min(PREFIXED + readU32(reader), TABLE_SIZE - 1) : opcode;
}

function skipLabels(reader: Reader): void {
  const count = readU32(reader);
  for (let i = 0; i <= count; i++) readU32(reader);
}

/** Any LEB128, signed or not, of 32 or 64 bits. */
export function skipLeb(reader: Reader): void {
  while (readByte(reader) > 0x7f);
}

export function skipImmediate(reader: Reader, opcode: number): void {
  // biome-ignore format: a table
  switch (IMMEDIATE[opcode]) {
    case K.none: return;
    case K.labels: skipLabels(reader); return;
    case K.indirect:
    case K.memarg:
    case K.memories: skipLeb(reader); skipLeb(reader); return;
    case K.f32: reader.at += 4; return;
    case K.f64: reader.at += 8; return;
    case MISSING: skipUnlisted(reader, opcode); return;
    default: skipLeb(reader);
  }
}

function skipUnlisted(reader: Reader, opcode: number): void {
  if (opcode !== TYPED_SELECT) complain("O-opcode: an instruction that is not in the table", reader.at - 1);
  for (let count = readU32(reader); count > 0; count--) readByte(reader);
}

const [BLOCK, LOOP, IF] = [OPCODES.block.code, OPCODES.loop.code, OPCODES.if.code];
const [ELSE, END] = [OPCODES.else.code, OPCODES.end.code];

/** Moves to the `else` or `end` that closes the block in which the reader stands. */
export function skipDead(reader: Reader): void {
  for (let nested = 0; ; ) {
    const at = reader.at;
    const opcode = readOpcode(reader);
    if (nested === 0 && (opcode === ELSE || opcode === END)) {
      reader.at = at;
      return;
    }
    if (opcode === BLOCK || opcode === LOOP || opcode === IF) nested++;
    if (opcode === END) nested--;
    skipImmediate(reader, opcode);
  }
}
