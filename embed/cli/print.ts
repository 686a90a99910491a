// How a run's value and a guest's error are shown to people.
import { inspect } from "node:util";
import { toJson } from "../json.ts";
import { codeFrame, type Position } from "./frame.ts";
import { escapeControls, painter, type Screen } from "./terminal.ts";

export type Manner = "inspect" | "json" | "text" | "none";
export const MANNERS: readonly Manner[] = ["inspect", "json", "text", "none"];

const OPTIONS = { depth: 6, maxArrayLength: 200, maxStringLength: 20_000, breakLength: 100 } as const;

/** Colours only if the plain form holds nothing that drives a terminal: then the coloured one holds only colours. */
function inspected(value: unknown, { isTerminal, hasColors }: Screen): string {
  const plain = typeof value === "string" ? value : inspect(value, OPTIONS);
  const clean = escapeControls(plain);
  if (clean !== plain) return isTerminal ? clean : plain;
  return hasColors && typeof value !== "string" ? inspect(value, { ...OPTIONS, colors: true }) : plain;
}

const text = (value: unknown): string => (typeof value === "string" ? value : inspect(value, OPTIONS));

/** Prints a run's value, if there is something to print. */
export function printValue(value: unknown, manner: Manner, screen: Screen): void {
  if (value === undefined || manner === "none") return;
  const shown =
    manner === "json" ? JSON.stringify(toJson(value)) : manner === "text" ? text(value) : inspected(value, screen);
  screen.write(`${screen.isTerminal && manner !== "inspect" ? escapeControls(shown) : shown}\n`);
}

/** What a guest threw: made of data alone. */
export interface GuestError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
}

const isError = (thrown: unknown): thrown is GuestError => thrown instanceof Error;

/** Where in the guest's own source: the first frame of the stack that is of the file `name`. */
export function positionOf(error: unknown, name: string): Position | undefined {
  const stack = isError(error) && typeof error.stack === "string" ? error.stack : "";
  for (const line of stack.split("\n")) {
    const [, file, at, column] = /^\s*at (?:.*\()?([^()]+?):(\d+)(?::(\d+))?\)?$/.exec(line) ?? [];
    if (file === name) return { line: Number(at), column: column === undefined ? undefined : Number(column) };
  }
  return undefined;
}

const headline = (error: unknown): string => {
  if (!isError(error)) return `thrown: ${inspect(error, OPTIONS)}`;
  const code = error.code === undefined ? "" : ` [${String(error.code)}]`;
  return `${String(error.name)}: ${String(error.message)}${code}`;
};

const FRAMES = 10;
const frames = (error: unknown): string[] => {
  const stack = isError(error) && typeof error.stack === "string" ? error.stack : "";
  return stack
    .split("\n")
    .filter((line) => /^\s*at /.test(line))
    .slice(0, FRAMES);
};

const CAUSES = 5;

/** The error, the place in the source, the stack and the causes. */
export function printError(error: unknown, name: string, source: string | undefined, screen: Screen): void {
  const paint = painter(screen);
  const clean = (line: string): string => (screen.isTerminal ? escapeControls(line) : line);
  const position = positionOf(error, name);
  screen.write(`${paint("red", clean(headline(error)))}\n`);
  if (position !== undefined && source !== undefined) screen.write(codeFrame(source, position, paint));
  for (const line of frames(error)) screen.write(`${paint("dim", clean(`    ${line.trim()}`))}\n`);
  let cause = isError(error) ? error.cause : undefined;
  for (let left = CAUSES; cause !== undefined && left > 0; left--) {
    screen.write(`  caused by ${clean(headline(cause))}\n`);
    cause = isError(cause) ? cause.cause : undefined;
  }
}
