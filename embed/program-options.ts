// The options of runProgram: what they are, and that there are no others.
import type { Monitors } from "../kernel/index.ts";
import { CordonError } from "./errors.ts";
import { readMonitors } from "./monitors.ts";
import { checkPolicy, readVirtual, type SandboxOptions } from "./options.ts";
import { isBytes, readPlain } from "./plain.ts";
import type { ArtifactCache } from "./program-cache.ts";
import type { InputOption, Sink } from "./program-process.ts";
import { checkSignal } from "./signal.ts";

type Shared = "grant" | "policy" | "limits" | "profile" | "console" | "virtual" | "trace" | "audit";

export interface ProgramRequest extends Pick<SandboxOptions, Shared> {
  /** A WebAssembly module. It may import gates (stdlib/abi.ts) and WASI preview 1. */
  readonly module: Uint8Array;
  /** The program's arguments. The first one is its name, by custom. */
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: InputOption | undefined;
  /** Gets what the program writes; without it the result has it. */
  readonly stdout?: Sink | undefined;
  readonly stderr?: Sink | undefined;
  /** The exported function to call. Default: `_start`, else `main`. */
  readonly entry?: string | undefined;
  /** Its arguments. */
  readonly entryArgs?: readonly (number | bigint)[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Checks in the program's own code, at divisions, indirect calls, calls and memory growth: data, as
   * `instructionsOf` of the policy library makes it. A program that one ends was refused, by "policy".
   */
  readonly monitors?: Monitors | undefined;
  /**
   * Where instrumented programs are kept, so that the next process need not make them again; `diskCache()` is one.
   * Not trusted: what it gives is verified. Without it they are kept in memory, the last few.
   */
  readonly cache?: ArtifactCache | undefined;
}

const KEYS = [
  ...["module", "args", "env", "stdin", "stdout", "stderr", "entry", "entryArgs", "signal", "cache", "monitors"],
  ...["grant", "policy", "limits", "profile", "console", "virtual", "trace", "audit"],
];

const wrong = (what: string): never => {
  throw new CordonError("E_OPTION", what);
};

const isWord = (value: unknown): value is string => typeof value === "string" && !value.includes("\0");

/** A copy that was checked. Throws CordonError for what is not as ProgramRequest says. */
export function readProgramRequest(given: ProgramRequest): ProgramRequest {
  const request = readPlain<ProgramRequest>(given, "what runProgram takes");
  const unknown = Object.keys(request).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) wrong(`runProgram has no option ${JSON.stringify(unknown)}: there are ${KEYS.join(", ")}`);
  const { module, grant, entry, signal, trace, virtual } = request;
  const [args, entryArgs] = [readList(request.args, "args"), readList(request.entryArgs, "entryArgs")];
  if (!args.every(isWord)) wrong("args must be texts without NUL");
  if (entry !== undefined && typeof entry !== "string") wrong("entry must be the name of an exported function");
  const isNumber = (value: unknown): boolean => typeof value === "number" || typeof value === "bigint";
  if (!entryArgs.every(isNumber)) wrong("entryArgs must be numbers");
  checkSignal(signal);
  checkPolicy(request.policy);
  if (trace !== undefined && typeof trace !== "function") wrong("trace must be a function");
  for (const name of ["stdout", "stderr"] as const) {
    if (request[name] !== undefined && typeof request[name] !== "function")
      wrong(`${name} must be a function of bytes`);
  }
  const copies = { module: copyOf(module), args, entryArgs, grant: readGrant(grant), virtual: readVirtual(virtual) };
  return {
    __proto__: null,
    ...request,
    ...copies,
    cache: readCache(request.cache),
    monitors: readMonitors(request.monitors),
  } as unknown as ProgramRequest;
}

/** Its methods, looked up once. */
function readCache(cache: unknown): ArtifactCache | undefined {
  if (cache === undefined) return undefined;
  try {
    const { get, set } = cache as ArtifactCache;
    if (typeof get === "function" && typeof set === "function") {
      return { get: (key) => get.call(cache, key), set: (key, bytes) => set.call(cache, key, bytes) };
    }
  } catch {
    // null, or an object whose getters throw.
  }
  return wrong("cache must have the functions get(key) and set(key, bytes)");
}

const readGrant = (grant: unknown): object | undefined =>
  grant === undefined ? undefined : readPlain(grant, "grant", "E_GRANT");

/** Of a Buffer a `slice` would be no copy: bytes that the caller changes later would be verified, or run, in their place. */
function copyOf(module: unknown): Uint8Array {
  try {
    if (isBytes(module)) return new Uint8Array(module);
  } catch {
    // Its buffer was detached.
  }
  return wrong("module must be a Uint8Array");
}

function readList(given: unknown, name: string): readonly unknown[] {
  if (given === undefined) return [];
  try {
    if (Array.isArray(given)) return [...(given as unknown[])];
  } catch {
    // An array whose elements throw is as bad as none.
  }
  return wrong(`${name} must be a list`);
}

/** "NAME=value" for each variable. */
export function environmentOf({ env = {} }: ProgramRequest): string[] {
  return variablesOf(env).map(([name, value]) => {
    if (!isWord(name) || name === "" || name.includes("=") || !isWord(value))
      wrong(`env[${JSON.stringify(name.slice(0, 100))}] must be text without NUL`);
    return `${name}=${value}`;
  });
}

/** `process.env` is not plain, and a likely guest. */
function variablesOf(env: unknown): [string, unknown][] {
  try {
    if (typeof env === "object" && env !== null && !(Symbol.iterator in env)) return Object.entries(env);
  } catch (cause) {
    throw new CordonError("E_OPTION", "env threw while it was read", { cause });
  }
  return wrong("env must be an object of texts");
}
