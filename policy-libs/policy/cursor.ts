// Where the parser is: the token at hand and the one after it, and what would have been right here.
//
// Invariants
//   C1  Every step of the parser consumes a token or ends, and a token is made once: time is linear.
//   C2  `depth` is at most MAX_DEPTH, so the parser's own stack is bounded whatever the text is.
import { quoted, shown } from "./characters.ts";
import { type Code, didYouMean } from "./diagnostic.ts";
import { lex } from "./lex.ts";
import { MAX_DEPTH, MAX_DURATION } from "./limits.ts";
import type { Problem, Token } from "./token.ts";
import type { Span } from "./tree.ts";
import { RESERVED } from "./words.ts";

/** Thrown by the parser, caught by `parse` and by nobody else. */
export class SyntaxProblem extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

export interface Cursor {
  readonly text: string;
  token: Token;
  next: Token;
  /** Where the last token that was taken ends. */
  end: number;
  depth: number;
  rules: number;
  /** Words and marks that have been asked for at this token and were not there. */
  readonly wanted: string[];
  /** What has been opened and not closed, for a file that ends too early. */
  inside: { readonly what: string; readonly name: string } | undefined;
}

export function newCursor(text: string): Cursor {
  const token = good(lex(text, 0));
  return { text, token, next: lex(text, token.to), end: 0, depth: 0, rules: 0, wanted: [], inside: undefined };
}

function good(token: Token): Token {
  if (token.problem !== undefined) throw new SyntaxProblem(token.problem);
  return token;
}

export function fail(code: Code, span: Span, message: string, advice = ""): never {
  throw new SyntaxProblem({ code, span: { from: span.from, to: span.to }, message, advice });
}

export function take(c: Cursor): Token {
  const taken = c.token;
  c.end = taken.to;
  c.wanted.length = 0;
  c.token = good(c.next);
  c.next = lex(c.text, c.token.to);
  return taken;
}

export const spanFrom = (c: Cursor, from: number): Span => ({ from, to: c.end });

/** Is this keyword or mark at hand? If not, it is one of those that would have been right. */
export function at(c: Cursor, value: string): boolean {
  const { kind, value: here } = c.token;
  if (here === value && (kind === "word" || kind === "mark")) return true;
  c.wanted.push(value);
  return false;
}

export function accept(c: Cursor, value: string): boolean {
  const isHere = at(c, value);
  if (isHere) take(c);
  return isHere;
}

export const acceptOne = <const W extends string>(c: Cursor, words: readonly W[]): W | undefined =>
  words.find((word) => accept(c, word));

export function expect(c: Cursor, value: string): void {
  if (!accept(c, value)) unexpected(c);
}

export function expectOne<const W extends string>(c: Cursor, words: readonly W[]): W {
  return acceptOne(c, words) ?? unexpected(c);
}

const MOST_WANTED = 8;

function listed(wanted: readonly string[]): string {
  const all = [...new Set(wanted)].map((one) => `"${one}"`);
  if (all.length > MOST_WANTED) return `${all.slice(0, MOST_WANTED).join(", ")} or the like`;
  return all.length < 2 ? (all[0] ?? "something else") : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

export function found({ text, token }: Cursor): string {
  const written = shown(text.slice(token.from, token.to));
  return token.kind === "text" ? `the text ${written}` : `"${written}"`;
}

/** The token at hand is none of those that were asked for. `wanted`: they in one word, where they are many. */
export function unexpected(c: Cursor, code: Code = "P010", wanted = listed(c.wanted)): never {
  const { token } = c;
  if (token.kind === "end") {
    const advice = c.inside === undefined ? "" : `It ends inside of ${c.inside.what} ${quoted(c.inside.name)}.`;
    fail("P018", token, `the file ends where ${wanted} must stand`, advice);
  }
  const near = token.kind === "word" ? didYouMean(token.value, c.wanted) : "";
  fail(code, token, `expected ${wanted}, found ${found(c)}`, near === "" ? reservedAdvice(token, wanted) : near);
}

const reservedAdvice = (token: Token, wanted: string): string =>
  token.kind === "word" && RESERVED.has(token.value) && wanted.includes("name")
    ? `"${token.value}" is a reserved word: as a name it is written in backquotes.`
    : "";

/** A level of parentheses or `not`. */
export function deeper<T>(c: Cursor, opening: Token, read: () => T): T {
  if (++c.depth > MAX_DEPTH) {
    fail("P403", opening, `nested deeper than ${MAX_DEPTH} levels`, 'Give a part of it a name with "let".');
  }
  const result = read();
  c.depth--;
  return result;
}

/** A new name: of a policy, a parameter, a label. Without dots. */
export function name(c: Cursor, what: string): string {
  const { kind, value } = c.token;
  if (kind === "word" && RESERVED.has(value)) {
    fail("P013", c.token, `"${value}" is a reserved word`, `Write \`${value}\` in backquotes, or choose another name.`);
  }
  if (kind !== "word" && kind !== "name") unexpected(c, "P010", what);
  return take(c).value;
}

/** The name of an argument: "host", or "to.host" for a field of a record. */
export function argument(c: Cursor): string {
  return c.token.kind === "dotted" ? take(c).value : name(c, "the name of an argument");
}

export function text(c: Cursor): string {
  if (c.token.kind !== "text") unexpected(c, "P010", "a text in quotes");
  return take(c).value;
}

/** An integer, at most `most`. */
export function int(c: Cursor, least = 0, most = Number.MAX_SAFE_INTEGER, code: Code = "P405"): number {
  if (c.token.kind === "time") fail("P014", c.token, `expected an integer, found the time ${found(c)}`);
  if (c.token.kind !== "int") unexpected(c, "P010", "an integer");
  const { number } = c.token;
  if (number < least) fail("P019", c.token, `this number must be at least ${least}`);
  if (number > most) fail(code, c.token, `${number} is more than the limit of ${most}`);
  return take(c).number;
}

/** Milliseconds. */
export function time(c: Cursor, least = 0): number {
  const { kind, number } = c.token;
  if (kind === "int") fail("P014", c.token, `the time ${found(c)} has no unit`, "Units of time are ms, s, m, h and d.");
  if (kind !== "time") unexpected(c, "P010", "a time");
  if (number < least) fail("P019", c.token, "this time must not be zero");
  if (number > MAX_DURATION) fail("P404", c.token, "this time is longer than the limit of 366 days");
  return take(c).number;
}
