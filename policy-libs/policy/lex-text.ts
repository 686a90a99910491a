// Strings: on one line, in double quotes, with the escapes \n \t \" \\ and \u{...}.
import { endOf, isHexadecimal, isUnseen, visible } from "./characters.ts";
import { bad, type Token, token } from "./token.ts";

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ['"', '"'],
  ["\\", "\\"],
]);

const ESCAPES = 'Escapes are \\n, \\t, \\", \\\\ and \\u{...} with the number of a character.';

/** What needs no closer look: ASCII that can be seen, but quotes and backslashes. */
const ASCII_RUN = /[ !#-[\]-~]*/y;

/** The text that begins with the quote at `from`. */
export function lexText(text: string, from: number): Token {
  const parts: string[] = [];
  let plain = from + 1;
  for (let at = plain; ; ) {
    at = endOf(ASCII_RUN, text, at);
    const character = characterAt(text, at);
    if (character === "" || character === "\n" || (character === "\r" && text[at + 1] === "\n")) {
      return bad("P003", from, at, "this text has no closing quote", 'A line end is written "\\n".');
    }
    if (character === '"') return token("text", from, at + 1, parts.join("") + text.slice(plain, at));
    if (character === "\\") {
      const read = escapeAt(text, at);
      if ("problem" in read) return read;
      parts.push(text.slice(plain, at), read.value);
      at = plain = read.to;
    } else if (isUnseen(character)) {
      const advice = `Write ${visible(character)}.`;
      return bad("P002", at, at + character.length, `the character ${visible(character)} cannot be seen`, advice);
    } else at += character.length;
  }
}

const characterAt = (text: string, at: number): string => {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
};

function escapeAt(text: string, at: number): Token {
  const simple = SIMPLE.get(text[at + 1] ?? "");
  if (simple !== undefined) return token("text", at, at + 2, simple);
  let end = at + 3;
  while (end < at + 9 && isHexadecimal(text.charCodeAt(end))) end++;
  const code = Number.parseInt(text.slice(at + 3, end), 16);
  if (!text.startsWith("u{", at + 1) || text[end] !== "}" || Number.isNaN(code)) {
    return bad("P004", at, Math.min(at + 2, text.length), "this is no escape", ESCAPES);
  }
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    return bad("P004", at, end + 1, "no character has this number", ESCAPES);
  }
  return token("text", at, end + 1, String.fromCodePoint(code));
}
