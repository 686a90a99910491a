// Random structured programs, made from a tape of numbers: valid by construction, and a shorter tape is a smaller one.
//
// Every instruction of the opcode table can occur. Functions call only functions behind them and loops count down, so
// that a program ends; one that is to spin has an endless loop put into its entry. Addresses are tamed or wild:
// wild ones may lie anywhere, so a store traps or, in a segment, lands somewhere inside.
import { OPCODES, type Opcode } from "../../kernel/index.ts";
import { assemble, type Bytes, type Instruction, type Parts, textOf } from "./assemble.ts";

export interface ProgramShape {
  /** Does every run end, or does none? */
  readonly ends?: boolean;
  readonly addresses?: "tame" | "wild";
  /** Bulk memory, memory.size and memory.grow. */
  readonly bulk?: boolean;
  /** Instructions that trap on some operands: division, truncation. */
  readonly traps?: boolean;
  /** Does the program itself make NaNs canonical before their bits or signs can be seen, as an artifact does? */
  readonly settled?: boolean;
}

export interface Program {
  readonly tape: readonly number[];
  readonly parts: Parts;
  readonly bytes: Bytes;
  /** Arguments that fit the export `run`. */
  readonly args: readonly (number | bigint)[];
  toString(): string;
}

type Out = Instruction[];

interface Label {
  readonly carries: string;
}

interface Maker {
  readonly tape: readonly number[];
  at: number;
  readonly shape: Required<ProgramShape>;
  readonly types: { params: string; results: string }[];
  readonly functions: { params: string; results: string }[];
  index: number;
  labels: Label[];
  counters: number;
  /** How deep expressions and statements may still nest. */
  budget: number;
  loops: number;
}

const rows = Object.entries(OPCODES) as [string, Opcode][];
const TYPES = "ilfd";
const mayTrap = (name: string): boolean => /div_|rem_|trunc_f/.test(name);
const plain = rows.filter(([, row]) => row.immediate === "none" && row.pushes !== "" && !row.pops.includes("x"));
const loads = rows.filter(([, row]) => row.effect === "reads");
const stores = rows.filter(([, row]) => row.effect === "writes" && row.immediate === "memarg");

const MAX_FUNCTIONS = 4;
const SIGNATURES = [
  { params: "ilfd", results: "l" },
  { params: "i", results: "i" },
  { params: "d", results: "dl" },
  { params: "if", results: "f" },
  { params: "", results: "ifl" },
] as const;
/** Two locals of each type for the program, then counters of loops. */
const LOCALS = "iillffdd";
const COUNTERS = 6;
const GLOBALS = "ilfd";
export const PAGES = 2;
const NANS: readonly number[][] = [
  [0, 0, 0xc0, 0x7f],
  [1, 0, 0xc0, 0xff],
  [5, 0, 0xa0, 0x7f],
];

const draw = (maker: Maker, below: number): number => (((maker.tape[maker.at++] ?? 0) % below) + below) % below;
const pick = <T>(maker: Maker, from: readonly T[]): T => from[draw(maker, from.length)] as T;

const localOf = (maker: Maker, type: string): number => {
  const { params } = maker.functions[maker.index] as { params: string };
  const variables = [...params, ...LOCALS];
  const fitting = variables.flatMap((letter, index) => (letter === type ? [index] : []));
  return pick(maker, fitting);
};

function constant(maker: Maker, type: string): Instruction {
  const number = draw(maker, 0x10000);
  const special = [0, -1, 1, 0x7fffffff, -0x80000000, 255, 65_536];
  if (type === "i") return ["i32.const", number % 3 === 0 ? (special[number % 7] as number) : number - 0x8000];
  if (type === "l") return ["i64.const", BigInt(number - 0x8000) << BigInt(number % 48)];
  const floats = [0, -0, 1.5, -2.25, Infinity, -Infinity, 1e30, -1e-40, NaN];
  if (number % 4 !== 0) return [type === "f" ? "f32.const" : "f64.const", floats[number % 9] as number];
  const nan = NANS[number % 3] as number[];
  return type === "f" ? ["f32.const", nan] : ["f64.const", [number & 0xff, 0, 0, 0, 0, 0, 0xf8, nan[3] as number]];
}

function address(maker: Maker, out: Out): void {
  expression(maker, "i", out);
  if (maker.shape.addresses === "wild") return;
  out.push(["i32.const", 0xfff8], ["i32.and"]);
}

