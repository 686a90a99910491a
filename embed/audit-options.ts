// What an audit may be told: who gets the records, and how much is in them.
import type { AuditRecord } from "./audit-record.ts";
import { CordonError } from "./errors.ts";
import { isPlain, readPlain } from "./plain.ts";

/** A place for lines. `auditFile(path)` is one. */
export interface AuditSink {
  /** Bytes that would be taken now. */
  room(): number;
  /** Takes a line, or says that there is no room. The last one, a count, is taken if it can be at all. */
  write(line: string, isLast: boolean): boolean;
  /** Why there is no room: a disk that is full, say. */
  problem(): string | undefined;
}

/** Of which call the arguments are. */
export interface AuditAbout {
  readonly capability: string;
  readonly contract: string;
  readonly call: string;
}

/** Where the records of an audit go, and what they show. */
export interface AuditOptions {
  /** Gets each record, in the order in which calls end. */
  readonly to: ((record: AuditRecord) => unknown) | AuditSink;
  /** What a record has of the arguments. A digest tells equal from different, and a guesser of short texts more. */
  readonly values?: "digest" | "full" | "none" | undefined;
  /** Record what came back, too, in the form of `values`. Default: false. */
  readonly results?: boolean | undefined;
  /** Full arguments as they may be recorded. If it throws, none are. */
  readonly redact?: ((args: readonly unknown[], about: AuditAbout) => readonly unknown[]) | undefined;
  /** Who this is in the log. Default: the layer's own name, or "sandbox". */
  readonly name?: string | undefined;
  /** Bytes of arguments, and of a result, beyond which a full record has their number only. Default: 65,536. */
  readonly maxValue?: number | undefined;
  /** Bytes of all records, as text, that a function gets. A sink has a bound of its own. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** `end`: no call is made that cannot be recorded; the run is refused. `drop`: go on and count. Default: "end". */
  readonly whenFull?: "end" | "drop" | undefined;
}

/** With a value for whatever was left out. */
export type Audit = Pick<AuditOptions, "redact" | "name"> & {
  readonly [Key in Exclude<keyof AuditOptions, "redact" | "name">]-?: Exclude<AuditOptions[Key], undefined>;
};

const wrong = (what: string): never => {
  throw new CordonError("E_OPTION", `audit${what}`);
};

const DEFAULTS = {
  values: "digest",
  results: false,
  maxValue: 65_536,
  maxBytes: 64 * 1024 * 1024,
  whenFull: "end",
} as const;
const KEYS = ["to", "redact", "name", ...Object.keys(DEFAULTS)];

function readSink(to: unknown): Audit["to"] {
  if (typeof to === "function") return to as Audit["to"];
  try {
    const sink = to as AuditSink;
    const { room, write, problem } = sink;
    if ([room, write, problem].every((one) => typeof one === "function")) {
      return {
        room: () => room.call(sink),
        write: (...given) => write.apply(sink, given),
        problem: () => problem.call(sink),
      };
    }
  } catch {
    // null, or an object whose getters throw.
  }
  return wrong(".to must be a function of records, or a sink such as auditFile(path)");
}

const isCount = (value: unknown): boolean => typeof value === "number" && value >= 0;

function readAudit(given: unknown): Audit {
  const options = readPlain<AuditOptions>(given, "audit");
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) wrong(` has no option ${JSON.stringify(unknown)}: there are ${KEYS.join(", ")}`);
  const present = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const audit = { redact: undefined, ...DEFAULTS, ...present, to: readSink(options.to) } as Audit;
  const { values, results, redact, name, maxValue, maxBytes, whenFull } = audit;
  if (!["digest", "full", "none"].includes(values)) wrong('.values must be "digest", "full" or "none"');
  if (!["end", "drop"].includes(whenFull)) wrong('.whenFull must be "end" or "drop"');
  if (typeof results !== "boolean") wrong(".results must be true or false");
  if (redact !== undefined && typeof redact !== "function") wrong(".redact must be a function");
  if (name !== undefined && typeof name !== "string") wrong(".name must be text");
  if (!isCount(maxValue) || !isCount(maxBytes)) wrong(".maxValue and .maxBytes must be numbers of 0 or more");
  return Object.freeze(audit);
}

/** Copies that were checked. Throws CordonError for what is not as AuditOptions says. */
export function readAudits(given: unknown): readonly Audit[] {
  if (given === undefined) return [];
  if (isPlain(given)) return [readAudit(given)];
  if (Array.isArray(given)) return given.map(readAudit);
  return wrong(" must be a plain object, or a list of them");
}
