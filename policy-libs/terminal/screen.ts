// The screen of a terminal in memory: enough of ECMA-48 for tests of programs that write through the filter.
//
// A line feed begins a line, as terminals do for a host that adds CR (ONLCR), in raw mode of Node too.

import { newParser, type Sequence, type Token } from "./parser.ts";
import type { Size } from "./place.ts";

interface Cursor {
  readonly row: number;
  readonly column: number;
}

export interface Screen {
  write(text: string): void;
  resize(size: Size): void;
  /** The rows from the top, without spaces at their ends. */
  lines(): string[];
  /** From 0. */
  cursor(): Cursor;
  isCursorVisible(): boolean;
}

/** A character with what combines with it; " " if none; "" to the right of a wide one. */
type Row = string[];

interface State {
  size: Size;
  rows: Row[];
  row: number;
  column: number;
  /** A character stands in the last column: the next one begins a line (DEC's "last column flag"). */
  isFull: boolean;
  saved: Cursor;
  /** The rows and the cursor of the first screen while the other one shows. */
  behind: { readonly rows: Row[]; readonly cursor: Cursor } | undefined;
  isCursorVisible: boolean;
}

const blankRow = ({ columns }: Size): Row => Array.from({ length: columns }, () => " ");
const blankRows = (size: Size): Row[] => Array.from({ length: size.rows }, () => blankRow(size));
const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most));

function moveTo(state: State, row: number, column: number): void {
  state.row = clamp(row, state.size.rows - 1);
  state.column = clamp(column, state.size.columns - 1);
  state.isFull = false;
}

/** Takes `count` rows away from `top` on; blank ones come in at the bottom. Below 0: the other way round. */
function scroll({ rows, size }: State, top: number, count: number): void {
  const moved = Math.min(Math.abs(count), size.rows - top);
  const blanks = Array.from({ length: moved }, () => blankRow(size));
  if (count > 0) {
    rows.splice(top, moved);
    rows.push(...blanks);
  } else {
    rows.splice(size.rows - moved, moved);
    rows.splice(top, 0, ...blanks);
  }
}

function lineFeed(state: State): void {
  if (state.row === state.size.rows - 1) scroll(state, 0, 1);
  moveTo(state, state.row + 1, state.column);
}

function reverseLineFeed(state: State): void {
  if (state.row === 0) scroll(state, 0, -1);
  moveTo(state, state.row - 1, state.column);
}

const COMBINING = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** East Asian Wide and Fullwidth (Unicode, Annex 11), and emoji, by their blocks. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

/** The letter, without what combines with it. */
const first = (cell = ""): string => String.fromCodePoint(cell.codePointAt(0) ?? 0);

function combine(state: State, character: string): void {
  const row = state.rows[state.row] as Row;
  const last = state.isFull ? state.column : state.column - 1;
  const at = row[last] === "" ? last - 1 : last;
  // A few marks are enough for any letter: a guest could add them for ever.
  if (at >= 0 && (row[at] as string).length < 32) row[at] += character;
}

function put(state: State, given: string): void {
  if (COMBINING.test(given)) return combine(state, given);
  // There is no room for a wide letter on a screen of one column.
  const character = WIDE.test(given) && state.size.columns === 1 ? "\ufffd" : given;
  const width = WIDE.test(character) ? 2 : 1;
  if (state.isFull || state.column + width > state.size.columns) {
    lineFeed(state);
    moveTo(state, state.row, 0);
  }
  const row = state.rows[state.row] as Row;
  if (row[state.column] === "") row[state.column - 1] = " ";
  row[state.column] = character;
  if (width === 2) row[state.column + 1] = "";
  if (row[state.column + width] === "") row[state.column + width] = " ";
  const next = state.column + width;
  state.isFull = next === state.size.columns;
  state.column = Math.min(next, state.size.columns - 1);
}

const TAB = 8;

function control(state: State, code: number): void {
  if (code === 0x08) moveTo(state, state.row, state.column - 1);
  else if (code === 0x09) moveTo(state, state.row, (Math.floor(state.column / TAB) + 1) * TAB);
  else if (code === 0x0d) moveTo(state, state.row, 0);
  else if (code === 0x0a) {
    lineFeed(state);
    moveTo(state, state.row, 0);
  }
}

/** A wide letter of which one half is gone is gone. */
function mend(row: Row): void {
  row.forEach((cell, at) => {
    const isHalf = cell === "" ? !WIDE.test(first(row[at - 1])) : WIDE.test(first(cell)) && row[at + 1] !== "";
    if (isHalf) row[at] = " ";
  });
}

function erase(state: State, fromRow: number, fromColumn: number, toRow: number, toColumn: number): void {
  for (let r = fromRow; r <= toRow; r++) {
    const end = r === toRow ? toColumn : state.size.columns;
    const row = state.rows[r] as Row;
    row.fill(" ", r === fromRow ? fromColumn : 0, end);
    mend(row);
  }
}

const [TO_END, TO_START, ALL] = [0, 1, 2];

function eraseDisplay(state: State, what: number): void {
  const { row, column, size } = state;
  if (what === TO_END) erase(state, row, column, size.rows - 1, size.columns);
  else if (what === TO_START) erase(state, 0, 0, row, column + 1);
  else if (what === ALL) erase(state, 0, 0, size.rows - 1, size.columns);
}

