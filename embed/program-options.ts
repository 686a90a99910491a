// The options of runProgram: what they are, and that there are no others.
import { CordonError } from "./errors.ts";
import type { SandboxOptions } from "./options.ts";
import type { InputOption, Sink } from "./program-process.ts";

type Shared = "grant" | "limits" | "profile" | "console" | "virtual" | "trace";

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
}

const KEYS = [
  ...["module", "args", "env", "stdin", "stdout", "stderr", "entry", "entryArgs", "signal"],
  ...["grant", "limits", "profile", "console", "virtual", "trace"],
];

const wrong = (what: string): never => {
  throw new CordonError("E_OPTION", what);
};

const isWord = (value: unknown): value is string => typeof value === "string" && !value.includes("\0");

/** Throws CordonError for what is not as ProgramRequest says. */
export function checkProgramRequest(request: ProgramRequest): void {
  if (typeof request !== "object" || request === null) wrong("runProgram takes an object of options");
  const unknown = Object.keys(request).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) wrong(`runProgram has no option ${JSON.stringify(unknown)}: there are ${KEYS.join(", ")}`);
  const { module, args = [], entry, entryArgs = [], signal, trace, virtual } = request;
  if (!(module instanceof Uint8Array)) wrong("module must be a Uint8Array");
  if (!Array.isArray(args) || !args.every(isWord)) wrong("args must be texts without NUL");
  if (entry !== undefined && typeof entry !== "string") wrong("entry must be the name of an exported function");
  const isNumber = (value: unknown): boolean => typeof value === "number" || typeof value === "bigint";
  if (!Array.isArray(entryArgs) || !entryArgs.every(isNumber)) wrong("entryArgs must be numbers");
  if (signal !== undefined && typeof signal?.addEventListener !== "function") wrong("signal must be an AbortSignal");
  if (trace !== undefined && typeof trace !== "function") wrong("trace must be a function");
  if (!["undefined", "boolean", "object"].includes(typeof virtual)) wrong("virtual must be true or { start, seed }");
  for (const name of ["stdout", "stderr"] as const) {
    if (request[name] !== undefined && typeof request[name] !== "function")
      wrong(`${name} must be a function of bytes`);
  }
}

/** "NAME=value" for each variable. */
export function environmentOf({ env = {} }: ProgramRequest): string[] {
  if (typeof env !== "object" || env === null) wrong("env must be an object of texts");
  return Object.entries(env).map(([name, value]) => {
    if (!isWord(name) || name === "" || name.includes("=") || !isWord(value))
      wrong(`env.${name} must be text without NUL`);
    return `${name}=${value}`;
  });
}
