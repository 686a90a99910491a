// The forms in which a secret may come back: as it was sent, escaped, or encoded.
//
// Invariants
//   F1  Within a form no way to write a character begins as another does, the escape character of the form itself
//       included: so a text is read in one way only, and reading takes time in proportion to it.

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const btoa: (binary: string) => string;

/** For each place the characters that may stand there: ["%", "2", "fF"]. */
type Spelling = readonly string[];
/** The ways to write one character. */
type Piece = readonly Spelling[];
/** A whole value, in one manner. */
export type Form = readonly Piece[];

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One character for each byte: so bytes can be read as a text is. */
export function binaryOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return text;
}

const hexOf = (code: number, digits: number): string => code.toString(16).padStart(digits, "0");
/** Code units, not code points. */
const exactly = (text: string): Spelling => Array.from({ length: text.length }, (_, i) => text.charAt(i));
const inAnyCase = (text: string): Spelling =>
  exactly(text).map((character) => (/[a-z]/.test(character) ? character + character.toUpperCase() : character));

type Spell = (character: string) => Piece;

/** RFC 3986 2.1, and "+" for a space as forms have it. */
function percent(character: string, raw: Spelling): Piece {
  const code = Array.from(utf8(character), (byte) => `%${hexOf(byte, 2)}`).join("");
  const escaped = [inAnyCase(code), ...(character === " " ? [["+"]] : [])];
  return character === "%" ? escaped : [raw, ...escaped];
}

const SHORT: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v" };

/** As JSON (RFC 8259 7) and JavaScript do. */
function backslash(character: string, raw: Spelling): Piece {
  const units = Array.from({ length: character.length }, (_, i) => `\\u${hexOf(character.charCodeAt(i), 4)}`).join("");
  // Of a letter only the digits may be of either case: \U is nothing.
  const code = exactly(units).map((digit, i) => (i % 6 < 2 ? digit : (inAnyCase(digit)[0] as string)));
  const short = SHORT[character] ?? (/[^\w\s]/.test(character) && character < "\x7f" ? character : undefined);
  const byte = character < "\x7f" ? [["\\", "x", ...inAnyCase(hexOf(character.charCodeAt(0), 2))]] : [];
  const escaped = [code, ...byte, ...(short === undefined ? [] : [exactly(`\\${short}`)])];
  return character === "\\" ? escaped : [raw, ...escaped];
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

/** As HTML does. */
function entity(character: string, raw: Spelling): Piece {
  const code = character.codePointAt(0) as number;
  const name = ENTITIES[character];
  // PHP writes the apostrophe with a zero in front.
  const padded = code < 100 ? [exactly(`&#0${code};`)] : [];
  const numbers = [exactly(`&#${code};`), ...padded, ["&", "#", "xX", ...inAnyCase(hexOf(code, 1)), ";"]];
  const escaped = [...numbers, ...(name === undefined ? [] : [exactly(`&${name};`)])];
  return character === "&" ? escaped : [raw, ...escaped];
}

/** Either alphabet (RFC 4648 4 and 5), percent-encoded too. */
function base64Character(character: string): Piece {
  if (character === "+") return [["+-"], ["%", "2", "bB"]];
  return character === "/" ? [["/_"], ["%", "2", "fF"]] : [[character]];
}

/**
 * Base64 of something that has the bytes in it, for each of the three places where they can begin: only the characters
 * that depend on nothing else. Those at the ends, which do, stay: at most 4 bits of the value at each.
 */
function base64Of(bytes: Uint8Array): Form[] {
  return [0, 1, 2].map((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6)];
    return Array.from(btoa(binaryOf(padded)).slice(from, to), base64Character);
  });
}

/** Every form of the value. With `isBinary` the text to look through is one character for each byte. */
export function formsOf(value: string, isBinary: boolean): Form[] {
  const characters = Array.from(value);
  const rawOf = (character: string): Spelling => exactly(isBinary ? binaryOf(utf8(character)) : character);
  const spelled = (spell: (character: string, raw: Spelling) => Piece): Form =>
    characters.map((character) => spell(character, rawOf(character)));
  const hex = Array.from(utf8(value), (byte): Piece => [inAnyCase(hexOf(byte, 2))]);
  const plain: Spell = (character) => [rawOf(character)];
  return [spelled(plain), spelled(percent), spelled(backslash), spelled(entity), hex, ...base64Of(utf8(value))];
}
