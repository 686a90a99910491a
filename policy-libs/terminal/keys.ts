// Keys, out of what a terminal types: as xterm and those after it do (XTerm Control Sequences, "PC-Style Function Keys").
import { newParser, type Parser, type Sequence, type Token } from "./parser.ts";

/** A key that was pressed. */
export interface Key {
  /** "a", "é", "enter", "up", "f5", or "unknown". */
  readonly name: string;
  /** What the key means as text; empty for keys that mean none. */
  readonly text: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

export interface KeyReader {
  feed(text: string): Key[];
  /** A key is begun: Escape, say, unless more comes soon. */
  isBegun(): boolean;
  /** Nothing more came. */
  flush(): Key[];
}

interface Held {
  readonly ctrl?: boolean;
  readonly alt?: boolean;
  readonly shift?: boolean;
}

const newKey = (name: string, text: string, { ctrl = false, alt = false, shift = false }: Held = {}): Key =>
  Object.freeze({ name, text, ctrl, alt, shift });

const LETTERS: Readonly<Record<string, string>> = {
  ...{ A: "up", B: "down", C: "right", D: "left", E: "clear", F: "end", H: "home", P: "f1", Q: "f2", R: "f3", S: "f4" },
};

const NUMBERS: Readonly<Record<string, string>> = {
  ...{ 1: "home", 2: "insert", 3: "delete", 4: "end", 5: "pageup", 6: "pagedown", 7: "home", 8: "end" },
  ...{ 11: "f1", 12: "f2", 13: "f3", 14: "f4", 15: "f5", 17: "f6", 18: "f7", 19: "f8", 20: "f9", 21: "f10" },
  ...{ 23: "f11", 24: "f12", 25: "f13", 26: "f14", 28: "f15", 29: "f16", 31: "f17", 32: "f18", 33: "f19", 34: "f20" },
  ...{ 200: "paste-begin", 201: "paste-end" },
};

/** 1 and a sum of bits: 1 shift, 2 alt, 4 control, 8 meta. */
function heldOf(parameter: string | undefined): Held {
  const bits = Math.max(Number(parameter ?? 1) - 1, 0);
  return { shift: (bits & 1) !== 0, alt: (bits & (2 | 8)) !== 0, ctrl: (bits & 4) !== 0 };
}

function sequenceKey({ prefix, params, intermediates, final }: Sequence, alt: boolean): Key {
  const [first = "", second] = params.split(";");
  const held = heldOf(second);
  const both = { ...held, alt: alt || held.alt === true };
  const name = final === "~" ? NUMBERS[first] : LETTERS[final];
  if (prefix !== "" || intermediates !== "") return newKey("unknown", "");
  if (final === "Z") return newKey("tab", "", { ...both, shift: true });
  return name === undefined ? newKey("unknown", "") : newKey(name, "", both);
}

const isUpper = (character: string): boolean => character !== character.toLowerCase();

const textKey = (character: string, alt: boolean): Key =>
  newKey(character === " " ? "space" : character.toLowerCase(), character, { alt, shift: isUpper(character) });

const CONTROLS: Readonly<Record<number, Key>> = {
  0: newKey("space", "", { ctrl: true }),
  8: newKey("backspace", "", {}),
  9: newKey("tab", "\t"),
  10: newKey("enter", "\n"),
  13: newKey("enter", "\n"),
  127: newKey("backspace", ""),
};

/** Control and a letter is its code less 64 (ECMA-48 5.2). */
function controlKey(code: number, alt: boolean): Key {
  const key = CONTROLS[code] ?? newKey(String.fromCharCode(code + 64).toLowerCase(), "", { ctrl: true });
  return alt ? newKey(key.name, key.text, { ...key, alt }) : key;
}

const ESCAPE = newKey("escape", "");

interface Typing {
  readonly parser: Parser;
  /** ESC came by itself: the next key is with Alt, or ESC was one. */
  isAlt: boolean;
  /** ESC O came: a letter after it names a key (SS3). */
  isSingleShift: boolean;
}

/** The first character with Alt, as ESC came before it. */
function altKeys(text: string): Key[] {
  return Array.from(text, (character, i) => textKey(character, i === 0));
}

function singleShifted(letter: string, alt: boolean): Key {
  if (letter === "M") return newKey("enter", "\n", { alt });
  const name = LETTERS[letter];
  return name === undefined ? newKey("unknown", "") : newKey(name, "", { alt });
}

function typedText(typing: Typing, text: string): Key[] {
  const { isAlt, isSingleShift } = typing;
  [typing.isAlt, typing.isSingleShift] = [false, false];
  const characters = Array.from(text);
  const first = isSingleShift ? [singleShifted(characters.shift() ?? "", isAlt)] : [];
  return [...first, ...characters.map((character, i) => textKey(character, isAlt && !isSingleShift && i === 0))];
}

function typedEscape(
  typing: Typing,
  { intermediates, final }: Extract<Token, { kind: "escape" }>,
  alt: boolean,
): Key[] {
  const before = alt ? [ESCAPE] : [];
  if (intermediates !== "") return [...before, ...altKeys(intermediates + final)];
  // ESC ESC is Escape and then what comes, but ESC ESC [ A and ESC ESC O A are Alt with an arrow.
  if (final === "O") [typing.isSingleShift, typing.isAlt] = [true, alt];
  else if (final === "") typing.isAlt = true;
  else return [...before, ...altKeys(final)];
  return final === "O" ? [] : before;
}

function typed(typing: Typing, token: Token): Key[] {
  if (token.kind === "text") return typedText(typing, token.text);
  const { isAlt, isSingleShift } = typing;
  [typing.isAlt, typing.isSingleShift] = [false, false];
  const before = isSingleShift ? [textKey("O", true)] : [];
  if (token.kind === "escape") return [...before, ...typedEscape(typing, token, isAlt)];
  if (token.kind === "control") return [...before, controlKey(token.code, isAlt)];
  if (token.kind === "csi") return [...before, sequenceKey(token, isAlt)];
  return [...before, newKey("unknown", "")];
}

function flush(typing: Typing): Key[] {
  const { parser, isAlt, isSingleShift } = typing;
  [typing.isAlt, typing.isSingleShift] = [false, false];
  const rest = parser.flush();
  const before = isAlt ? [ESCAPE] : [];
  if (isSingleShift) return [...before, textKey("O", true)];
  if (!rest.startsWith("\x1b")) return [...before, ...typedText(typing, rest)];
  return rest.length === 1 ? [...before, ESCAPE] : [...before, ...altKeys(rest.slice(1))];
}

export function newKeyReader(): KeyReader {
  const typing: Typing = { parser: newParser({ strings: false }), isAlt: false, isSingleShift: false };
  return {
    feed: (text) => typing.parser.feed(text).flatMap((token) => typed(typing, token)),
    isBegun: () => typing.isAlt || typing.isSingleShift || typing.parser.isBegun(),
    flush: () => flush(typing),
  };
}
