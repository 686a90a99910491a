// Reads a policy log. It may be anybody's: names in it were chosen by guests, and a file may be anything.
//
// Invariants
//   R1  Either all of it is what a recorder could have written over these contracts, or the first line that is not is
//       named. Nothing is guessed.
//   R2  What is kept is bounded by the text; no line makes more of itself than it is long.
import { didYouMean } from "../diagnostic.ts";
import { eventArguments, namesOf } from "../event.ts";
import { normalAddress, normalHost, normalPath } from "../normal.ts";
import type { Datum, HistoryKind, PolicyEvent } from "../resolved.ts";
import { VERDICTS, type Verdict } from "../tree.ts";
import type { Argument, Vocabulary } from "../vocabulary.ts";
import { type By, LOG, type LoggedDecision, type LoggedRule, VERSION } from "./log-line.ts";

export type LogEntry =
  | { readonly kind: "past"; readonly line: number; readonly event: PolicyEvent }
  | ({ readonly kind: "decided"; readonly line: number } & LoggedDecision);

/** What one recorder has written. */
export interface LoggedTrace {
  readonly name: string;
  readonly entries: readonly LogEntry[];
  /** False: there was no room for the end of it, or whoever wrote it was stopped. */
  readonly isWhole: boolean;
}

export interface LogProblem {
  /** From 1; 0: of the whole. */
  readonly line: number;
  readonly message: string;
}

export type ReadLog =
  | { readonly kind: "log"; readonly traces: readonly LoggedTrace[] }
  | { readonly kind: "wrong"; readonly problem: LogProblem };

export interface LogLimits {
  /** Characters of the whole. Default: 256 Mi. */
  readonly maxLength?: number | undefined;
  /** Characters of one line. Default: 1 Mi. */
  readonly maxLine?: number | undefined;
  /** Default: a million. */
  readonly maxLines?: number | undefined;
}

const KINDS: readonly unknown[] = ["call", "refused", "result", "failed", "approved"] satisfies HistoryKind[];
const BYS: readonly unknown[] = ["approver", "edit", "line"] satisfies By[];
/** Units of a word that is repeated in a message. */
const LONGEST = 60;

class Wrong extends Error {}
function fail(message: string): never {
  throw new Wrong(message);
}

type Fields = ReadonlyMap<string, unknown>;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(`${what} is no record`);
  return new Map(Object.entries(value as object));
}

function parsed(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("this is no JSON");
  }
  return fieldsOf(value, "the line");
}

function onlyOf(fields: Fields, known: readonly string[]): void {
  const unknown = [...fields.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) fail(`${shown(unknown)} is no field of such a line`);
}

