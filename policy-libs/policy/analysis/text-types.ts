// What every text of a type looks like, whoever made it: contracts normalise before a policy looks.
//
// Invariants
//   Y1  Every text that a contract hands to a policy is accepted here. More may be: a class that no real call has makes
//       a counterexample that cannot happen, a class that is missing would make a proof that is wrong.
import type { ArgumentType } from "../vocabulary.ts";
import { type Automaton, DEAD, either } from "./automaton.ts";

export interface TextType {
  readonly automaton: Automaton;
  /** Units that the automaton tells apart, in groups of like ones. */
  readonly groups: readonly string[];
  /** Units in none of the groups are texts of this type as well, all alike. */
  readonly isOpen: boolean;
  /** UTF-16 units. */
  readonly most: number;
}

type Row = Readonly<Record<string, number>>;

/** A table of states: of each the next one by the group of the unit; "else" for units in none. */
function tabular(
  groups: readonly (readonly [string, string])[],
  rows: readonly Row[],
  ends: readonly number[],
): Automaton {
  const groupOf = new Map(groups.flatMap(([name, units]) => units.split("").map((unit) => [unit, name] as const)));
  return {
    start: 0,
    step: (state, unit) => (state === DEAD ? DEAD : (rows[state]?.[groupOf.get(unit) ?? "else"] ?? DEAD)),
    accepts: (state) => ends.includes(state),
  };
}

const LETTERS = "ghijklmnopqrstuvwyz_";
const HEXADECIMAL = "abcdef";
const DIGITS = ["0", "1", "2", "34", "5", "6789"] as const;

const NAME_GROUPS = [
  ["letter", LETTERS],
  ["hex", HEXADECIMAL],
  ["x", "x"],
  ["zero", "0"],
  ["digit", "123456789"],
  ["dash", "-"],
  ["dot", "."],
] as const;
const INNER: Row = { letter: 4, hex: 4, x: 4, zero: 4, digit: 4, dash: 5 };

/**
 * Labels of small letters, digits, "_" and inner "-", with single dots between them. The last one is no number, decimal
 * or hexadecimal: then it would be read as an address. States: start of a label, decimal, "0", "0x...", other, after "-".
 */
// biome-ignore format: a table
const NAME = tabular(NAME_GROUPS, [
  { ...INNER, dash: DEAD, zero: 2, digit: 1 },
  { ...INNER, zero: 1, digit: 1, dot: 0 },
  { ...INNER, zero: 1, digit: 1, x: 3, dot: 0 },
  { ...INNER, zero: 3, digit: 3, hex: 3, dot: 0 },
  { ...INNER, dot: 0 },
  { ...INNER },
], [4]);

/** Parts of a dotted address: nothing yet, "1", "2", "3" to "9", "1x" or "20" to "24", "25", and what takes no more. */
// biome-ignore format: a table
const OCTET: readonly Row[] = [
  { "0": 6, "1": 1, "2": 2, "34": 3, "5": 3, "6789": 3 },
  { "0": 4, "1": 4, "2": 4, "34": 4, "5": 4, "6789": 4 },
  { "0": 4, "1": 4, "2": 4, "34": 4, "5": 5, "6789": 6 },
  { "0": 6, "1": 6, "2": 6, "34": 6, "5": 6, "6789": 6 },
  { "0": 6, "1": 6, "2": 6, "34": 6, "5": 6, "6789": 6 },
  { "0": 6, "1": 6, "2": 6, "34": 6, "5": 6 },
  {},
];
const PARTS = 4;
/** The states of one part, after those of the parts before it. */
const part = (at: number): readonly Row[] =>
  OCTET.map((row, state) => {
    const inner = Object.entries(row).map(([group, next]) => [group, next + at * OCTET.length] as const);
    return Object.fromEntries(state > 0 && at < PARTS - 1 ? [...inner, ["dot", (at + 1) * OCTET.length]] : inner);
  });
const ADDRESS_4 = tabular(
  [...DIGITS.map((digits) => [digits, digits] as const), ["dot", "."]],
  [0, 1, 2, 3].flatMap(part),
  [1, 2, 3, 4, 5, 6].map((state) => state + (PARTS - 1) * OCTET.length),
);

/** More than the IPv6 addresses: hexadecimal digits and single dots in between, with two ":" at least. */
// biome-ignore format: a table
const ADDRESS_6 = tabular([["digit", `${HEXADECIMAL}${DIGITS.join("")}`], ["colon", ":"], ["dot", "."]], [
  { digit: 0, colon: 1 },
  { digit: 1, colon: 2 },
  { digit: 2, colon: 2, dot: 3 },
  { digit: 2 },
], [2]);

/** Absolute, with no ".", "..", "//", "\\" or NUL, and no "/" at its end unless it is all. */
// biome-ignore format: a table
const PATH = tabular([["slash", "/"], ["dot", "."], ["never", "\\\0"]], [
  { slash: 1 },
  { dot: 2, else: 4 },
  { dot: 3, else: 4 },
  { dot: 4, else: 4 },
  { slash: 5, dot: 4, else: 4 },
  { dot: 2, else: 4 },
], [1, 4]);

/** UTF-16 units. */
const MOST_PATH = 65_536;
const MOST_HOST = 253;

/** All texts; those that are not well-formed are told apart from none (A2 holds of lone surrogates too). */
const ANY: Automaton = { start: 0, step: (state) => state, accepts: () => true };

const TEXT: TextType = { automaton: ANY, groups: [], isOpen: true, most: Number.MAX_SAFE_INTEGER };
const TYPES: ReadonlyMap<ArgumentType, TextType> = new Map([
  ["path", { automaton: PATH, groups: ["/", "."], isOpen: true, most: MOST_PATH }],
  [
    "host",
    {
      automaton: either(NAME, ADDRESS_4, ADDRESS_6),
      groups: [LETTERS, HEXADECIMAL, "x", ...DIGITS, "-", ".", ":"],
      isOpen: false,
      most: MOST_HOST,
    },
  ],
]);

export const textType = (type: ArgumentType): TextType => TYPES.get(type) ?? TEXT;

/** Does a text have this type? */
export function isOfType(type: ArgumentType, text: string): boolean {
  const { automaton, most } = textType(type);
  let state = automaton.start;
  for (const unit of text.split("")) state = automaton.step(state, unit);
  return text.length <= most && automaton.accepts(state);
}
