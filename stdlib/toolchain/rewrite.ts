// One instruction after another: copies the guest's code and changes what the rules of an artifact demand.
import {
  DIVIDE_WIDE,
  type FunctionType,
  GUARD,
  loopCharge,
  matches,
  OPCODES,
  REFUEL_INDEX,
  readByte,
  readI32,
  readU32,
  settle,
  trampolineIndex,
  weight,
} from "../../kernel/index.ts";
import { complain } from "./complaint.ts";
import { confineAddress, isBeneath, setAside } from "./confine.ts";
import {
  IMMEDIATE,
  K,
  POPS,
  PUSHES,
  RESULT,
  readOpcode,
  SHOWS,
  STOPS,
  skipDead,
  skipLeb,
  TYPED_SELECT,
  WIDTH,
} from "./instructions.ts";
import { count, flush, here, open, push, replace, rise, temporary, type Walk } from "./walk.ts";
import { patchTwo, put, putAll, putU32 } from "./writer.ts";

const [F32, I64, I32] = [0x7d, 0x7e, 0x7f];
const [IF, LOOP, ELSE, END] = [OPCODES.if.code, OPCODES.loop.code, OPCODES.else.code, OPCODES.end.code];
const [CALL, BR, SELECT] = [OPCODES.call.code, OPCODES.br.code, OPCODES.select.code];
const [RETURN, BR_IF, TEE] = [OPCODES.return.code, OPCODES.br_if.code, OPCODES["local.tee"].code];

/** A charge whose amount takes two bytes, to be filled in at the loop's end. */
const CHARGE = loopCharge(REFUEL_INDEX, 64);
const CHARGE_AMOUNT = 3;
const SETTLING = 6; // instructions
const trampolines = {
  size: trampolineIndex("size"),
  grow: trampolineIndex("grow"),
  copy: trampolineIndex("copy"),
  fill: trampolineIndex("fill"),
};

const arity = (params: number, results: number): FunctionType => ({
  params: Array.from({ length: params }, () => F32),
  results: Array.from({ length: results }, () => F32),
});
const NOTHING = arity(0, 0);
const ONE = arity(0, 1);

function blockType(walk: Walk): FunctionType {
  const byte = walk.bytes[walk.at] as number;
  if (byte !== 0x40 && (byte < 0x7c || byte > 0x7f)) {
    return walk.types[readI32(walk)] ?? complain("a block has an unknown type", walk.at);
  }
  walk.at++;
  return byte === 0x40 ? NOTHING : ONE;
}

function openBlock(walk: Walk, opcode: number): void {
  const { params, results } = blockType(walk);
  if (opcode === IF) walk.height--;
  open(walk, params.length, results.length);
  if (opcode !== LOOP) return;
  flush(walk, walk.at);
  walk.charged[walk.depth] = walk.out.length + CHARGE_AMOUNT;
  walk.region[walk.depth] = walk.depth;
  walk.counted[walk.depth] = 0;
  putAll(walk.out, CHARGE);
}

function closeBlock(walk: Walk): void {
  const { depth } = walk;
  const charge = walk.charged[depth] as number;
  if (charge !== 0) patchTwo(walk.out, charge, weight(walk.counted[depth] as number));
  walk.height = walk.below[depth] as number;
  walk.depth--;
  push(walk, walk.results[depth] as number, 0);
}

function reopenElse(walk: Walk): void {
  walk.height = walk.below[walk.depth] as number;
  push(walk, walk.params[walk.depth] as number, 0);
}

/** A taken branch may carry operands away: an address among them must not be confined before this point. */
function branch(walk: Walk, opcode: number): void {
  const depth = walk.depth - readU32(walk);
  if (opcode !== BR_IF) return;
  const carried = (walk.charged[depth] === 0 ? walk.results[depth] : walk.params[depth]) ?? 0;
  const top = walk.height - 2;
  for (let i = 0; i < carried; i++) walk.pushedAt[top - i] = -1;
  if (carried > 0) walk.pushedAt[top] = here(walk);
}

function skipLabels(walk: Walk): void {
  const labels = readU32(walk);
  for (let i = 0; i <= labels; i++) readU32(walk);
}

function applyType(walk: Walk, alleged: FunctionType | undefined): void {
  const type = alleged ?? complain("a call of an unknown type", walk.at);
  walk.height -= type.params.length;
  push(walk, type.results.length, 0);
}

function call(walk: Walk, at: number): void {
  const index = readU32(walk);
  const target = walk.renumbered[index] ?? complain("a call of an unknown function", at);
  const out = replace(walk, at);
  put(out, CALL);
  putU32(out, target);
  applyType(walk, walk.signatures[index]);
}

function callIndirect(walk: Walk): void {
  const type = readU32(walk);
  if (readU32(walk) !== 0) complain("more than one table", walk.at);
  walk.height--;
  applyType(walk, walk.types[type]);
}

/** A memory instruction becomes the call of its trampoline, which takes and gives the same. */
function memoryInstruction(walk: Walk, at: number, name: keyof typeof trampolines): void {
  readByte(walk);
  if (name === "copy") readByte(walk);
  const out = replace(walk, at);
  put(out, CALL);
  putU32(out, trampolines[name]);
}

const memoryName = (opcode: number): keyof typeof trampolines => {
  if (opcode === OPCODES["memory.size"].code) return "size";
  if (opcode === OPCODES["memory.grow"].code) return "grow";
  return "fill";
};

