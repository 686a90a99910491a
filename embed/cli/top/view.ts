// What `cordon top` shows of one line of statistics: all of it as text, or as much as fits a screen.
import { escapeLine, type Paint } from "../terminal.ts";
import { bodyOf, type Line } from "./body.ts";
import type { Look } from "./look.ts";
import { settle } from "./moves.ts";
import { STATES, type Stats, type WorkerRow } from "./rows.ts";
import { headLine, layoutOf, lineText } from "./table.ts";
import { bytes, clip, duration, short } from "./text.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

const whole = (n: number): string => n.toLocaleString("en-US");

/** What is true of all of it, whatever has a line below. */
function headOf({ pid, isolation, uptime, queued, running, totals }: Stats, { by }: Look): string[] {
  const states = STATES.filter((state) => totals.states[state] > 0).map(
    (state) => `${whole(totals.states[state])} ${state}`,
  );
  const { fuel, calls } = totals.perSecond;
  return [
    `cordon top  process ${pid}  isolation ${escapeLine(isolation)}  up ${duration(uptime)}  sorted by ${by}`,
    `  tenants ${whole(totals.tenants)}  domains ${whole(totals.domains)}${states.length > 0 ? `: ${states.join(", ")}` : ""}`,
    `  fuel/s ${short(fuel)}  calls/s ${short(calls)}  memory ${bytes(totals.memory)}  runs ${whole(running)}, waiting ${whole(queued)}`,
  ];
}

const workerLine = (isolation: string, { id, state, running, sandboxes, restarts, why }: WorkerRow): string =>
  `  ${escapeLine(isolation)} ${id}  ${escapeLine(state)}  runs ${running}  boxes ${sandboxes}  restarts ${restarts}` +
  (why === undefined ? "" : `  last lost: ${escapeLine(why)}`);

/** One line for each, as far as there is room; those that have something to tell first. This thread is no worker. */
function workersOf({ isolation, workers }: Stats, most: number): string[] {
  if (isolation === "inline") return [];
  const ranked = [...workers].sort((a, b) => Number(a.state === "ready") - Number(b.state === "ready") || a.id - b.id);
  const left = workers.length - most;
  const shown = left > 0 ? ranked.slice(0, Math.max(most - 1, 0)) : [...workers];
  const rest = workers.length - shown.length;
  return [
    ...shown.map((worker) => workerLine(isolation, worker)),
    ...(rest > 0 && most > 0 ? [`  … and ${rest} more of them`] : []),
  ];
}

const titled = (paint: Paint, lines: readonly string[], width: number): string[] =>
  lines.map((line, at) => {
    const text = clip(line, width);
    return at === 0 ? text.replace("cordon top", (name) => paint("bold", name)) : text;
  });

/** All lines, for something that is no screen. */
export function view(stats: Stats, look: Look, paint: Paint, width = Number.POSITIVE_INFINITY): string[] {
  const lines = bodyOf(stats, look);
  const layout = layoutOf(lines, look, width);
  return [
    ...titled(paint, [...headOf(stats, look), ...workersOf(stats, Infinity)], width),
    "",
    headLine(layout, look, paint),
    ...lines.map((line) => lineText(line, layout, paint)),
  ];
}

const HINTS = "q quit  ↑↓ select  ⏎ open or close  v view  f m c r n sort  ? help";
const HELP = [
  "  ↑ ↓ PgUp PgDn Home End   select a line; Esc: none",
  "  Enter, Space, ← →        open or close the tenant that is selected",
  "  a                        open or close all tenants",
  "  v, Tab                   tenants with domains; domains alone; tenants alone",
  "  f m c r n                sort by fuel, memory, calls, what runs, name",
  "  + -                      more or fewer domains below each tenant",
  "  ?                        this help; q or Ctrl-C: leave; Ctrl-Z: stop",
  "",
  "  running  has the thread, or could use it      idle    has no run",
  "  parked   waits for the host, a timer, an       asleep  has no memory either",
  "           answer, or under a frozen meter       ended   until it is disposed",
  "  Per second: of the last moments. fuel, calls: of all its time.",
];

export interface Frame {
  readonly lines: readonly string[];
  /** What is selected stays so. */
  readonly look: Look;
  /** Lines of the table that are in sight. */
  readonly page: number;
}

/** Lines that are not the table's, at their least: its head, the first line, hints. */
const FRAMING = 3;

interface Around {
  readonly above: readonly string[];
  readonly page: number;
}

/** The table has at least half of the screen. */
function around(stats: Stats, look: Look, { height }: Size): Around {
  const room = Math.max(Math.floor((height - FRAMING) / 2), 1);
  const head = headOf(stats, look).slice(0, room);
  const workers = workersOf(stats, Math.min(room - head.length, 4));
  const above = [...head, ...workers];
  return { above, page: Math.max(height - above.length - 2, 1) };
}

/** A sign besides the colour, which not every terminal has. */
const MARK = 1;

function tableOf(lines: readonly Line[], look: Look, page: number, width: number, paint: Paint): string[] {
  const layout = layoutOf(lines, look, width - MARK);
  const shown = lines.slice(look.top, look.top + page).map((line) => {
    const isSelected = line.key === look.at;
    return (isSelected ? ">" : " ") + lineText(line, layout, paint, isSelected);
  });
  return [` ${headLine(layout, look, paint)}`, ...shown];
}

/** As much as fits, and the lines that matter now. `note`: what there is to say besides. */
export function frameOf(stats: Stats, look: Look, size: Size, paint: Paint, note = ""): Frame {
  const { above, page } = around(stats, look, size);
  const lines = bodyOf(stats, look);
  const settled = settle(look, lines, page);
  const table = tableOf(lines, settled, page, size.width, paint);
  const middle = look.isHelp ? HELP.slice(0, page + 1).map((line) => clip(line, size.width)) : table;
  const filled = [...middle, ...new Array<string>(Math.max(page + 1 - middle.length, 0)).fill("")];
  const below =
    lines.length > page ? `${settled.top + 1}-${Math.min(settled.top + page, lines.length)} of ${lines.length}  ` : "";
  const hints = paint("dim", clip(`${note}${below}${HINTS}`, size.width));
  return { lines: [...titled(paint, above, size.width), ...filled, hints].slice(0, size.height), look: settled, page };
}
