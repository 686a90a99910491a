// Is a function's frame on the shadow stack made whenever it calls? Optimisers put the frames of inlined functions into
// the middle of others; what is called before or behind them would not be paid for.
import { OPCODES, type Reader, readU32 } from "../../kernel/index.ts";
import { instructionsOf } from "./callgraph.ts";
import type { Frame } from "./frame.ts";
import { readOpcode, skipImmediate } from "./instructions.ts";
import type { Code } from "./source.ts";

const [BLOCK, LOOP, IF] = [OPCODES.block.code, OPCODES.loop.code, OPCODES.if.code];
const [ELSE, END, RETURN, UNREACHABLE] = [
  OPCODES.else.code,
  OPCODES.end.code,
  OPCODES.return.code,
  OPCODES.unreachable.code,
];
const [BR, BR_IF, BR_TABLE] = [OPCODES.br.code, OPCODES.br_if.code, OPCODES.br_table.code];
const [CALL, CALL_INDIRECT] = [OPCODES.call.code, OPCODES.call_indirect.code];

interface Label {
  opcode: number;
  /** May the frame be missing where the block begins, and where branches leave for its label? */
  readonly before: boolean;
  joined: boolean;
}

interface Search {
  readonly labels: Label[];
  /** May the frame be missing here? */
  bare: boolean;
}

function close({ labels, bare }: Search): boolean {
  const label = labels.pop();
  return bare || label === undefined || label.joined || (label.opcode === IF && label.before);
}

function reopen(search: Search): void {
  const label = search.labels.at(-1) as Label;
  label.joined ||= search.bare;
  label.opcode = ELSE;
  search.bare = label.before;
}

function targetsOf(reader: Reader, opcode: number): number[] {
  const count = opcode === BR_TABLE ? readU32(reader) + 1 : 1;
  return Array.from({ length: count }, () => readU32(reader));
}

/** False: a loop whose head had the frame goes round without it. */
function branch({ labels, bare }: Search, targets: readonly number[]): boolean {
  for (const target of targets) {
    const label = labels.at(-1 - target);
    if (target >= labels.length || label === undefined) continue;
    if (label.opcode === LOOP && bare && !label.before) return false;
    label.joined ||= bare;
  }
  return true;
}

/** Takes in one instruction, whose immediate the reader is at. False: a call without the frame. */
function step(search: Search, opcode: number, operand: Reader, matters: (callee: number) => boolean): boolean {
  if (opcode === BLOCK || opcode === LOOP || opcode === IF) {
    search.labels.push({ opcode, before: search.bare, joined: false });
  } else if (opcode === ELSE) reopen(search);
  else if (opcode === END) search.bare = close(search);
  else if (opcode === CALL) return !search.bare || !matters(readU32(operand));
  else if (opcode === CALL_INDIRECT) return !search.bare;
  else if (opcode === BR || opcode === BR_IF || opcode === BR_TABLE) {
    if (!branch(search, targetsOf(operand, opcode))) return false;
    if (opcode !== BR_IF) search.bare = false; // nothing comes here
  } else if (opcode === RETURN || opcode === UNREACHABLE) search.bare = false;
  return true;
}

/** Has the function its frame at each call of a function for which `matters` (an index of the source) is true? */
export function coversCalls(code: Code, { spots }: Frame, matters: (callee: number) => boolean): boolean {
  const [prologue, ...epilogues] = spots.map(({ constant }) => constant.at);
  const search: Search = { labels: [], bare: true };
  for (const reader = instructionsOf(code); reader.at < reader.end; ) {
    if (reader.at === prologue) search.bare = false;
    if (epilogues.includes(reader.at)) search.bare = true;
    const opcode = readOpcode(reader);
    if (!step(search, opcode, { ...reader }, matters)) return false;
    skipImmediate(reader, opcode);
  }
  return true;
}
