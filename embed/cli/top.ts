// `cordon top`: tenants and domains, fuel, memory and calls of a running pool, live.
import type { Parsed } from "./arguments.ts";
import { exitCode, UsageError } from "./exit.ts";
import { painter, type Screen, stderr, stdout } from "./terminal.ts";
import { statsFrom, whichSocket } from "./top/feed.ts";
import { type Look, newLook, SORTS, VIEWS } from "./top/look.ts";
import type { Stats } from "./top/rows.ts";
import { watch } from "./top/screen.ts";
import { view } from "./top/view.ts";

function oneOf<T extends string>(option: string, word: string | undefined, known: readonly T[], usual: T): T {
  const found = known.find((one) => one === (word ?? usual));
  if (found !== undefined) return found;
  throw new UsageError(`--${option} ${word}: there are ${known.join(", ")}`, `cordon top --${option} ${known[1]}`);
}

function rowsOf(word: string | undefined): number | undefined {
  if (word === undefined || /^[1-9]\d{0,5}$/.test(word)) return word === undefined ? undefined : Number(word);
  throw new UsageError(`--rows ${word}: a whole number from 1 to 999999`, "cordon top --rows 20");
}

const lookOf = (parsed: Parsed): Look =>
  newLook(
    oneOf("sort", parsed.text("sort"), SORTS, "fuel"),
    oneOf("view", parsed.text("view"), VIEWS, "tree"),
    rowsOf(parsed.text("rows")),
  );

/** Once is the second look: the first one knows of no moment before it, so what is per second would be nothing. */
async function printAll(lines: AsyncIterable<Stats>, isOnce: boolean, show: (stats: Stats) => string): Promise<void> {
  let looks = 0;
  for await (const stats of lines) {
    if (!isOnce || ++looks === 2) process.stdout.write(show(stats));
    if (looks === 2) return;
  }
}

// JSON leaves controls beyond ASCII, and what turns text around, as they are: a terminal would obey them.
const BARE = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const jsonOf = (stats: Stats): string =>
  JSON.stringify(stats).replace(BARE, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

async function live(screen: Screen, lines: AsyncIterable<Stats>, look: Look): Promise<void> {
  if (!(await watch(screen, lines, look)))
    stderr().write("cordon top: the process tells no more: it has ended, or publishes no more\n");
}

export async function top(parsed: Parsed): Promise<number> {
  const [screen, look] = [stdout(), lookOf(parsed)];
  if (parsed.positionals.length > 1) throw new UsageError("top takes one process or path", "cordon top");
  const demo = parsed.has("demo") ? await (await import("./top/demo.ts")).startDemo() : undefined;
  try {
    const lines = statsFrom(demo?.path ?? whichSocket(parsed.positionals[0]));
    const width = screen.isTerminal ? process.stdout.columns : undefined;
    const isOnce = parsed.has("once");
    if (parsed.has("json")) await printAll(lines, isOnce, (stats) => `${jsonOf(stats)}\n`);
    else if (screen.isTerminal && !isOnce) await live(screen, lines, look);
    else await printAll(lines, true, (stats) => `${view(stats, look, painter(screen), width).join("\n")}\n`);
  } finally {
    await demo?.stop();
  }
  return exitCode("returned");
}
