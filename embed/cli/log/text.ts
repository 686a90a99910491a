// A summary as people read it. Every word of a log may be a guest's: none of it drives a terminal.
import { escapeControls, type Paint } from "../terminal.ts";
import { type Cell, toLines } from "./columns.ts";
import type { Needed } from "./needed.ts";
import type { CallSum, Reason, Summary } from "./summary.ts";

/** Lines of the file that are no records. */
export interface Unread {
  readonly torn: number;
  readonly malformed: number;
  readonly tooLong: number;
}

export interface Explained {
  readonly summary: Summary;
  readonly needed: readonly Needed[];
  readonly unused: readonly { readonly name: string; readonly capability: string }[];
  readonly unread: Unread;
}

const MOST_SHOWN = 40;
const MOST_USES = 8;
const MOST_ARGS = 60; // characters

const count = (n: number, what: string): string => `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;

function size(bytes: number): string {
  const step = [2 ** 30, 2 ** 20, 2 ** 10].find((one) => bytes >= one);
  if (step === undefined) return `${bytes} B`;
  return `${(bytes / step).toFixed(1)} ${{ [2 ** 30]: "GiB", [2 ** 20]: "MiB", [2 ** 10]: "KiB" }[step]}`;
}

const nameOf = (capability: string, call: string): string => (call === "" ? capability : `${capability}.${call}`);

function head({ runs, records, beyond }: Summary): string {
  const all = [...runs.values()];
  const times = all.flatMap(({ from, to }) => [from, to]).sort();
  const span = times.length === 0 ? "" : `, from ${times[0]} to ${times.at(-1)}`;
  const more = beyond === 0 ? "" : `; ${count(beyond, "call")} of more kinds than are kept apart`;
  return `${count(records, "call")} in ${count(all.length, "run")}${span}${more}`;
}

function callRow({ capability, call, contract, calls, bytes, ms, ...sum }: CallSum): (string | Cell)[] {
  const decisions = (["allowed", "refused", "failed", "pending"] as const).filter((decision) => sum[decision] > 0);
  const told = decisions.map((decision) => `${sum[decision].toLocaleString("en-US")} ${decision}`).join(", ");
  const from = contract === capability ? "" : `  (${contract})`;
  return [
    `${nameOf(capability, call)}${from}`,
    count(calls, "call"),
    size(bytes),
    `${(ms / calls).toFixed(2)} ms each`,
    { text: told, style: sum.refused > 0 ? "red" : undefined },
  ];
}

function cut<T>(all: readonly T[], lines: (shown: readonly T[]) => string[]): string[] {
  const more = all.length - MOST_SHOWN;
  return [...lines(all.slice(0, MOST_SHOWN)), ...(more > 0 ? [`  ... and ${more} more: --json has all`] : [])];
}

function callLines({ calls }: Summary, paint: Paint): string[] {
  const names = [...new Set([...calls.values()].map(({ name }) => name))];
  return names.flatMap((name) => {
    const own = [...calls.values()].filter((sum) => sum.name === name).sort((a, b) => b.calls - a.calls);
    return ["", paint("bold", escapeControls(name)), ...cut(own, (all) => toLines(all.map(callRow), paint))];
  });
}

function argsText(args: readonly unknown[] | undefined): string {
  if (args === undefined) return "";
  const text = JSON.stringify(args).slice(1, -1);
  return `last with (${text.length > MOST_ARGS ? `${text.slice(0, MOST_ARGS)}...` : text})`;
}

function reasonLines({ reasons }: Summary, decision: Reason["decision"], paint: Paint): string[] {
  const own = [...reasons.values()].filter((reason) => reason.decision === decision).sort((a, b) => b.count - a.count);
  if (own.length === 0) return [];
  const rows = (all: readonly Reason[]): string[] =>
    toLines(
      all.map(({ name, capability, call, count: n, code = "without a code", rule, args }) => [
        nameOf(capability, call),
        count(n, "time"),
        `${code}${rule === undefined ? "" : ` by ${rule}`}`,
        `in ${name}`,
        argsText(args),
      ]),
      paint,
    );
  return ["", paint("bold", decision === "refused" ? "Refused" : "Failed"), ...cut(own, rows)];
}

function neededLines({ name, capability, calls, grant, more, isPartial }: Needed): string[] {
  const what =
    grant === undefined
      ? calls.length === 0
        ? "nothing of it"
        : "functions of its embedder"
      : `--grant ${grant.word}`;
  const uses = grant?.uses.slice(0, MOST_USES) ?? [];
  const notes = [
    ...uses,
    ...(grant !== undefined && grant.uses.length > uses.length
      ? [`... and ${grant.uses.length - uses.length} more: --json has all`]
      : []),
    ...(grant?.unknown ?? []).map((text) => `cannot tell ${text}`),
    ...(isPartial && grant !== undefined ? ["the log has no arguments of some calls: --audit-values full"] : []),
    ...(more === undefined ? [] : [`what was refused would take --grant ${more}`]),
  ];
  return [`  ${name}  ${capability}  ${what}`, ...notes.map((note) => `      ${note}`)].map(escapeControls);
}

function unreadLines({ dropped }: Summary, { torn, malformed, tooLong }: Unread): string[] {
  const told = [
    ...(dropped > 0 ? [`${count(dropped, "record")} had no room in the log`] : []),
    ...(torn > 0 ? ["the last line is torn"] : []),
    ...(malformed > 0
      ? [`${count(malformed, "line")} that ${malformed === 1 ? "is no record" : "are no records"}`]
      : []),
    ...(tooLong > 0 ? [`${count(tooLong, "line")} too long`] : []),
  ];
  return told.length === 0 ? [] : ["", `Not told here: ${told.join(", ")}.`];
}

export function textOf({ summary, needed, unused, unread }: Explained, paint: Paint): string {
  const lines = [
    head(summary),
    ...callLines(summary, paint),
    ...reasonLines(summary, "refused", paint),
    ...reasonLines(summary, "failed", paint),
    ...(needed.length === 0
      ? []
      : ["", paint("bold", "Smallest grants"), ...cut(needed, (all) => all.flatMap(neededLines))]),
    ...(unused.length === 0 ? [] : ["", paint("bold", "Granted and not called")]),
    ...cut(unused, (all) => all.map(({ name, capability }) => escapeControls(`  ${name}  ${capability}`))),
    ...unreadLines(summary, unread),
  ];
  return `${lines.join("\n")}\n`;
}
