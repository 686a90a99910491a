// A line of an audit log, if it is one. Logs are read with suspicion: names in them were chosen by guests, and a file
// may be anything.
import type { AuditDecision } from "../../node/index.ts";
import type { Known } from "../known.ts";

interface Who {
  readonly time: string;
  readonly run: string;
  readonly domain: number;
  readonly name: string;
}

export interface CallLine extends Who {
  readonly event: "call";
  readonly capability: string;
  readonly contract: string;
  readonly call: string;
  /** As JSON; undefined if there is only a digest, or nothing. */
  readonly args: readonly unknown[] | undefined;
  readonly decision: AuditDecision;
  readonly code: string | undefined;
  readonly rule: string | undefined;
  readonly bytes: number;
  readonly ms: number;
}

export type LogLine =
  | CallLine
  | (Who & { readonly event: "start"; readonly grants: ReadonlyMap<string, string> })
  | (Who & { readonly event: "dropped"; readonly count: number });

const LONGEST = 200;
const MOST_GRANTS = 1_000;
const DECISIONS: readonly unknown[] = ["allowed", "refused", "failed", "pending"] satisfies AuditDecision[];

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const own = (fields: Fields, key: string): unknown => (Object.hasOwn(fields, key) ? fields[key] : undefined);
const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);

function textAt(fields: Fields, key: string): string | undefined {
  const value = own(fields, key);
  return typeof value === "string" ? cut(value) : undefined;
}

function countAt(fields: unknown, key: string): number {
  const value = isRecord(fields) ? own(fields, key) : undefined;
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : 0;
}

function whoIs(fields: Fields): Who | undefined {
  const [time, run, name] = [textAt(fields, "time"), textAt(fields, "run"), textAt(fields, "name")];
  if (time === undefined || run === undefined || name === undefined) return undefined;
  return Number.isNaN(Date.parse(time)) ? undefined : { time, run, name, domain: countAt(fields, "domain") };
}

function callOf(fields: Fields, who: Who): CallLine | undefined {
  const [capability, contract, call] = ["capability", "contract", "call"].map((key) => textAt(fields, key));
  const [decision, args] = [own(fields, "decision"), own(fields, "args")];
  if (capability === undefined || contract === undefined || call === undefined) return undefined;
  if (!DECISIONS.includes(decision)) return undefined;
  return {
    ...{ ...who, event: "call", capability, contract, call, decision: decision as AuditDecision },
    ...{ args: Array.isArray(args) ? args : undefined, code: textAt(fields, "code"), rule: textAt(fields, "rule") },
    ...{ bytes: countAt(own(fields, "cost"), "bytes"), ms: countAt(own(fields, "cost"), "ms") },
  };
}

function grantsOf(fields: Fields): ReadonlyMap<string, string> {
  const grants = own(fields, "grants");
  const entries = isRecord(grants) ? Object.entries(grants).slice(0, MOST_GRANTS) : [];
  return new Map(
    entries.flatMap(([name, contract]) => (typeof contract === "string" ? [[cut(name), cut(contract)]] : [])),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Undefined: it is no record. */
export function readRecord(text: string): LogLine | undefined {
  const fields = parsed(text);
  if (!isRecord(fields)) return undefined;
  const who = whoIs(fields);
  if (who === undefined) return undefined;
  const event = own(fields, "event");
  if (event === "start") return { ...who, event, grants: grantsOf(fields) };
  if (event === "dropped") return { ...who, event, count: countAt(fields, "count") };
  return event === undefined ? callOf(fields, who) : undefined;
}

/** An argument, as far as the smallest grant may depend on it. */
export function knownIn(value: unknown): Known | undefined {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return { kind: "value", value };
  if (!isRecord(value) || Object.hasOwn(value, "$type")) return undefined;
  return { kind: "record", fields: new Map(Object.entries(value).map(([key, item]) => [key, knownIn(item)])) };
}