function memoryAccess(walk: Walk, opcode: number, at: number): void {
  const align = readU32(walk);
  if (align > 3) complain("O-opcode: an access to another memory", at);
  const offset = readU32(walk);
  const access = { opcode, at, align, offset, isFar: offset + (WIDTH[opcode] as number) > GUARD };
  if (access.isFar) count(walk, 2);
  if (isBeneath(walk, opcode)) setAside(walk, access);
  else if (walk.mode.kind === "segment") confineAddress(walk, access);
}

/** A tee may begin a settling sequence: then the source was settled by somebody already. */
function localAccess(walk: Walk, opcode: number, at: number): void {
  const index = readU32(walk);
  const next = walk.bytes[walk.at] as number;
  if (opcode !== TEE || (next !== 0x43 && next !== 0x44)) return;
  const sequence = settle(next === 0x43 ? "f32" : "f64", index);
  if (!matches(walk.bytes, at, sequence)) return;
  walk.at = at + sequence.length;
  noteSettled(walk, SETTLING - 1);
}

function noteSettled(walk: Walk, instructions: number): void {
  walk.safe[walk.height - 1] = 1;
  count(walk, instructions);
  rise(walk, 2);
}

function settleTop(walk: Walk, type: number, at: number): void {
  flush(walk, at);
  putAll(walk.out, settle(type === F32 ? "f32" : "f64", temporary(walk, type)));
  noteSettled(walk, SETTLING);
}

function globalAccess(walk: Walk, opcode: number, at: number): void {
  const index = readU32(walk);
  const out = replace(walk, at);
  put(out, opcode);
  putU32(out, index + walk.inlined.firstOwn);
}

/** Like `br` to the function's label, which the outer block has taken over. */
function leaveFunction(walk: Walk, at: number): void {
  const out = replace(walk, at);
  put(out, BR);
  putU32(out, walk.depth - 1);
}

function plainSelect(walk: Walk, at: number): number {
  for (let types = readU32(walk); types > 0; types--) {
    const type = readByte(walk);
    if (type < 0x7c || type > 0x7f) complain("O-opcode: a select between references", at);
  }
  put(replace(walk, at), SELECT);
  return SELECT;
}

/** Reads and rewrites what follows the opcode; true if the table's row says all about its operands. */
function immediate(walk: Walk, opcode: number, at: number): boolean {
  // biome-ignore format: a table
  switch (IMMEDIATE[opcode]) {
    case K.none: if (opcode === RETURN) leaveFunction(walk, at); return true;
    case K.block: openBlock(walk, opcode); return false;
    case K.label: branch(walk, opcode); return true;
    case K.labels: skipLabels(walk); return true;
    case K.function: call(walk, at); return false;
    case K.indirect: callIndirect(walk); return false;
    case K.local: localAccess(walk, opcode, at); return true;
    case K.global: globalAccess(walk, opcode, at); return true;
    case K.memarg: memoryAccess(walk, opcode, at); return true;
    case K.memory: memoryInstruction(walk, at, memoryName(opcode)); return true;
    case K.memories: memoryInstruction(walk, at, "copy"); return true;
    case K.i32:
    case K.i64: skipLeb(walk); return true;
    case K.f32: walk.at += 4; return true;
    case K.f64: walk.at += 8; return true;
    default: return complain("O-opcode: an instruction that is not in the table", at);
  }
}

function operands(walk: Walk, opcode: number): void {
  walk.height -= POPS[opcode] as number;
  if (PUSHES[opcode] === 0) return;
  const result = RESULT[opcode] as number;
  push(walk, 1, result === 2 ? (walk.safe[walk.height] as number) : result);
}

/** Puts a monitored instruction into its check. Inserted instructions cost no fuel. */
function placeCheck(walk: Walk, kind: number, at: number): void {
  const { before, after } = walk.inlined.around(kind, temporary(walk, kind === DIVIDE_WIDE ? I64 : I32));
  flush(walk, at);
  putAll(walk.out, before);
  rise(walk, walk.inlined.room);
  if (after.length === 0) return;
  flush(walk, walk.at);
  putAll(walk.out, after);
}

function step(walk: Walk): void {
  const at = walk.at;
  let opcode = readOpcode(walk);
  count(walk, 1);
  if (opcode === END || opcode === ELSE) {
    (opcode === END ? closeBlock : reopenElse)(walk);
    return;
  }
  if (opcode === TYPED_SELECT) opcode = plainSelect(walk, at);
  if (SHOWS[opcode] !== 0 && walk.safe[walk.height - 1] !== 1) settleTop(walk, SHOWS[opcode] as number, at);
  const kind = walk.inlined.kinds[opcode] as number;
  if (kind !== 0) placeCheck(walk, kind, at);
  if (immediate(walk, opcode, at)) operands(walk, opcode);
  if (STOPS[opcode] === 1) dropDead(walk);
}

function dropDead(walk: Walk): void {
  flush(walk, walk.at);
  skipDead(walk);
  walk.copied = walk.at;
}

/** Rewrites the instructions from where the walk stands up to the function's last `end`, into `walk.out`. */
export function rewriteInstructions(walk: Walk, results: number): void {
  [walk.depth, walk.height, walk.highest] = [0, 0, walk.inlined.enter.length && walk.inlined.room];
  [walk.out.length, walk.copied, walk.added, walk.confined] = [0, walk.at, [], []];
  open(walk, 0, results);
  walk.counted[1] = 0;
  while (walk.depth > 0) step(walk);
  flush(walk, walk.at);
  if (walk.at !== walk.end) complain("malformed: code after the end of a function", walk.at);
}
