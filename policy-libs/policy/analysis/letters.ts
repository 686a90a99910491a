// The units that automata have to be stepped on: those that occur in tests, and of every group of a type one more.
import { type Automaton, DEAD } from "./automaton.ts";
import type { TextType } from "./text-types.ts";

// Letters first: a witness is read by people.
const COMMON = "abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");

/** A unit that is in none of the texts. */
function foreign(taken: ReadonlySet<string>): string {
  const common = COMMON.find((unit) => !taken.has(unit));
  if (common !== undefined) return common;
  let code = 0xe0;
  while (taken.has(String.fromCharCode(code))) code += 1;
  return String.fromCharCode(code);
}

/** In the order in which witnesses prefer them: the ones that mean nothing first. */
export function lettersOf(texts: readonly string[], type: TextType): readonly string[] {
  const named = new Set(texts.flatMap((text) => text.split("")));
  const grouped = new Set(type.groups.flatMap((group) => group.split("")));
  const spare = type.groups.flatMap((group) =>
    group
      .split("")
      .filter((unit) => !named.has(unit))
      .slice(0, 1),
  );
  const other = type.isOpen ? [foreign(new Set([...named, ...grouped]))] : [];
  return [...new Set([...other, ...spare, ...named])];
}

const isHigh = (unit: string): boolean => unit >= "\ud800" && unit <= "\udbff";
const isLow = (unit: string): boolean => unit >= "\udc00" && unit <= "\udfff";

/** Well-formed texts: no witness has half a character, though a test has whole ones of two units. */
export const WELL_FORMED: Automaton = {
  start: 0,
  step: (state, unit) => {
    if (state === DEAD || (state === 1) !== isLow(unit)) return DEAD;
    return isHigh(unit) ? 1 : 0;
  },
  accepts: (state) => state === 0,
};
