// A record of the audit log, and its one line of text.
import { digestOf as digestOfAll } from "../policy-libs/index.ts";
import { toJson } from "./json.ts";

/** What came of a call. */
export type AuditDecision = "allowed" | "refused" | "failed" | "pending";

/** Why a policy refused a call. A guest hears of it `because`, and nothing else. */
export interface AuditPolicy {
  /** "denied", "halted", "suppressed": what the guest was told. */
  readonly answer: string;
  /** Whose policy it is. */
  readonly party: string;
  readonly policy: string;
  /** Its place among the policy's rules, from 0. */
  readonly rule: number | "nothing allows";
  /** "acme.policy:12:3" */
  readonly at?: string;
  readonly because?: string;
  /** Those that mattered, with their values. */
  readonly conditions: readonly { readonly text: string; readonly value: "T" | "F" | "U" }[];
  /** The earlier events behind them. `data` only where arguments are recorded in full, and nobody redacts them. */
  readonly causes: readonly {
    readonly event: number;
    readonly kind?: string;
    readonly call?: string;
    readonly time?: number;
    readonly data?: Readonly<Record<string, unknown>>;
  }[];
}

/** One call of what was granted. */
export interface AuditCall {
  /** When it began, as ISO 8601 says it. */
  readonly time: string;
  /** Tells the runs in one log apart. */
  readonly run: string;
  readonly domain: number;
  /** Of the sandbox, as its embedder calls it. */
  readonly name: string;
  /** The name of the grant; "?" if the guest named a handle that is none. */
  readonly capability: string;
  readonly contract: string;
  readonly call: string;
  /** A digest, or the values; absent if they are not wanted, or nobody saw them. */
  readonly args?: unknown;
  /** What came back, if that is wanted: in the same form. */
  readonly result?: unknown;
  /** `pending`: the guest was gone before it was answered. */
  readonly decision: AuditDecision;
  readonly code?: string;
  /** What refused it. */
  readonly rule?: string;
  /** If that was a policy: which condition, which earlier events. */
  readonly policy?: AuditPolicy;
  readonly cost: { readonly bytes: number; readonly ms: number };
}

/** What is no call: the beginning, with each grant's contract, and records that had no room. */
export type AuditNotice = Pick<AuditCall, "time" | "run" | "domain" | "name"> &
  (
    | { readonly event: "start"; readonly grants: Readonly<Record<string, string>> }
    | { readonly event: "dropped"; readonly count: number }
  );

/** One line of an audit. */
export type AuditRecord = AuditCall | AuditNotice;

/** Codes by which a call is refused rather than failed, with what refuses. An error may name its own `rule`. */
export const REFUSALS: ReadonlyMap<string, string> = new Map([
  ["E_HANDLE", "no such capability"],
  ["E_METHOD", "contract"],
  ["E_VALUE", "contract"],
  ["E_REVOKED", "revoked"],
  ["E_EXPIRED", "time window"],
  ["E_DENIED", "policy"],
  ["E_QUOTA", "quota"],
  ["E_RATE", "rate"],
  ["E_BUSY", "calls in flight"],
  ["E_ENDED", "the run is over"],
  ["E_READ_ONLY", "read-only"],
  ["E_NOT_GRANTED", "grant"],
  ["E_PATH", "directory boundary"],
]);

// Whatever is not ASCII: what drives terminals, breaks or turns lines, or only looks like something else. Control
// characters below are escaped by JSON.stringify. A character is a byte, too.
const UNSAFE = /[\x7f-\uffff]/g;
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** The record as one line of NDJSON, with its end, in ASCII. What JSON cannot say is `{ "$type": ... }`. */
export const auditLine = (record: AuditRecord): string =>
  `${JSON.stringify(toJson(record)).replace(UNSAFE, escaped)}\n`;

const DIGITS = "sha256:".length + 16;

/** The same text for equal values, in whichever order their keys stand: the first 64 bits of a SHA-256. */
export const digestOf = (value: unknown): string => digestOfAll(value).slice(0, DIGITS);
