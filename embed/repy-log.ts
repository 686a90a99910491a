// What a RepyV2 program has logged: kept up to a bound, or handed on.
import { ignoreResult } from "./output.ts";

/** Characters that are kept, and what a line costs beside its own. */
const MOST_LOG = 1 << 20;
const LINE_COST = 32;

export interface Log {
  readonly take: (line: string) => void;
  readonly lines: () => readonly string[];
}

/** After `isOver` nothing is taken any more. */
export function newLog(console: ((line: string) => void) | undefined, isOver: () => boolean): Log {
  const kept: string[] = [];
  let left = MOST_LOG;
  function keep(line: string): void {
    if (left < 0) return;
    left -= line.length + LINE_COST;
    kept.push(left < 0 ? "(the limit of output is reached: what follows is dropped)" : line);
  }
  return {
    take(line) {
      if (isOver()) return;
      if (console === undefined) keep(line);
      else ignoreResult(console(line));
    },
    lines: () => kept.slice(),
  };
}
