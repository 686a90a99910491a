// Tables of the engine that most runs never read (Unicode, the tables of Math, functions that the engine keeps as
// bytecode) do not lie in the memory of a sandbox. Their bytes are in the module's code, which all sandboxes share, as
// instructions that write them; at every instruction that names an address in such a table it is first tested whether
// they have been written. The test reads a byte of the table itself that is not zero, so there is no state but memory.
//
// Where a table is, is a fact of one binary. But for `POINTED` nothing but code names these addresses: frozen.test.build.ts asks the engine
// for what it needs each table for, in a guest that has not needed any yet, and compares with the binary as npm ships it.

import { OPCODES, readI32, readU32 } from "../../kernel/index.ts";
import { concat, instructionsOf, s32, u32 } from "./sections.build.ts";

/** From, to: addresses, a multiple of eight apart. */
export const FROZEN: readonly (readonly [number, number])[] = [
  [1_079_264, 1_085_368], // functions that the engine keeps as bytecode
  [1_105_888, 1_146_944], // Unicode
  [1_146_944, 1_149_176], // printing
  [1_149_176, 1_165_472], // Math
];

/**
 * Of these, what a pointer in the engine's data names, so that code comes there without naming it: the white space of a
 * class like [\\s] in a pattern. It stays where it is.
 */
export const POINTED = [1_109_344, 1_109_392] as const;

/** Read while the engine starts, and never again: the names of its atoms. */
export const SPENT = [1_086_000, 1_088_336] as const;

/** An address that code adds an index to, which is never small: it means the table behind it. */
const BIASED = new Map([[1_146_943, 2]]);

/** Code points that look like addresses: the last one, and the first that is none. */
const CODE_POINTS = new Set([0x10ffff, 0x110000]);

/** The table that an address is of, or -1. */
function tableOf(address: number): number {
  if (CODE_POINTS.has(address)) return -1;
  return BIASED.get(address) ?? FROZEN.findIndex(([from, to]) => address >= from && address < to);
}

const [CONST, LOAD, LAST_ACCESS] = [OPCODES["i32.const"].code, OPCODES["i32.load"].code, OPCODES["i64.store32"].code];

/** `if (!load8(probe)) thaw(table, 0, 0)` */
const guard = (table: number, probe: number, thaw: number): number[] => [
  ...[0x41, ...s32(probe), 0x2d, 0, 0, 0x45, 0x04, 0x40],
  ...[0x41, table, 0x41, 0, 0x41, 0, 0x10, ...u32(thaw), 0x0b],
];

/** A function's body with a guard at every address of a frozen table. `probes`: of each table. */
export function guardBody(code: Uint8Array, probes: readonly number[], thaw: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const { opcode, at, immediate, end } of instructionsOf(code)) {
    const table = tableAt(opcode, { bytes: code, at: immediate, end: code.length });
    if (table < 0) continue;
    // Behind the constant, but before the access: either leaves the stack as it is.
    const place = opcode === CONST ? end : at;
    parts.push(code.subarray(done, place), Uint8Array.from(guard(table, probes[table] as number, thaw)));
    done = place;
  }
  return concat([...parts, code.subarray(done)]);
}

/** The frozen table that an instruction names an address of, or -1. */
function tableAt(opcode: number, immediate: { bytes: Uint8Array; at: number; end: number }): number {
  if (opcode === CONST) return tableOf(readI32(immediate));
  if (opcode < LOAD || opcode > LAST_ACCESS) return -1;
  readU32(immediate);
  return tableOf(readU32(immediate));
}
