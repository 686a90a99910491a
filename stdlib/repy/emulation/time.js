// Time as the emulation needs it, over the capabilities clock and timers: seconds since the start, never backwards, and
// a sleep that is never short.

const LONGEST = 2_147_483; // seconds of one sleep below
/** Less than any clock tells apart: what sums of floating point numbers may be off. */
export const ROUNDING = 1e-9; // seconds

/** `clock.monotonic()` gives milliseconds, `timers.sleep(ms)` waits so long. Both may answer at once or later. */
export async function createTime({ clock, timers }) {
  const origin = await clock.monotonic();
  let latest = 0;

  async function now() {
    const seconds = ((await clock.monotonic()) - origin) / 1000;
    // A backwards step is ignored.
    if (seconds > latest) latest = seconds;
    return latest;
  }

  async function sleep(seconds) {
    const end = (await now()) + seconds;
    for (let left = seconds; left > ROUNDING; left = end - (await now())) await pause(left);
  }

  /** Whole milliseconds, rounded up: a remainder that rounding errors leave must not become a loop of no sleep. */
  const pause = (seconds) => timers.sleep(Math.max(1, Math.ceil((Math.min(seconds, LONGEST) - ROUNDING) * 1000)));

  return { now, sleep, pause };
}
