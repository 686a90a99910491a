// The contract of a clock.
import { contract, number } from "../contract/index.ts";

/** The contract of a clock. */
export const CLOCK = contract({
  name: "clock",
  allows: "asking for the time of day and for the time that has passed",
  never: "tells time finer than its resolution, or how long the host has been running",
  calls: {
    now: {
      takes: [],
      gives: number(),
      refuses: [],
      about: "milliseconds since the beginning of 1970, UTC",
      mode: "sync",
    },
    monotonic: {
      takes: [],
      gives: number({ min: 0 }),
      refuses: [],
      about: "milliseconds since the clock was granted; never goes back",
      mode: "sync",
    },
  },
});
