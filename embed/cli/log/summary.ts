// What a log says, in sums. However long it is and whatever is in it, what is kept stays small.

import type { UsedCall } from "../grants/smallest.ts";
import { type CallLine, knownIn, type LogLine } from "./record.ts";

export interface CallSum {
  readonly name: string;
  readonly capability: string;
  readonly contract: string;
  readonly call: string;
  calls: number;
  allowed: number;
  refused: number;
  failed: number;
  pending: number;
  bytes: number;
  ms: number;
}

/** Calls that were refused, or failed, for one reason. */
export interface Reason {
  readonly name: string;
  readonly capability: string;
  readonly call: string;
  readonly decision: "refused" | "failed";
  readonly code: string | undefined;
  readonly rule: string | undefined;
  count: number;
  /** Arguments of the last one, if the log has them. */
  args: readonly unknown[] | undefined;
  last: string;
}

/** What was done with one grant, each way once. */
export interface Usage {
  readonly name: string;
  readonly capability: string;
  readonly contract: string;
  readonly allowed: Map<string, UsedCall>;
  readonly refused: Map<string, UsedCall>;
  /** Some calls have no arguments in the log. */
  isPartial: boolean;
}

export interface RunSum {
  readonly run: string;
  readonly name: string;
  readonly from: string;
  to: string;
  calls: number;
  readonly grants: Map<string, string>;
  readonly used: Set<string>;
}

export interface Summary {
  readonly calls: Map<string, CallSum>;
  readonly reasons: Map<string, Reason>;
  readonly usages: Map<string, Usage>;
  readonly runs: Map<string, RunSum>;
  /** Calls of runs, or of kinds, beyond those that are kept apart. */
  beyond: number;
  records: number;
  dropped: number;
}

export interface Filter {
  readonly capability: readonly string[];
  readonly call: readonly string[];
  /** A name or a number. */
  readonly domain: readonly string[];
  readonly run: readonly string[];
  readonly isRefused: boolean;
}

const MOST_ROWS = 10_000;
const MOST_RUNS = 1_000;
const MOST_WAYS = 2_000;

export const newSummary = (): Summary => ({
  ...{ calls: new Map(), reasons: new Map(), usages: new Map(), runs: new Map() },
  ...{ beyond: 0, records: 0, dropped: 0 },
});

const keyOf = (...parts: readonly (string | undefined)[]): string => JSON.stringify(parts);

/** What the map has under a key, made if there is room. */
function kept<T>(map: Map<string, T>, key: string, most: number, make: () => T): T | undefined {
  const known = map.get(key);
  if (known !== undefined || map.size >= most) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function addCall(summary: Summary, { name, capability, contract, call, decision, bytes, ms }: CallLine): void {
  const zero = { calls: 0, allowed: 0, refused: 0, failed: 0, pending: 0, bytes: 0, ms: 0 };
  const make = (): CallSum => ({ name, capability, contract, call, ...zero });
  const sum = kept(summary.calls, keyOf(name, capability, contract, call), MOST_ROWS, make);
  if (sum === undefined) {
    summary.beyond++;
    return;
  }
  sum.calls++;
  sum[decision]++;
  sum.bytes += bytes;
  sum.ms += ms;
}

function addReason(summary: Summary, line: CallLine): void {
  const { name, capability, call, decision, code, rule, args, time } = line;
  if (decision !== "refused" && decision !== "failed") return;
  const make = (): Reason => ({ name, capability, call, decision, code, rule, count: 0, args, last: time });
  const reason = kept(summary.reasons, keyOf(name, capability, call, decision, code, rule), MOST_ROWS, make);
  if (reason === undefined) return;
  reason.count++;
  if (time < reason.last) return;
  reason.args = args;
  reason.last = time;
}

/** Arguments beyond this are no path, no host and no name. */
const MOST_ARGS_TEXT = 2_000;

/** What a wider grant would have allowed. */
const WIDER = ["E_READ_ONLY", "E_NOT_GRANTED"];

function addUsage(summary: Summary, { name, capability, contract, call, decision, code, args }: CallLine): void {
  if (decision === "refused" && !WIDER.includes(code ?? "")) return;
  const make = (): Usage => ({ name, capability, contract, allowed: new Map(), refused: new Map(), isPartial: false });
  const usage = kept(summary.usages, keyOf(name, capability, contract), MOST_ROWS, make);
  if (usage === undefined) return;
  const text = JSON.stringify(args?.slice(0, 2)) ?? "";
  const isWhole = args !== undefined && text.length <= MOST_ARGS_TEXT;
  usage.isPartial ||= !isWhole;
  const ways = decision === "refused" ? usage.refused : usage.allowed;
  kept(ways, keyOf(call, isWhole ? text : ""), MOST_WAYS, () => ({
    ...{ call, where: undefined, args: isWhole ? args.slice(0, 2).map(knownIn) : [] },
  }));
}

function addRun(summary: Summary, { run, name, time }: LogLine): RunSum | undefined {
  const make = (): RunSum => ({ run, name, from: time, to: time, calls: 0, grants: new Map(), used: new Set() });
  const sum = kept(summary.runs, keyOf(run, name), MOST_RUNS, make);
  if (sum !== undefined && time > sum.to) sum.to = time;
  return sum;
}

const allows = (words: readonly string[], ...values: readonly string[]): boolean =>
  words.length === 0 || values.some((value) => words.includes(value));

const isWanted = (line: LogLine, { domain, run }: Filter): boolean =>
  allows(domain, line.name, String(line.domain)) && allows(run, line.run);

/** Counts a line, if the filter lets it through. */
export function addLine(summary: Summary, line: LogLine, filter: Filter): void {
  if (!isWanted(line, filter)) return;
  if (line.event === "dropped") {
    summary.dropped += line.count;
    return;
  }
  const run = addRun(summary, line);
  if (line.event === "start") {
    for (const [name, contract] of line.grants) run?.grants.set(name, contract);
    return;
  }
  run?.used.add(line.capability);
  if (!allows(filter.capability, line.capability) || !allows(filter.call, line.call)) return;
  if (filter.isRefused && line.decision !== "refused") return;
  summary.records++;
  if (run !== undefined) run.calls++;
  addCall(summary, line);
  addReason(summary, line);
  addUsage(summary, line);
}
