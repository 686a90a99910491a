// Mutants of artifacts with monitors: each check missing, moved, doubled, weakened, jumped over, entered in its middle, or
// standing where there is nothing to check; and guests that help themselves to what belongs to the checks.
import { IMPORTS, inline, type Monitors, RESERVED_GLOBALS, TRAMPOLINES } from "../../kernel/index.ts";
import { type Bytes, type Code, encodeAll, leb } from "../kit/assemble.ts";
import { decodeModule, disassemble, type Seen } from "../kit/disassemble.ts";
import { type Place, placesOf } from "../kit/monitored.ts";
import { concat, editBody, editSection } from "../kit/surgery.ts";
import { endOfCode, findBytes, instructions } from "../kit/victim.ts";
import type { Mutant } from "./mutants.ts";

const code = (...instructions: Code): Uint8Array => Uint8Array.from(encodeAll(instructions));

/** The check in front of the instruction and the one behind it, as bytes. */
const parts = (bytes: Bytes, { from, to, instruction }: Place) => ({
  before: bytes.subarray(from, instruction.at),
  instruction: bytes.subarray(instruction.at, instruction.end),
  after: bytes.subarray(instruction.end, to),
});

/** Instructions of a check, as places in the module. */
const seenIn = (bytes: Bytes, { body, from, to }: Place): Seen[] =>
  disassemble(bytes, decodeModule(bytes).bodies[body] as { at: number; end: number }).filter(
    ({ at }) => at >= from && at < to,
  );

const SKIP = code(["block", ""], ["i32.const", 1], ["br_if", 0]);
const END = Uint8Array.of(0x0b);
const NOP = Uint8Array.of(0x01);

/** What can be done to the whole of one check. Codes that leave the stack as it was stand where they can. */
function wholeEdits(bytes: Bytes, place: Place): Mutant[] {
  const { body, from, to, kind } = place;
  const { before, instruction, after } = parts(bytes, place);
  const test = before.subarray(2);
  const drop = code(["drop"]);
  const again = kind === 2 ? code(["i64.const", 5]) : code(["i32.const", 5]);
  const as = (name: string, ...pieces: Uint8Array[]): Mutant => ({
    name: `${place.instruction.name} of body ${body}: ${name}`,
    bytes: editBody(bytes, body, from, to, concat(pieces)),
  });
  return [
    as("missing", instruction),
    as("in front missing", instruction, after),
    as("one instruction too early", before, NOP, instruction, after),
    as("behind it", instruction, again, before, drop, after),
    as("twice", before, before, instruction, after),
    as("half of it twice", before, test, instruction, after),
    as("jumped over", SKIP, again, before, drop, END, instruction, after),
    as("jumped over, all but the tee", before.subarray(0, 2), SKIP, test, END, instruction, after),
    as("its instruction once more", before, instruction, after, again, instruction),
    as("its instruction in a block of its own", before, code(["drop"], ["block", ""]), END, again, instruction, after),
    as("of something else", again, before, drop, before, instruction, after),
    ...(after.length === 0
      ? []
      : [as("behind missing", before, instruction), as("behind twice", before, instruction, after, after)]),
    ...(after.length === 0 ? [] : [as("behind one too late", before, instruction, NOP, after)]),
  ];
}

/** A block that ends, a branch, or nothing at all, between any two instructions of a check. */
function* middleEdits(bytes: Bytes, place: Place): Generator<Mutant> {
  for (const { at } of seenIn(bytes, place).slice(1)) {
    const put = (name: string, ...what: Code): Mutant => ({
      name: `${place.instruction.name} of body ${place.body}: ${name} at ${at - place.from}`,
      bytes: editBody(bytes, place.body, at, at, encodeAll(what)),
    });
    yield put("a nop", ["nop"]);
    yield put("the end of a block, to branch to", ["block", ""], ["i32.const", 1], ["br_if", 0], ["end"]);
  }
}

/** Every other value of every byte of a check. The instruction's own bytes are the guest's. */
export function* byteEdits(bytes: Bytes, { from, to, instruction }: Place): Generator<Mutant> {
  for (let at = from; at < to; at++) {
    if (at >= instruction.at && at < instruction.end) continue;
    for (let by = 1; by < 256; by++) {
      const copy = Uint8Array.from(bytes);
      copy[at] = (copy[at] as number) ^ by;
      yield { name: `${instruction.name}: byte ${at - from} is ${copy[at]}`, bytes: copy };
    }
  }
}

/** One instruction of the check taken out, or put behind the next. */
function* orderEdits(bytes: Bytes, place: Place): Generator<Mutant> {
  const seen = seenIn(bytes, place).filter(({ at }) => at !== place.instruction.at);
  for (const [index, one] of seen.entries()) {
    const next = seen[index + 1];
    yield {
      name: `${place.instruction.name}: without ${one.name} at ${one.at - place.from}`,
      bytes: editBody(bytes, place.body, one.at, one.end, []),
    };
    if (next === undefined || next.at !== one.end) continue;
    const swapped = concat([bytes.subarray(next.at, next.end), bytes.subarray(one.at, one.end)]);
    yield { name: `${one.name} behind ${next.name}`, bytes: editBody(bytes, place.body, one.at, next.end, swapped) };
  }
}

export const mutantsOfCheck = (bytes: Bytes, place: Place): Mutant[] => [
  ...wholeEdits(bytes, place),
  ...middleEdits(bytes, place),
  ...orderEdits(bytes, place),
];

