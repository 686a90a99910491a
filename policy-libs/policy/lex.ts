// From text to tokens, one at a time, each in time proportional to its length.
//
// Invariants
//   X1  A text is tokens, white space and comments without a gap, up to its end or to the first bad token.
//   X2  A bad token has a span inside the text and says what is wrong. It is told when the parser comes to it, so that
//       of two mistakes the first is told.
//   X3  Nothing unseen (characters.ts) is accepted anywhere.
import { endOf, isDigit, isUnseen, NAME_RUN, visible } from "./characters.ts";
import { lexBlock, lexNumber, looksLikeBlock } from "./lex-number.ts";
import { lexText } from "./lex-text.ts";
import { bad, type Token, token } from "./token.ts";

const MARKS: ReadonlySet<string> = new Set("( ) [ ] { } , : = == != < <= > >= +".split(" "));

/** What people write who know other languages. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["!", 'Write "not".'],
  ["&", 'Write "and".'],
  ["|", 'Write "or".'],
  ["'", 'Texts stand in double quotes: "text".'],
  ["/", 'Comments begin with "#".'],
  [
    "-",
    'Integers are not negative, and there is no subtraction: move it to the other side of the comparison with "+".',
  ],
  [";", "Rules need nothing between them."],
  [".", "No blank stands before or after the dot of a name."],
]);

const UNSEEN_IN_COMMENT = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** A CR belongs to the LF after it, or it is no blank. */
const BLANKS = /(?:[ \t\n]|\r\n)*/y;

/** The token at or after an offset. `onComment` hears of every comment before it. A byte order mark may begin a text. */
export function lex(text: string, after: number, onComment?: (from: number, to: number) => void): Token {
  let at = after;
  for (;;) {
    at = endOf(BLANKS, text, at);
    if (at === 0 && text.startsWith("\ufeff")) at = endOf(BLANKS, text, 1);
    if (text[at] !== "#") return lexToken(text, at);
    const to = endOfComment(text, at);
    const unseen = UNSEEN_IN_COMMENT.exec(text.slice(at, to));
    if (unseen !== null) return unseenAt(text, at + unseen.index);
    onComment?.(at, to);
    at = to;
  }
}

function endOfComment(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  if (end === -1) return text.length;
  return text[end - 1] === "\r" ? end - 1 : end;
}

function lexToken(text: string, at: number): Token {
  if (at >= text.length) return token("end", text.length, text.length);
  if (looksLikeBlock(text, at)) return lexBlock(text, at);
  const word = endOf(NAME_RUN, text, at);
  if (word > at || text[at] === "`") return lexName(text, at, word);
  if (isDigit(text.charCodeAt(at))) return lexNumber(text, at);
  if (text[at] === '"') return lexText(text, at);
  if (text[at] === "*") return token("wildcard", at, at + 1, "*");
  for (const mark of [text.slice(at, at + 2), text[at] as string]) {
    if (MARKS.has(mark)) return token("mark", at, at + mark.length, mark);
  }
  return strange(text, at);
}

function strange(text: string, at: number): Token {
  const character = String.fromCodePoint(text.codePointAt(at) as number);
  if (isUnseen(character)) return unseenAt(text, at);
  const advice =
    ADVICE.get(character) ?? (character > "~" ? "Names are made of ASCII letters; texts stand in quotes." : "");
  return bad("P001", at, at + character.length, `"${character}" has no meaning here`, advice);
}

function unseenAt(text: string, at: number): Token {
  const character = String.fromCodePoint(text.codePointAt(at) as number);
  const message = `the character ${visible(character)} cannot be seen`;
  return bad("P002", at, at + character.length, message, "Remove it, or write it as an escape in a text.");
}

interface Part {
  readonly name: string;
  readonly to: number;
}

/** A name with or without backquotes; undefined: none begins here, or it is malformed. */
function partAt(text: string, at: number): Part | undefined {
  if (text[at] !== "`") {
    const to = endOf(NAME_RUN, text, at);
    return to === at ? undefined : { name: text.slice(at, to), to };
  }
  const to = endOf(NAME_RUN, text, at + 1);
  const name = text.slice(at + 1, to);
  return text[to] === "`" && name !== "" ? { name, to: to + 1 } : undefined;
}

const PARTS = "A name is letters, digits, _ and $, with hyphens inside and at most one dot.";

/** `word`: where it ends, if it has no backquotes. */
function lexName(text: string, from: number, word: number): Token {
  const first = word > from ? { name: text.slice(from, word), to: word } : partAt(text, from);
  if (first === undefined) return bad("P008", from, from + 1, "no name in these backquotes", PARTS);
  if (text[first.to] !== ".") {
    return token(text[from] === "`" ? "name" : "word", from, first.to, first.name);
  }
  if (text[first.to + 1] === "*") return token("wildcard", from, first.to + 2, `${first.name}.*`);
  const second = partAt(text, first.to + 1);
  if (second === undefined) return bad("P008", from, first.to + 1, `no name after "${first.name}."`, PARTS);
  if (text[second.to] === ".") return bad("P008", from, second.to + 1, "a name with two dots", PARTS);
  const value = `${first.name}.${second.name}`;
  const isWild = text[second.to] === "*";
  return isWild ? token("wildcard", from, second.to + 1, `${value}*`) : token("dotted", from, second.to, value);
}
