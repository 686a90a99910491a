// Makes a C program's own stack grow at least as fast as the host's, so that its own check for overflow comes first.
//
// LLVM keeps a stack in linear memory (the shadow stack, below the global `__stack_pointer`), and an engine such as
// QuickJS measures only that. A function with few bytes there may have a large frame on the host's stack. Every function
// on a cycle of calls gets a shadow frame of at least its estimated host frame; those on no cycle add a constant only.
//
// A frame that a plain prologue makes is enlarged in place, at no cost. Around the others the pointer is moved by hand,
// which holds for any function that leaves the pointer as it found it.
import { FIRST_GUEST, i32, OPCODES, type Reader, u32 } from "../../kernel/index.ts";
import { callGraph, instructionsOf, onCycles } from "./callgraph.ts";
import { coversCalls } from "./cover.ts";
import { ADD, CONST, type Frame, GET, plainFrame, readInstruction, SET, SUB } from "./frame.ts";
import { skipDead } from "./instructions.ts";
import type { Code, Source } from "./source.ts";
import { newWriter, put, putAll, putSpan, putU32, type Writer, written } from "./writer.ts";

const [BLOCK, LOOP, IF, END] = [OPCODES.block.code, OPCODES.loop.code, OPCODES.if.code, OPCODES.end.code];
const [RETURN, BR] = [OPCODES.return.code, OPCODES.br.code];

/** LLVM keeps the shadow stack aligned so. */
const ALIGNMENT = 16;

const fresh = (code: Code, out: Writer): Code => ({ ...code, bytes: written(out), at: 0, end: out.length });

function enlarge(code: Code, { spots }: Frame, size: number): Code {
  const out = newWriter(code.end - code.at + 16);
  let done = code.at;
  for (const { constant, sign } of spots) {
    putSpan(out, code.bytes, done, constant.at);
    putAll(out, [CONST, ...i32(size * sign)]);
    done = constant.end;
  }
  putSpan(out, code.bytes, done, code.end);
  return fresh(code, out);
}

const move = (sp: number, operation: number, size: number): number[] => [
  ...[GET, ...u32(sp), CONST, ...i32(size)],
  ...[operation, SET, ...u32(sp)],
];

/** The instructions of a body as those of a block: `return` becomes a branch to its end. */
function putInner(out: Writer, code: Code, reader: Reader): void {
  let done = reader.at;
  for (let depth = 0; reader.at < reader.end; ) {
    const { opcode, at } = readInstruction(reader);
    if (opcode === BLOCK || opcode === LOOP || opcode === IF) depth++;
    if (opcode === END) depth--;
    if (opcode !== RETURN) continue;
    putSpan(out, code.bytes, done, at);
    put(out, BR);
    putU32(out, depth);
    skipDead(reader);
    done = reader.at;
  }
  putSpan(out, code.bytes, done, code.end);
}

function wrap(code: Code, sp: number, size: number): Code {
  const reader = instructionsOf(code);
  const out = newWriter(code.end - code.at + 32);
  putSpan(out, code.bytes, code.at, reader.at);
  putAll(out, move(sp, SUB, size));
  putAll(out, [BLOCK, code.type.results[0] ?? 0x40]);
  putInner(out, code, reader);
  putAll(out, move(sp, ADD, size));
  put(out, END);
  return fresh(code, out);
}

/** Operands that `move` adds to a frame's estimate, in bytes. */
const SLACK = 32;
const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

function pad(code: Code, sp: number, frame: number, matters: (callee: number) => boolean): Code {
  const plain = plainFrame(code, sp);
  if (plain !== undefined && coversCalls(code, plain, matters))
    return plain.size >= frame ? code : enlarge(code, plain, aligned(frame));
  return code.type.results.length > 1 ? code : wrap(code, sp, aligned(frame + SLACK));
}

/** Pads every function on a cycle to its estimated host frame. `sp`: the stack pointer among the source's globals. */
export function padShadowStack(source: Source, sp: number, frames: readonly number[]): Source {
  const cyclic = onCycles(callGraph(source, FIRST_GUEST));
  const matters = (callee: number): boolean => cyclic[(source.renumbered[callee] as number) - FIRST_GUEST] === true;
  const codes = source.codes.map((code, index) => (cyclic[index] ? pad(code, sp, frames[index] ?? 0, matters) : code));
  return { ...source, codes };
}
