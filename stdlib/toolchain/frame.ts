// Finds the frame that LLVM makes on the shadow stack, and every place that knows its size.
import { OPCODES, type Reader, readI32, readU32 } from "../../kernel/index.ts";
import { instructionsOf } from "./callgraph.ts";
import { readOpcode, skipImmediate } from "./instructions.ts";
import type { Code } from "./source.ts";

export const GET = OPCODES["global.get"].code;
export const SET = OPCODES["global.set"].code;
export const [CONST, ADD, SUB] = [OPCODES["i32.const"].code, OPCODES["i32.add"].code, OPCODES["i32.sub"].code];
const [LOCAL_GET, LOCAL_SET, TEE] = [OPCODES["local.get"].code, OPCODES["local.set"].code, OPCODES["local.tee"].code];
const NUMBERED = new Set<number>([GET, SET, LOCAL_GET, LOCAL_SET, TEE]);

export interface Instruction {
  readonly opcode: number;
  /** Its immediate, where that is one number. */
  readonly value: number;
  readonly at: number;
  readonly end: number;
}

export function readInstruction(reader: Reader): Instruction {
  const at = reader.at;
  const opcode = readOpcode(reader);
  const operand = { ...reader };
  const value = opcode === CONST ? readI32(operand) : NUMBERED.has(opcode) ? readU32(operand) : 0;
  skipImmediate(reader, opcode);
  return { opcode, value, at, end: reader.at };
}

/** A constant that moves the pointer by the frame's size, downwards or up, written as N or as -N. */
interface Spot {
  readonly constant: Instruction;
  readonly sign: 1 | -1;
}

export interface Frame {
  readonly size: number;
  readonly spots: readonly Spot[];
}

/** Do the last instructions have these opcodes? */
const endsIn = (last: readonly Instruction[], ...opcodes: number[]): boolean =>
  last.length >= opcodes.length && opcodes.every((code, index) => last.at(index - opcodes.length)?.opcode === code);

/** `local.get x; i32.const N; i32.add; global.set sp`, or with -N and sub: back to where x was made by moving down N. */
interface Move extends Spot {
  readonly local: number;
  readonly size: number;
}

function move(last: readonly Instruction[], constant: number, local: number, down: number): Move {
  const [at, operation] = [last.at(constant) as Instruction, last.at(constant + 1) as Instruction];
  const sign = operation.opcode === down ? 1 : -1;
  return { constant: at, sign, local: last.at(local)?.value ?? -1, size: at.value * sign };
}

/** The pointer moves down by a constant, and the local that keeps where to: `sp - N`, or `sp + -N`. */
function moveDown(last: readonly Instruction[], sp: number): Move | undefined {
  for (const operation of [SUB, ADD]) {
    if (endsIn(last, GET, CONST, operation, TEE, SET) && last.at(-5)?.value === sp) return move(last, -4, -2, SUB);
    // The same with a second local, which then is the one that the epilogue uses.
    const twice = endsIn(last, GET, CONST, operation, TEE, LOCAL_SET, LOCAL_GET, SET) && last.at(-7)?.value === sp;
    if (twice) return move(last, -6, -3, SUB);
  }
  return undefined;
}

function moveUp(last: readonly Instruction[]): Move | undefined {
  const isUp = endsIn(last, LOCAL_GET, CONST, ADD, SET) || endsIn(last, LOCAL_GET, CONST, SUB, SET);
  return isUp ? move(last, -3, -4, ADD) : undefined;
}

interface Search {
  readonly moves: Move[];
  readonly spots: Spot[];
}

/** Takes in one `global.set sp`; false if it is of no known form. */
function takeIn({ moves, spots }: Search, last: readonly Instruction[], sp: number): boolean {
  const down = moveDown(last, sp);
  if (down !== undefined) {
    if (moves.length === 0) spots.push(down);
    return moves.push(down) > 0;
  }
  const up = moveUp(last);
  const made = moves.filter(({ local, size }) => local === up?.local && size === up.size);
  const [prologue] = moves;
  const isLast = prologue !== undefined && made.includes(prologue);
  if (up !== undefined && isLast) spots.push(up);
  if (made.length > 0) return !isLast || made.length === 1;
  // What a variable-sized allocation lowers, the epilogue restores with the rest.
  return prologue !== undefined && endsIn(last, SUB, TEE, SET);
}

/**
 * The frame that the function's prologue makes, if all that moves the pointer is understood: the prologue, inner frames
 * of inlined functions, variable-sized allocations, and epilogues.
 */
export function plainFrame(code: Code, sp: number): Frame | undefined {
  const [last, search] = [[] as Instruction[], { moves: [], spots: [] } as Search];
  for (const reader = instructionsOf(code); reader.at < reader.end; ) {
    const instruction = readInstruction(reader);
    last.push(instruction);
    if (last.length > 8) last.shift();
    if (instruction.opcode === SET && instruction.value === sp && !takeIn(search, last, sp)) return undefined;
  }
  const size = search.moves[0]?.size ?? 0;
  return size > 0 ? { size, spots: search.spots } : undefined;
}
