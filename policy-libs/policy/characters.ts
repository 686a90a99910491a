// What a character is to the language.
//
// Invariants
//   U1  What a person reads is what is decided: no character that is invisible, or that moves what stands around it,
//       stands in a file, in comments neither. Strings say it with an escape.
//   U2  A line ends with LF or CR LF: a CR alone ends a line in some editors, and would show the rest of a comment as a rule.

const MOST_SHOWN = 60; // characters

/** Cc control, Cf format (bidirectional, zero width), Zl and Zp line ends, Cs halves of a pair. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Tabs and line ends are for the caller. */
export const isUnseen = (character: string): boolean => UNSEEN.test(character);

const escaped = (character: string): string => {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
};

/** For people: what cannot be seen is an escape. A file's name or a string in a message drives no terminal. */
export const visible = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, escaped);

/** What somebody wrote, in a message: not more than a line of it. */
export const shown = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text);

/** A string as the language writes it. */
export const quoted = (text: string): string => `"${visible(text.replace(/["\\]/g, "\\$&"))}"`;

export const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
export const isHexadecimal = (code: number): boolean =>
  isDigit(code) || (code >= 0x61 && code <= 0x66) || (code >= 0x41 && code <= 0x46);

/** Where a run of characters ends. `run` is sticky, and matches nothing, too. */
export function endOf(run: RegExp, text: string, at: number): number {
  run.lastIndex = at;
  run.test(text);
  return run.lastIndex;
}

/** A name, where one begins. */
export const NAME_RUN = /(?:[A-Za-z_$][A-Za-z0-9_$]*(?:-[A-Za-z0-9_$]+)*)?/y;
/** What may follow digits: a unit, or part of a mistake. */
export const WORD_RUN = /[A-Za-z0-9_$]*/y;

/** As names of contracts, calls and grants are: "net", "http-body", "readAt". Hyphens stand inside; there is no minus. */
const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*(?:-[A-Za-z0-9_$]+)*$/;

export const isName = (text: string): boolean => NAME.test(text);

/** In UTF-8, as far as `most`: beyond it the answer is some larger number. */
export function utf8Length(text: string, most: number): number {
  if (text.length > most) return text.length;
  let length = text.length;
  for (let at = 0; at < text.length && length <= most; at++) {
    const code = text.charCodeAt(at);
    // Both halves of a pair together are four bytes.
    if (code >= 0x80) length += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
  }
  return length;
}
