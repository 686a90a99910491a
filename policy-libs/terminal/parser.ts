// Reads what a terminal is sent, or sends: text, control characters, and escape sequences (ECMA-48 5, ECMA-35 13).
//
// Invariants
//   E1  The tokens do not depend on where the text was cut into pieces, but for the ends of text tokens.
//   E2  At most MOST_KEPT characters are kept between pieces: what is longer is no sequence, and the contents of strings
//       (OSC, DCS, APC, PM, SOS) are never kept at all.
//   E3  A text token has no control character (C0, DEL, C1) and no half of a character.

export interface Sequence {
  /** Characters 3/12 to 3/15 at the beginning of the parameters: "?", ">", "<" or "=". */
  readonly prefix: string;
  /** Digits, ";" and ":" as they came. */
  readonly params: string;
  /** Characters 2/0 to 2/15. */
  readonly intermediates: string;
  readonly final: string;
}

export type Token =
  | { readonly kind: "text"; readonly text: string }
  /** A C0 control or DEL. */
  | { readonly kind: "control"; readonly code: number }
  | ({ readonly kind: "csi" } & Sequence)
  /** Without a final: ESC before what cannot follow it, which is the next token. */
  | { readonly kind: "escape"; readonly intermediates: string; readonly final: string }
  /** A string or a sequence that is malformed: what stood there is gone. */
  | { readonly kind: "dropped" };

export interface ParserOptions {
  /**
   * ESC ] and the like begin strings. True for what a terminal is sent; keys of a keyboard send no strings, and ESC ]
   * is Alt with a bracket.
   */
  readonly strings: boolean;
}

export interface Parser {
  feed(text: string): Token[];
  /** Something was begun and is not ended. */
  isBegun(): boolean;
  /** What was begun and is not ended, as it came; the parser begins anew. */
  flush(): string;
}

const MOST_KEPT = 64; // characters of a sequence
const [ESC, CAN, SUB, BEL, DEL] = [0x1b, 0x18, 0x1a, 0x07, 0x7f];
const ST = 0x9c;
/** From a C1 control to its letter after ESC: 0x9b is ESC [ (ECMA-48 5.3). */
const SEVEN_BITS = 0x40;

/** Finals of ESC that begin a string: DCS, SOS, OSC, PM, APC, and the title string of screen and tmux. */
const STRINGS = "PX]^_k";

type State = "ground" | "escape" | "csi" | "string" | "string-escape";

interface Reading {
  readonly strings: boolean;
  state: State;
  /** What the state has seen: after ESC, or after CSI. */
  kept: string;
  /** The first half of a character whose second half is to come. */
  half: string;
  text: string;
  tokens: Token[];
}

/** Begins no sequence that is one: a sequence that was too long is read to its end, and dropped there. */
const TOO_LONG = "\0";

const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
const isC1 = (code: number): boolean => code >= 0x80 && code < 0xa0;

function parseSequence(body: string): Token {
  const match = /^([<-?]?)([0-9;:]*)([ -/]*)([@-~])$/.exec(body);
  if (match === null) return { kind: "dropped" };
  const [, prefix = "", params = "", intermediates = "", final = ""] = match;
  return { kind: "csi", prefix, params, intermediates, final };
}

function begin(reading: Reading, state: State): void {
  if (reading.text !== "") reading.tokens.push({ kind: "text", text: reading.text.toWellFormed() });
  reading.text = "";
  reading.state = state;
  reading.kept = "";
}

function emit(reading: Reading, token: Token): void {
  begin(reading, "ground");
  reading.tokens.push(token);
}

/** After ESC, or a C1 control: those are ESC and a letter in one (ECMA-35 6.4.3). */
function introduce(reading: Reading, letter: string): void {
  if (letter === "[") begin(reading, "csi");
  else if (reading.strings && STRINGS.includes(letter)) begin(reading, "string");
  else emit(reading, { kind: "escape", intermediates: "", final: letter });
}

function ground(reading: Reading, code: number, character: string): void {
  if (code === ESC) begin(reading, "escape");
  else if (isC1(code)) introduce(reading, String.fromCharCode(code - SEVEN_BITS));
  else if (code < 0x20 || code === DEL) emit(reading, { kind: "control", code });
  else reading.text += character;
}

function afterEscape(reading: Reading, code: number, character: string): void {
  const { kept } = reading;
  if (code >= 0x30 && code < DEL && kept === "") introduce(reading, character);
  else if (code >= 0x30 && code < DEL) emit(reading, { kind: "escape", intermediates: kept, final: character });
  else if (code >= 0x20 && code < 0x30 && kept.length < MOST_KEPT) reading.kept += character;
  else {
    emit(reading, { kind: "escape", intermediates: kept, final: "" });
    ground(reading, code, character);
  }
}

/** Controls inside a sequence are of no use to anybody, and left out; ESC and C1 begin something new. */
function sequence(reading: Reading, code: number, character: string): void {
  if (code >= 0x40 && code < DEL) emit(reading, parseSequence(reading.kept + character));
  else if (code >= 0x20 && code < 0x40) {
    reading.kept = reading.kept.length < MOST_KEPT ? reading.kept + character : TOO_LONG;
  } else if (code > DEL || code === ESC) {
    emit(reading, { kind: "dropped" });
    ground(reading, code, character);
  }
}

/** Inside a string nothing counts but its end: ST, or BEL as xterm has it. */
function string(reading: Reading, code: number): void {
  if (code === ESC) reading.state = "string-escape";
  else if (code === ST || code === BEL) emit(reading, { kind: "dropped" });
}

/** ESC \ ends the string. Any other ESC begins something new in the middle of it. */
function stringEscape(reading: Reading, code: number, character: string): void {
  emit(reading, { kind: "dropped" });
  if (character === "\\") return;
  begin(reading, "escape");
  afterEscape(reading, code, character);
}

function step(reading: Reading, code: number, character: string): void {
  const { state } = reading;
  if (state === "ground") ground(reading, code, character);
  else if (code === CAN || code === SUB) emit(reading, { kind: "dropped" });
  else if (state === "string") string(reading, code);
  else if (state === "string-escape") stringEscape(reading, code, character);
  else if (state === "escape") afterEscape(reading, code, character);
  else sequence(reading, code, character);
}

function feed(reading: Reading, piece: string): Token[] {
  const whole = reading.half + piece;
  reading.half = isHigh(whole.charCodeAt(whole.length - 1)) ? whole.slice(-1) : "";
  const end = whole.length - reading.half.length;
  for (let i = 0; i < end; i++) step(reading, whole.charCodeAt(i), whole.charAt(i));
  // What was read so far goes out; what was begun stays.
  const { state, kept, tokens } = reading;
  begin(reading, state);
  reading.kept = kept;
  reading.tokens = [];
  return tokens;
}

function flush(reading: Reading): string {
  const { state, kept, half } = reading;
  const begun = state === "escape" ? `\x1b${kept}` : state === "csi" ? `\x1b[${kept}` : "";
  begin(reading, "ground");
  reading.half = "";
  return begun + (half === "" ? "" : "\ufffd");
}

export function newParser({ strings }: ParserOptions): Parser {
  const reading: Reading = { strings, state: "ground", kept: "", half: "", text: "", tokens: [] };
  const isBegun = (): boolean => reading.state !== "ground" || reading.half !== "";
  return { feed: (piece) => feed(reading, piece), isBegun, flush: () => flush(reading) };
}
