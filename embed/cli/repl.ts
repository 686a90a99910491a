// `cordon repl`: a sandbox that keeps its state, one line or more at a time.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { createSandbox, type Result, type Sandbox, type SandboxOptions } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import { exitCode, UsageError } from "./exit.ts";
import { openListeners } from "./listeners.ts";
import { printError, printValue } from "./print.ts";
import { painter, type Screen, stdout } from "./terminal.ts";
import { limitsOf, worldOf } from "./world.ts";

const NAME = "repl";
const HISTORY = 1_000; // lines

interface Repl {
  readonly parsed: Parsed;
  readonly world: SandboxOptions;
  readonly screen: Screen;
  readonly lines: Interface;
  box: Sandbox;
  last: Result | undefined;
  /** Lines of an input that is not complete yet. */
  begun: string;
  running: AbortController | undefined;
  /** Nothing more will be typed. */
  isClosed: boolean;
}

const HELP = `  .help     this
  .usage    what the last input cost
  .limits   what each input may use
  .reset    a fresh sandbox
  .exit     leave (or Ctrl-D)
`;

function usageText({ last }: Repl): string {
  if (last === undefined) return "nothing was run yet\n";
  const { fuel, memory, calls, bytes, wall } = last.usage;
  const mib = (memory / 2 ** 20).toFixed(1);
  return `  fuel ${fuel.toLocaleString("en-US")}, memory ${mib} MiB, calls ${calls}, bytes ${bytes}, wall ${wall.toFixed(1)} ms\n`;
}

async function limitsText({ parsed }: Repl): Promise<string> {
  const { LIMITS, parseLimit } = await import("../node/index.ts");
  const given = limitsOf(parsed) as Readonly<Record<string, string | undefined>>;
  const profile = (parsed.text("limits") ?? "normal") as "normal";
  const rows = Object.entries(LIMITS).map(([name, row]) => {
    const text = given[name];
    const value = text === undefined ? row[profile] : parseLimit(name as keyof typeof LIMITS, text);
    return `  ${name.padEnd(9)} ${value.toLocaleString("en-US").padStart(16)} ${row.unit.padEnd(6)} ${row.about}`;
  });
  return `${rows.join("\n")}\n`;
}

/** Does the error say that the source only ends too early? Then more lines may follow. */
const isUnfinished = (result: Result): boolean =>
  result.status === "threw" &&
  result.error.name === "SyntaxError" &&
  /end of (input|file|string)|unexpected token in expression: ''|expecting '}'|unexpected end/i.test(
    result.error.message,
  );

async function fresh(repl: Repl, why: string): Promise<void> {
  repl.box.dispose();
  repl.box = await createSandbox(repl.world);
  repl.screen.write(`${painter(repl.screen)("dim", `${why}: this is a fresh sandbox`)}\n`);
}

/** Asks on the line that is typed on; what was begun there is forgotten. */
async function asked({ lines, screen }: Repl, first: Result, signal: AbortSignal): Promise<Result> {
  const { answered } = await import("./policy/approve.ts");
  return await answered(first, signal, {
    screen,
    drain: async () => lines.write(null, { ctrl: true, name: "u" }),
    line: (shown) =>
      new Promise((resolve) => {
        const none = (): void => resolve("");
        signal.addEventListener("abort", none, { once: true });
        lines.once("close", none);
        const at = shown.lastIndexOf("\n") + 1;
        screen.write(shown.slice(0, at));
        lines.question(shown.slice(at), { signal }, resolve);
      }),
  });
}

/** Top-level `let` and `const` stay only as scripts; `await` makes a script that the engine runs as one too. */
async function evaluate(repl: Repl, source: string): Promise<void> {
  repl.running = new AbortController();
  const { signal } = repl.running;
  const first = await repl.box.run(source, { name: NAME, inputs: { args: repl.parsed.rest }, signal });
  const result = first.status === "interrupted" ? await asked(repl, first, signal) : first;
  repl.running = undefined;
  repl.last = result;
  if (isUnfinished(result)) {
    repl.begun = source;
    return;
  }
  repl.begun = "";
  if (result.status === "returned") printValue(result.value, "inspect", repl.screen);
  else if (result.status === "threw") printError(result.error, NAME, source, repl.screen);
  else repl.screen.write(`${painter(repl.screen)("red", "cordon:")} ${describe(result)}\n`);
  if (result.status === "interrupted") result.continuation.cancel();
  if (repl.box.ended() !== undefined) await fresh(repl, "the sandbox has ended");
}

function describe(result: Result): string {
  if (result.status === "exhausted") return `exhausted: ${result.resource}`;
  if (result.status === "interrupted") return "interrupted, and nobody can answer";
  return result.status === "refused" ? `refused by ${result.by}: ${result.why}` : result.status;
}

/** True when the repl is to end. */
async function obey(repl: Repl, line: string): Promise<boolean> {
  if (line === ".exit") return true;
  if (line === ".reset") await fresh(repl, "as you say");
  else if (line === ".usage") repl.screen.write(usageText(repl));
  else if (line === ".limits") repl.screen.write(await limitsText(repl));
  else repl.screen.write(HELP);
  return false;
}

function readHistory(file: string | undefined): string[] {
  if (file === undefined || !existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .slice(-HISTORY)
    .reverse();
}

function remember(file: string | undefined, line: string): void {
  if (file === undefined || line.trim() === "") return;
  try {
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`--history ${file}: ${(error as { readonly code?: string }).code}`);
  }
}

function interrupt(repl: Repl): void {
  if (repl.running !== undefined) return repl.running.abort();
  repl.begun = "";
  repl.screen.write("\n(.exit or Ctrl-D leaves)\n");
  prompt(repl);
}

function prompt(repl: Repl): void {
  if (!process.stdin.isTTY || repl.isClosed) return;
  repl.lines.setPrompt(repl.begun === "" ? "> " : "... ");
  repl.lines.prompt();
}

/** An empty line ends an unfinished input, and shows what is wrong with it. */
async function take(repl: Repl, line: string): Promise<boolean> {
  if (repl.begun === "" && /^\.[a-z]+$/.test(line.trim())) return await obey(repl, line.trim());
  if (line.trim() !== "") await evaluate(repl, repl.begun === "" ? line : `${repl.begun}\n${line}`);
  else if (repl.begun !== "") {
    if (repl.last?.status === "threw") printError(repl.last.error, NAME, repl.begun, repl.screen);
    repl.begun = "";
  }
  return false;
}

export async function repl(parsed: Parsed): Promise<number> {
  const listeners = await openListeners(parsed, NAME);
  const world = await worldOf(parsed, NAME, ...listeners.audits);
  const history = parsed.text("history");
  const box = await createSandbox(world);
  // Not before: lines that come while nobody iterates are lost.
  const lines = createInterface({
    input: process.stdin,
    ...(process.stdin.isTTY ? { output: process.stdout } : {}),
    history: readHistory(history),
    historySize: HISTORY,
  });
  const here: Repl = {
    parsed,
    world,
    screen: stdout(),
    lines,
    box,
    last: undefined,
    begun: "",
    running: undefined,
    isClosed: false,
  };
  lines.on("SIGINT", () => interrupt(here));
  lines.on("close", () => {
    here.isClosed = true;
  });
  if (process.stdin.isTTY) here.screen.write("A sandbox; .help tells more.\n");
  prompt(here);
  for await (const line of lines) {
    remember(history, line);
    if (await take(here, line)) break;
    prompt(here);
  }
  lines.close();
  here.box.dispose();
  await listeners.close();
  return exitCode("returned");
}
