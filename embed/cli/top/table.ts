// The table: which columns there is room for, and what each line says in them. Names are the embedder's, and may be its
// customers': they are escaped, and cut.
import { escapeLine, type Paint } from "../terminal.ts";
import type { Line } from "./body.ts";
import type { Look, Sort } from "./look.ts";
import type { DomainRow, State, TenantRow } from "./rows.ts";
import { bytes, clip, duration, pad, short, widthOf } from "./text.ts";

type Style = Parameters<Paint>[0];

interface Column {
  readonly head: string;
  readonly width: number;
  /** Left out of a narrow table before those with a higher one. */
  readonly rank: number;
  readonly isText?: boolean;
  readonly sort?: Sort;
  readonly isFlatOnly?: boolean;
  readonly tenant: (row: TenantRow) => string;
  readonly domain: (row: DomainRow) => string;
}

const nothing = (): string => "";
const count = (n: number): string => (n === 0 ? "" : short(n));

export const stateOf = ({ isFrozen, running, queued }: TenantRow): string => {
  if (isFrozen) return "frozen";
  if (running > 0) return "busy";
  return queued > 0 ? "waits" : "idle";
};

const STYLE_OF: ReadonlyMap<string, Style> = new Map<State | "frozen" | "busy" | "waits", Style>([
  ...([
    ["running", "green"],
    ["busy", "green"],
    ["parked", "yellow"],
    ["waits", "yellow"],
  ] as const),
  ...([
    ["frozen", "cyan"],
    ["idle", "dim"],
    ["asleep", "dim"],
    ["ended", "red"],
  ] as const),
]);

// biome-ignore format: a table
const COLUMNS: readonly Column[] = [
  { head: "tenant",  width: 12, rank: 9, isText: true, isFlatOnly: true, tenant: nothing, domain: ({ tenant }) => tenant },
  { head: "state",   width: 7,  rank: 11, isText: true, sort: "running", tenant: stateOf, domain: ({ state }) => state },
  { head: "where",   width: 10, rank: 7, isText: true, tenant: nothing, domain: ({ where }) => where },
  { head: "fuel/s",  width: 6,  rank: 10, sort: "fuel", tenant: ({ perSecond }) => short(perSecond.fuel), domain: ({ perSecond }) => short(perSecond.fuel) },
  { head: "memory",  width: 10, rank: 9, sort: "memory", tenant: ({ used }) => bytes(used.memory), domain: ({ used }) => bytes(used.memory) },
  { head: "calls/s", width: 7,  rank: 8, sort: "calls", tenant: ({ perSecond }) => short(perSecond.calls), domain: ({ perSecond }) => short(perSecond.calls) },
  { head: "fuel",    width: 6,  rank: 5, tenant: ({ used }) => short(used.fuel), domain: ({ used }) => short(used.fuel) },
  { head: "calls",   width: 6,  rank: 3, tenant: ({ used }) => short(used.calls), domain: ({ used }) => short(used.calls) },
  { head: "age",     width: 8,  rank: 6, tenant: nothing, domain: ({ age }) => duration(age) },
  { head: "domains", width: 7,  rank: 4, tenant: ({ used }) => short(used.domains), domain: ({ used }) => (used.domains > 1 ? short(used.domains) : "") },
  { head: "run",     width: 4,  rank: 2, tenant: ({ running }) => count(running), domain: nothing },
  { head: "wait",    width: 5,  rank: 2, tenant: ({ queued }) => count(queued), domain: nothing },
  { head: "share",   width: 5,  rank: 1, tenant: ({ share }) => String(share), domain: nothing },
  { head: "jobs",    width: 6,  rank: 0, tenant: ({ jobs }) => short(jobs), domain: nothing },
];

/** What has it is always there. */
const MOST_RANK = 11;
const [LEAST_NAME, MOST_NAME] = [14, 40];
const GAP = 1;

export interface Layout {
  readonly width: number;
  readonly name: number;
  readonly columns: readonly Column[];
}

const taken = (columns: readonly Column[]): number => columns.reduce((sum, { width }) => sum + width + GAP, 0);

/** Those columns that fit; the name has what is left, as far as it needs it. */
export function layoutOf(lines: readonly Line[], { view }: Look, width: number): Layout {
  let columns = COLUMNS.filter(({ isFlatOnly }) => view === "domains" || isFlatOnly !== true);
  if (view === "tenants") columns = columns.filter(({ domain, tenant }) => tenant !== nothing || domain === nothing);
  if (view === "domains") columns = columns.filter(({ domain }) => domain !== nothing);
  for (let rank = 0; rank < MOST_RANK && taken(columns) + LEAST_NAME > width; rank++)
    columns = columns.filter((column) => column.rank !== rank);
  const needed = Math.max(LEAST_NAME, ...lines.map((line) => widthOf(nameOf(line))));
  return { width, columns, name: Math.max(Math.min(needed, MOST_NAME, width - taken(columns)), 1) };
}

const domainName = ({ id, name }: DomainRow): string => (name === undefined ? String(id) : `${id} ${escapeLine(name)}`);

/** What stands first; without marks it is plain text. */
function nameOf({ about }: Line): string {
  if (about.kind === "tenant") return `${about.isOpen ? "▾" : "▸"} ${escapeLine(about.row.name)}`;
  if (about.kind === "domain") return `${about.isBelow ? "    " : "  "}${domainName(about.row)}`;
  return `    … ${about.text}`;
}

function cellText({ about }: Line, column: Column): string {
  if (about.kind === "more") return "";
  const text = about.kind === "tenant" ? column.tenant(about.row) : column.domain(about.row);
  return column.isText === true ? clip(escapeLine(text), column.width) : text;
}

const cell = (text: string, { width, isText }: Column): string => pad(text, width, isText !== true);

export function headLine({ name, columns }: Layout, { by, view }: Look, paint: Paint): string {
  const first = view === "domains" ? "  domain" : view === "tree" ? "  tenant, domain" : "  tenant";
  const heads = columns.map((column) => paint(column.sort === by ? "bold" : "dim", cell(column.head, column)));
  return [paint(by === "name" ? "bold" : "dim", pad(clip(first, name), name, false)), ...heads].join(" ".repeat(GAP));
}

/** One line. A line that is selected has one style: another one would end it. */
export function lineText(line: Line, { name, columns, width }: Layout, paint: Paint, isSelected = false): string {
  const plain: Paint = (_style, text) => text;
  const use = isSelected ? plain : paint;
  if (line.about.kind === "more") return paint(isSelected ? "inverse" : "dim", clip(nameOf(line), width));
  const first = pad(clip(nameOf(line), name), name, false);
  const cells = columns.map((column) => {
    const text = cellText(line, column);
    const style = column.head === "state" ? STYLE_OF.get(text) : undefined;
    const padded = cell(text, column);
    return style === undefined ? padded : use(style, padded);
  });
  const whole = [line.about.kind === "tenant" ? use("bold", first) : first, ...cells].join(" ".repeat(GAP));
  return isSelected ? paint("inverse", whole) : whole.trimEnd();
}
