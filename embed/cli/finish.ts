// How the end of a run is told, to people or to machines, and the exit code of it.

import { toJson } from "../json.ts";
import type { Result } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import { type ExitName, exitCode, UsageError } from "./exit.ts";
import { hintFor } from "./hints.ts";
import { MANNERS, type Manner, printError, printValue } from "./print.ts";
import { escapeControls, painter, stderr, stdout } from "./terminal.ts";
import type { Tracer } from "./trace.ts";

const EXITS: Readonly<Record<Result["status"], ExitName>> = {
  returned: "returned",
  threw: "threw",
  refused: "refused",
  exhausted: "exhausted",
  trapped: "trapped",
  aborted: "aborted",
  interrupted: "interrupted",
};

/** How --value wants the value printed. */
export function mannerOf(parsed: Parsed): Manner {
  const word = parsed.text("value") ?? "inspect";
  const manner = MANNERS.find((known) => known === word);
  if (manner !== undefined) return manner;
  throw new UsageError(`--value ${word}: ${MANNERS.join(", ")}`);
}

const ADVICE = new Map([["audit", "; --audit-max allows more, --audit-at-max says what is done then"]]);
const MOST_SHOWN = 200; // characters

function questionText(question: unknown): string {
  const text = typeof question === "string" ? question : JSON.stringify(toJson(question));
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text;
}

/** One line about an end that is neither a value nor an error of the guest. */
function endingLine(result: Result): string {
  if (result.status === "exhausted") {
    const { fuel, wall } = result.usage;
    const spent = `after ${fuel.toLocaleString("en-US")} fuel and ${(wall / 1000).toFixed(1)} s`;
    const more = result.resource === "depth" ? "" : `; --${result.resource} allows more`;
    return `exhausted: ${result.resource} ${spent}${more}`;
  }
  if (result.status === "refused") return `refused by ${result.by}: ${result.why}${ADVICE.get(result.by) ?? ""}`;
  // Nobody is there to answer: the process ends, and the run with it.
  if (result.status === "interrupted") return `interrupted, and nobody can answer: ${questionText(result.question)}`;
  return result.status === "trapped" ? `trapped: ${result.reason}` : result.status;
}

export interface About {
  readonly name: string;
  /** The source, for code frames. */
  readonly text?: string;
  /** Was it Ctrl-C that aborted the run? */
  readonly ctrlC: boolean;
  /** What a program exited with, if that means that it failed. */
  readonly exited?: number;
  readonly tracer?: Tracer | undefined;
}

function show(parsed: Parsed, result: Result, { name, text, exited }: About): void {
  if (result.status === "returned") {
    if (result.omitted === true && stderr().isTerminal) stderr().write("(a value that cannot leave the sandbox)\n");
    if (exited !== undefined) stderr().write(`cordon: the program exited with ${exited}\n`);
    return printValue(result.value, mannerOf(parsed), stdout());
  }
  const screen = stderr();
  if (result.status === "threw") {
    printError(result.error, name, text, screen);
    const hint = hintFor(result.error);
    if (hint !== undefined) screen.write(`  try: ${hint}\n`);
    return;
  }
  screen.write(`${painter(screen)("red", "cordon:")} ${escapeControls(endingLine(result))}\n`);
}

/** What --trace saw. A guest chooses the names of calls that are none: they are only text here. */
function traceOf({ tracer }: About): object {
  if (tracer?.records === undefined) return {};
  const dropped = tracer.dropped();
  return { trace: tracer.records, ...(dropped === 0 ? {} : { traceDropped: dropped }) };
}

function showJson(result: Result, about: About, exit: number): void {
  const { console: _lines, continuation: _live, ...all } = result as Result & { readonly continuation?: unknown };
  const { value, ...others } = all as { readonly value?: unknown };
  const rest = value === undefined ? others : all;
  const { exited } = about;
  const own = { ...(exited === undefined ? {} : { exited }), ...traceOf(about) };
  stdout().write(`${JSON.stringify(toJson({ ...rest, ...own, exit }))}\n`);
}

function codeOf(result: Result, { ctrlC, exited }: About): number {
  if (ctrlC && result.status === "aborted") return exitCode("ctrlC");
  return exitCode(exited === undefined ? EXITS[result.status] : "threw");
}

/** Tells how a run ended and gives the exit code. */
export function finish(parsed: Parsed, result: Result, about: About): number {
  const code = codeOf(result, about);
  if (parsed.has("json")) showJson(result, about, code);
  else show(parsed, result, about);
  return code;
}
