// The formatter: the same tokens and comments in the same order, set in one way. Idempotent.
//
// Invariants
//   F1  The tree of what it gives is the tree of what it was given; every comment is there, in its place.
//   F2  format(format(t)) = format(t): lines are made from tokens and comments alone. Of white space only three things
//       count, and are kept: whether a comment has a line of its own, and whether blank lines stand before a statement.
import type { Diagnostic } from "./diagnostic.ts";
import { INDENT, lines, type Written, written } from "./layout.ts";
import { lex } from "./lex.ts";
import { parse } from "./parse.ts";
import type { File, Span } from "./tree.ts";

interface Piece {
  readonly at: number;
  readonly token: Written | undefined;
  /** Of a comment. */
  readonly comment: string;
  /** Line ends before it. */
  readonly gap: number;
}

export type Formatted = { readonly text: string } | { readonly diagnostic: Diagnostic };

/** The text as it should stand, or why it is none. */
export function format(source: string, fileName: string): Formatted {
  const parsed = parse(source, fileName);
  if ("diagnostic" in parsed) return parsed;
  const starts = startsOf(parsed.file);
  const statements = statementsOf(piecesOf(source), starts);
  return { text: statements.map((statement, i) => render(statement, statements[i - 1])).join("") };
}

function piecesOf(source: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  const add = (from: number, to: number, token: Written | undefined): void => {
    const gap = source.slice(end, from).split("\n").length - 1;
    pieces.push({ at: from, token, comment: token === undefined ? source.slice(from, to).trimEnd() : "", gap });
    end = to;
  };
  const comment = (from: number, to: number): void => add(from, to, undefined);
  for (let token = lex(source, 0, comment); token.kind !== "end"; token = lex(source, token.to, comment)) {
    add(token.from, token.to, written(source, token));
  }
  return pieces;
}

/** Where statements begin, and how deep: items 0, what stands in their braces 1. */
function startsOf({ items }: File): ReadonlyMap<number, number> {
  const starts = new Map<number, number>();
  const begin = (level: number, nodes: readonly { readonly at?: Span | undefined }[]): void => {
    for (const { at } of nodes) if (at !== undefined) starts.set(at.from, level);
  };
  begin(0, items);
  for (const item of items) {
    if (item.kind === "policy") for (const nodes of [item.lets, item.labels, item.rules]) begin(1, nodes);
    if (item.kind === "test") begin(1, item.steps);
  }
  return starts;
}

const isMark = (token: Written | undefined, mark: string): boolean => token?.kind === "mark" && token.value === mark;

/** The level of a statement that begins with this piece; undefined: none does. */
function levelOf({ at, token }: Piece, starts: ReadonlyMap<number, number>): number | undefined {
  if (isMark(token, "}")) return 0;
  // These words are reserved, and stand nowhere else.
  const isHead = token?.kind === "word" && ["default", "all", "any"].includes(token.value);
  return isHead ? 1 : starts.get(at);
}

interface Statement {
  readonly level: number;
  readonly pieces: readonly Piece[];
}

function statementsOf(pieces: readonly Piece[], starts: ReadonlyMap<number, number>): Statement[] {
  const statements: { level: number; pieces: Piece[] }[] = [];
  // What the next token begins, seen from the comments before it.
  const following = levelsAhead(pieces, starts);
  pieces.forEach((piece, i) => {
    const isComment = piece.token === undefined;
    const ahead = following[i];
    const begins = isComment ? ahead !== undefined && (piece.gap > 0 || i === 0) : ahead !== undefined;
    if (begins || statements.length === 0) statements.push({ level: ahead ?? 0, pieces: [piece] });
    else statements.at(-1)?.pieces.push(piece);
  });
  return statements;
}

/** Of each piece: the level of a statement that the next token, this one included, begins. Before "}" a comment is inside. */
function levelsAhead(pieces: readonly Piece[], starts: ReadonlyMap<number, number>): (number | undefined)[] {
  const levels: (number | undefined)[] = [];
  let ahead: number | undefined = 0;
  for (let i = pieces.length - 1; i >= 0; i--) {
    const piece = pieces[i] as Piece;
    if (piece.token === undefined) {
      levels[i] = ahead;
      continue;
    }
    levels[i] = levelOf(piece, starts);
    ahead = isMark(piece.token, "}") ? 1 : levels[i];
  }
  return levels;
}

function render({ level, pieces }: Statement, before: Statement | undefined): string {
  const indent = level * INDENT;
  const [first] = pieces as [Piece];
  const last = before?.pieces.findLast(({ token }) => token !== undefined)?.token;
  const isBlank = before !== undefined && first.gap > 1 && !isMark(last, "{") && !isMark(first.token, "}");
  return `${isBlank ? "\n" : ""}${statementLines(pieces, indent).join("\n")}\n`;
}

function statementLines(pieces: readonly Piece[], indent: number): string[] {
  const all: string[] = [];
  let tokens: Written[] = [];
  const flush = (): void => {
    if (tokens.length > 0) all.push(...lines(tokens, indent, all.length > 0));
    tokens = [];
  };
  for (const { token, comment, gap } of pieces) {
    if (token !== undefined) {
      tokens.push(token);
      continue;
    }
    flush();
    if (all.length > 0 && gap === 0) all.push(`${all.pop()} ${comment}`);
    else all.push(" ".repeat(indent + (all.length > 0 ? 2 * INDENT : 0)) + comment);
  }
  flush();
  return all;
}
