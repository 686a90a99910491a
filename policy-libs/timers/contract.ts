// The contract of timers.
import { arg, contract, nothing, number } from "../contract/index.ts";

/** The longest sleep: a hundred years of 365 days. */
export const LONGEST_SLEEP = 100 * 365 * 86_400_000; // ms

/** The contract of sleeping. */
export const TIMERS = contract({
  name: "timers",
  allows: "waiting for a time to pass",
  never: "ends a sleep early; sleeps on when the guest has ended",
  calls: {
    sleep: {
      takes: [arg("milliseconds", number({ min: 0, max: LONGEST_SLEEP }))],
      gives: nothing(),
      refuses: [],
      about: "waits at least so long; E_BUSY if too many sleeps are open",
    },
  },
});
