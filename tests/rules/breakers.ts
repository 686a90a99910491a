// One module per safety rule that breaks that rule and no other. Most are made from an artifact that is accepted, by one
// edit; the host engine finds all but `malformed` valid.
import {
  confine,
  IMPORTS,
  inline,
  MAX_BLOCK_DEPTH,
  MAX_LOCALS,
  MAX_MODULE_BYTES,
  MAX_OPERANDS,
  type Mode,
  RESERVED_GLOBALS,
  type RuleId,
  settle,
  TRAMPOLINES,
} from "../../kernel/index.ts";
import { assemble, type Bytes, type Code, encode, type Instruction, leb, signedLeb } from "../kit/assemble.ts";
import { decodeModule } from "../kit/disassemble.ts";
import { inFrame, MONITORS, type Place, placesOf, program } from "../kit/monitored.ts";
import { append, editBody, editSection, withCustomSection } from "../kit/surgery.ts";
import { endOfCode, FRAME, find, findBytes, insert, instructions, MAIN, SEGMENT, victim } from "../kit/victim.ts";
import { artifactBytes } from "../kit/world.ts";

export interface Breaker {
  readonly mode: Mode;
  /** An artifact that is accepted. */
  readonly good: Bytes;
  /** The same after one edit. */
  readonly bad: Bytes;
}

const breaker = (good: Bytes, edit: (good: Bytes) => Bytes, mode: Mode = FRAME): Breaker => ({
  mode,
  good,
  bad: edit(good),
});

const repeat = (times: number, ...code: Instruction[]): Instruction[] =>
  Array.from({ length: times }, () => code).flat();
const many = (n: number): string => "i".repeat(n);

function single(code: Code, locals = "", more: { readonly pages?: number; readonly data?: number } = {}): Bytes {
  const functions = [{ params: "i", results: "", locals, code, exported: "main" }];
  const data = more.data === undefined ? [] : [{ offset: 0, bytes: Array.from({ length: more.data }, () => 1) }];
  return artifactBytes(assemble({ functions, pages: more.pages ?? 1, data }));
}

/** Pairs of a module that is just small enough and one that is not. */
const pair = (good: Bytes, bad: Bytes): Breaker => ({ mode: FRAME, good, bad });

function replaceText(bytes: Bytes, from: string, to: string): Bytes {
  const copy = Uint8Array.from(bytes);
  const pattern = new TextEncoder().encode(from);
  const at = copy.findIndex((_, index) => pattern.every((byte, j) => copy[index + j] === byte));
  copy.set(new TextEncoder().encode(to), at);
  return copy;
}

/** Adds to the constant that stands at place `nth` of the constants of a body. */
function bumpConstant(bytes: Bytes, index: number, nth: number, by: number): Bytes {
  const constant = find(bytes, index, "i32.const", nth);
  return editBody(bytes, index, constant.at, constant.end, encode(["i32.const", (constant.first as number) + by]));
}

/** 256 KB at a time: an array of 16 million numbers is no way to write a data segment. */
function tooManyBytes(good: Bytes): Bytes {
  const size = MAX_MODULE_BYTES;
  const payload = new Uint8Array(size + 16);
  payload.set([1, 0, 0x41, 0, 0x0b, ...leb(size)]);
  return editSection(good, 11, () => payload.subarray(0, 5 + leb(size).length + size));
}

const atEnd =
  (...code: Instruction[]) =>
  (good: Bytes): Bytes =>
    insert(good, MAIN, endOfCode(good, MAIN), code);
const cut =
  (pattern: readonly number[]) =>
  (good: Bytes): Bytes => {
    const at = findBytes(good, MAIN, pattern);
    return editBody(good, MAIN, at, at + pattern.length, []);
  };

/** The charge of the first loop of `main`: everything from the loop on up to the `end` of its `if`. */
function withoutCharge(good: Bytes): Bytes {
  const seen = instructions(good, MAIN);
  const loop = seen.findIndex(({ name }) => name === "loop");
  const [first, last] = [seen[loop + 1], seen[loop + 10]];
  return editBody(good, MAIN, first?.at as number, last?.end as number, []);
}

function cheaperLoop(good: Bytes): Bytes {
  const seen = instructions(good, MAIN);
  const cost = seen[seen.findIndex(({ name }) => name === "loop") + 2] as { at: number; end: number; first: number };
  return editBody(good, MAIN, cost.at, cost.end, encode(["i32.const", cost.first - 1]));
}

/** ENTER and LEAVE agree on a frame that is too small. */
function smallerFrame(good: Bytes): Bytes {
  const once = bumpConstant(good, MAIN, 1, -8);
  return bumpConstant(once, MAIN, -1, -8);
}

const settled = (): readonly number[] => {
  const tee = instructions(victim(), MAIN).find(({ name }) => name === "local.tee");
  return settle("f64", tee?.first as number);
};

function farAccess(good: Bytes): Bytes {
  const load = find(good, MAIN, "i32.load");
  return editBody(good, MAIN, load.at, load.end, encode(["i32.load", SEGMENT.guard, 2]));
}

const baseLocal = (): number =>
  instructions(victim(SEGMENT), MAIN).find(({ name }) => name === "local.set")?.first ?? -1;
const rawGate = IMPORTS.length - 1;
const place = [0, 0x41, 0, 0x0b];

const nested = (depth: number): Bytes => single([...repeat(depth, ["block", ""]), ...repeat(depth, ["end"])]);
const high = (operands: number): Bytes =>
  single([...repeat(operands, ["i32.const", 0]), ...repeat(operands, ["drop"])]);