/** What counts the calls, behind ENTER and before LEAVE, of one body: every byte, and all of it. */
export function* depthMutants(bytes: Bytes, body: number, monitors: Monitors): Generator<Mutant> {
  const { enter, leave } = inline(monitors);
  for (const [name, pattern] of [
    ["enter", enter],
    ["leave", leave],
  ] as const) {
    const at = findBytes(bytes, body, pattern, (instructions(bytes, body).at(name === "enter" ? 0 : -10) as Seen).at);
    const edit = (what: string, by: Iterable<number>): Mutant => ({
      name: `${name} of body ${body}: ${what}`,
      bytes: editBody(bytes, body, at, at + pattern.length, by),
    });
    yield edit("missing", []);
    yield edit("twice", [...pattern, ...pattern]);
    yield edit("a nop in front", [1, ...pattern]);
    yield edit("a nop behind", [...pattern, 1]);
    yield edit("jumped over", [...SKIP, ...pattern, 0x0b]);
    for (let i = 0; i < pattern.length; i++)
      for (let by = 1; by < 256; by++) yield edit(`byte ${i} xor ${by}`, pattern.with(i, (pattern[i] as number) ^ by));
  }
}

/** Guest code that names registers, or does by itself what a check does. */
export function helpings(bytes: Bytes, body: number, monitors: Monitors): Mutant[] {
  const end = endOfCode(bytes, body);
  const put = (name: string, ...what: Code): Mutant => ({
    name,
    bytes: editBody(bytes, body, end, end, encodeAll(what)),
  });
  const { enter, leave } = inline(monitors);
  return [
    ...Array.from({ length: monitors.registers }, (_, register) => [
      put(`reads register ${register}`, ["global.get", RESERVED_GLOBALS + register], ["drop"]),
      put(`writes register ${register}`, ["i64.const", 0n], ["global.set", RESERVED_GLOBALS + register]),
    ]).flat(),
    put("ends itself for a reason", ["i32.const", -1], ["global.set", 1]),
    put("counts a call more", Uint8Array.from(enter)),
    put("counts a call less", Uint8Array.from(leave)),
    put("divides unseen in dead code", ["br", 0], ["i32.const", 1], ["i32.const", 0], ["i32.div_u"], ["drop"]),
    put("divides unseen", ["i32.const", 1], ["i32.const", 0], ["i32.div_u"], ["drop"]),
    put(
      "divides unseen, in a block",
      ["block", "l"],
      ["i64.const", 1n],
      ["i64.const", 0n],
      ["i64.rem_s"],
      ["end"],
      ["drop"],
    ),
    put("calls unseen", ["i32.const", 1], ["i32.const", 1], ["i32.const", 0], ["call_indirect", 0], ["drop"]),
  ];
}

/** Every check of the module as code that stands at the end of a body, where no instruction follows it. */
export function strays(bytes: Bytes, body: number, monitors: Monitors): Mutant[] {
  const end = endOfCode(bytes, body);
  return placesOf(bytes, monitors)
    .filter((place) => place.body === body)
    .map((place) => {
      const { before } = parts(bytes, place);
      const value = place.kind === 2 ? code(["i64.const", 5]) : code(["i32.const", 5]);
      const stray = concat([value, before, code(["drop"])]);
      return { name: `a check without ${place.instruction.name}`, bytes: editBody(bytes, body, end, end, stray) };
    });
}

const globalEntry = (type: number, mutable: number, value: readonly number[]): number[] => [
  type,
  mutable,
  ...value,
  0x0b,
];

/** Registers that begin elsewhere, cannot be written, are not there, are of another type, or go by another name. */
export function registerMutants(bytes: Bytes, monitors: Monitors): Mutant[] {
  const { globals } = decodeModule(bytes);
  const spans = globals.map(({ at, end }) => bytes.slice(at - 2, end));
  const withGlobals = (name: string, edit: (all: Uint8Array[]) => Uint8Array[]): Mutant => ({
    name,
    bytes: editSection(bytes, 6, () => {
      const all = edit([...spans]);
      return [...leb(all.length), ...concat(all)];
    }),
  });
  const each = Array.from({ length: monitors.registers }, (_, register) => {
    const at = RESERVED_GLOBALS + register;
    const set = (name: string, entry: number[]): Mutant =>
      withGlobals(`register ${register} ${name}`, (all) => all.with(at, Uint8Array.from(entry)));
    return [
      set("begins at 1", globalEntry(0x7e, 1, [0x42, 1])),
      set("begins at -1", globalEntry(0x7e, 1, [0x42, 0x7f])),
      set("begins at a number of many bytes", globalEntry(0x7e, 1, [0x42, 0x80, 0x7f])),
      set("cannot be written", globalEntry(0x7e, 0, [0x42, 0])),
      set("is an i32", globalEntry(0x7f, 1, [0x41, 0])),
    ];
  });
  const name = [..."cordon.4"].map((letter) => letter.charCodeAt(0));
  const renamed = Uint8Array.from(bytes);
  const place = bytes.findIndex((_, at) => name.every((byte, i) => bytes[at + i] === byte));
  renamed[place + 7] = 0x39;
  return [
    ...each.flat(),
    withGlobals("one register less", (all) => all.toSpliced(RESERVED_GLOBALS, 1)),
    { name: "a register of another name", bytes: renamed },
  ];
}

export const guestBodies = (bytes: Bytes): number[] =>
  decodeModule(bytes).bodies.flatMap((_, index) => (index >= TRAMPOLINES.length ? [index] : []));

export const FIRST_BODY = TRAMPOLINES.length;
export const FIRST_FUNCTION = IMPORTS.length + TRAMPOLINES.length;