const offset = (maker: Maker): number =>
  maker.shape.addresses === "wild" ? draw(maker, 0x1_0000) * 97 : draw(maker, 64);

function load(maker: Maker, type: string, out: Out): void {
  const [name] = pick(
    maker,
    loads.filter(([, row]) => row.pushes === type),
  );
  address(maker, out);
  out.push([name, offset(maker)]);
}

function operation(maker: Maker, type: string, out: Out): void {
  const fitting = plain.filter(([name, row]) => row.pushes === type && (maker.shape.traps || !mayTrap(name)));
  const [name, row] = pick(maker, fitting);
  for (const letter of row.pops) expression(maker, letter, out);
  if (/copysign|reinterpret_f/.test(name)) settle(maker, row.pops.at(-1) as string, out);
  out.push([name]);
}

/** In other words than the instrumenter's, so that it settles once more. */
function settle(maker: Maker, type: string, out: Out): void {
  if (!maker.shape.settled || (type !== "f" && type !== "d")) return;
  const { params } = maker.functions[maker.index] as { params: string };
  const local = params.length + LOCALS.length + COUNTERS + "fd".indexOf(type);
  const name = type === "f" ? "f32" : "f64";
  out.push(["local.tee", local], ["local.get", local], [`${name}.ne`], ["if", type]);
  out.push([`${name}.const`, NaN], ["else"], ["local.get", local], ["end"]);
}

function within(maker: Maker, label: Label, make: () => void): void {
  const { labels } = maker;
  maker.labels = [...labels, label];
  make();
  maker.labels = labels;
}

function choice(maker: Maker, type: string, out: Out): void {
  expression(maker, "i", out);
  out.push(["if", type]);
  within(maker, { carries: type }, () => expression(maker, type, out));
  out.push(["else"]);
  within(maker, { carries: type }, () => expression(maker, type, out));
  out.push(["end"]);
}

/** A block that gives a value, by its end or by a branch that carries it out. */
function valueBlock(maker: Maker, type: string, out: Out): void {
  out.push(["block", type]);
  within(maker, { carries: type }, () => {
    statement(maker, out);
    expression(maker, type, out);
    expression(maker, "i", out);
    out.push(["br_if", 0]);
  });
  out.push(["end"]);
}

/** A counted loop; the counter stands in a local that nothing else names. */
function loop(maker: Maker, out: Out, make: () => void): void {
  if (maker.counters >= COUNTERS || maker.loops >= 3) return make();
  const { params } = maker.functions[maker.index] as { params: string };
  const counter = params.length + LOCALS.length + maker.counters++;
  maker.loops++;
  out.push(["i32.const", 1 + draw(maker, 6)], ["local.set", counter], ["loop", ""]);
  within(maker, { carries: "" }, make);
  out.push(["local.get", counter], ["i32.const", 1], ["i32.sub"], ["local.tee", counter], ["br_if", 0], ["end"]);
  maker.loops--;
}

function callBehind(maker: Maker, type: string, out: Out): boolean {
  const candidates = maker.functions.flatMap(({ results }, index) =>
    index > maker.index && results.startsWith(type) ? [index] : [],
  );
  if (candidates.length === 0) return false;
  const target = pick(maker, candidates);
  const { params, results } = maker.functions[target] as { params: string; results: string };
  for (const letter of params) expression(maker, letter, out);
  if (draw(maker, 2) === 0) out.push(["call", target]);
  else out.push(["i32.const", target], ["call_indirect", target]);
  for (let i = 1; i < results.length; i++) out.push(["drop"]);
  return true;
}

/** Leaves one value of the type on the stack. */
function expression(maker: Maker, type: string, out: Out): void {
  if (maker.budget <= 0 || maker.at >= maker.tape.length) return simple(maker, type, out);
  maker.budget--;
  const index = draw(maker, 11);
  if (index < 4) operation(maker, type, out);
  else if (index === 4) load(maker, type, out);
  else if (index === 5) choice(maker, type, out);
  else if (index === 6) valueBlock(maker, type, out);
  else if (index === 7) select(maker, type, out);
  else if (index === 8 && callBehind(maker, type, out)) return restore(maker);
  else if (index === 9) {
    expression(maker, type, out);
    out.push(["local.tee", localOf(maker, type)]);
  } else simple(maker, type, out);
  restore(maker);
}

const restore = (maker: Maker): void => {
  maker.budget++;
};

