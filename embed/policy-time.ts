// Time, as policies see it: one time for a domain and all that it makes.
//
// Invariants
//   T1  It is whole milliseconds, not below 0, and a wait that is over has passed: what was delayed is not delayed for the
//       same again, whichever clock it waits by.
//   T2  A delay under virtual time takes none: nothing waits for a clock that waits for it.
import type { CallContext } from "../kernel/index.ts";
import type { EnforcePowers } from "../policy-libs/index.ts";
import { type Clock, realClock } from "./clock.ts";
import { now } from "./engine.ts";

type Hours = Pick<EnforcePowers, "now" | "sleep">;
type ClockOf = (context: CallContext) => Clock | undefined;

const ORIGIN = Date.now() - now();

/** The time of day when it began, which no correction of the host's clock turns back. */
export function realHours(clockOf: ClockOf): Hours {
  const ownClock = realClock();
  return {
    now: () => Math.floor(ORIGIN + now()),
    sleep: (ms, context, onDropped) => (clockOf(context) ?? ownClock).sleep(ms, onDropped),
  };
}

/**
 * Each domain has a virtual clock of its own, which stands still while its calls are in flight: whoever waits sets his to
 * the time that has come for all of them. A host or another domain has none: for its calls time leaps.
 */
export function virtualHours(clockOf: ClockOf, start: number): Hours {
  const zero = Math.min(0, start);
  let last = 0;
  const nowOf = (clock: Clock | undefined): number => {
    last = Math.max(last, clock === undefined ? 0 : Math.floor(clock.now() - zero));
    return last;
  };
  return {
    now: (context) => nowOf(clockOf(context)),
    sleep(ms, context, onDropped) {
      const clock = clockOf(context);
      const due = nowOf(clock) + ms;
      if (clock !== undefined) return clock.sleep(due + zero - clock.now(), onDropped);
      last = due;
      return Promise.resolve();
    },
  };
}
