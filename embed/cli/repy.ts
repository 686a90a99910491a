// `cordon repy`: a program of RepyV2 under its restrictions file. What follows the program's name is the program's own.
import { basename } from "node:path";
import type { Granted } from "../../policy-libs/index.ts";
import { type RepyEnd, type RepyLayer, type RepyOptions, type RepyResult, runRepy } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import { type ExitName, exitCode, UsageError } from "./exit.ts";
import { onCtrlC, type Stop } from "./interrupt.ts";
import { readBytes, textOf } from "./source.ts";
import { escapeControls, guestText, painter, stderr, stdout } from "./terminal.ts";

const EXITS: Readonly<Record<RepyEnd["kind"], ExitName>> = {
  completed: "returned",
  exited: "returned",
  unsafe: "refused",
  uncaught: "threw",
  limit: "exhausted",
  internal: "trapped",
  stopped: "aborted",
};

const readText = (file: string): string => textOf({ name: file, language: "js", bytes: readBytes(file) });

function layerOf(file: string): RepyLayer {
  return { name: basename(file), source: readText(file) };
}

async function filesOf(parsed: Parsed): Promise<Granted | undefined> {
  const folder = parsed.text("files");
  if (folder === undefined) return undefined;
  const { directory } = await import("./grants/libraries.ts");
  try {
    return directory(folder);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    throw new UsageError(`--files ${folder}: ${code === "ENOENT" ? "no such directory" : "it cannot be opened"}`);
  }
}

async function netOf(parsed: Parsed): Promise<RepyOptions["net"]> {
  const allowed = parsed.texts("net-allow");
  if (!parsed.has("net") && allowed.length === 0) return undefined;
  const { restrictedNet } = await import("./repy-net.ts");
  return (restrictions) => restrictedNet(restrictions, allowed);
}

function virtualOf(parsed: Parsed): RepyOptions["virtual"] {
  const seed = parsed.text("seed");
  return seed === undefined ? parsed.has("virtual") : { seed };
}

function told({ kind, resource, layer, message }: RepyEnd): string {
  const what = kind === "limit" ? `limit reached: ${resource}` : kind;
  // A layer's message says its name.
  return message === undefined ? what : `${layer === undefined ? `${what}: ` : ""}${message}`;
}

function show(parsed: Parsed, { end, log, usage }: RepyResult, exit: number): void {
  if (parsed.has("json")) stdout().write(`${JSON.stringify({ end, log, usage, exit })}\n`);
  else if (end.kind !== "completed" && end.kind !== "exited")
    stderr().write(`${painter(stderr())("red", "cordon:")} ${escapeControls(told(end))}\n`);
}

const exitOf = ({ end }: RepyResult, stop: Stop): number =>
  exitCode(end.kind === "stopped" && stop.wasPressed() ? "ctrlC" : EXITS[end.kind]);

async function optionsOf(parsed: Parsed): Promise<RepyOptions> {
  const [restrictions, program] = parsed.positionals;
  if (restrictions === undefined || program === undefined)
    throw new UsageError("what to run: a RESTRICTIONS file and a PROGRAM", "cordon help repy");
  const screen = stdout();
  return {
    ...{ restrictions: readText(restrictions), program: readText(program), name: program, args: parsed.rest },
    ...{ layers: parsed.texts("layer").map(layerOf), files: await filesOf(parsed), net: await netOf(parsed) },
    ...{ virtual: virtualOf(parsed) },
    ...(parsed.has("json") ? {} : { console: (line) => screen.write(`${guestText(screen, line)}\n`) }),
  };
}

export async function repy(parsed: Parsed): Promise<number> {
  const options = await optionsOf(parsed);
  const stop = onCtrlC();
  try {
    const result = await runRepy({ ...options, signal: stop.signal });
    const exit = exitOf(result, stop);
    show(parsed, result, exit);
    return exit;
  } finally {
    stop.release();
  }
}