// The toolchain itself refuses to nest or pile up too much, so the last step is done by hand.
function deeper(good: Bytes): Bytes {
  const innermost = instructions(good, MAIN).findLast(({ name }) => name === "block") as { end: number };
  return insert(good, MAIN, innermost.end, [["block", ""], ["end"]]);
}

function higher(good: Bytes): Bytes {
  return insert(good, MAIN, find(good, MAIN, "drop").at, [["i32.const", 0], ["drop"]]);
}

/** A global of the guest's own that begins with what another holds: valid for V8, and no constant. */
function borrowedGlobal(good: Bytes): Bytes {
  const { globals } = decodeModule(good);
  const constant = append(good, 6, [0x7f, 0, 0x41, 5, 0x0b]);
  return append(constant, 6, [0x7f, 0, 0x23, ...leb(globals.length), 0x0b]);
}

const ifs = (n: number): Instruction[] => repeat(n, ["local.get", 0], ["if", ""], ["end"]);

const MONITORED = inFrame(MONITORS);

function withoutCheck(good: Bytes): Bytes {
  const { body, from, instruction } = placesOf(good, MONITORS).find(
    ({ to, instruction: { end } }) => to === end,
  ) as Place;
  return editBody(good, body, from, instruction.at, []);
}

function withoutCount(good: Bytes): Bytes {
  const { enter } = inline(MONITORS);
  const at = findBytes(good, MAIN, [...enter]);
  return editBody(good, MAIN, at, at + enter.length, []);
}

export const BREAKERS: Readonly<Record<RuleId, () => Breaker>> = {
  malformed: () => breaker(victim(), (good) => good.slice(0, -1)),
  "S-bytes": () => breaker(single([["nop"]], "", { pages: 4096, data: 1 }), tooManyBytes),
  "S-entries": () => breaker(victim(), (good) => append(good, 1, [0x60, 101, ...i32s(101), 0])),
  "S-locals": () => pair(single([["nop"]], many(MAX_LOCALS - 1)), single([["nop"]], many(MAX_LOCALS))),
  "S-instructions": () => pair(single(repeat(65_000, ["nop"])), single(repeat(65_536, ["nop"]))),
  "S-product": () => pair(single(ifs(1_000), many(900)), single(ifs(1_200), many(900))),
  "S-depth": () => breaker(nested(MAX_BLOCK_DEPTH - 1), deeper),
  "S-operands": () => breaker(high(MAX_OPERANDS), higher),
  "O-opcode": () =>
    breaker(victim(), (good) => editBody(good, MAIN, ...twice(endOfCode(good, MAIN)), [0x41, 0, 0xfd, 0x0f, 0x1a])),
  "V1-imports": () => breaker(victim(), (good) => replaceText(good, "answer", "Answer")),
  "V1-trampolines": () => breaker(victim(), (good) => bumpConstant(good, trampoline("grow"), 0, -1)),
  "V1-globals": () => breaker(victim(), borrowedGlobal),
  "V1-exports": () => breaker(victim(), (good) => replaceText(good, "cordon.fuel", "cordon.fuex")),
  "V1-nameable": () => breaker(victim(), (good) => append(good, 9, [...place, 1, rawGate])),
  "V2-sections": () => breaker(victim(), withCustomSection),
  "V2-table": () => breaker(victim(), (good) => editSection(good, 4, () => [1, 0x70, 1, 2, 3])),
  "V2-elements": () => breaker(victim(), (good) => append(good, 9, [1, 0, 1, MAIN + IMPORTS.length])),
  "V2-data": () => breaker(victim(), (good) => append(good, 11, [0, 0x41, ...signedLeb(65_536), 0x0b, 1, 9])),
  "V3-dead": () => breaker(victim(), (good) => insert(good, MAIN, find(good, MAIN, "br_table").end, [["nop"]])),
  "V4-frame": () => breaker(victim(), (good) => bumpConstant(good, MAIN, -1, 8)),
  "V4-return": () => breaker(victim(), atEnd(["return"])),
  "V4-label": () => breaker(victim(), atEnd(["br", 1])),
  "V5-charge": () => breaker(victim(), withoutCharge),
  "V5-weight": () => breaker(victim(), cheaperLoop),
  "V6-reserved": () => breaker(victim(), atEnd(["global.get", RESERVED_GLOBALS - 1], ["drop"])),
  "V7-segment": () =>
    breaker(victim(SEGMENT), (good) => replaceText(good, "memory\x02\0\x01", "memory\x02\0\x03"), SEGMENT),
  "V7-address": () => breaker(victim(SEGMENT), cut(confine(SEGMENT.mask, baseLocal())), SEGMENT),
  "V7-offset": () => breaker(victim(SEGMENT), farAccess, SEGMENT),
  "V8-base": () => breaker(victim(SEGMENT), atEnd(["i32.const", 0], ["local.set", baseLocal()]), SEGMENT),
  "V9-memory": () => breaker(victim(), atEnd(["memory.size"], ["drop"])),
  "V10-enter": () => breaker(victim(), smallerFrame),
  "V11-check": () => breaker(program(MONITORED), withoutCheck, MONITORED),
  "V12-depth": () => breaker(program(MONITORED), withoutCount, MONITORED),
  "N1-settled": () => breaker(victim(), cut(settled())),
};

function twice(at: number): [number, number] {
  return [at, at];
}
function i32s(n: number): number[] {
  return Array.from({ length: n }, () => 0x7f);
}
function trampoline(name: string): number {
  return TRAMPOLINES.findIndex((row) => row.name === name);
}
