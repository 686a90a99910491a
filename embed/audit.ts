// The audit log: one record for each call of what was granted. Who, which capability, which call, with what, what was
// decided and by what rule, what it cost.
//
// Invariants
//   U1  A record is one line of JSON in which no character drives a terminal, whatever a guest puts into it.
//   U2  What has no room is counted, and the count is the next record that has; or, by `whenFull: "end"`, the call for
//       whose record there is no room is not made, and the run ends.
//   U3  Whoever gets the records, or redacts them, cannot change the run but by ending it.
import type { Ending } from "../kernel/index.ts";
import type { Explanation } from "../policy-libs/index.ts";
import type { Audit, AuditSink } from "./audit-options.ts";
import { type AuditCall, type AuditPolicy, type AuditRecord, auditLine, digestOf, REFUSALS } from "./audit-record.ts";
import { ignoreResult } from "./output.ts";
import { type CallListener, type EndedCall, REFUSE, type WatchedCall } from "./watch.ts";

/** Of what runs: which grants it has, by contract, and how it is ended. */
export interface Audited {
  readonly domain: number;
  /** Where the audit has no name of its own for it. */
  readonly name: string;
  readonly grants: Readonly<Record<string, string>>;
  readonly end: (ending: Ending) => void;
  /** Names codes that are no text. */
  readonly codeOf?: ((code: unknown) => string | undefined) | undefined;
}

interface Writer {
  room(): number;
  put(record: AuditRecord, isLast: boolean): boolean;
  problem(): string | undefined;
}

const sinkWriter = (sink: AuditSink): Writer => ({
  room: sink.room,
  put: (record, isLast) => sink.write(auditLine(record), isLast),
  problem: sink.problem,
});

/** Calls back at once. Where there is no bound no text is made. */
function callbackWriter(to: (record: AuditRecord) => unknown, most: number): Writer {
  let left = most;
  return {
    room: () => left,
    put(record, isLast) {
      const size = left === Number.POSITIVE_INFINITY ? 0 : auditLine(record).length;
      if (size > left && !isLast) return false;
      left -= size;
      ignoreResult(to(record));
      return true;
    },
    problem: () => undefined,
  };
}

interface Log {
  readonly audit: Audit;
  readonly audited: Audited;
  readonly run: string;
  readonly writer: Writer;
  dropped: number;
  /** Bytes that records of calls in flight will need. */
  reserved: number;
}

/** What `begin` remembers of a call. */
interface Note {
  readonly args: { readonly args?: unknown };
  readonly reserved: number;
}

/** Bytes of a record without its arguments: its names are cut to fit. */
const RECORD = 1_024;
const LONGEST = 100;

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);
const whoIs = ({ audit, audited, run }: Log, time: number) => ({
  ...{ time: new Date(time).toISOString(), run, domain: audited.domain, name: cut(audit.name ?? audited.name) },
});

/** Never throws: what has no canonical bytes has no digest. */
function formOf({ audit }: Log, value: unknown): unknown {
  if (audit.values === "full") return value;
  try {
    return digestOf(value);
  } catch {
    return undefined;
  }
}

const present = (key: string, value: unknown): object => (value === undefined ? {} : { [key]: value });
const tooMuch = (bytes: number) => ({ $type: "cut", bytes });

function argumentsOf(log: Log, call: WatchedCall, args: readonly unknown[] | undefined, bytes: number): Note["args"] {
  const { values, redact } = log.audit;
  if (values === "none") return {};
  if (args === undefined) return { args: tooMuch(bytes) };
  if (values !== "full" || redact === undefined) return present("args", formOf(log, args));
  const { capability, contract, call: name } = call;
  try {
    return present("args", redact(args, { capability, contract, call: name }));
  } catch {
    return {};
  }
}

/** Tells of what had no room first. */
function put(log: Log, record: AuditRecord, isLast = false): boolean {
  if (log.dropped === 0) return log.writer.put(record, isLast);
  if (log.writer.room() < 2 * RECORD) return false; // a count without what follows it would only take its place
  const notice = { ...whoIs(log, Date.now()), event: "dropped", count: log.dropped } as const;
  if (!log.writer.put(notice, isLast)) return false;
  log.dropped = 0;
  return log.writer.put(record, isLast);
}

/** `put` that cannot fail: a callback may throw. */
function tell(log: Log, record: AuditRecord): void {
  try {
    if (!put(log, record)) log.dropped++;
  } catch {
    log.dropped++;
  }
}

function begin(log: Log, call: WatchedCall, args: readonly unknown[] | undefined, bytes: number): Note | typeof REFUSE {
  const { audit, audited, writer } = log;
  const seen = argumentsOf(log, call, args, bytes);
  if (audit.whenFull === "drop") return { args: seen, reserved: 0 };
  const size = audit.values === "full" ? RECORD + auditLine({ ...seen } as AuditRecord).length : RECORD;
  if (writer.room() - log.reserved < size) {
    const why = writer.problem() ?? "the audit log is full";
    audited.end({ kind: "refused", by: "audit", why });
    return REFUSE;
  }
  log.reserved += size;
  return { args: seen, reserved: size };
}

