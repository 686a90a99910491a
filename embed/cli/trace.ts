// --trace: what was called of what was granted, with which arguments, what came of it, and how long it took.
//
// The functions themselves are watched, since the kernel sees bytes only; the kernel tells of calls that it refused
// before any function ran. All text is a guest's or may be: it is shortened, on one line, and drives no terminal.
import { inspect } from "node:util";
import { capability, type Granted, type HostFunction } from "../../policy-libs/index.ts";
import type { TraceRecord } from "../node/index.ts";
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
  watch(grants: Readonly<Record<string, Granted>>): Readonly<Record<string, Granted>>;
  /** For the option `trace` of the sandbox. */
  readonly onCall: (record: TraceRecord) => void;
  /** A program wrote to the screen: a line of the trace must not go on in the middle of its line. */
  wrote(bytes: Uint8Array): void;
  /** The run has ended, and what is still open stays so. */
  end(): void;
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
  if (outcome === "refused") return `${name} refused`;
  const end = result === undefined ? "" : ` ${result}`;
  const what = outcome === "done" ? ` ->${end}` : ` ${outcome}${end}`;
  return `${name}(${args.join(", ")})${what} (${ms.toFixed(1)} ms)`;
}

type Sink = (line: TraceLine) => void;

interface Open {
  readonly grant: string;
  readonly call: string;
  readonly args: readonly string[];
  readonly start: number;
}

interface Watch {
  readonly open: Set<Open>;
  readonly tell: Sink;
}

function close({ open, tell }: Watch, call: Open, outcome: TraceLine["outcome"], result?: string): void {
  if (!open.delete(call)) return;
  const { start, ...rest } = call;
  const ms = Math.round((performance.now() - start) * 1_000) / 1_000;
  tell({ ...rest, outcome, ...(result === undefined ? {} : { result }), ms });
}

function watched(watch: Watch, grant: string, call: string, inner: HostFunction): HostFunction {
  return (...args: never[]): unknown => {
    const begun: Open = { grant, call, args: shortenAll(args), start: performance.now() };
    watch.open.add(begun);
    const fail = (thrown: unknown): void => close(watch, begun, "failed", shortenError(thrown));
    const succeed = (value: unknown): void => close(watch, begun, "done", shorten(value));
    try {
      const value: unknown = inner(...args);
      if (value instanceof Promise) value.then(succeed, fail);
      else succeed(value);
      return value;
    } catch (thrown) {
      fail(thrown);
      throw thrown;
    }
  };
}

/** The same capability; its contract has the grant's name, by which the kernel tells of it. */
function watchedGrant(watch: Watch, name: string, { contract, functions, modes }: Granted): Granted {
  const all = Object.entries(functions).map(([call, inner]) => [call, watched(watch, name, call, inner)] as const);
  return capability({ ...contract, name }, Object.fromEntries(all), modes);
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
  const watch: Watch = { open: new Set(), tell: sink };
  return {
    watch: (grants) =>
      Object.fromEntries(Object.entries(grants).map(([name, grant]) => [name, watchedGrant(watch, name, grant)])),
    onCall: ({ contract, call, decision }) => {
      if (decision === "refused") sink({ grant: contract, call, args: [], outcome: "refused", ms: 0 });
    },
    wrote,
    end: () => {
      for (const call of watch.open) close(watch, call, "unfinished");
    },
    records: isJson ? records : undefined,
    dropped: () => dropped,
  };
}

export const tracerOf = (parsed: Parsed): Tracer | undefined =>
  parsed.has("trace") ? newTracer(parsed.has("json"), stderr()) : undefined;
