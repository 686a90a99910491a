// What keys make of a look.
import { bodyOf, type Line } from "./body.ts";
import { isOpen, type Look, SORTS, USUAL_ROWS, VIEWS } from "./look.ts";
import type { Stats } from "./rows.ts";

const MOST_ROWS = 1_000_000;
const resized = (look: Look, factor: number): Look => ({
  ...look,
  rows: Math.max(1, Math.min(Math.round((look.rows ?? USUAL_ROWS) * factor), MOST_ROWS)),
});

function open(look: Look, tenant: string | undefined, isWanted: boolean): Look {
  if (tenant === undefined || look.view !== "tree" || isOpen(look, tenant) === isWanted) return look;
  const turned = new Set(look.turned);
  if (!turned.delete(tenant)) turned.add(tenant);
  // What was selected may be gone: its tenant is not.
  return { ...look, turned, at: `t ${tenant}` };
}

/** The selected line stays selected wherever it goes, and in sight; without one the first lines are. */
export function settle(look: Look, lines: readonly Line[], height: number): Look {
  const found = look.at === undefined ? 0 : lines.findIndex(({ key }) => key === look.at);
  const index = Math.max(Math.min(found < 0 ? look.index : found, lines.length - 1), 0);
  const at = look.at === undefined ? undefined : lines[index]?.key;
  const last = Math.max(lines.length - height, 0);
  const top = Math.max(Math.min(look.top, index, last), index - Math.max(height, 1) + 1);
  return { ...look, index, at, top: Math.max(top, 0) };
}

function moved(look: Look, lines: readonly Line[], to: number): Look {
  const index = Math.max(Math.min(to, lines.length - 1), 0);
  return { ...look, index, at: lines[index]?.key };
}

type Press = (look: Look, lines: readonly Line[], page: number) => Look;
const after = <T>(list: readonly T[], one: T): T => list[(list.indexOf(one) + 1) % list.length] as T;
const first = (look: Look): Look => ({ ...look, at: undefined, index: 0, top: 0 });
const tenantAt = ({ at }: Look, lines: readonly Line[]): string | undefined =>
  lines.find(({ key }) => key === at)?.tenant;
/** The first press selects where one is. */
const down = (by: number, look: Look, lines: readonly Line[]): Look =>
  moved(look, lines, look.at === undefined && by > 0 ? look.index + by - 1 : look.index + by);

const turn: Press = (look, lines) => {
  const tenant = tenantAt(look, lines);
  return tenant === undefined ? look : open(look, tenant, !isOpen(look, tenant));
};

/** By the names that node:readline gives to keys. */
const PRESSES: ReadonlyMap<string, Press> = new Map<string, Press>([
  ["up", (look, lines) => down(-1, look, lines)],
  ["k", (look, lines) => down(-1, look, lines)],
  ["down", (look, lines) => down(1, look, lines)],
  ["j", (look, lines) => down(1, look, lines)],
  ["pageup", (look, lines, page) => down(-page, look, lines)],
  ["pagedown", (look, lines, page) => down(page, look, lines)],
  ["home", (look, lines) => moved(look, lines, 0)],
  ["end", (look, lines) => moved(look, lines, lines.length - 1)],
  ["escape", (look) => (look.isHelp ? { ...look, isHelp: false } : first(look))],
  ["right", (look, lines) => open(look, tenantAt(look, lines), true)],
  ["left", (look, lines) => open(look, tenantAt(look, lines), false)],
  ["return", turn],
  ["enter", turn],
  ["space", turn],
  ["a", (look) => ({ ...look, areOpen: !look.areOpen, turned: new Set() })],
  ["v", (look) => ({ ...first(look), view: after(VIEWS, look.view) })],
  ["tab", (look) => ({ ...first(look), view: after(VIEWS, look.view) })],
  ["+", (look) => resized(look, 2)],
  ["-", (look) => resized(look, 1 / 2)],
  ["?", (look) => ({ ...look, isHelp: !look.isHelp })],
  ["h", (look) => ({ ...look, isHelp: !look.isHelp })],
  ...SORTS.map((by): [string, Press] => [by.slice(0, 1), (look) => ({ ...look, by })]),
]);

/** What a key makes of it. `page`: lines that are in sight. A key that means nothing changes nothing. */
export function press(look: Look, key: string, stats: Stats, page: number): Look {
  return PRESSES.get(key)?.(look, bodyOf(stats, look), Math.max(page, 1)) ?? look;
}