function select(maker: Maker, type: string, out: Out): void {
  for (const letter of [type, type, "i"]) expression(maker, letter, out);
  out.push(["select"]);
}

function simple(maker: Maker, type: string, out: Out): void {
  const index = draw(maker, 4);
  if (index === 0) out.push(constant(maker, type));
  else if (index === 1) out.push(["global.get", GLOBALS.indexOf(type)]);
  else if (index === 2 && type === "i" && maker.shape.bulk) out.push(["memory.size"]);
  else out.push(["local.get", localOf(maker, type)]);
}

function store(maker: Maker, out: Out): void {
  const [name, row] = pick(maker, stores);
  address(maker, out);
  expression(maker, row.pops[1] as string, out);
  settle(maker, row.pops[1] as string, out);
  out.push([name, offset(maker)]);
}

function bulk(maker: Maker, out: Out): void {
  const kind = draw(maker, 5);
  if (kind === 0) {
    out.push(["i32.const", draw(maker, 3)], ["memory.grow"], ["drop"]);
    return;
  }
  address(maker, out);
  if (kind < 3) expression(maker, "i", out);
  else address(maker, out);
  out.push(["i32.const", draw(maker, maker.shape.addresses === "wild" ? 0x10000 : 4096)]);
  out.push([kind < 3 ? "memory.fill" : "memory.copy"]);
}

function branches(maker: Maker, out: Out): void {
  out.push(["block", ""], ["block", ""], ["block", ""]);
  expression(maker, "i", out);
  out.push(["br_table", [draw(maker, 3), draw(maker, 3), draw(maker, 3), 2]], ["end"]);
  within(maker, { carries: "" }, () => within(maker, { carries: "" }, () => statement(maker, out)));
  if (draw(maker, 2) === 0) out.push(["br", 1]);
  out.push(["end"]);
  within(maker, { carries: "" }, () => statement(maker, out));
  out.push(["end"]);
}

function returnEarly(maker: Maker, out: Out): void {
  if (!maker.shape.ends && maker.index === 0) return assign(maker, out);
  const { results } = maker.functions[maker.index] as { results: string };
  expression(maker, "i", out);
  out.push(["if", ""]);
  for (const letter of results) simple(maker, letter, out);
  out.push(["return"], ["end"]);
}

/** Two values in, two out: types of several values on blocks. */
function exchange(maker: Maker, out: Out): void {
  expression(maker, "i", out);
  expression(maker, "l", out);
  out.push(["block", blockTypeIndex(maker)], ["i32.wrap_i64"], ["local.set", localOf(maker, "i")]);
  expression(maker, "l", out);
  out.push(["end"], ["local.set", localOf(maker, "l")], ["local.set", localOf(maker, "i")]);
}

const blockTypeIndex = (maker: Maker): number => maker.functions.length;

const STATEMENTS: readonly ((maker: Maker, out: Out) => void)[] = [
  (maker, out) => assign(maker, out),
  (maker, out) => assign(maker, out),
  store,
  store,
  (maker, out) => loop(maker, out, () => statements(maker, out, 2)),
  (maker, out) => (maker.shape.bulk ? bulk(maker, out) : assign(maker, out)),
  branches,
  returnEarly,
  exchange,
  (maker, out) => {
    expression(maker, pick(maker, [...TYPES]), out);
    out.push(["drop"]);
  },
];

function assign(maker: Maker, out: Out): void {
  const type = pick(maker, [...TYPES]);
  expression(maker, type, out);
  if (draw(maker, 3) === 0) out.push(["global.set", GLOBALS.indexOf(type)]);
  else out.push(["local.set", localOf(maker, type)]);
}

function statement(maker: Maker, out: Out): void {
  if (maker.budget <= 0 || maker.at >= maker.tape.length) return;
  maker.budget--;
  pick(maker, STATEMENTS)(maker, out);
  maker.budget++;
}

function statements(maker: Maker, out: Out, most: number): void {
  for (let i = draw(maker, most + 1); i > 0; i--) statement(maker, out);
}

/** What a spinning program does for ever: with work inside, with calls, by a table, or not at all. */
function spin(maker: Maker, out: Out): void {
  out.push(["loop", ""]);
  for (let i = draw(maker, 4); i > 0; i--) statement(maker, out);
  const kind = draw(maker, 3);
  if (kind === 0) out.push(["br", 0]);
  else if (kind === 1) out.push(["i32.const", draw(maker, 9)], ["br_table", [0, 0, 0]]);
  else out.push(["i32.const", 1], ["br_if", 0], ["unreachable"]);
  out.push(["end"]);
}

