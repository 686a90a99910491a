// What `cordon top` shows of one line of statistics. Names are the embedder's, and may be its customers': they are escaped.
import { type Cell, toLines } from "../log/columns.ts";
import type { Paint } from "../terminal.ts";

type Numbers = Readonly<Record<string, number>>;

/** A tenant, as a pool tells of it. */
export interface TenantRow {
  readonly name: string;
  readonly share: number;
  readonly queued: number;
  readonly running: number;
  readonly sandboxes: number;
  readonly jobs: number;
  readonly used: Numbers;
  readonly perSecond: Readonly<{ fuel: number; calls: number }>;
  readonly isFrozen: boolean;
}

export interface WorkerRow {
  readonly id: number;
  readonly state: string;
  readonly running: number;
  readonly sandboxes: number;
  readonly restarts: number;
  readonly why?: string | undefined;
}

/** One line of statistics. */
export interface Stats {
  readonly pid: number;
  readonly isolation: string;
  readonly uptime: number;
  readonly queued: number;
  readonly running: number;
  readonly tenants: readonly TenantRow[];
  readonly workers: readonly WorkerRow[];
}

export const SORTS = ["fuel", "memory", "calls", "running", "name"] as const;
export type Sort = (typeof SORTS)[number];

const STEPS = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** 1234567 is 1.2M. */
export function short(n: number): string {
  const step = STEPS.find(([least]) => n >= least);
  return step === undefined ? String(Math.round(n)) : `${(n / step[0]).toFixed(1)}${step[1]}`;
}

export function bytes(n: number): string {
  const step = (
    [
      [2 ** 30, "GiB"],
      [2 ** 20, "MiB"],
      [2 ** 10, "KiB"],
    ] as const
  ).find(([least]) => n >= least);
  return step === undefined ? `${n} B` : `${(n / step[0]).toFixed(1)} ${step[1]}`;
}

export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return [h, m, s].map((part) => String(part).padStart(2, "0")).join(":");
}

// biome-ignore format: a table
const KEYS: Readonly<Record<Sort, (row: TenantRow) => number>> = {
  fuel:    ({ perSecond }) => perSecond.fuel,
  memory:  ({ used }) => used["memory"] ?? 0,
  calls:   ({ perSecond }) => perSecond.calls,
  running: ({ running }) => running,
  name:    () => 0,
};

export function sorted(rows: readonly TenantRow[], by: Sort): TenantRow[] {
  const key = KEYS[by];
  return [...rows].sort((a, b) => key(b) - key(a) || (a.name < b.name ? -1 : 1));
}

const HEAD = [
  "tenant",
  "state",
  "share",
  "run",
  "wait",
  "boxes",
  "domains",
  "fuel/s",
  "calls/s",
  "memory",
  "fuel",
  "jobs",
];

const stateOf = ({ isFrozen, running, queued }: TenantRow): Cell => {
  if (isFrozen) return { text: "frozen", style: "cyan" };
  if (running > 0) return { text: "busy", style: "green" };
  return queued > 0 ? { text: "waits", style: "yellow" } : { text: "idle", style: "dim" };
};

const tenantCells = (row: TenantRow): (string | Cell)[] => [
  ...[
    { text: row.name, style: "bold" as const },
    stateOf(row),
    String(row.share),
    short(row.running),
    short(row.queued),
  ],
  ...[short(row.sandboxes), short(row.used["domains"] ?? 0), short(row.perSecond.fuel), short(row.perSecond.calls)],
  ...[bytes(row.used["memory"] ?? 0), short(row.used["fuel"] ?? 0), short(row.jobs)],
];

const workerCells = ({ id, state, running, sandboxes, restarts, why }: WorkerRow): (string | Cell)[] => [
  ...[`worker ${id}`, { text: state, style: state === "ready" ? ("green" as const) : ("yellow" as const) }],
  ...[`runs ${running}`, `boxes ${sandboxes}`, `restarts ${restarts}`, why === undefined ? "" : `last lost: ${why}`],
];

const heading = (words: readonly string[]): Cell[] => words.map((text) => ({ text, style: "dim" }));

/** All lines, the busiest tenant first. */
export function view(
  { pid, isolation, uptime, queued, running, tenants, workers }: Stats,
  by: Sort,
  paint: Paint,
): string[] {
  const head = `${paint("bold", "cordon top")}  process ${pid}  isolation ${isolation}  up ${duration(uptime)}`;
  const sums = `  runs ${running}, waiting ${queued}, tenants ${tenants.length}, sorted by ${by}`;
  const rows = [heading(HEAD), ...sorted(tenants, by).map(tenantCells)];
  return [head, sums, "", ...toLines(rows, paint), "", ...toLines(workers.map(workerCells), paint)];
}
