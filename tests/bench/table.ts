// The report: each figure with its goals, what was measured, the ratio to each peer, and the verdict.
import { GOALS, type Goal } from "./goals.ts";
import { median, ratios, spread } from "./statistics.ts";
import type { Entry, Line, Unit } from "./types.ts";

export type Verdict = "holds" | "MISSED" | "NOT MEASURED" | "";

export interface Row {
  readonly figure: string;
  readonly goal: string;
  readonly measured: string;
  readonly ratio: string;
  readonly verdict: Verdict;
}

/** Whose entry is a figure's own row; the others stand below it. */
const HEADLINE = "cordon";

/** The line, if it has what its row tells of: measured, or with the reason why it is not. Throws for one without. */
export function headed(line: Line): Line {
  const ours = line.entries.filter(({ who }) => who === HEADLINE);
  const isTold = ours.length === 1 && (ours[0]?.value !== undefined || Boolean(ours[0]?.note));
  if (isTold) return line;
  throw new Error(`the figure ${line.id} needs one entry of "${HEADLINE}", with a value or the reason why it has none`);
}

/** Cordon's figure over the other's: from the pairs where there are pairs, else from the figures. */
export function ratioTo(ours: Entry | undefined, theirs: Entry): number | undefined {
  if (ours?.value === undefined || !theirs.value || ours === theirs) return undefined;
  const arePaired = ours.samples.length > 1 && ours.samples.length === theirs.samples.length;
  return arePaired ? median(ratios(ours.samples, theirs.samples)) : ours.value / theirs.value;
}

export function judge(goal: Goal, value: number | undefined): Verdict {
  if (value === undefined || Number.isNaN(value)) return "NOT MEASURED";
  return value <= (goal.atMost ?? Number.POSITIVE_INFINITY) && value >= (goal.atLeast ?? 0) ? "holds" : "MISSED";
}

const decimals = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));

function figures({ value, samples, note }: Entry, unit: Unit): string {
  if (value === undefined) return `NOT MEASURED (${note})`;
  const around = samples.length > 2 ? ` ±${Math.round(spread(samples) * 100)} %` : "";
  return `${decimals(value)} ${unit}${around}${note === undefined ? "" : ` (${note})`}`;
}

const goalText = ({ atMost, atLeast, against }: Goal, unit: Unit): string =>
  atLeast === undefined ? `<= ${atMost} ${against === undefined ? unit : "x"}` : `>= ${atLeast} ${unit}`;

function ourRow(line: Line, ours: Entry | undefined): Row {
  const goal = (GOALS[line.id] ?? []).find(({ against }) => against === undefined);
  const measured = ours === undefined ? "NOT MEASURED" : figures(ours, line.unit);
  const verdict = goal !== undefined ? judge(goal, ours?.value) : ours?.value === undefined ? "NOT MEASURED" : "";
  const text = goal === undefined ? "" : goalText(goal, line.unit);
  return { figure: line.what, goal: text, measured, ratio: "", verdict };
}

function peerRow(line: Line, ours: Entry | undefined, theirs: Entry): Row {
  const goal = (GOALS[line.id] ?? []).find(({ against }) => against === theirs.who);
  const ratio = ratioTo(ours, theirs);
  return {
    figure: `  ${theirs.who}`,
    goal: goal === undefined ? "" : goalText(goal, line.unit),
    measured: figures(theirs, line.unit),
    ratio: ratio === undefined ? "" : `${decimals(ratio)} x`,
    verdict: goal !== undefined ? judge(goal, ratio) : theirs.value === undefined ? "NOT MEASURED" : "",
  };
}

export function rowsOf(line: Line): Row[] {
  const ours = line.entries.find(({ who }) => who === HEADLINE);
  const peers = line.entries.filter((entry) => entry !== ours);
  const note = line.note === undefined ? [] : [{ ...EMPTY, figure: `  ${line.note}` }];
  return [ourRow(line, ours), ...peers.map((entry) => peerRow(line, ours, entry)), ...note];
}

const EMPTY: Row = { figure: "", goal: "", measured: "", ratio: "", verdict: "" };
const COLUMNS = ["figure", "goal", "measured", "ratio", "verdict"] as const;
const WIDEST = 60;

export function table(lines: readonly Line[]): string {
  const titles = Object.fromEntries(COLUMNS.map((name) => [name, name])) as unknown as Row;
  const rows = [titles, ...lines.flatMap(rowsOf)];
  const widths = COLUMNS.map((name) => Math.min(WIDEST, Math.max(...rows.map((row) => row[name].length))));
  const text = (row: Row): string =>
    COLUMNS.map((name, i) => row[name].padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  return [text(rows[0]!), widths.map((width) => "-".repeat(width)).join("  "), ...rows.slice(1).map(text)].join("\n");
}

/** How many verdicts of each kind. */
export function tally(lines: readonly Line[]): Record<string, number> {
  const verdicts = lines.flatMap(rowsOf).map(({ verdict }) => verdict);
  const count = (wanted: Verdict): number => verdicts.filter((verdict) => verdict === wanted).length;
  return { holds: count("holds"), MISSED: count("MISSED"), "NOT MEASURED": count("NOT MEASURED") };
}
