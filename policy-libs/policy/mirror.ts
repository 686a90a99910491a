// The mirror of the gate's monitor in a plain WebAssembly program: refusals that need no crossing.
//
// Invariants
//   MI1  A row refuses what the gate refuses in the same state: without it the gate decides, and as well.
import type { Check, Monitors, Step } from "../../kernel/index.ts";

/** What the gate `call` answers then (CALL.DENIED of stdlib/abi.ts). */
export const DENIED = -2;

/** `word & mask == value`, of a word of the monitor's state. */
export interface WordTest {
  readonly word: number;
  readonly mask: number;
  readonly value: number;
}

/** Calls of `method` of `handle` are refused while all of its tests hold. */
export interface MirrorRow {
  readonly handle: number;
  readonly method: number;
  readonly words: readonly WordTest[];
}

const steps = ({ word, mask, value }: WordTest, first: number): readonly Step[] => [
  ["register", first + word],
  ["i64.const", mask >>> 0],
  ["i64.and"],
  ["i64.const", value >>> 0],
  ["i64.eq"],
  ["i32.and"],
];

function checkOf({ handle, method, words }: MirrorRow, first: number): Check {
  const called: readonly Step[] = [
    ...([["operand", 0], ["i64.const", handle >>> 0], ["i64.eq"]] as const),
    ...([["operand", 1], ["i64.const", method >>> 0], ["i64.eq"], ["i32.and"]] as const),
  ];
  return { test: [...called, ...words.flatMap((one) => steps(one, first))], act: ["give", DENIED] };
}

export interface Mirrored {
  readonly monitors: Monitors;
  /** The register of the state's first word: `domain.setRegister(first + word, value)` keeps it up to date. */
  readonly first: number;
}

/** Monitors that refuse by these rows as well, over a state of so many words. */
export function withMirror(monitors: Monitors | undefined, words: number, rows: readonly MirrorRow[]): Mirrored {
  const { registers, reasons, on } = monitors ?? { registers: 1, reasons: [], on: {} };
  const first = Math.max(registers, 1); // register 0 is the depth
  const gate = [...(on.gate ?? []), ...rows.map((row) => checkOf(row, first))];
  return { monitors: { registers: first + words, reasons, on: { ...on, gate } }, first };
}
