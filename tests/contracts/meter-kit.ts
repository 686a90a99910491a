// Meters in tests: time that stands still until it is told to go on, and a sandbox as far as a meter sees one.
import { adjust, chargeAccount, DOMAINS, FUEL, type Account as Ledger } from "../../kernel/index.ts";
import { chargesTo, type Meter, type Account as Paying, type Time } from "../../policy-libs/index.ts";

export interface FakeTime extends Time {
  /** Goes on, task by task, each at its time. */
  advance(ms: number): Promise<void>;
  /** Another clock from now on; timers go by what elapses. */
  jump(ms: number): void;
  readonly timers: number;
}

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** Lets what was resolved go on, however many promises lie in between. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function fakeTime(start = 0): FakeTime {
  let elapsed = 0;
  let offset = start;
  const timers = new Set<Timer>();
  const next = (until: number): Timer | undefined =>
    [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => offset + elapsed,
    after(ms, task) {
      const timer = { at: elapsed + ms, task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const until = elapsed + ms;
      await settle();
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.at);
        timer.task();
        await settle();
      }
      elapsed = until;
    },
    jump(ms) {
      offset += ms;
    },
    get timers() {
      return timers.size;
    },
  };
}

/** As a domain below the meter would: it is born, spends, dies. */
export function fakeDomain({ account }: Meter): { burn(fuel: number): void; end(): void } {
  if (!chargeAccount(account, DOMAINS, 1)) throw new Error("no more domains");
  return {
    burn: (fuel) => adjust(account, FUEL, fuel),
    end: () => adjust(account, DOMAINS, -1),
  };
}

/** What a host function gets that runs for this account. */
export function paying(account: Ledger): Paying & { drop(): void } {
  const controller = new AbortController();
  return { ...chargesTo(account, controller.signal), drop: () => controller.abort() };
}

/** Milliseconds of the time at which a promise settled, and how: undefined while it has not. */
export function watched(time: Time, promise: Promise<unknown>): { at?: number; code?: string } {
  const seen: { at?: number; code?: string } = {};
  promise.then(
    () => Object.assign(seen, { at: time.now() }),
    (error: { code?: string }) => Object.assign(seen, { at: time.now(), code: error.code ?? String(error) }),
  );
  return seen;
}
