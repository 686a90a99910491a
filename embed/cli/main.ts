// The command `cordon`. `run` is part of this file's bundle, for it must start quickly; every other command is loaded
// when it is asked for: a hello must not wait for the repl.
import { nearest, type Parsed, parse } from "./arguments.ts";
import { EXIT, exitCode, UsageError } from "./exit.ts";
import { COMMANDS, type CommandName, isCommand } from "./options.ts";
import { run } from "./run.ts";
import { painter, stderr, stdout } from "./terminal.ts";

type Action = (parsed: Parsed) => Promise<number>;

const ACTIONS: Readonly<Record<CommandName, () => Promise<Action>>> = {
  run: async () => run,
  repy: async () => (await import("./repy.ts")).repy,
  check: async () => (await import("./check.ts")).check,
  types: async () => (await import("./types.ts")).types,
  verify: async () => (await import("./verify.ts")).verify,
  explain: async () => (await import("./explain.ts")).explain,
  top: async () => (await import("./top.ts")).top,
  repl: async () => (await import("./repl.ts")).repl,
  policy: async () => help,
  "policy check": async () => (await import("./policy/check.ts")).check,
  "policy test": async () => (await import("./policy/test.ts")).test,
  "policy diff": async () => (await import("./policy/diff.ts")).diff,
  "policy explain": async () => (await import("./policy/past.ts")).explain,
  "policy replay": async () => (await import("./policy/past.ts")).replay,
  "policy learn": async () => (await import("./policy/past.ts")).learn,
  "policy graph": async () => (await import("./policy/graph.ts")).graph,
  "policy fmt": async () => (await import("./policy/fmt.ts")).fmt,
  "policy json": async () => (await import("./policy/json.ts")).json,
  "policy schema": async () => (await import("./policy/json.ts")).schema,
  help: async () => help,
};

async function help({ command, positionals }: Parsed): Promise<number> {
  const topic = command === "help" ? positionals.join(" ") : command;
  const { commandHelp, topics } = await import("./help.ts");
  const paint = painter(stdout());
  const text = isCommand(topic) ? commandHelp(topic, paint) : topics.get(topic)?.(paint);
  if (text === undefined) throw unknownCommand(topic);
  process.stdout.write(text);
  return exitCode("returned");
}

function unknownCommand(word: string): UsageError {
  const near = nearest(word, Object.keys(COMMANDS));
  const isFile = /\.(ts|js|mjs|mts|wasm)$/.test(word);
  const meant = isFile ? `; did you mean cordon run ${word}?` : near === undefined ? "" : `; did you mean ${near}?`;
  return new UsageError(`unknown command ${JSON.stringify(word)}${meant}`, "cordon help");
}

async function version(): Promise<number> {
  const { readFileSync } = await import("node:fs");
  const { findPackage } = await import("./package.ts");
  const { version: number } = JSON.parse(readFileSync(findPackage("package.json"), "utf8")) as { version: string };
  process.stdout.write(`${number}\n`);
  return exitCode("returned");
}

/** The command that the words name, which may be two words, and what follows it. */
function commandIn(word: string, rest: readonly string[]): readonly [CommandName, readonly string[]] {
  if (!isCommand(word)) throw unknownCommand(word);
  const [verb] = rest;
  if (word !== "policy" || verb === undefined || verb.startsWith("-")) return [word, rest];
  const whole = `policy ${verb}`;
  if (isCommand(whole)) return [whole, rest.slice(1)];
  throw unknownVerb(verb);
}

function unknownVerb(verb: string): UsageError {
  const verbs = Object.keys(COMMANDS).flatMap((name) => (name.startsWith("policy ") ? [name.slice(7)] : []));
  const near = nearest(verb, verbs);
  const isFile = verb.endsWith(".policy");
  const meant = isFile ? `did you mean cordon policy check ${verb}?` : near && `did you mean ${near}?`;
  return new UsageError(
    `unknown verb ${JSON.stringify(verb)}; ${meant ?? `there are ${verbs.join(", ")}`}`,
    "cordon help policy",
  );
}

async function dispatch([word = "help", ...rest]: readonly string[]): Promise<number> {
  if (word === "--version" || word === "-v") return await version();
  const [command, own] = commandIn(word === "--help" || word === "-h" ? "help" : word, rest);
  const parsed = parse(command, own);
  if (parsed.has("help")) return await help(parsed);
  return await (await ACTIONS[command]())(parsed);
}

async function tell(error: UsageError): Promise<number> {
  const { message, hint } = error;
  if ((error as { readonly code?: unknown }).code === "E_POLICY") {
    const { tellPolicy } = await import("./policy/complaint.ts");
    return tellPolicy(error);
  }
  const screen = stderr();
  const paint = painter(screen);
  screen.write(`${paint("red", "cordon:")} ${message}\n${hint === undefined ? "" : `  try: ${hint}\n`}`);
  return exitCode("usage");
}

const isUsage = (error: unknown): error is UsageError =>
  error instanceof UsageError ||
  (error instanceof Error && (error.name === "CordonError" || (error as { code?: unknown }).code === "E_POLICY"));

/** Runs one command line and returns its exit code. Throws only for mistakes of our own. */
export async function main(words: readonly string[]): Promise<number> {
  process.stdout.on("error", (error: { readonly code?: string }) => {
    if (error.code === "EPIPE") process.exit(EXIT.pipe.code);
  });
  try {
    return await dispatch(words);
  } catch (error) {
    if (isUsage(error)) return await tell(error);
    throw error;
  }
}
