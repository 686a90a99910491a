// Judges function bodies: does every path charge, stay in its frame of code, and touch only what it may?
//
// Body = ENTER, one block, guest code, `end` of the block, LEAVE, `end`. The walk keeps a control stack, the height
// of the operand stack, and one flag per operand: "safe", which for an address means confined and for a float settled.
//
// Invariants
//   J1  An operand is safe only if the instruction or inserted sequence that made it says so; merging blocks forget.
//   J2  After an instruction that never goes on only `else` or `end` follows, so the height is always exact.
//   J3  Reserved globals, the base local and memory instructions appear in inserted sequences alone.
// Trust
//   Relies on the host engine's validation of the same bytes for types and indices. Trusted by verify.ts.
import { isNumeric, matches, type Reader, readByte, readCount, readI32, readU32, refuse } from "./bytes.ts";
import { cacheBase, confine, enter, frameCost, leave, loopCharge, settle, weight } from "./fuel.ts";
import { DIVIDE, DIVIDE_WIDE, INDIRECT, type Inline, type Monitors } from "./inline.ts";
import * as limits from "./limits.ts";
import type { FunctionType, Module } from "./module.ts";
import { OPCODES, PREFIX, PREFIXED, TABLE_SIZE, tabulate } from "./opcodes.ts";
import type { RuleId } from "./rules.ts";
import { IMPORTS, nameable, REFUEL_INDEX, TRAMPOLINES } from "./trampolines.ts";

/**
 * How a memory is confined. Segment: addresses are `base + (address & mask)`, with `guard` bytes above each segment.
 *
 * A program gives the same results and pays the same fuel in both, but for accesses out of bounds: they trap in a frame.
 * It may call itself less often in a segment, where a function has a local more, and sees that by `exhausted: depth` only.
 */
export type Mode =
  | { readonly kind: "frame"; readonly monitors?: Monitors }
  | { readonly kind: "segment"; readonly mask: number; readonly guard: number; readonly monitors?: Monitors };

/** What the walk counted. Fuel is charged in each function and each loop. */
export type BodySummary = Readonly<Record<"functions" | "loops" | "gates" | "instructions", number>>;

const N = { none: 0, block: 1, label: 2, labels: 3, function: 4, indirect: 5, local: 6, global: 7 } as const;
const M = { memarg: 8, memory: 9, memories: 9, i32: 10, i64: 11, f32: 12, f64: 13 } as const;
const IMMEDIATE = tabulate(255, (row) => ({ ...N, ...M })[row.immediate]);
const POPS = tabulate(0, (row) => row.pops.length);
const PUSHES = tabulate(0, (row) => row.pushes.length);
const WIDTH = tabulate(0, (row) => row.width);
const WRITES = tabulate(0, (row) => (row.effect === "writes" ? 1 : 0));
/** 1: the result is safe; 2: it is as safe as the first operand; 0: it is not. */
const RESULT = tabulate(0, (_row, name) => {
  if (/^f..\.(load|const|convert_|reinterpret_)/.test(name)) return 1;
  return /^f..\.(abs|neg|copysign)$/.test(name) || name === "local.tee" ? 2 : 0;
});
/** The float operand on top must be settled: its bits, or its sign, become visible. */
const SHOWS = tabulate(0, (_row, name) => (/^f..\.(store|copysign)$|\.reinterpret_f/.test(name) ? 1 : 0));

const [LOOP, IF, ELSE, END] = [OPCODES.loop.code, OPCODES.if.code, OPCODES.else.code, OPCODES.end.code];
const [RETURN, TEE] = [OPCODES.return.code, OPCODES["local.tee"].code];
const STOPS = tabulate(0, (row) => (row.effect === "stops" ? 1 : 0));

/** Bytes of an instruction of which nothing can be wrong if its immediates take one byte each; 0: look closer. */
const QUICK = IMMEDIATE.map((kind, slot) => {
  const isQuiet = RESULT[slot] === 0 && SHOWS[slot] === 0 && STOPS[slot] === 0 && slot !== ELSE && slot !== END;
  if (!isQuiet) return 0;
  return kind === N.none ? 1 : kind === N.local || kind === M.i32 ? 2 : kind === M.memarg ? 3 : 0;
});

