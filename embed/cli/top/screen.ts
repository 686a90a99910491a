// The screen of a terminal while a pool is watched.
import { painter, type Screen } from "../terminal.ts";
import { onKeys } from "./keys.ts";
import type { Look } from "./look.ts";
import { press } from "./moves.ts";
import type { Stats } from "./rows.ts";
import { duration } from "./text.ts";
import { frameOf, type Size } from "./view.ts";

// The other screen, without a cursor, where what is too long is cut and not folded.
const [BEGIN, END] = ["\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l"] as const;
const [HOME, CLEAR] = ["\x1b[H", "\x1b[J"] as const;
const EACH = "\x1b[K\r\n"; // what an older, longer line left is wiped

const SILENCE = 3_000; // ms without a line, after which that is said
const TICK = 1_000; // ms

/** A terminal that does not know says 0. In the last column nothing stands: what wipes the rest of a line wipes it too. */
const size = (): Size => ({
  width: (process.stdout.columns || 80) - 1,
  height: process.stdout.rows || 24,
});

/** Until q, Ctrl-C, or the process ends: false. */
export async function watch(screen: Screen, lines: AsyncIterable<Stats>, first: Look): Promise<boolean> {
  let [look, page, heard] = [first, 1, performance.now()];
  let last: Stats | undefined;
  let hasLeft = true;
  const paint = painter(screen);

  function show(): void {
    const silent = performance.now() - heard;
    const note = silent < SILENCE ? "" : `nothing heard for ${duration(silent)}  `;
    if (last === undefined) return screen.write(`${HOME}cordon top  ${note === "" ? "…" : note}${EACH}${CLEAR}`);
    const frame = frameOf(last, look, size(), paint, note);
    [look, page] = [frame.look, frame.page];
    screen.write(HOME + frame.lines.join(EACH) + CLEAR_REST);
  }
  const keys = onKeys({
    onKey(key) {
      if (last === undefined) return;
      look = press(look, key, last, page);
      show();
    },
    onStop: () => screen.write(END),
    onContinue() {
      screen.write(BEGIN);
      show();
    },
  });
  const timer = setInterval(() => performance.now() - heard >= SILENCE && show(), TICK);
  process.stdout.on("resize", show);
  screen.write(BEGIN);
  try {
    show();
    const ended = (async function* () {
      yield* lines;
      hasLeft = false;
    })();
    for await (const stats of keys.until(ended)) {
      [last, heard] = [stats, performance.now()];
      show();
    }
    return hasLeft;
  } finally {
    clearInterval(timer);
    process.stdout.off("resize", show);
    screen.write(END);
    keys.release();
  }
}

const CLEAR_REST = `\x1b[K${CLEAR}`;
