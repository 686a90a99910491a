// Standing still: what the kernel uses by itself nobody can wait for, so the domains below an account that used too
// much stand still until it has drained.
//
// Invariants
//   ST1  One freeze of the account for each stop, one thaw at its end: other freezes of it are left alone.
//   ST2  No timer while there is no domain to stop: a process ends when its guests have. The account stays frozen then,
//        and the next domain waits like those before it.
import { type Account, DOMAINS } from "../../kernel/index.ts";
import { freeze, thaw } from "./freeze.ts";
import type { Time } from "./time.ts";

/** [ms since the meter was made, ms] */
export type StopRecord = readonly [number, number];

export interface Stop {
  /** Begins if there is something to wait for, ends if there is not. */
  look(): void;
  /** As `look`, only if it may have to begin: for the charges that come all the time. */
  lookAfterCharge(delay: number): void;
  /** Domains came, or the last one went. */
  domainsChanged(): void;
  readonly isOn: boolean;
  /** The last ones that ended. */
  readonly past: readonly StopRecord[];
}

/** Below the host's own shortest timer there is nothing to wait for. */
const SHORTEST = 1; // ms
const LONGEST = 2 ** 30; // ms, below what hosts' timers can
const MOST_RECORDS = 100;

/** Milliseconds for which it has to stand still: before it does, and while it does. */
export interface Delays {
  readonly begin: () => number;
  readonly finish: () => number;
}

/** Of what has no rate, here or above: it never stands still for one. */
export const NO_STOP: Stop = Object.freeze({
  ...{ look: () => undefined, lookAfterCharge: () => undefined, domainsChanged: () => undefined },
  ...{ isOn: false, past: Object.freeze([]) },
});

export function newStop(account: Account, time: Time, delay: Delays): Stop {
  const past: StopRecord[] = [];
  const born = time.now();
  let since: number | undefined;
  let cancel: (() => void) | undefined;

  const disarm = (): void => {
    cancel?.();
    cancel = undefined;
  };
  function begin(): void {
    since = time.now();
    freeze(account);
  }
  function finish(from: number): void {
    past.push([from - born, Math.max(time.now() - from, 0)]);
    if (past.length > MOST_RECORDS) past.shift();
    since = undefined;
    thaw(account);
  }
  function wait(ms: number): void {
    disarm();
    if ((account.used[DOMAINS] as number) > 0) cancel = time.after(Math.min(ms, LONGEST), look);
  }
  function look(): void {
    if (since === undefined && delay.begin() >= SHORTEST) begin();
    const ms = since === undefined ? 0 : delay.finish();
    if (ms >= SHORTEST) return wait(ms);
    disarm();
    if (since !== undefined) finish(since);
  }
  return {
    look,
    lookAfterCharge(ms) {
      if (since === undefined ? ms >= SHORTEST : ms < SHORTEST) look();
    },
    domainsChanged() {
      if (since === undefined) return;
      if ((account.used[DOMAINS] as number) > 0) look();
      else disarm();
    },
    get isOn() {
      return since !== undefined;
    },
    past,
  };
}