// The fixed parts of the inserted sequences, around the numbers that differ.
const ENTER = enter(REFUEL_INDEX, 0, 0);
const [ENTER_FUEL, ENTER_DEPTH, ENTER_TEST] = [ENTER.slice(0, 3), ENTER.slice(4, 10), ENTER.slice(11)];
const CHARGE = loopCharge(REFUEL_INDEX, 0);
const [CHARGE_FUEL, CHARGE_TEST] = [CHARGE.slice(0, 3), CHARGE.slice(4)];
const LEAVE = leave(0);
const [LEAVE_DEPTH, LEAVE_SET] = [LEAVE.slice(0, 3), [...LEAVE.slice(4), END]];

/**
 * The walk over one body. The arrays are scratch space, one set for all bodies of a module. Per open block: the height
 * `below` it, its `results` and `params`, how much its loop's charge is (`charged`, 0: no loop), and what was counted
 * `outside`. `counted`: instructions so far in the innermost loop, or the function. `moves`: work of the host's compiler
 * beyond one unit per instruction, values that calls and blocks move. `inserted`: bytes of checks, of which every fourth
 * at most begins a block.
 */
type Walk = Reader & ReturnType<typeof newWalk>;

const newWalk = (bytes: Uint8Array, module: Module, mode: Mode, inline: Inline) => {
  const control = (): Int32Array => new Int32Array(limits.MAX_BLOCK_DEPTH + 2);
  return {
    ...{ bytes, module, mode, inline, at: 0, end: 0 },
    safe: new Uint8Array(limits.MAX_OPERANDS + limits.MAX_TYPE_ARITY + 4),
    // In a segment a constant may begin the confining sequence, and accesses are looked at.
    quick: QUICK.map((width, slot) => {
      const isPlain = mode.kind === "frame" || IMMEDIATE[slot] === N.none || IMMEDIATE[slot] === N.local;
      return isPlain && inline.kinds[slot] === 0 ? width : 0;
    }),
    ...{ below: control(), results: control(), params: control(), charged: control(), outside: control() },
    ...{ counted: 0, depth: 0, height: 0, highest: 0, locals: 0, baseLocal: -1, confining: [] as readonly number[] },
    ...{ instructions: 0, moves: 0, inserted: 0, branches: 0, loops: 0, gates: 0 },
  };
};

/** Skips exactly these bytes. */
function expect(walk: Walk, pattern: readonly number[], rule: RuleId): void {
  if (!matches(walk.bytes, walk.at, pattern)) refuse(rule, walk.at);
  walk.at += pattern.length;
}

function push(walk: Walk, count: number, safe: number): void {
  for (let i = 0; i < count; i++) walk.safe[walk.height++] = safe;
  if (walk.height > walk.highest) walk.highest = walk.height;
  if (walk.height > limits.MAX_OPERANDS) refuse("S-operands", walk.at);
}

function open(walk: Walk, params: number, results: number): void {
  if (++walk.depth > limits.MAX_BLOCK_DEPTH) refuse("S-depth", walk.at);
  const { depth } = walk;
  walk.below[depth] = walk.height - params;
  walk.params[depth] = params;
  walk.results[depth] = results;
  walk.charged[depth] = 0;
  walk.moves += params + results;
  walk.branches++;
}

/** The type of a block: nothing (-64), one of the four value types (-1 to -4), or the index of a function type. */
function blockType(walk: Walk): FunctionType {
  const type = readI32(walk);
  if (type === -64) return NOTHING;
  return type >= -4 && type < 0 ? ONE : (walk.module.types[type] ?? refuse("malformed", walk.at));
}

const NOTHING: FunctionType = { params: [], results: [] };
const ONE: FunctionType = { params: [], results: [0x7f] };

function openBlock(walk: Walk, opcode: number): void {
  const type = blockType(walk);
  if (opcode === IF) walk.height--;
  open(walk, type.params.length, type.results.length);
  walk.safe.fill(0, walk.height - type.params.length, walk.height);
  if (opcode === LOOP) openLoop(walk);
}

