// What guests say on their console: kept, handed on or printed, and bounded.
import type { Target } from "../kernel/index.ts";
import { CordonError } from "./errors.ts";
import { decodeValue, encodeValue } from "./values.ts";

export const LEVELS = ["log", "info", "warn", "error", "debug"] as const;
/** How important a line is. */
export type Level = (typeof LEVELS)[number];

/** A line that the guest said. */
export interface ConsoleLine {
  readonly level: Level;
  readonly text: string;
}

/** `collect` puts the lines into the result; `inherit` prints them on the host's console; a function gets each line. */
export type ConsoleOption = "collect" | "inherit" | "ignore" | ((level: Level, text: string) => void);

export interface Output {
  readonly target: Target;
  /** Begins a run that may say so many bytes. */
  start(limit: number): void;
  /** The lines of the run so far. */
  lines(): readonly ConsoleLine[];
}

/** Lines kept for a result: an empty line costs no bytes of its text, but memory of the host. */
export const LINE_COST = 32; // bytes

/** Text for a terminal: control characters, which could move its cursor or worse, become visible. */
export const escapeControls = (text: string): string =>
  text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g,
    (unit) => {
      const code = unit.charCodeAt(0);
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
    },
  );

/** What the embedder's own function gives back is not looked at; but a promise of it that rejects would end the process. */
export function ignoreResult(result: unknown): void {
  if (result instanceof Promise) Promise.prototype.then.call(result, undefined, () => undefined);
}

type Sink = (level: Level, text: string) => unknown;

function sinkOf(option: unknown, kept: ConsoleLine[]): Sink {
  if (option === undefined || option === "collect") return (level, text) => void kept.push({ level, text });
  if (option === "inherit") return (level, text) => console[level](escapeControls(text));
  if (option === "ignore") return () => undefined;
  if (typeof option === "function") return option as Sink;
  throw new CordonError("E_OPTION", 'console must be "collect", "inherit", "ignore" or a function (level, text)');
}

const levelOf = (alleged: unknown): Level => LEVELS.find((level) => level === alleged) ?? "log";

const DONE = encodeValue(undefined).slice();

export function newOutput(option: unknown): Output {
  const kept: ConsoleLine[] = [];
  const sink = sinkOf(option, kept);
  const keeps = option === undefined || option === "collect";
  let [left, isCut] = [0, false];

  function say(level: Level, text: string, bytes: number): void {
    if (isCut) return;
    left -= bytes;
    if (left >= 0) return ignoreResult(sink(level, text));
    isCut = true;
    ignoreResult(sink("warn", "(the limit of output is reached: what follows is dropped)"));
  }
  return {
    target(_method, bytes, length) {
      const [level, text] = decodeValue(bytes, length) as [unknown, unknown];
      if (typeof text !== "string") return DONE;
      try {
        say(levelOf(level), text, length + LINE_COST);
      } catch {
        // The embedder's own function failed; the guest's program goes on.
      }
      return DONE;
    },
    start(limit) {
      [left, isCut] = [limit, false];
      if (keeps) kept.splice(0);
    },
    lines: () => kept.slice(),
  };
}
