// Integers with and without units, times, and address blocks: all that may begin with a digit.
import { blockProblem } from "./block.ts";
import { endOf, isDigit, isHexadecimal, shown, WORD_RUN } from "./characters.ts";
import { didYouMean } from "./diagnostic.ts";
import { MAX_INT } from "./limits.ts";
import { bad, type Token, token } from "./token.ts";
import { SIZES, TIMES } from "./words.ts";

const isAddressPart = (code: number): boolean => isHexadecimal(code) || code === COLON || code === DOT;

const [COLON, DOT] = [0x3a, 0x2e];

/** Two colons, or digits with a dot: nothing else looks like that. What is no block is looked at three times at most. */
export function looksLikeBlock(text: string, from: number): boolean {
  let colons = 0;
  let isDecimal = true;
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at);
    if (!isAddressPart(code)) return false;
    if (code === COLON && ++colons === 2) return true;
    if (code === DOT && isDecimal && at > from) return true;
    isDecimal &&= isDigit(code);
  }
}

function endOfAddress(text: string, from: number): number {
  let end = from;
  while (isAddressPart(text.charCodeAt(end))) end++;
  return end;
}

export function lexBlock(text: string, from: number): Token {
  let to = endOfAddress(text, from);
  if (text[to] === "/") to++;
  to = endOf(WORD_RUN, text, to);
  const written = text.slice(from, to);
  if (/^[0-9]+\.[0-9]*[A-Za-z]*$/.test(written)) {
    return bad("P005", from, to, `"${written}" is no integer`, "There are no fractions. Use a smaller unit.");
  }
  const problem = blockProblem(written);
  return problem === undefined
    ? token("block", from, to, written)
    : bad("P007", from, to, problem.message, problem.advice);
}

const UNITS = [...SIZES.keys(), ...TIMES.keys()];

export function lexNumber(text: string, from: number): Token {
  let digits = from;
  while (isDigit(text.charCodeAt(digits))) digits++;
  const to = endOf(WORD_RUN, text, digits);
  const unit = text.slice(digits, to);
  const size = unit === "" ? 1 : SIZES.get(unit);
  const factor = size ?? TIMES.get(unit);
  if (factor === undefined) return unknownUnit(unit, digits, to);
  if (text[from] === "0" && digits - from > 1) return bad("P005", from, digits, "a number with a zero before it");
  const number = Number(text.slice(from, digits)) * factor;
  // Rounding is monotonic: what is beyond MAX_INT before it is rounded is so afterwards.
  if (number > MAX_INT) return bad("P005", from, to, "this number is larger than 2^53-1");
  return token(size === undefined ? "time" : "int", from, to, text.slice(from, to), number);
}

function unknownUnit(unit: string, from: number, to: number): Token {
  const near = didYouMean(unit, UNITS);
  return bad("P006", from, to, `unknown unit "${shown(unit)}"`, near === "" ? `Units are ${UNITS.join(", ")}.` : near);
}
