// Monitors of every kind of event, a program that has all of the monitored instructions, and where its checks stand.
import {
  type Check,
  DIVIDE,
  DIVIDE_WIDE,
  GUARD,
  INDIRECT,
  inline,
  type Mode,
  type Monitors,
  type Step,
  TRAMPOLINES,
} from "../../kernel/index.ts";
import { assemble, type Bytes, type Instruction, type Parts } from "./assemble.ts";
import { modeOf } from "./confinement.ts";
import { decodeModule, disassemble, type Seen } from "./disassemble.ts";
import { artifactBytes } from "./world.ts";

export const operand = (index = 0): Step => ["operand", index];
export const constant = (value: number): Step => ["i64.const", value];
export const register = (index: number): Step => ["register", index];

/** Register 0: the depth. 1: divisions by less than 10. 2: a word of the gate's monitor. */
const DIVISIONS: readonly Check[] = [
  { test: [operand(), constant(0), ["i64.eq"]], act: ["end", 0] },
  { test: [operand(), constant(3), ["i64.eq"]], act: ["give", 7] },
  { test: [operand(), constant(10), ["i64.lt_u"]], act: ["add", 1] },
];

export const MONITORS: Monitors = {
  registers: 3,
  reasons: ["division by zero", "slot 9", "too deep", "too much memory"],
  on: {
    divide: DIVISIONS,
    indirect: [{ test: [operand(), constant(9), ["i64.eq"]], act: ["end", 1] }],
    call: [{ test: [operand(), constant(20), ["i64.gt_u"]], act: ["end", 2] }],
    grow: [
      { test: [operand(), constant(100), ["i64.gt_u"]], act: ["end", 3] },
      { test: [operand(), constant(8), ["i64.gt_u"]], act: ["give", -1] },
    ],
    gate: [
      {
        test: [
          ...[operand(0), constant(1), ["i64.eq"]],
          ...[operand(1), constant(0), ["i64.eq"], ["i32.and"]],
          ...[register(2), constant(1), ["i64.and"], constant(1), ["i64.eq"], ["i32.and"]],
        ] as Step[],
        act: ["give", -2],
      },
    ],
  },
};

export const monitored = (on: Monitors["on"], registers = 1): Monitors => ({ ...MONITORS, on, registers });
export const inFrame = (monitors: Monitors): Mode => ({ kind: "frame", monitors });
/** As the domains of this run are confined. */
export const inMode = (monitors: Monitors): Mode => ({ ...modeOf(128), monitors });
export const inSegment = (monitors: Monitors): Mode => ({ kind: "segment", mask: 0x1_ffff, guard: GUARD, monitors });

const filler: readonly Instruction[] = Array.from({ length: 20 }, () => ["nop"]);
const binary = (name: string, type: "i" | "l"): Parts["functions"][number] => ({
  ...{ params: type + type, results: type, locals: "il", exported: name },
  code: [["local.get", 0], ["local.get", 1], [name], ...filler],
});

/** `shared`: a division that one branch or another comes to. `deep(n)` calls itself n times. */
export const PROGRAM: Parts = {
  pages: 1,
  table: [0, 9],
  globals: [{ type: "l", value: 7 }],
  functions: [
    binary("i32.div_s", "i"),
    ...[binary("i32.div_u", "i"), binary("i32.rem_s", "i"), binary("i32.rem_u", "i")],
    ...[binary("i64.div_s", "l"), binary("i64.div_u", "l"), binary("i64.rem_s", "l"), binary("i64.rem_u", "l")],
    {
      ...{ params: "iii", results: "i", exported: "indirect" },
      code: [["local.get", 0], ["local.get", 1], ["local.get", 2], ["call_indirect", 0], ...filler],
    },
    {
      ...{ params: "ii", results: "i", locals: "i", exported: "nested" },
      code: [
        ...([["local.get", 0], ["if", "i"], ["local.get", 0], ["local.get", 1], ["i32.div_u"]] as const),
        ...([["else"], ["i32.const", 100], ["local.get", 1], ["i32.rem_u"], ["end"], ["local.set", 2]] as const),
        ...([["loop", ""], ["local.get", 2], ["i32.const", 2], ["i32.div_u"], ["local.tee", 2]] as const),
        ...([["br_if", 0], ["end"], ["local.get", 2]] as const),
        ...filler,
      ],
    },
    {
      ...{ params: "i", results: "i", exported: "deep" },
      code: [
        ...([["local.get", 0], ["if", "i"], ["local.get", 0], ["i32.const", 1], ["i32.sub"], ["call", 10]] as const),
        ...([["i32.const", 1], ["i32.add"], ["else"], ["i32.const", 0], ["end"]] as const),
        ...filler,
      ],
    },
    {
      ...{ params: "i", results: "i", exported: "grow" },
      code: [["local.get", 0], ["memory.grow"], ...filler],
    },
    { ...{ params: "", results: "l", exported: "global" }, code: [["global.get", 0], ...filler] },
  ],
};

export const program = (mode: Mode): Bytes => artifactBytes(assemble(PROGRAM), mode);

/** A monitored instruction and its check: [from, to) of the module, of which [at, end) is the instruction. */
export interface Place {
  readonly body: number;
  readonly kind: number;
  readonly local: number;
  readonly from: number;
  readonly to: number;
  readonly instruction: Seen;
}

const kindOf = (name: string): number => {
  if (name === "call_indirect") return INDIRECT;
  return /^i32.(div|rem)_/.test(name) ? DIVIDE : /^i64.(div|rem)_/.test(name) ? DIVIDE_WIDE : 0;
};

function placeOf(bytes: Uint8Array, body: number, instruction: Seen, monitors: Monitors): Place | undefined {
  const [kind, { around }] = [kindOf(instruction.name), inline(monitors)];
  for (let local = 0; local < 60; local++) {
    const { before, after } = around(kind, local);
    const from = instruction.at - before.length;
    if (before.every((byte, i) => bytes[from + i] === byte))
      return { body, kind, local, from, to: instruction.end + after.length, instruction };
  }
  return undefined;
}

/** Every check at an instruction, by the generator alone: the verifier is not asked. */
export function placesOf(bytes: Uint8Array, monitors: Monitors): Place[] {
  return decodeModule(bytes).bodies.flatMap((body, index) => {
    if (index < TRAMPOLINES.length) return [];
    const found = disassemble(bytes, body).filter(({ name }) => kindOf(name) !== 0);
    return found.flatMap((one) => placeOf(bytes, index, one, monitors) ?? []);
  });
}
