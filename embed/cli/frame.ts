// A code frame: the lines around a place in the guest's source, the place marked.
import { escapeControls, type Paint } from "./terminal.ts";

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units; undefined where only the line is known. */
  readonly column?: number | undefined;
}

/** Where in the source the character at `at` stands. */
export function placeOf(source: string, at: number): { readonly line: number; readonly column: number } {
  const before = source.slice(0, at);
  const line = before.split("\n").length;
  return { line, column: at - before.lastIndexOf("\n") };
}

/** Lines shown before and after. */
const AROUND = 2;
/** Characters shown of one line: minified code has lines of megabytes. */
const WIDTH = 100;

interface Slice {
  readonly text: string;
  readonly column: number | undefined;
}

/** The part of a line around its column. Tabs become one space, so that the mark stands right. */
function slice(line: string, column: number | undefined): Slice {
  const from = column !== undefined && column > WIDTH - 10 ? column - WIDTH / 2 : 0;
  const text = line.slice(from, from + WIDTH).replaceAll("\t", " ");
  const before = column === undefined ? "" : escapeControls(text.slice(0, column - 1 - from));
  return { text: escapeControls(text), column: column === undefined ? undefined : before.length };
}

/** The frame as lines, or "" if the source has no such line. */
export function codeFrame(source: string, { line, column }: Position, paint: Paint, around = AROUND): string {
  const lines = source.split("\n", line + around).map((text) => text.replace(/\r$/, ""));
  if (!(line >= 1 && line <= lines.length)) return "";
  if (lines.at(-1) === "" && lines.length > line) lines.pop(); // what follows the last newline
  const first = Math.max(1, line - around);
  const digits = String(lines.length).length;
  const gutter = (label: string): string => paint("dim", `${label.padStart(digits + 2)} | `);
  const shown = lines.slice(first - 1).flatMap((text, index) => {
    const number = first + index;
    if (number !== line) return [`${gutter(String(number))}${slice(text, undefined).text}`];
    const here = slice(text, column);
    const marked = `${gutter(`> ${number}`.padStart(digits + 2))}${here.text}`;
    return here.column === undefined
      ? [marked]
      : [marked, `${gutter("")}${" ".repeat(here.column)}${paint("red", "^")}`];
  });
  return `${shown.join("\n")}\n`;
}