function eraseLine(state: State, what: number): void {
  const { row, column, size } = state;
  if (what === TO_END) erase(state, row, column, row, size.columns);
  else if (what === TO_START) erase(state, row, 0, row, column + 1);
  else if (what === ALL) erase(state, row, 0, row, size.columns);
}

/** Blanks come in at the cursor, or at the end of the line. */
function shiftRow({ rows, row, column, size }: State, count: number): void {
  const cells = rows[row] as Row;
  const moved = Math.min(Math.abs(count), size.columns - column);
  const blanks = Array.from({ length: moved }, () => " ");
  if (count > 0) {
    cells.splice(size.columns - moved, moved);
    cells.splice(column, 0, ...blanks);
  } else {
    cells.splice(column, moved);
    cells.push(...blanks);
  }
  mend(cells);
}

type Act = (state: State, n: number, first: number, second: number) => void;

/** `n` is the first number, at least 1; `first` and `second` are the numbers as they came, 0 if absent. */
const ACTS: Readonly<Record<string, Act>> = {
  A: (state, n) => moveTo(state, state.row - n, state.column),
  B: (state, n) => moveTo(state, state.row + n, state.column),
  C: (state, n) => moveTo(state, state.row, state.column + n),
  D: (state, n) => moveTo(state, state.row, state.column - n),
  E: (state, n) => moveTo(state, state.row + n, 0),
  F: (state, n) => moveTo(state, state.row - n, 0),
  G: (state, n) => moveTo(state, state.row, n - 1),
  H: (state, n, _, second) => moveTo(state, n - 1, Math.max(second, 1) - 1),
  I: (state, n) => moveTo(state, state.row, (Math.floor(state.column / TAB) + n) * TAB),
  J: (state, _n, first) => eraseDisplay(state, first),
  K: (state, _n, first) => eraseLine(state, first),
  L: (state, n) => scroll(state, state.row, -n),
  M: (state, n) => scroll(state, state.row, n),
  P: (state, n) => shiftRow(state, -n),
  S: (state, n) => scroll(state, 0, n),
  T: (state, n) => scroll(state, 0, -n),
  X: (state, n) => erase(state, state.row, state.column, state.row, Math.min(state.column + n, state.size.columns)),
  Z: (state, n) => moveTo(state, state.row, (Math.ceil(state.column / TAB) - n) * TAB),
  "@": (state, n) => shiftRow(state, n),
  d: (state, n) => moveTo(state, n - 1, state.column),
};
const SAME: Readonly<Record<string, string>> = { f: "H", "`": "G", a: "C", e: "B" };

function showOther(state: State, isOther: boolean): void {
  if (isOther === (state.behind !== undefined)) return;
  const { rows, behind, row, column } = state;
  state.rows = behind?.rows ?? blankRows(state.size);
  if (behind !== undefined) moveTo(state, behind.cursor.row, behind.cursor.column);
  state.behind = isOther ? { rows, cursor: { row, column } } : undefined;
}

function sequence(state: State, { prefix, params, intermediates, final }: Sequence): void {
  if (prefix === "?" && params === "25") state.isCursorVisible = final === "h";
  if (prefix === "?" && params === "1049") showOther(state, final === "h");
  if (prefix !== "" || intermediates !== "") return;
  const [first = 0, second = 0] = params.split(";").map(Number);
  ACTS[SAME[final] ?? final]?.(state, Math.max(first, 1), first, second);
}

function escapeSequence(state: State, final: string): void {
  if (final === "7") state.saved = { row: state.row, column: state.column };
  else if (final === "8") moveTo(state, state.saved.row, state.saved.column);
  else if (final === "D") lineFeed(state);
  else if (final === "M") reverseLineFeed(state);
  else if (final === "E") control(state, 0x0a);
}

function apply(state: State, token: Token): void {
  if (token.kind === "text") for (const character of token.text) put(state, character);
  else if (token.kind === "control") control(state, token.code);
  else if (token.kind === "csi") sequence(state, token);
  else if (token.kind === "escape" && token.intermediates === "") escapeSequence(state, token.final);
}

function fitted(rows: readonly Row[], size: Size): Row[] {
  const cut = blankRows(size).map((blank, r) => blank.map((space, c) => rows[r]?.[c] ?? space));
  cut.forEach(mend);
  return cut;
}

/** The upper left corner stays where it is. */
function resize(state: State, size: Size): void {
  state.size = size;
  state.rows = fitted(state.rows, size);
  if (state.behind !== undefined) state.behind = { ...state.behind, rows: fitted(state.behind.rows, size) };
  moveTo(state, state.row, state.column);
}

export function newScreen(size: Size): Screen {
  const start = { row: 0, column: 0 };
  const state: State = {
    ...{ size, rows: blankRows(size), ...start, isFull: false, saved: start, behind: undefined },
    isCursorVisible: true,
  };
  const parser = newParser({ strings: true });
  return {
    write(text) {
      for (const token of parser.feed(text)) apply(state, token);
    },
    resize: (to) => resize(state, to),
    lines: () => state.rows.map((row) => row.join("").trimEnd()),
    cursor: () => ({ row: state.row, column: state.column }),
    isCursorVisible: () => state.isCursorVisible,
  };
}
