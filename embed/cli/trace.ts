// --trace: what was called of what was granted, with which arguments, what came of it, and how long it took.
//
// All text is a guest's or may be: it is shortened, on one line, and drives no terminal.
import { inspect } from "node:util";
import type { AuditCall, AuditOptions, AuditRecord } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import { escapeControls, painter, type Screen, stderr } from "./terminal.ts";

export interface TraceLine {
  readonly grant: string;
  readonly call: string;
  /** Each as text, shortened. */
  readonly args: readonly string[];
  /** `unfinished`: the run ended before the call did. */
  readonly outcome: "done" | "failed" | "refused" | "unfinished";
  /** What it gave or threw, shortened. */
  readonly result?: string;
  readonly ms: number;
}

export interface Tracer {
  /** For the option `audit` of the sandbox: a trace is an audit that is printed. */
  readonly audit: AuditOptions;
  /** A program wrote to the screen: a line of the trace must not go on in the middle of its line. */
  wrote(bytes: Uint8Array): void;
  /** With --json: the records so far. */
  readonly records: readonly TraceLine[] | undefined;
  /** Records that were too many. */
  dropped(): number;
}

const SHORT = {
  depth: 1,
  maxArrayLength: 4,
  maxStringLength: 40,
  breakLength: Infinity,
  customInspect: false,
} as const;
const MOST_TEXT = 80; // characters of one value
const MOST_ARGS = 4;
const MOST_RECORDS = 10_000;

const cut = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 3)}...` : text);
const oneLine = (text: string): string =>
  escapeControls(cut(text.slice(0, 4 * MOST_TEXT).replace(/\s*[\r\n\t]\s*/g, " ")));

/** Never throws: what is shown may be an object of anybody. */
export function shorten(value: unknown): string {
  try {
    return oneLine(inspect(value, SHORT));
  } catch {
    return "?";
  }
}

function shortenError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return shorten(thrown);
  const { code } = thrown as { readonly code?: unknown };
  return `${oneLine(`${thrown.name}: ${thrown.message}`)}${code === undefined ? "" : oneLine(` [${String(code)}]`)}`;
}

function shortenAll(args: readonly unknown[]): string[] {
  const shown = args.slice(0, MOST_ARGS).map(shorten);
  return args.length > MOST_ARGS ? [...shown, `... ${args.length - MOST_ARGS} more`] : shown;
}

/** As it is printed: `trace files.readText('a.txt') -> 'alpha' (0.4 ms)`. */
export function lineOf({ grant, call, args, outcome, result, ms }: TraceLine): string {
  const name = escapeControls(call === "" ? grant : `${grant}.${call}`);
  const end = result === undefined ? "" : ` ${result}`;
  if (outcome === "refused") return `${name} refused${end}`;
  const what = outcome === "done" ? ` ->${end}` : ` ${outcome}${end}`;
  return `${name}(${args.join(", ")})${what} (${ms.toFixed(1)} ms)`;
}

type Sink = (line: TraceLine) => void;

const OUTCOMES = { allowed: "done", failed: "failed", refused: "failed", pending: "unfinished" } as const;

/** Before any function ran nobody saw arguments: that is `refused` here, and by whatever ran it is `failed`. */
function lineFrom({ capability, call, args, result, decision, cost }: AuditCall): TraceLine {
  const who = { grant: capability, call };
  const why = result === undefined ? {} : { result: shortenError(result) };
  if (!Array.isArray(args)) return { ...who, args: [], outcome: "refused", ...why, ms: 0 };
  const outcome = OUTCOMES[decision];
  const text = outcome === "failed" ? shortenError(result) : shorten(result);
  const came = outcome === "unfinished" ? {} : { result: text };
  return { ...who, args: shortenAll(args), outcome, ...came, ms: cost.ms };
}

interface Place {
  readonly sink: Sink;
  wrote(bytes: Uint8Array): void;
}

/** A guest's line that has no end yet gets one. */
function printer(screen: Screen): Place {
  const paint = painter(screen);
  let isMiddle = false;
  return {
    sink: (line) => {
      screen.write(`${isMiddle ? "\n" : ""}${paint("cyan", "trace")} ${lineOf(line)}\n`);
      isMiddle = false;
    },
    wrote: (bytes) => {
      if (bytes.length > 0) isMiddle = bytes.at(-1) !== 0x0a;
    },
  };
}

export function newTracer(isJson: boolean, screen: Screen): Tracer {
  const records: TraceLine[] = [];
  let dropped = 0;
  const keep: Sink = (line) => void (records.length < MOST_RECORDS ? records.push(line) : dropped++);
  const { sink, wrote } = isJson ? { sink: keep, wrote: () => undefined } : printer(screen);
  const to = (record: AuditRecord): void => {
    if (!("event" in record)) sink(lineFrom(record));
  };
  const all = Number.POSITIVE_INFINITY;
  return {
    audit: { to, values: "full", results: true, maxValue: all, maxBytes: all, whenFull: "drop" },
    wrote,
    records: isJson ? records : undefined,
    dropped: () => dropped,
  };
}

export const tracerOf = (parsed: Parsed): Tracer | undefined =>
  parsed.has("trace") ? newTracer(parsed.has("json"), stderr()) : undefined;