const at = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
const textOf = (value: unknown): string | undefined => (typeof value === "string" ? cut(value) : undefined);

type Decided = Pick<AuditCall, "decision" | "code" | "rule" | "policy">;
/** Conditions, and earlier events, that a record names. */
const MOST_REASONS = 8;
type Condition = Explanation["conditions"][number];

/** Of a refusal by a policy. What guests passed in earlier calls is told only where arguments are told in full. */
function policyOf({ audit }: Log, why: Explanation): AuditPolicy {
  const isFull = audit.values === "full" && audit.redact === undefined;
  const { answer, party, policy, rule, at, because, conditions, causes } = why;
  const place = at === undefined ? undefined : `${at.file}:${at.line}:${at.column}`;
  return {
    ...{ answer, party: cut(party), policy: cut(policy), rule: rule === "nothing allows" ? rule : Number(rule) },
    ...{ ...present("at", textOf(place)), ...present("because", textOf(because)) },
    conditions: leavesOf(conditions)
      .slice(0, MOST_REASONS)
      .map(({ text, value }) => ({ text: cut(text), value })),
    causes: causes.slice(0, MOST_REASONS).map(({ event, kind, call, data, time }) => ({
      ...{ event, ...present("kind", kind), ...present("call", textOf(call)), ...present("time", time) },
      ...(isFull && data !== undefined ? { data: dataOf(data) } : {}),
    })),
  };
}

const dataOf = (data: ReadonlyMap<string, unknown>) =>
  Object.fromEntries([...data].slice(0, MOST_REASONS).map(([name, datum]) => [name, textOf(datum) ?? datum]));

const leavesOf = (conditions: readonly Condition[]): readonly Condition[] =>
  conditions.flatMap((one) => (one.of.length === 0 ? [one] : leavesOf(one.of)));

/** Refused is what was not allowed, failed what was and went wrong. */
function decisionOf(log: Log, { outcome, answer, rule: named, policy }: EndedCall): Decided {
  const { audited } = log;
  if (policy !== undefined) {
    const { at, policy: name } = policy;
    const rule = at === undefined ? name : `${name} (${at.file}:${at.line}:${at.column})`;
    return { decision: "refused", code: "E_DENIED", rule: cut(rule), policy: policyOf(log, policy) };
  }
  if (outcome === "done") return { decision: "allowed" };
  if (outcome === "pending") return { decision: "pending" };
  const error = typeof answer === "object" ? answer.value : undefined;
  const alleged = at(error, "code");
  const code = textOf(alleged) ?? audited.codeOf?.(alleged);
  const rule = textOf(named) ?? REFUSALS.get(code ?? "");
  const isRefused = outcome === "refused" || rule !== undefined;
  return { decision: isRefused ? "refused" : "failed", ...present("code", code), ...present("rule", rule) };
}

function resultOf(log: Log, { answer, bytes }: EndedCall): object {
  const { results, values } = log.audit;
  if (!results || values === "none" || answer === undefined) return {};
  return { result: answer === "cut" ? tooMuch(bytes) : formOf(log, answer.value) };
}

function end(log: Log, call: EndedCall, note: Note | undefined): void {
  log.reserved -= note?.reserved ?? 0;
  const { capability, contract, call: name, time, bytes, ms } = call;
  tell(log, {
    ...{ ...whoIs(log, time), capability: cut(capability), contract: cut(contract), call: cut(name), ...note?.args },
    ...{ ...resultOf(log, call), ...decisionOf(log, call), cost: { bytes, ms: Math.round(ms * 1_000) / 1_000 } },
  });
}

function close(log: Log): void {
  if (log.dropped === 0) return;
  try {
    log.writer.put({ ...whoIs(log, Date.now()), event: "dropped", count: log.dropped }, true);
  } catch {
    // The callback's own failure: there is nobody left to tell.
  }
  log.dropped = 0;
}

const newRun = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Records calls as `audit` says, beginning with what is granted. */
export function newAudit(audit: Audit, audited: Audited): CallListener {
  const { to, maxBytes, values, maxValue, results } = audit;
  const writer = typeof to === "function" ? callbackWriter(to, maxBytes) : sinkWriter(to);
  const log: Log = { audit, audited, run: newRun(), writer, dropped: 0, reserved: 0 };
  const most = { none: -1, digest: Number.POSITIVE_INFINITY, full: maxValue }[values];
  tell(log, { ...whoIs(log, Date.now()), event: "start", grants: audited.grants });
  return {
    mostArguments: most,
    mostAnswer: results ? most : -1,
    begin: (call, args, bytes) => begin(log, call, args, bytes),
    end: (call, note) => end(log, call, note as Note | undefined),
    close: () => close(log),
  };
}