function openLoop(walk: Walk): void {
  walk.loops++;
  walk.branches++; // the charge branches too
  expect(walk, CHARGE_FUEL, "V5-charge");
  [walk.outside[walk.depth], walk.counted] = [walk.counted, 0];
  const cost = readI32(walk);
  if (cost < 1) refuse("V5-weight", walk.at);
  walk.charged[walk.depth] = cost;
  expect(walk, CHARGE_TEST, "V5-charge");
}

function closeBlock(walk: Walk): void {
  const { depth } = walk;
  const cost = walk.charged[depth] as number;
  if (cost !== 0) {
    if (cost !== weight(walk.counted)) refuse("V5-weight", walk.at);
    walk.counted = walk.outside[depth] as number;
  }
  walk.height = walk.below[depth] as number;
  walk.depth--;
  push(walk, walk.results[depth] as number, 0);
}

function reopenElse(walk: Walk): void {
  walk.height = walk.below[walk.depth] as number;
  push(walk, walk.params[walk.depth] as number, 0);
  walk.branches++;
}

/** A branch may name every open block. The function's own label lies one further out and would skip LEAVE. */
function branch(walk: Walk): void {
  const at = walk.at;
  if (readU32(walk) >= walk.depth) refuse("V4-label", at);
}

function branchTable(walk: Walk): void {
  const count = readCount(walk, Infinity);
  walk.branches += count;
  for (let i = 0; i <= count; i++) branch(walk);
}

function applyType(walk: Walk, type: FunctionType | undefined): void {
  if (type === undefined) return refuse("malformed", walk.at);
  walk.height -= type.params.length;
  walk.moves += type.params.length + type.results.length;
  push(walk, type.results.length, 0);
}

function call(walk: Walk): void {
  const at = walk.at;
  const index = readU32(walk);
  if (!nameable(index)) refuse("V1-nameable", at);
  if (index < IMPORTS.length + TRAMPOLINES.length) walk.gates++;
  applyType(walk, walk.module.types[walk.module.functions[index - IMPORTS.length] ?? -1]);
}

function callIndirect(walk: Walk): void {
  const type = readU32(walk);
  readU32(walk);
  walk.height--;
  applyType(walk, walk.module.types[type]);
}

/** The address lies below the value that a store writes. */
function memoryAccess(walk: Walk, opcode: number): void {
  const at = walk.at;
  if (readU32(walk) > 3) refuse("O-opcode", at); // bit 6 would name another memory
  const offset = readU32(walk);
  const isFar = offset + (WIDTH[opcode] as number) > limits.GUARD;
  // In a frame it counts as what a segment takes to add the offset: the same program pays the same in both modes.
  if (walk.mode.kind === "frame") walk.counted += isFar ? 2 : 0;
  else if (isFar) refuse("V7-offset", at);
  else if (walk.safe[walk.height - (WRITES[opcode] === 1 ? 2 : 1)] !== 1) refuse("V7-address", at);
}

/** Leaves `at` behind a local's index. A tee may begin the settling sequence. */
function localAccess(walk: Walk, opcode: number): void {
  const at = walk.at;
  const index = readU32(walk);
  if (index === walk.baseLocal) refuse("V8-base", at);
  const next = walk.bytes[walk.at] as number;
  if (opcode !== TEE || (next !== 0x43 && next !== 0x44)) return;
  const sequence = settle(next === 0x43 ? "f32" : "f64", index);
  if (!matches(walk.bytes, at - 1, sequence)) return;
  walk.at = at - 1 + sequence.length;
  walk.safe[walk.height - 1] = 1;
  count(walk, 5);
  if (walk.height + 2 > walk.highest) walk.highest = walk.height + 2;
}

function integer(walk: Walk): void {
  const at = walk.at - 1;
  if (walk.confining.length > 0 && matches(walk.bytes, at, walk.confining)) {
    walk.at = at + walk.confining.length;
    walk.safe[walk.height - 1] = 1;
    count(walk, -1); // the same program pays the same in both modes
    walk.moves += 4;
    if (walk.height === walk.highest) walk.highest++;
    return;
  }
  readI32(walk);
  push(walk, 1, 0);
}