function textAt(fields: Fields, key: string): string {
  const value = fields.get(key);
  return typeof value === "string" ? value : fail(`"${key}" is no text`);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
function countAt(fields: Fields, key: string): number {
  const value = fields.get(key);
  return isCount(value) ? value : fail(`"${key}" is no whole number of 0 or more`);
}

const isText = (value: unknown): value is string => typeof value === "string";
const FITS: Readonly<Record<Argument["type"], (value: unknown, argument: Argument) => boolean>> = {
  bool: (value) => typeof value === "boolean",
  int: isCount,
  bytes: isCount,
  text: isText,
  path: (value) => isText(value) && normalPath(value) === value,
  host: (value) => isText(value) && normalHost(value) === value,
  ip: (value) => isText(value) && normalAddress(value) === value,
  enum: (value, { values }) => isText(value) && values?.includes(value) !== false,
  handle: () => false,
  other: () => false,
};

function dataAt(fields: Fields, op: PolicyEvent["op"], kind: HistoryKind): ReadonlyMap<string, Datum> {
  const { byName } = eventArguments(op, kind === "result" ? "result" : "call");
  const data = new Map<string, Datum>();
  for (const [name, value] of fieldsOf(fields.get("data"), '"data"')) {
    const argument = byName.get(name) ?? fail(`${shown(name)} is no argument of ${op.name}`);
    if (!FITS[argument.type](value, argument)) fail(`${shown(value)} is no ${argument.type} for "${argument.name}"`);
    for (const each of namesOf(argument)) data.set(each, value as Datum);
  }
  return data;
}

const WHO = ["op", "data", "time", "domain", "capability", "tenant"];

function eventOf(fields: Fields, kind: HistoryKind, { byName }: Vocabulary): PolicyEvent {
  const name = textAt(fields, "op");
  const op =
    byName.get(name) ?? fail(`there is no call ${shown(name)} in these contracts. ${didYouMean(name, byName.keys())}`);
  const [time, domain, capability] = ["time", "domain", "capability"].map((key) => countAt(fields, key));
  const who = { domain: domain as number, capability: capability as number, tenant: textAt(fields, "tenant") };
  return { kind, op, data: dataAt(fields, op, kind), time: time as number, ...who };
}

function ruleOf(value: unknown): LoggedRule | undefined {
  if (value === undefined) return undefined;
  const fields = fieldsOf(value, '"rule"');
  onlyOf(fields, ["party", "policy", "rule", "at", "because"]);
  const rule = fields.get("rule");
  if (rule !== "nothing allows" && !isCount(rule)) fail('"rule.rule" is no place of a rule');
  const [party, policy, at] = ["party", "policy", "at"].map((key) => textAt(fields, key)) as [string, string, string];
  return {
    party,
    policy,
    at,
    rule: rule as LoggedRule["rule"],
    because: fields.has("because") ? textAt(fields, "because") : undefined,
  };
}

function kindAt(fields: Fields, key: string): HistoryKind {
  const kind = fields.get(key);
  return KINDS.includes(kind) ? (kind as HistoryKind) : fail(`${shown(kind)} is no kind of event`);
}

function flagAt(fields: Fields, key: string, otherwise: boolean): boolean {
  const value = fields.get(key) ?? otherwise;
  return typeof value === "boolean" ? value : fail(`"${key}" is neither true nor false`);
}

function decisionOf(fields: Fields, line: number, vocabulary: Vocabulary): LogEntry {
  onlyOf(fields, ["decided", "kind", ...WHO, "approved", "enforced", "by", "rule"]);
  const [verdict, by] = [fields.get("decided"), fields.get("by")];
  if (!(VERDICTS as readonly unknown[]).includes(verdict)) fail(`${shown(verdict)} is no verdict`);
  if (by !== undefined && !BYS.includes(by)) fail(`${shown(by)} decides nothing`);
  const kind = kindAt(fields, "kind");
  if (kind !== "call" && kind !== "result") fail(`nobody decides about a ${kind} event`);
  return {
    ...{ kind: "decided", line, verdict: verdict as Verdict, proposed: eventOf(fields, kind, vocabulary) },
    ...{ isApproved: flagAt(fields, "approved", false), isEnforced: flagAt(fields, "enforced", true) },
    ...{ by: by as By | undefined, rule: ruleOf(fields.get("rule")) },
  };
}

interface Reading {
  readonly traces: { readonly name: string; readonly entries: LogEntry[]; isWhole: boolean }[];
  /** The last time of each domain of the trace. */
  times: Map<number, number>;
}

function begin(reading: Reading, fields: Fields): void {
  onlyOf(fields, ["log", "version", "trace"]);
  if (fields.get("log") !== LOG) fail("this is no policy log");
  if (fields.get("version") !== VERSION) fail(`this is version ${shown(fields.get("version"))}: known is ${VERSION}`);
  reading.traces.push({ name: textAt(fields, "trace"), entries: [], isWhole: true });
  reading.times = new Map();
}

function addEntry({ traces, times }: Reading, entry: LogEntry): void {
  const { domain, time } = entry.kind === "past" ? entry.event : entry.proposed;
  if (time < (times.get(domain) ?? 0)) fail(`time goes back, from ${times.get(domain)} to ${time}`);
  times.set(domain, time);
  traces.at(-1)?.entries.push(entry);
}

function readLine(reading: Reading, text: string, line: number, vocabulary: Vocabulary): void {
  const fields = parsed(text);
  if (fields.has("log")) return begin(reading, fields);
  const trace = reading.traces.at(-1) ?? fail("this is no policy log: its first line says what it is");
  if (!trace.isWhole) fail("nothing follows a log that was cut");
  if (fields.has("cut")) {
    onlyOf(fields, ["cut"]);
    trace.isWhole = false;
  } else if (fields.has("decided")) addEntry(reading, decisionOf(fields, line, vocabulary));
  else {
    onlyOf(fields, ["past", ...WHO]);
    addEntry(reading, { kind: "past", line, event: eventOf(fields, kindAt(fields, "past"), vocabulary) });
  }
}

/** The last line has no end: whoever wrote it was stopped, and what came then is not there. */
function torn({ traces }: Reading): boolean {
  const trace = traces.at(-1) ?? fail("this is no policy log: its first line says what it is");
  trace.isWhole = false;
  return true;
}

/** Reads a whole log, of one recorder or of several, one after the other. */
export function readLog(text: string, vocabulary: Vocabulary, limits: LogLimits = {}): ReadLog {
  const { maxLength = 2 ** 28, maxLine = 2 ** 20, maxLines = 1_000_000 } = limits;
  const reading: Reading = { traces: [], times: new Map() };
  let line = 0;
  try {
    if (text.length > maxLength) fail(`the log has ${text.length} characters, and ${maxLength} are the most`);
    for (let from = 0; from < text.length; ) {
      const end = text.indexOf("\n", from);
      line += 1;
      if (line > maxLines) fail(`the log has more than ${maxLines} lines`);
      if (end < 0 && torn(reading)) break;
      if (end - from > maxLine) fail(`the line has ${end - from} characters, and ${maxLine} are the most`);
      readLine(reading, text.slice(from, end), line, vocabulary);
      from = end + 1;
    }
    if (reading.traces.length === 0) fail("the log is empty");
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { kind: "wrong", problem: { line, message: error.message.trim() } };
  }
  return { kind: "log", traces: reading.traces };
}
