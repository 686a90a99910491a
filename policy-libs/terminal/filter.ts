// Lets through to a terminal what moves the cursor and colours text, and nothing that makes the terminal answer, act
// outside the screen, or stay changed.
//
// Invariants
//   F1  In what comes out, each ESC begins one whole sequence of the tables below, written anew in its shortest form: the
//       terminal cannot read it otherwise than this file did. Of the controls there are only BS, HT, LF and CR.
//   F2  The result does not depend on where the text was cut into pieces.
// Why not the others: OSC sets titles, links and the clipboard; DCS, and CSI with n, c, q, t or x make the terminal type
// answers into the input; CSI i prints; ESC ( and SO change letters; CSI h and l change modes; CSI b repeats at length.
import { newParser, type Sequence, type Token } from "./parser.ts";

/** What CSI sequences without prefix and intermediates are good for (ECMA-48 8.3), by their final. */
const CSI = new Map([
  ..."ABCDEFGHdf`ae".split("").map((final) => [final, "cursor"] as const), // CUU CUD CUF CUB CNL CPL CHA CUP VPA HVP HPA HPR VPR
  ..."IZ".split("").map((final) => [final, "cursor"] as const), // CHT CBT
  ..."JKX".split("").map((final) => [final, "erase"] as const), // ED EL ECH
  ..."@LMPST".split("").map((final) => [final, "shift"] as const), // ICH IL DL DCH SU SD
  ["m", "colour"] as const, // SGR
]);

/** ESC 7 and 8 keep and restore the cursor; D, E and M are IND, NEL and RI. */
const ESCAPES = "78DEM";

/** Modes of DEC that a program for a whole screen needs; undo() resets them: the cursor is seen, the other screen. */
const MODES = ["25", "1049"];

const CONTROLS = "\b\t\n\r";
const MOST_NUMBER = 9_999;
/** Numbers of one sequence: a colour of three parts for letters and ground each, and their weight. */
const MOST_NUMBERS = 16;

/** The numbers as they are written shortest; undefined if there are too many or one is too large. */
function plainNumbers(params: string): string | undefined {
  const numbers = params.split(/[;:]/);
  if (numbers.length > MOST_NUMBERS || numbers.some((number) => Number(number) > MOST_NUMBER)) return undefined;
  return params.replace(/0*(\d+)/g, (_, digits: string) => digits);
}

function safeSequence({ prefix, params, intermediates, final }: Sequence): string {
  if (intermediates !== "") return "";
  if (prefix === "?" && (final === "h" || final === "l"))
    return MODES.includes(params) ? `\x1b[?${params}${final}` : "";
  const use = prefix === "" ? CSI.get(final) : undefined;
  // Only colours have parts with a colon (ITU-T T.416 13.1.8); T with several numbers is a report of the mouse.
  if (use === undefined || (use !== "colour" && params.includes(":"))) return "";
  if (use === "shift" && params.includes(";")) return "";
  const numbers = plainNumbers(params);
  return numbers === undefined ? "" : `\x1b[${numbers}${final}`;
}

function safe(token: Token): string {
  if (token.kind === "text") return token.text;
  if (token.kind === "csi") return safeSequence(token);
  if (token.kind === "control")
    return CONTROLS.includes(String.fromCharCode(token.code)) ? String.fromCharCode(token.code) : "";
  if (token.kind === "dropped" || token.intermediates !== "" || token.final === "") return "";
  return ESCAPES.includes(token.final) ? `\x1b${token.final}` : "";
}

const plain = (token: Token): string => (token.kind === "text" || token.kind === "control" ? safe(token) : "");

/** "safe": as above. "none": no sequence at all. "all": unchanged, for guests that are trusted with the terminal. */
export type Sequences = "safe" | "none" | "all";

export type Filter = (text: string) => string;

/** What of a text may go to the terminal now; a sequence that is cut goes with its last piece. */
export function newFilter(sequences: Sequences): Filter {
  if (sequences === "all") return (text) => text;
  const parser = newParser({ strings: true });
  const each = sequences === "safe" ? safe : plain;
  return (text) => parser.feed(text).map(each).join("");
}

/** Ends what safe sequences can have begun: colours, a hidden cursor, the other screen. */
export const UNDO = "\x1b[0m\x1b[?25h\x1b[?1049l";