function count(walk: Walk, instructions: number): void {
  walk.instructions += instructions;
  walk.counted += instructions;
}

/** Reads what follows the opcode and refuses what is forbidden; true if the table's row says all about its operands. */
function immediate(walk: Walk, opcode: number): boolean {
  // biome-ignore format: a table
  switch (IMMEDIATE[opcode]) {
    case N.none: return opcode === RETURN ? refuse("V4-return", walk.at - 1) : true;
    case N.block: openBlock(walk, opcode); return false;
    case N.label: branch(walk); return true;
    case N.labels: branchTable(walk); return true;
    case N.function: call(walk); return false;
    case N.indirect: callIndirect(walk); return false;
    case N.local: localAccess(walk, opcode); return true;
    case N.global: return readU32(walk) < walk.inline.firstOwn ? refuse("V6-reserved", walk.at - 1) : true;
    case M.memarg: memoryAccess(walk, opcode); return true;
    case M.i32: integer(walk); return false;
    case M.i64: while (readByte(walk) > 0x7f); return true;
    case M.f32: walk.at += 4; return true;
    case M.f64: walk.at += 8; return true;
    case M.memory: return refuse("V9-memory", walk.at - 1);
    default: return refuse("O-opcode", walk.at - 1);
  }
}

function operands(walk: Walk, opcode: number): void {
  if (SHOWS[opcode] === 1 && walk.safe[walk.height - 1] !== 1) refuse("N1-settled", walk.at - 1);
  walk.height -= POPS[opcode] as number;
  if (PUSHES[opcode] === 0) return;
  const result = RESULT[opcode] as number;
  push(walk, 1, result === 2 ? (walk.safe[walk.height] as number) : result);
}

/** The frequent instructions, with one look at each byte and no calls: every cold start pays for this. */
function quick(walk: Walk): boolean {
  const { bytes, at } = walk;
  const opcode = bytes[at] as number;
  const width = walk.quick[opcode] as number;
  if (width === 0 || at + width >= walk.end) return false;
  if (width > 1 && (bytes[at + width - 1] as number) > 0x7f) return false;
  if (width === 2 && bytes[at + 1] === walk.baseLocal) return false;
  if (width === 3 && (bytes[at + 1] as number) > 3) return false;
  walk.at = at + width;
  walk.instructions++;
  walk.counted++;
  walk.height -= POPS[opcode] as number;
  if (PUSHES[opcode] === 1) walk.safe[walk.height++] = 0;
  if (walk.height > walk.highest) push(walk, 0, 0);
  return true;
}

/** Goes past the check that begins here to its instruction; what stands behind that has been looked at as well. */
function passCheck(walk: Walk, opcode: number): number {
  const { inline, bytes, at } = walk;
  if (inline.kinds[opcode] !== 0) refuse("V11-check", at - 1);
  if (opcode !== TEE) return opcode;
  const local = readU32(walk);
  walk.at = at;
  for (const kind of [DIVIDE, DIVIDE_WIDE, INDIRECT]) {
    const { before, after } = inline.around(kind, local);
    const to = at - 1 + before.length;
    if (inline.kinds[bytes[to] as number] !== kind || local === walk.baseLocal) continue;
    if (!matches(bytes, at - 1, before) || !matches(bytes, to + 1, after)) continue;
    walk.at = to + 1 + after.length;
    walk.inserted += before.length + after.length;
    walk.highest = Math.max(walk.highest, walk.height + inline.room);
    return bytes[to] as number;
  }
  return opcode;
}

/** One instruction. */
function step(walk: Walk): void {
  const at = walk.at;
  let opcode = readByte(walk);
  if (opcode === PREFIX) opcode = Math.min(PREFIXED + readU32(walk), TABLE_SIZE - 1);
  if (walk.inline.isActive) opcode = passCheck(walk, opcode);
  count(walk, 1);
  if (opcode === END) return closeBlock(walk);
  if (opcode === ELSE) return reopenElse(walk);
  if (immediate(walk, opcode)) operands(walk, opcode);
  if (STOPS[opcode] === 1) {
    const next = walk.bytes[walk.at];
    if (next !== END && next !== ELSE) refuse("V3-dead", at);
  }
}

