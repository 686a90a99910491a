// A job: one run, call or check, ready to be made. All that the caller passed is read and copied here.
import { ENGINE } from "../stdlib/abi.ts";
import { CordonError } from "./errors.ts";
import { type Limits, runLimits } from "./limits.ts";
import { type RunOptions, readRunOptions, type Source } from "./options.ts";
import type { Result } from "./result.ts";
import { readSource } from "./source.ts";
import { type Language, languageOf } from "./typescript.ts";
import { decodeValue, encodeValue } from "./values.ts";

/** Nothing of the caller's is looked at again. */
export interface Job {
  readonly method: number;
  readonly message: Uint8Array;
  /** Present where the source is, or may turn out to be, TypeScript. */
  readonly typescript?: TypeScriptSource;
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  readonly drain?: boolean;
  /** Makes the public value of what the guest answered. */
  readonly read: (value: unknown) => { readonly value: unknown; readonly omitted?: true };
  /** Makes a value, or what was thrown, of the guest's bytes. Default: decodeValue. */
  readonly decode?: (bytes: Uint8Array, ok: boolean) => unknown;
}

export interface TypeScriptSource {
  readonly source: string;
  readonly name: string;
  /** "auto": JavaScript first. */
  readonly language: Language;
  /** The message with another source in its place. */
  readonly replace: (source: string) => Uint8Array;
}

const DEFAULT_NAME = "script.js";

function inputsOf({ inputs }: RunOptions, granted: readonly string[]): object {
  if (inputs === undefined) return {};
  const hidden = granted.find((name) => Object.hasOwn(inputs, name));
  if (hidden === undefined) return { inputs };
  throw new CordonError(
    "E_OPTION",
    `inputs.${hidden} has the name of a grant, which it would hide: rename one of them`,
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** { value?, omitted? }: a guest may answer with anything. */
export function readRun(answer: unknown): { readonly value: unknown; readonly omitted?: true } {
  if (!isRecord(answer)) return { value: undefined };
  const value = Object.hasOwn(answer, "value") ? answer["value"] : undefined;
  return Object.hasOwn(answer, "omitted") ? { value: undefined, omitted: true } : { value };
}

export function readCheck(answer: unknown): { readonly value: { readonly imports: readonly string[] } } {
  const imports: unknown = isRecord(answer) && Object.hasOwn(answer, "imports") ? answer["imports"] : [];
  return { value: { imports: Array.isArray(imports) ? imports.filter((name) => typeof name === "string") : [] } };
}

/** A run, or why there is nothing to run. */
export function planRun(
  base: Limits,
  granted: readonly string[],
  source: Source,
  given: RunOptions,
): Job | Result<never> {
  const options = readRunOptions(given);
  const limits = runLimits(base, options.limits);
  const text = readSource(source, limits.source);
  if (typeof text !== "string") return text;
  const { name = DEFAULT_NAME, kind = "auto", signal } = options;
  const message = encodeValue({ source: text, name, kind, ...inputsOf(options, granted) }, "").slice();
  const job = { method: ENGINE.RUN, message, limits, signal, read: readRun, drain: options.drain === true };
  const language = (options.language ?? "auto") === "auto" ? languageOf(options.name) : (options.language as Language);
  if (language === "javascript") return job;
  // Decoded from what was encoded: the caller's own values are not looked at a second time.
  const replace = (source: string): Uint8Array =>
    encodeValue({ ...(decodeValue(message) as object), source }, "").slice();
  return { ...job, typescript: { source: text, name, language, replace } };
}

export function planCall(limits: Limits, name: string, args: readonly unknown[]): Job {
  if (typeof name !== "string" || name === "") throw new CordonError("E_OPTION", "call takes the name of a function");
  const message = encodeValue({ name, args }, "").slice();
  return { method: ENGINE.CALL, message, limits, signal: undefined, read: (value) => ({ value }) };
}

/** A check, or why there is nothing to check. */
export function planCheck(base: Limits, source: Source, given: RunOptions): Job | Result<never> {
  const options = readRunOptions(given, "check");
  const limits = runLimits(base, options.limits);
  const text = readSource(source, limits.source);
  if (typeof text !== "string") return text;
  const message = encodeValue({ source: text, name: options.name ?? DEFAULT_NAME }, "").slice();
  return { method: ENGINE.CHECK, message, limits, signal: options.signal, read: readCheck };
}
