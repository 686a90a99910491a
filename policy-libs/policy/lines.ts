// From an offset to a line and a column. Both count from 1; a column counts UTF-16 units, as editors and JavaScript do:
// a tab is one column, a character beyond U+FFFF is two. A line ends with LF; the CR before it belongs to the line.
import type { Span } from "./tree.ts";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where each line begins. Made once for a file, asked often. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** In logarithmic time. An offset beyond the text is on its last line. */
export function positionOf(starts: readonly number[], offset: number): Position {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - (starts[low] as number) + 1 };
}

/** A place in a file, for people; the same as resolved.ts has it. */
export interface FilePlace extends Position {
  readonly file: string;
  readonly span: Span;
  /** The text there. */
  readonly text: string;
}

/** Makes places in one file. */
export function placer(file: string, text: string): (span: Span) => FilePlace {
  const starts = lineStarts(text);
  return (span) => ({ file, ...positionOf(starts, span.from), span, text: text.slice(span.from, span.to) });
}