/** A function's code. What ends the entry of a program that spins never returns. */
function functionCode(maker: Maker, index: number): Instruction[] {
  const out: Out = [];
  Object.assign(maker, { index, labels: [], counters: 0, loops: 0, budget: 5 });
  const { results } = maker.functions[index] as { results: string };
  const spins = !maker.shape.ends && index === 0;
  if (spins) spin(maker, out);
  else for (let i = 1 + draw(maker, 5); i > 0; i--) statement(maker, out);
  for (const letter of results) expression(maker, letter, out);
  return out;
}

// What a run left behind: a hash over the first page and the globals, as the module sees them itself.
const digestCode = (): Instruction[] => [
  ...([["loop", ""], ["local.get", 1], ["i64.const", 31], ["i64.mul"]] as const),
  ...([["local.get", 0], ["i64.load", 0], ["i64.xor"], ["local.set", 1]] as const),
  ...([["local.get", 0], ["i32.const", 8], ["i32.add"], ["local.tee", 0]] as const),
  ...([["i32.const", 0x10000], ["i32.lt_u"], ["br_if", 0], ["end"]] as const),
  ...([["local.get", 1], ["global.get", 0], ["i64.extend_i32_s"], ["i64.xor"]] as const),
  ...([["global.get", 1], ["i64.add"], ["f32.const", NaN], ["global.get", 2]] as const),
  ...([["global.get", 2], ["global.get", 2], ["f32.ne"], ["select"], ["i32.reinterpret_f32"]] as const),
  ...([["i64.extend_i32_s"], ["i64.xor"], ["f64.const", NaN], ["global.get", 3], ["global.get", 3]] as const),
  ...([["global.get", 3], ["f64.ne"], ["select"], ["i64.reinterpret_f64"], ["i64.add"]] as const),
];

const ARGS: readonly (readonly (number | bigint)[])[] = [
  [1, 2n, 3.5, -4.5],
  [-7, -1n, NaN, Infinity],
];

/** The same tape and shape give the same program. */
export function programOf(tape: readonly number[], shape: ProgramShape = {}): Program {
  const given = { ends: true, addresses: "tame" as const, bulk: true, traps: true, settled: true, ...shape };
  // A program that is to spin must not trap instead.
  const full = given.ends ? given : { ...given, addresses: "tame" as const, traps: false };
  const maker: Maker = {
    ...{ tape, at: 0, shape: full, types: [], functions: [SIGNATURES[0]], index: 0 },
    ...{ labels: [], counters: 0, budget: 0, loops: 0 },
  };
  const more = draw(maker, MAX_FUNCTIONS);
  for (let i = 0; i < more; i++) maker.functions.push(pick(maker, SIGNATURES));
  const counters = "i".repeat(COUNTERS);
  const functions = maker.functions.map((signature, index) => ({
    ...signature,
    locals: `${LOCALS}${counters}fd`,
    code: functionCode(maker, index),
    ...(index === 0 ? { exported: "run" } : {}),
  }));
  const digest = { params: "i", results: "l", locals: "l", code: digestCode(), exported: "digest" };
  const parts: Parts = {
    functions: [...functions, digest],
    types: [{ params: "il", results: "il" }],
    pages: PAGES,
    table: functions.map((_, index) => index),
    globals: [...GLOBALS].map((type, index) => ({ type, value: index * 3 })),
    data: [{ offset: 16, bytes: [1, 2, 3, 0xff, 0x80, 9] }],
  };
  // The block type of several values stands behind the types of all functions, the digest's included.
  const mended = { ...parts, functions: parts.functions.map((f) => ({ ...f, code: mendTypes(f.code, parts) })) };
  return {
    tape,
    parts: mended,
    bytes: assemble(mended),
    args: ARGS[(tape[0] ?? 0) % 2] as readonly (number | bigint)[],
    toString: () => `tape ${JSON.stringify(tape)}\n${textOf(mended)}`,
  };
}

const mendTypes = (code: Parts["functions"][number]["code"], { functions }: Parts): Instruction[] =>
  (code as readonly Instruction[]).map((one) =>
    one[0] === "block" && typeof one[1] === "number" ? ["block", functions.length] : one,
  );
