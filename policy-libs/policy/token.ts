// What the lexer makes and the parser reads.
import type { Code } from "./diagnostic.ts";
import type { Span } from "./tree.ts";

/** What is wrong, before it is known in which file. */
export interface Problem {
  readonly code: Code;
  readonly span: Span;
  readonly message: string;
  readonly advice: string;
}

/**
 * word: an identifier, perhaps a keyword. name: one in backquotes. dotted: "net.send". wildcard: "*", "net.*", "net.se*".
 * text: a string. int, time: `number` is the value. block: "10.0.0.0/8". mark: punctuation. end: of the file.
 */
export type TokenKind = "word" | "name" | "dotted" | "wildcard" | "text" | "int" | "time" | "block" | "mark" | "end";

export interface Token extends Span {
  readonly kind: TokenKind | "bad";
  /** The name, the mark, the value of a string: without quotes and escapes. */
  readonly value: string;
  readonly number: number;
  /** Of a bad one. */
  readonly problem?: Problem | undefined;
}

export const token = (kind: TokenKind, from: number, to: number, value = "", number = 0): Token => ({
  kind,
  from,
  to,
  value,
  number,
});

export const bad = (code: Code, from: number, to: number, message: string, advice = ""): Token => ({
  kind: "bad",
  from,
  to,
  value: "",
  number: 0,
  problem: { code, span: { from, to }, message, advice },
});
