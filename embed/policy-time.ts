// Time, as policies see it: one time for a domain and all that it makes.
//
// Invariants
//   T1  It is whole milliseconds, not below 0, and a wait that is over has passed: what was delayed is not delayed for the
//       same again, whichever clock it waits by.
//   T2  A delay under virtual time takes none, and waits for no clock that waits for it.
import type { CallContext } from "../kernel/index.ts";
import type { EnforcePowers } from "../policy-libs/index.ts";
import { type Clock, realClock } from "./clock.ts";
import { now } from "./engine.ts";

type Hours = Pick<EnforcePowers, "now" | "sleep">;

/** A domain's own. `isBusy`: calls of it are in flight, so that a virtual clock stands still. */
export interface DomainTime {
  readonly clock: Clock;
  readonly isBusy: () => boolean;
}
type TimeOf = (context: CallContext) => DomainTime | undefined;

const ORIGIN = Date.now() - now();

/** The time of day when it began, which no correction of the host's clock turns back. */
export function realHours(timeOf: TimeOf): Hours {
  const ownClock = realClock();
  return {
    now: () => Math.floor(ORIGIN + now()),
    sleep: (ms, context, onDropped) => (timeOf(context)?.clock ?? ownClock).sleep(ms, onDropped),
  };
}

/**
 * Each domain has a virtual clock of its own: whoever waits sets his to the time that has come for all of them. Where that
 * cannot be, time leaps: for a host or another domain, who have none, and while a call is in flight that may wait for
 * this one.
 */
export function virtualHours(timeOf: TimeOf, start: number): Hours {
  const zero = Math.min(0, start);
  let last = 0;
  const nowOf = (own: DomainTime | undefined): number => {
    last = Math.max(last, own === undefined ? 0 : Math.floor(own.clock.now() - zero));
    return last;
  };
  return {
    now: (context) => nowOf(timeOf(context)),
    sleep(ms, context, onDropped) {
      const own = timeOf(context);
      const due = nowOf(own) + ms;
      if (own !== undefined && !own.isBusy()) return own.clock.sleep(due + zero - own.clock.now(), onDropped);
      last = due;
      return Promise.resolve();
    },
  };
}
