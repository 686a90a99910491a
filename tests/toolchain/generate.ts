// Random structured programs: valid by construction, made from a tape of numbers, so that a shorter tape is a smaller
// program. Every instruction of the kernel's table can occur; addresses stay inside the first two pages.
import { OPCODES, type Opcode } from "../../kernel/index.ts";
import {
  assemble,
  call,
  type FunctionParts,
  f32,
  f64,
  get,
  i32,
  i64,
  leb,
  NOTHING,
  type Parts,
  set,
  T,
} from "./assemble.ts";

type Type = 0x7f | 0x7e | 0x7d | 0x7c;
const TYPES: readonly Type[] = [T.i32, T.i64, T.f32, T.f64];
const typeOf = (letter: string): Type => TYPES["ilfd".indexOf(letter)] as Type;

const rows = Object.entries(OPCODES) as [string, Opcode][];
const arithmetic = rows.filter(([, row]) => row.immediate === "none" && row.pushes !== "" && !row.pops.includes("x"));
const loads = rows.filter(([, row]) => row.effect === "reads");
const stores = rows.filter(([, row]) => row.effect === "writes" && row.immediate === "memarg");
const producing = new Map(TYPES.map((type) => [type, arithmetic.filter(([, row]) => typeOf(row.pushes) === type)]));

/** 3 parameters, then two locals of each type, then counters of loops. */
const PARAMS: readonly Type[] = [T.i32, T.i64, T.f64];
const LOCALS: readonly Type[] = [...TYPES, ...TYPES];
const COUNTERS = 4;
const VARIABLES: readonly Type[] = [...PARAMS, ...LOCALS];
/** Locals by which the program settles floats itself, in other words than the instrumenter's. */
const SETTLING = { [T.f32]: VARIABLES.length + COUNTERS, [T.f64]: VARIABLES.length + COUNTERS + 1 };
const GLOBALS = TYPES;

interface Label {
  readonly results: readonly Type[];
  readonly isLoop: boolean;
}

interface Maker {
  readonly tape: readonly number[];
  at: number;
  /** Innermost last. */
  readonly labels: Label[];
  readonly functionIndex: number;
  readonly shape: Shape;
  counters: number;
  fuel: number;
}

export interface Shape {
  /** May memory.copy and memory.fill occur? */
  readonly bulk: boolean;
}

const draw = (maker: Maker, below: number): number => {
  const value = maker.tape[maker.at++] ?? 0;
  return value % below;
};
const pick = <X>(maker: Maker, items: readonly X[]): X => items[draw(maker, items.length)] as X;

const FLOATS = [0, -0, 1, -1.5, 3.7e9, -1e300, 1e-320, Number.NaN, Number.POSITIVE_INFINITY, 0.1, 255, 65536.5];
function constant(maker: Maker, type: Type): number[] {
  const value = draw(maker, 200) - 100;
  const big = draw(maker, 4) === 0 ? 0x12345678 * value : value;
  if (type === T.i32) return i32(big);
  if (type === T.i64) return i64(BigInt(big) * 0x1_0000_0001n);
  return type === T.f32 ? f32(pick(maker, FLOATS)) : f64(pick(maker, FLOATS));
}

const variables = (type: Type): number[] => VARIABLES.flatMap((t, index) => (t === type ? [index] : []));