/** Declared locals; the walk's `at` moves behind them. */
function readLocals(walk: Walk): number {
  let locals = 0;
  for (let groups = readU32(walk); groups > 0; groups--) {
    locals += readU32(walk);
    if (!isNumeric(readByte(walk))) refuse("O-opcode", walk.at - 1);
  }
  return locals;
}

function beginBody(walk: Walk, type: FunctionType): { readonly cost: number; readonly frame: number } {
  const at = walk.at;
  walk.locals = type.params.length + readLocals(walk);
  if (walk.locals > limits.MAX_LOCALS) refuse("S-locals", at);
  expect(walk, ENTER_FUEL, "V10-enter");
  const cost = readI32(walk);
  expect(walk, ENTER_DEPTH, "V10-enter");
  const frame = readI32(walk);
  expect(walk, ENTER_TEST, "V10-enter");
  if (walk.mode.kind === "segment") {
    walk.baseLocal = walk.locals - 1;
    walk.confining = confine(walk.mode.mask, walk.baseLocal);
    expect(walk, cacheBase(walk.baseLocal), "V8-base");
  }
  expect(walk, walk.inline.enter, "V12-depth");
  return { cost, frame };
}

function openBody(walk: Walk, type: FunctionType): void {
  const at = walk.at;
  if (walk.bytes[walk.at++] !== OPCODES.block.code) refuse("V4-frame", at);
  const block = blockType(walk);
  if (block.params.length !== 0 || block.results.length !== type.results.length) refuse("V4-frame", at);
  [walk.depth, walk.height, walk.instructions, walk.moves, walk.branches] = [0, 0, 0, 0, 0];
  [walk.highest, walk.inserted] = [walk.inline.enter.length && walk.inline.room, walk.inline.enter.length * 2];
  open(walk, 0, type.results.length);
  walk.counted = 0;
}

function endBody(walk: Walk, frame: number): void {
  expect(walk, walk.inline.leave, "V12-depth");
  const at = walk.at;
  expect(walk, LEAVE_DEPTH, "V4-frame");
  if (readI32(walk) !== frame) refuse("V4-frame", at);
  expect(walk, LEAVE_SET, "V4-frame");
  if (walk.at !== walk.end) refuse("V4-frame", walk.at);
}

function checkShape(walk: Walk, at: number): number {
  if (walk.instructions + walk.moves + walk.inserted > limits.MAX_INSTRUCTIONS) refuse("S-instructions", at);
  const product = (walk.locals + walk.highest) * (walk.branches + (walk.inserted >>> 2));
  return product <= limits.MAX_COMPILE_PRODUCT ? product : refuse("S-product", at);
}

function verifyBody(walk: Walk, type: FunctionType): number {
  const at = walk.at;
  const { cost, frame } = beginBody(walk, type);
  openBody(walk, type);
  while (walk.depth > 0) if (!quick(walk)) step(walk);
  endBody(walk, frame);
  if (cost !== weight(walk.counted)) refuse("V5-weight", at);
  if (frame !== frameCost(walk.locals, walk.highest)) refuse("V10-enter", at);
  return checkShape(walk, at);
}

/** Judges every guest function of a module whose layout verify.ts has accepted. Throws a Refusal. */
export function verifyBodies(bytes: Uint8Array, module: Module, mode: Mode, inline: Inline): BodySummary {
  const walk = newWalk(bytes, module, mode, inline);
  let [products, instructions] = [0, 0];
  for (let i = TRAMPOLINES.length; i < module.bodies.length; i++) {
    const body = module.bodies[i];
    const type = module.types[module.functions[i] ?? -1];
    if (body === undefined || type === undefined) return refuse("malformed", 0);
    [walk.at, walk.end] = [body.at, body.end];
    products += verifyBody(walk, type);
    instructions += walk.instructions;
    if (products > limits.MAX_COMPILE_SUM) refuse("S-product", body.at);
  }
  return { functions: module.bodies.length - TRAMPOLINES.length, loops: walk.loops, gates: walk.gates, instructions };
}
