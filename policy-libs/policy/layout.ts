// How a statement is set: blanks between tokens, and where a long one is broken. By its tokens alone, so that what has
// been laid out is laid out the same again.
import { lex } from "./lex.ts";
import type { Token } from "./token.ts";
import { RESERVED } from "./words.ts";

export const INDENT = 2; // columns
const CONTINUED = 4; // columns, more than the statement's
const WIDTH = 120; // columns

/** A token with how it is written. */
export interface Written {
  readonly kind: Token["kind"];
  readonly value: string;
  readonly text: string;
}

export const written = (source: string, { kind, value, from, to }: Token): Written => ({
  kind,
  value,
  text: source.slice(from, to),
});

/** The tokens of a text that has no bad ones. */
export function tokensOf(source: string): Written[] {
  const all: Written[] = [];
  for (let token = lex(source, 0); token.kind !== "end"; token = lex(source, token.to)) {
    if (token.kind === "bad") throw new Error(`not the text of a policy: ${token.problem?.message}`);
    all.push(written(source, token));
  }
  return all;
}

const isMark = ({ kind, value }: Written, marks: string): boolean => kind === "mark" && marks.includes(value);

/** Is there a blank between the two? */
function isApart(a: Written, b: Written): boolean {
  if (isMark(a, "([") || isMark(b, ",:)]")) return false;
  if (!isMark(b, "(")) return true;
  // The parentheses of a pattern, of parameters and of "length" touch what they belong to; those of conditions do not.
  const isCalled = ["name", "dotted", "wildcard"].includes(a.kind) || (a.kind === "word" && !RESERVED.has(a.value));
  return !(isCalled || (a.kind === "word" && a.value === "length"));
}

const join = (tokens: readonly Written[]): string =>
  tokens
    .map((token, i) => (i > 0 && isApart(tokens[i - 1] as Written, token) ? ` ${token.text}` : token.text))
    .join("");

const isWord = ({ kind, value }: Written, words: readonly string[]): boolean =>
  kind === "word" && words.includes(value);

/** Does a line begin with token i, if one must begin somewhere? */
type Break = (tokens: readonly Written[], i: number, depth: number) => boolean;

const CLAUSE: Break = (tokens, i, depth) => depth === 0 && isWord(tokens[i] as Written, ["when", "unless", "because"]);
const OPERAND: Break = (tokens, i, depth) => depth === 0 && isWord(tokens[i] as Written, ["and", "or"]);
const ANYWHERE: Break = (tokens, i) =>
  isMark(tokens[i - 1] as Written, ",") || isWord(tokens[i] as Written, ["and", "or"]);

function pieces(tokens: readonly Written[], isBreak: Break): Written[][] {
  const all: Written[][] = [[]];
  let depth = 0;
  tokens.forEach((token, i) => {
    if (i > 0 && isBreak(tokens, i, depth)) all.push([]);
    if (isMark(token, "([")) depth++;
    if (isMark(token, ")]")) depth--;
    all.at(-1)?.push(token);
  });
  return all;
}

/** As many pieces on a line as there is room for. */
function fill(tokens: readonly Written[], room: number): Written[][] {
  const lines: Written[][] = [];
  for (const piece of pieces(tokens, ANYWHERE)) {
    const last = lines.at(-1);
    if (last !== undefined && join([...last, ...piece]).length <= room) last.push(...piece);
    else lines.push(piece);
  }
  return lines;
}

/** The lines of one statement, or of a part of one between comments. */
export function lines(tokens: readonly Written[], indent: number, isContinued: boolean): string[] {
  const room = WIDTH - indent - CONTINUED;
  const fits = (some: readonly Written[]): boolean => join(some).length <= room;
  const split = (some: readonly Written[], isBreak: Break): Written[][] =>
    fits(some) ? [[...some]] : pieces(some, isBreak);
  const clauses = split(tokens, CLAUSE).flatMap((clause) => split(clause, OPERAND));
  const broken = clauses.flatMap((clause) => (fits(clause) ? [clause] : fill(clause, room)));
  return broken.map((line, i) => " ".repeat(indent + (i > 0 || isContinued ? CONTINUED : 0)) + join(line));
}