/** Makes every NaN the same, so that no run of the original shows bits that its compiler chose. */
const settleByHand = (type: 0x7d | 0x7c, code: number[]): number[] => {
  const index = SETTLING[type];
  const nan = type === T.f32 ? [0x43, 0, 0, 0xc0, 0x7f] : [0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
  return [
    ...code,
    ...set(index),
    ...get(index),
    ...nan,
    ...get(index),
    ...get(index),
    type === T.f32 ? 0x5b : 0x61,
    0x1b,
  ];
};
const settled = (type: Type, code: number[]): number[] =>
  type === T.f32 || type === T.f64 ? settleByHand(type, code) : code;

/** Offsets below and above the guard of segment mode, all inside the memory. */
const OFFSETS = [0, 0, 1, 8, 4088, 4096, 5000, 70_000];
const address = (maker: Maker): number[] => [...expression(maker, T.i32), ...i32(0x7ff8), 0x71];
const memarg = (maker: Maker): number[] => [0, ...leb(pick(maker, OFFSETS))];

function operation(maker: Maker, type: Type): number[] {
  const [name, row] = pick(maker, producing.get(type) ?? []);
  const shows = /copysign$|reinterpret_f/.test(name);
  const operands = [...row.pops].map((letter, index) => {
    const code = expression(maker, typeOf(letter));
    return shows && index === row.pops.length - 1 ? settled(typeOf(letter), code) : code;
  });
  return [...operands.flat(), ...opcode(row)];
}

const opcode = ({ code }: Opcode): number[] => (code > 0xff ? [0xfc, ...leb(code & 0xff)] : [code]);

function load(maker: Maker, type: Type): number[] {
  const [, row] = pick(
    maker,
    loads.filter(([, candidate]) => typeOf(candidate.pushes) === type),
  );
  return [...address(maker), ...opcode(row), ...memarg(maker)];
}

/** A block, an if or a select; a branch may carry the value out early. */
function structured(maker: Maker, type: Type): number[] {
  const inside = (): number[] => {
    maker.labels.push({ results: [type], isLoop: false });
    const code = [...statements(maker, 2), ...expression(maker, type)];
    const early = draw(maker, 3) === 0 ? [...expression(maker, T.i32), 0x0d, 0] : [];
    maker.labels.pop();
    return [...code, ...early];
  };
  const kind = draw(maker, 4);
  if (kind === 0) return [0x02, type, ...inside(), 0x0b];
  if (kind === 1) return [...expression(maker, T.i32), 0x04, type, ...inside(), 0x05, ...inside(), 0x0b];
  const operands = [...expression(maker, type), ...expression(maker, type), ...expression(maker, T.i32)];
  return [...operands, ...(kind === 2 ? [0x1b] : [0x1c, 1, type])];
}

function callEarlier(maker: Maker): number[] {
  const args = PARAMS.flatMap((type) => expression(maker, type));
  if (draw(maker, 2) === 0) return [...args, ...call(draw(maker, maker.functionIndex))];
  return [...args, ...i32(draw(maker, maker.functionIndex)), 0x11, 0, 0x80, 0x80, 0];
}

function expression(maker: Maker, type: Type): number[] {
  if (maker.fuel-- <= 0) return constant(maker, type);
  const kind = draw(maker, 12);
  if (kind < 3) return get(pick(maker, variables(type)));
  if (kind < 7) return operation(maker, type);
  if (kind === 7) return load(maker, type);
  if (kind === 8) return structured(maker, type);
  if (kind === 9) return [...expression(maker, type), 0x22, ...leb(pick(maker, variables(type)))];
  if (kind === 10) return special(maker, type);
  return constant(maker, type);
}

function special(maker: Maker, type: Type): number[] {
  if (type === T.i32 && draw(maker, 2) === 0) return [0x3f, 0];
  if (type === T.i32) return [...i32(draw(maker, 2)), 0x40, 0];
  if (type === T.f64 && maker.functionIndex > 0) return callEarlier(maker);
  return [0x23, ...leb(GLOBALS.indexOf(type))];
}

function store(maker: Maker): number[] {
  const [, row] = pick(maker, stores);
  const type = typeOf(row.pops[1] as string);
  return [...address(maker), ...settled(type, expression(maker, type)), ...opcode(row), ...memarg(maker)];
}

function bulk(maker: Maker): number[] {
  const length = [...expression(maker, T.i32), ...i32(0xff), 0x71];
  if (draw(maker, 2) === 0) return [...address(maker), ...expression(maker, T.i32), ...length, 0xfc, 0x0b, 0];
  return [...address(maker), ...address(maker), ...length, 0xfc, 0x0a, 0, 0];
}

/** A loop that ends: its counter runs from at most 7 to 0. It may be left early from inside. */
function loop(maker: Maker): number[] {
  if (maker.counters === COUNTERS) return [0x01];
  const counter = VARIABLES.length + maker.counters++;
  maker.labels.push({ results: [], isLoop: true });
  const code = statements(maker, 3);
  maker.labels.pop();
  maker.counters--;
  const again = [...get(counter), ...i32(1), 0x6b, 0x22, ...leb(counter), ...i32(0), 0x4a, 0x0d, 0];
  return [...i32(1 + draw(maker, 7)), ...set(counter), 0x03, NOTHING, ...code, ...again, 0x0b];
}

function blockOrIf(maker: Maker): number[] {
  const isIf = draw(maker, 2) === 0;
  const head = isIf ? [...expression(maker, T.i32), 0x04, NOTHING] : [0x02, NOTHING];
  maker.labels.push({ results: [], isLoop: false });
  const code = [...head, ...statements(maker, 3)];
  if (isIf && draw(maker, 2) === 0) code.push(0x05, ...statements(maker, 2));
  maker.labels.pop();
  return [...code, 0x0b];
}

/** Branches go outwards, never back to a loop's head: that is for its counter alone. */
const targets = ({ labels }: Maker): number[] =>
  labels.map((_, index) => index).filter((index) => !(labels[labels.length - 1 - index] as Label).isLoop);

/** What ends a path, and some dead code behind it, which must vanish. */
function jump(maker: Maker): number[] {
  const reachable = [...targets(maker), maker.labels.length];
  const label = pick(maker, reachable);
  const values = (maker.labels[maker.labels.length - 1 - label]?.results ?? [T.f64]).flatMap((type) =>
    expression(maker, type),
  );
  const dead = draw(maker, 2) === 0 ? [0x41, 1, 0x04, NOTHING, 0x0c, 0, 0x05, 0x02, NOTHING, 0x00, 0x0b, 0x0b] : [];
  const kind = draw(maker, 6);
  if (kind === 0) return [...expression(maker, T.f64), 0x0f, ...dead];
  if (kind === 1 && draw(maker, 4) === 0) return [0x00, ...dead];
  if (kind === 2) return [...values, ...expression(maker, T.i32), 0x0e, 1, ...leb(label), ...leb(label), ...dead];
  return [...values, 0x0c, ...leb(label), ...dead];
}

function guarded(maker: Maker): number[] {
  const condition = expression(maker, T.i32);
  maker.labels.push({ results: [], isLoop: false });
  const code = jump(maker);
  maker.labels.pop();
  return [...condition, 0x04, NOTHING, ...code, 0x0b];
}

function statement(maker: Maker): number[] {
  const kind = draw(maker, 9);
  if (kind < 2) return store(maker);
  if (kind === 2) return loop(maker);
  if (kind === 3) return blockOrIf(maker);
  if (kind === 4) return guarded(maker);
  if (kind === 5) return maker.shape.bulk ? bulk(maker) : store(maker);
  const type = pick(maker, TYPES);
  if (kind === 6) return [...expression(maker, type), 0x24, ...leb(GLOBALS.indexOf(type))];
  if (kind === 7) return [...expression(maker, type), 0x1a];
  return [...expression(maker, type), ...set(pick(maker, variables(type)))];
}

function statements(maker: Maker, most: number): number[] {
  const code: number[] = [];
  for (let count = draw(maker, most + 1); count > 0 && maker.fuel > 0; count--) code.push(...statement(maker));
  return code;
}

function makeFunction(tape: readonly number[], functionIndex: number, shape: Shape): FunctionParts {
  const maker: Maker = { tape, at: 0, labels: [], functionIndex, shape, counters: 0, fuel: 150 };
  const locals = [...LOCALS, ...Array.from({ length: COUNTERS }, () => T.i32), T.f32, T.f64];
  const code = [...statements(maker, 8), ...expression(maker, T.f64)];
  return { params: PARAMS, results: [T.f64], locals, code, exported: `f${functionIndex}` };
}

/** One function per tape. Each takes (i32, i64, f64), gives an f64, and calls only those before it. */
export function makeProgram(
  tapes: readonly (readonly number[])[],
  shape: Shape = { bulk: true },
): Uint8Array<ArrayBuffer> {
  const functions = tapes.map((tape, index) => makeFunction(tape, index, shape));
  const parts: Parts = {
    functions,
    memory: { min: 2, max: 3 },
    table: functions.map((_, index) => index),
    globals: [i32(7), i64(-3n), f32(0.5), f64(-2.25)].map((code, index) => ({ type: GLOBALS[index] as Type, code })),
    data: [{ offset: 16, bytes: [1, 2, 3, 250, 251, 252] }],
  };
  return assemble(parts);
}
