// What a worker says, read: it may be anything.
import { checkValue, type Ending } from "../../kernel/index.ts";
import { CODES, CordonError, type ErrorCode } from "../errors.ts";
import type { Job } from "../job.ts";
import { asError, type Resource, type Result, type RunFacts, type RunUsage } from "../result.ts";
import { decodeBytes } from "../values.ts";
import { errorFrom } from "./far-answer.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** Longer text is nothing that a worker of ours says. */
const LONGEST = 10_000;
export const textOf = (value: unknown): string => (typeof value === "string" ? value.slice(0, LONGEST) : "");
const isText = (value: unknown): value is string => typeof value === "string" && value.length <= LONGEST;
const isAmount = (value: unknown): value is number => typeof value === "number" && value >= 0 && value < Infinity;
const isRecord = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** Why a worker would not. */
export function refusalFrom(error: unknown, cause?: unknown): CordonError {
  const { code, message } = Object(error) as Fields;
  const known = Object.hasOwn(CODES, String(code)) ? (code as ErrorCode) : "E_ENGINE";
  return new CordonError(known, textOf(message), cause === undefined ? undefined : { cause });
}

const USED = ["fuel", "memory", "calls", "bytes", "inFlight", "domains"] as const;
/** What a sandbox uses, by resource. */
export type Used = Readonly<Record<(typeof USED)[number], number>>;

export const isUsage = (value: unknown): value is Used =>
  isRecord(value) && USED.every((name) => isAmount(value[name]));

const RUN_USAGE = ["fuel", "memory", "bytes", "wall"] as const;
export const isRunUsage = (value: unknown): value is Omit<RunUsage, "calls"> =>
  isRecord(value) && RUN_USAGE.every((name) => isAmount(value[name]));

const RESOURCES: readonly unknown[] = [
  "fuel",
  "memory",
  "depth",
  "wall",
  "calls",
  "bytes",
  "result",
] satisfies Resource[];
export const isResource = (value: unknown): value is Resource => RESOURCES.includes(value);

/** The ways in which a domain ends that has begun. */
export function isEnding(value: unknown): value is Ending {
  if (!isRecord(value)) return false;
  const { kind } = value;
  if (kind === "exhausted") return isResource(value["resource"]) && value["resource"] !== "result";
  if (kind === "trap") return isText(value["reason"]);
  if (kind === "refused") return isText(value["by"]) && isText(value["why"]);
  return kind === "aborted";
}

/** One value of bytes from anywhere; undefined if they are none. */
export function valueIn(bytes: Uint8Array): { readonly value: unknown } | undefined {
  if (typeof checkValue(bytes, bytes.length) !== "number") return undefined;
  try {
    return { value: decodeBytes(bytes) };
  } catch {
    return undefined;
  }
}

/** What a guest said on its console: [level, text]. */
export function readSaid(body: Uint8Array): readonly unknown[] | undefined {
  const { value } = valueIn(body) ?? {};
  return Array.isArray(value) ? value : undefined;
}

/** Undefined: no value that this job may give. */
function returned({ limits, read }: Job, body: Uint8Array, facts: RunFacts): Result | undefined {
  const whole = body.length <= limits.result ? valueIn(body) : undefined;
  return whole && { status: "returned", ...read(whole.value), ...facts };
}

function threw(parts: unknown, body: Uint8Array, facts: RunFacts): Result | undefined {
  if (isRecord(parts)) return { status: "threw", error: errorFrom(parts), ...facts };
  const whole = valueIn(body);
  return whole && { status: "threw", error: asError(whole.value), ...facts };
}

/** The result that a worker tells of; undefined if it is none. */
export function resultFrom(job: Job, told: Fields, body: Uint8Array, facts: RunFacts): Result | undefined {
  const { status, error, resource, reason, by, why } = told;
  switch (status) {
    case "returned":
      return returned(job, body, facts);
    case "threw":
      return threw(error, body, facts);
    case "exhausted":
      return isResource(resource) ? { status, resource, ...facts } : undefined;
    case "trapped":
      return { status, reason: textOf(reason), ...facts };
    case "refused":
      return { status, by: textOf(by), why: textOf(why), ...facts };
    case "aborted":
      return { status, ...facts };
    default:
      return undefined;
  }
}
