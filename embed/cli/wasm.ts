// `cordon run program.wasm`: a module of any compiler whose imports are gates (stdlib/abi.ts) or WASI preview 1.
//
// A program of gates finds its capabilities by number: console, clock, randomness and timers at 0 to 3, then what
// --grant names, in that order. A program of WASI finds the files of the grant `files` as its working directory.

import { runProgram } from "../node/program.ts";
import type { ProgramResult } from "../program.ts";
import type { Parsed } from "./arguments.ts";
import { cacheOf } from "./cache.ts";
import { UsageError } from "./exit.ts";
import { type About, finish } from "./finish.ts";
import { endGrants } from "./grants/index.ts";
import { onCtrlC } from "./interrupt.ts";
import { type Listeners, openListeners } from "./listeners.ts";
import { monitorsOf } from "./monitors.ts";
import type { Source } from "./source.ts";
import { escapeControls, type Screen, stderr, stdout } from "./terminal.ts";
import type { Tracer } from "./trace.ts";
import { worldOf } from "./world.ts";

type Sink = (bytes: Uint8Array) => void;

/** Bytes of a program: as they are for a pipe, as text that only shows itself for a terminal. */
function sinkOf(screen: Screen, stream: NodeJS.WriteStream): Sink {
  const decoder = new TextDecoder();
  return (bytes) => {
    if (screen.isTerminal) screen.write(escapeControls(decoder.decode(bytes, { stream: true })));
    else stream.write(bytes.slice());
  };
}

/** With --entry what follows -- are the numbers that the function takes. */
function numbers(words: readonly string[]): (number | bigint)[] {
  return words.map((word) => {
    const value = Number(word);
    if (word.trim() === "" || Number.isNaN(value)) throw new UsageError(`${JSON.stringify(word)} is no number`);
    return /^-?\d+$/.test(word) && !Number.isSafeInteger(value) ? BigInt(word) : value;
  });
}

function callOf(parsed: Parsed, name: string): object {
  const entry = parsed.text("entry");
  return entry === undefined ? { args: [name, ...parsed.rest] } : { entry, entryArgs: numbers(parsed.rest) };
}

/** Nothing of a terminal or a pipe is read before the program asks. */
async function* standardInput(): AsyncGenerator<Uint8Array> {
  for await (const piece of process.stdin) yield piece as Uint8Array;
}

interface Watched {
  readonly listeners: Listeners;
  readonly signal: AbortSignal;
}

/** The tracer sees what goes where its own lines go. */
function streams(parsed: Parsed, tracer: Tracer | undefined): { readonly stdout: Sink; readonly stderr: Sink } {
  const noted = (screen: Screen, stream: NodeJS.WriteStream): Sink => {
    const sink = sinkOf(screen, stream);
    const isTracePlace = stream === process.stderr || (screen.isTerminal && stderr().isTerminal);
    if (tracer === undefined || !isTracePlace) return sink;
    return (bytes) => {
      tracer.wrote(bytes);
      sink(bytes);
    };
  };
  const err = noted(stderr(), process.stderr);
  return { stdout: parsed.has("json") ? err : noted(stdout(), process.stdout), stderr: err };
}

async function run(parsed: Parsed, source: Source, { listeners, signal }: Watched): Promise<ProgramResult> {
  const world = await worldOf(parsed, source.name, ...listeners.audits);
  const { grant, limits, profile, console, virtual, audit } = world;
  const asking = world.policy && (await import("./policy/program.ts"));
  return await runProgram({
    ...{ module: source.bytes, grant, limits, profile, console, virtual, audit, signal, cache: cacheOf(parsed) },
    policy: world.policy && asking?.askedFor(world.policy, signal),
    ...callOf(parsed, source.name),
    monitors: monitorsOf(parsed),
    ...(source.name === "stdin" ? {} : { stdin: asking?.sharedInput() ?? standardInput() }),
    ...streams(parsed, listeners.tracer),
  });
}

/** A program that exits with another number than 0 has failed, in its own eyes: as a script that throws. */
function programEnd(
  parsed: Parsed,
  { name }: Source,
  result: ProgramResult,
  about: Pick<About, "ctrlC" | "tracer">,
): number {
  const { stdout: _out, stderr: _err, exitCode: exited = 0, ...rest } = result;
  // What main gave is its exit code, no value.
  const shown = parsed.text("entry") === undefined && rest.status === "returned" ? { ...rest, value: undefined } : rest;
  const failure = result.status === "returned" && exited !== 0 ? { exited } : {};
  return finish(parsed, shown, { name, ...about, ...failure });
}

export async function runModule(parsed: Parsed, source: Source): Promise<number> {
  const stop = onCtrlC();
  try {
    const listeners = await openListeners(parsed, source.name);
    const result = await run(parsed, source, { listeners, signal: stop.signal });
    endGrants(parsed);
    await listeners.close();
    return programEnd(parsed, source, result, { ctrlC: stop.wasPressed(), tracer: listeners.tracer });
  } finally {
    endGrants(parsed);
    stop.release();
    process.stdin.unref?.();
  }
}
