// `cordon top`: tenants, domains, fuel, memory and calls of a running pool, live.
import type { Parsed } from "./arguments.ts";
import { exitCode, UsageError } from "./exit.ts";
import { painter, type Screen, stdout } from "./terminal.ts";
import { statsFrom, whichSocket } from "./top/feed.ts";
import { onKeys } from "./top/keys.ts";
import { SORTS, type Sort, type Stats, view } from "./top/view.ts";

const [CLEAR, HOME, ALTERNATE, USUAL] = ["\x1b[J", "\x1b[H", "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"] as const;
const EACH = "\x1b[K\n"; // what an older, longer line left is wiped

function sortOf(word: string | undefined): Sort {
  const found = SORTS.find((sort) => sort === (word ?? "fuel"));
  if (found !== undefined) return found;
  throw new UsageError(`--sort ${word}: there are ${SORTS.join(", ")}`, "cordon top --sort memory");
}

/** As many lines as there is room for. */
function paintScreen(screen: Screen, stats: Stats, by: Sort): void {
  const rows = process.stdout.rows || 24; // a terminal that does not know says 0
  const lines = view(stats, by, painter(screen));
  const shown =
    lines.length < rows ? lines : [...lines.slice(0, rows - 2), `  … ${lines.length - rows + 2} lines more`];
  screen.write(HOME + shown.join(EACH) + EACH + CLEAR);
}

/** The screen of a terminal, until q, Ctrl-C, or the process ends. */
async function watch(screen: Screen, lines: AsyncIterable<Stats>, first: Sort): Promise<void> {
  let [by, last] = [first, undefined as Stats | undefined];
  const keys = onKeys((key) => {
    const next = SORTS.find((sort) => sort.startsWith(key)) ?? by;
    by = next;
    if (last !== undefined) paintScreen(screen, last, by);
  });
  screen.write(ALTERNATE);
  try {
    for await (const stats of keys.until(lines)) {
      last = stats;
      paintScreen(screen, stats, by);
    }
  } finally {
    screen.write(USUAL);
    keys.release();
  }
}

/** Once is the second look: the first one knows of no moment before it, so what is per second would be nothing. */
async function printAll(lines: AsyncIterable<Stats>, isOnce: boolean, show: (stats: Stats) => string): Promise<void> {
  let looks = 0;
  for await (const stats of lines) {
    if (!isOnce || ++looks === 2) process.stdout.write(show(stats));
    if (looks === 2) return;
  }
}

export async function top(parsed: Parsed): Promise<number> {
  const [screen, by] = [stdout(), sortOf(parsed.text("sort"))];
  if (parsed.positionals.length > 1) throw new UsageError("top takes one process or path", "cordon top");
  const demo = parsed.has("demo") ? await (await import("./top/demo.ts")).startDemo() : undefined;
  const lines = statsFrom(demo?.path ?? whichSocket(parsed.positionals[0]));
  try {
    const isOnce = parsed.has("once");
    if (parsed.has("json")) await printAll(lines, isOnce, (stats) => `${JSON.stringify(stats)}\n`);
    else if (screen.isTerminal && !isOnce) await watch(screen, lines, by);
    else await printAll(lines, true, (stats) => `${view(stats, by, painter(screen)).join("\n")}\n`);
  } finally {
    await demo?.stop();
  }
  return exitCode("returned");
}
