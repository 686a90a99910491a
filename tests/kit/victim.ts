// An artifact to be cut: it has one of everything that the rules speak of, and room for a few more instructions, since a
// region of 16 to 255 instructions weighs the same.
import { GUARD, type Mode, TRAMPOLINES } from "../../kernel/index.ts";
import { assemble, type Bytes, encodeAll, type Instruction, type Parts } from "./assemble.ts";
import { modeOf } from "./confinement.ts";
import { decodeModule, disassemble, type Seen } from "./disassemble.ts";
import { editBody } from "./surgery.ts";
import { artifactBytes } from "./world.ts";

export const FRAME: Mode = { kind: "frame" };
export const SEGMENT: Extract<Mode, { kind: "segment" }> = { kind: "segment", mask: 0x1_ffff, guard: GUARD };

const filler: readonly Instruction[] = Array.from({ length: 20 }, () => ["nop"]);

export const VICTIM: Parts = {
  pages: 1,
  table: [0, 1],
  globals: [{ type: "i", value: 7 }],
  data: [{ offset: 8, bytes: [1, 2, 3] }],
  functions: [
    {
      ...{ params: "idf", results: "", locals: "id", exported: "main" },
      code: [
        ...([
          ["local.get", 0],
          ["local.get", 1],
          ["f64.store", 8],
        ] as const),
        ...([["loop", ""], ["local.get", 0], ["i32.load", 16], ["local.tee", 3], ["br_if", 0], ["end"]] as const),
        ...([["block", ""], ["i32.const", 1], ["br_table", [0, 0]], ["end"]] as const),
        ...([["local.get", 0], ["if", ""], ["br", 1], ["end"]] as const),
        ...([["local.get", 0], ["call", 1], ["drop"]] as const),
        ...([["i32.const", 0], ["i32.const", 1], ["i32.const", 2], ["memory.fill"]] as const),
        ...filler,
      ],
    },
    {
      ...{ params: "i", results: "i", exported: "second" },
      code: [["local.get", 0], ["global.get", 0], ["i32.add"], ...filler],
    },
  ],
};

// `br 1` inside the `if` of a source would leave the function: the toolchain aims it at the outer block.
export const victim = (mode: Mode = modeOf()): Bytes => artifactBytes(assemble(VICTIM), mode);

/** The body of the victim's export `main`. */
export const MAIN = TRAMPOLINES.length;

export function instructions(bytes: Uint8Array, index: number): readonly Seen[] {
  const { bodies } = decodeModule(bytes);
  return disassemble(bytes, bodies[index] as { at: number; end: number });
}

export function find(bytes: Uint8Array, index: number, name: string, nth = 0): Seen {
  const all = instructions(bytes, index).filter((one) => one.name === name);
  const found = all.at(nth);
  if (found === undefined) throw new Error(`no ${name} in body ${index}`);
  return found;
}

/** Puts code before what stands at `at`. */
export const insert = (bytes: Uint8Array, index: number, at: number, code: readonly Instruction[]): Bytes =>
  editBody(bytes, index, at, at, encodeAll(code));

/** Where the guest's own code ends: before the `end` of the outer block, LEAVE (4 instructions) and the last `end`. */
export const endOfCode = (bytes: Uint8Array, index: number): number => (instructions(bytes, index).at(-6) as Seen).at;

/** The first place at which all of `pattern` stands in a body. */
export function findBytes(bytes: Uint8Array, index: number, pattern: readonly number[], from = 0): number {
  const { at, end } = decodeModule(bytes).bodies[index] as { at: number; end: number };
  for (let i = Math.max(at, from); i + pattern.length <= end; i++) {
    if (pattern.every((byte, j) => bytes[i + j] === byte)) return i;
  }
  throw new Error(`no ${pattern} in body ${index}`);
}
