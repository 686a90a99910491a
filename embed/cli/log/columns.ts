// Rows as columns. Text is escaped before it is painted: a colour of a guest is no colour.
import { escapeLine, type Paint } from "../terminal.ts";

export interface Cell {
  readonly text: string;
  readonly style?: Parameters<Paint>[0] | undefined;
}

/** One line for each row, two blanks before it and between columns. */
export function toLines(rows: readonly (readonly (string | Cell)[])[], paint: Paint): string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === "string" ? { text: cell } : cell) as Cell));
  const clean = cells.map((row) => row.map(({ text }) => escapeLine(text)));
  const widths = (clean[0] ?? []).map((_, at) => Math.max(...clean.map((row) => row[at]?.length ?? 0)));
  return cells.map((row, y) => {
    const last = row.length - 1;
    const shown = row.map(({ style }, x) => {
      const text = clean[y]?.[x] ?? "";
      const painted = style === undefined ? text : paint(style, text);
      return x === last ? painted : painted + " ".repeat((widths[x] ?? 0) - text.length);
    });
    return `  ${shown.join("  ")}`.trimEnd();
  });
}
