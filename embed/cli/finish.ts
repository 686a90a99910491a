// How the end of a run is told, to people or to machines, and the exit code of it.
import type { Result } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import { type ExitName, exitCode, UsageError } from "./exit.ts";
import { hintFor } from "./hints.ts";
import { toJson } from "./json.ts";
import { MANNERS, type Manner, printError, printValue } from "./print.ts";
import { escapeControls, painter, stderr, stdout } from "./terminal.ts";

const EXITS: Readonly<Record<Result["status"], ExitName>> = {
  returned: "returned",
  threw: "threw",
  refused: "refused",
  exhausted: "exhausted",
  trapped: "trapped",
  aborted: "aborted",
};

/** How --value wants the value printed. */
export function mannerOf(parsed: Parsed): Manner {
  const word = parsed.text("value") ?? "inspect";
  const manner = MANNERS.find((known) => known === word);
  if (manner !== undefined) return manner;
  throw new UsageError(`--value ${word}: ${MANNERS.join(", ")}`);
}

/** One line about an end that is neither a value nor an error of the guest. */
function endingLine(result: Result): string {
  if (result.status === "exhausted") {
    const { fuel, wall } = result.usage;
    const spent = `after ${fuel.toLocaleString("en-US")} fuel and ${(wall / 1000).toFixed(1)} s`;
    const more = result.resource === "depth" ? "" : `; --${result.resource} allows more`;
    return `exhausted: ${result.resource} ${spent}${more}`;
  }
  if (result.status === "refused") return `refused by ${result.by}: ${result.why}`;
  return result.status === "trapped" ? `trapped: ${result.reason}` : result.status;
}

function show(parsed: Parsed, result: Result, name: string, text: string | undefined): void {
  if (result.status === "returned") {
    if (result.omitted === true && stderr().isTerminal) stderr().write("(a value that cannot leave the sandbox)\n");
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

function showJson(result: Result, exit: number): void {
  const { console: _lines, ...rest } = result;
  stdout().write(`${JSON.stringify(toJson({ ...rest, exit }))}\n`);
}

/** Tells how a run ended and gives the exit code. */
export function finish(parsed: Parsed, result: Result, name: string, text: string | undefined, ctrlC: boolean): number {
  const code = exitCode(ctrlC && result.status === "aborted" ? "ctrlC" : EXITS[result.status]);
  if (parsed.has("json")) showJson(result, code);
  else show(parsed, result, name, text);
  return code;
}
