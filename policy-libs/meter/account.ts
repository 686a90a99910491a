// The account of the call that a host function serves: charges, refunds, and waiting for rates.
import {
  adjust,
  available,
  chargeAccount,
  type Account as Ledger,
  type Metered,
  RESOURCES,
} from "../../kernel/index.ts";
import { currentCall, type Signal, signal } from "../call.ts";
import { meterOf, nameOf } from "./meter.ts";
import { hostTime } from "./time.ts";

export interface Account {
  /** Counts `amount` up to the root, or throws E_QUOTA and counts nothing. Default: 1. */
  charge(resource: Metered, amount?: number): void;
  /** Gives back what was charged. Cannot fail. */
  refund(resource: Metered, amount?: number): void;
  /**
   * Resolves once every rate of the resource on the way up lets it be used, then counts `amount` (default: 0). Rejects
   * with E_ENDED if the call is dropped meanwhile, with E_QUOTA if the rate never drains.
   */
  wait(resource: Metered, amount?: number): Promise<void>;
  /** Would `wait` be over at once? What must not wait asks this instead. */
  isReady(resource: Metered): boolean;
}

const refusal = (code: string, message: string): Error => Object.assign(new Error(message), { code });

function overdrawn(account: Ledger, index: number): string {
  let at: Ledger | undefined = account;
  while (at !== undefined && (at.limit[index] as number) - (at.used[index] as number) > available(account, index))
    at = at.parent;
  const name = at === undefined ? undefined : nameOf(at);
  return name === undefined ? "the account" : `the account ${name}`;
}

function chargeTo(account: Ledger, resource: Metered, amount: number): void {
  const index = RESOURCES.indexOf(resource);
  if (!(amount >= 0)) throw new RangeError(`a charge of ${amount} ${resource}`);
  if (chargeAccount(account, index, amount)) return;
  throw refusal("E_QUOTA", `${overdrawn(account, index)} has no ${amount} of ${resource} left`);
}

const pause = (account: Ledger, ms: number, dropped: Signal): Promise<void> =>
  new Promise((resolve) => {
    const after = meterOf(account)?.time.after ?? hostTime.after;
    const done = (): void => {
      cancel();
      dropped.removeEventListener("abort", done);
      resolve();
    };
    const cancel = after(Math.min(ms, 2 ** 30), done);
    dropped.addEventListener("abort", done, { once: true });
  });

async function waitFor(account: Ledger, resource: Metered, amount: number, dropped: Signal): Promise<void> {
  const delay = (): number => meterOf(account)?.delay(resource) ?? 0;
  for (let ms = delay(); ms > 0; ms = delay()) {
    if (ms === Infinity) throw refusal("E_QUOTA", `the rate of ${resource} is 0`);
    await pause(account, ms, dropped);
    if (dropped.aborted) throw refusal("E_ENDED", "nobody waits for this call any more");
  }
  if (amount > 0) chargeTo(account, resource, amount);
}

const UNLIMITED: Account = Object.freeze({
  charge: () => undefined,
  refund: () => undefined,
  wait: async () => undefined,
  isReady: () => true,
});

/** Charges to one account. */
export const chargesTo = (account: Ledger, dropped: Signal): Account => ({
  charge: (resource, amount = 1) => chargeTo(account, resource, amount),
  refund: (resource, amount = 1) => adjust(account, RESOURCES.indexOf(resource), -amount),
  wait: (resource, amount = 0) => waitFor(account, resource, amount, dropped),
  isReady: (resource) => (meterOf(account)?.delay(resource) ?? 0) === 0,
});

/** The account of the call at hand: ask before the first `await`. Outside of a call it has no limits. */
export function account(): Account {
  const paying = currentCall()?.account;
  return paying === undefined ? UNLIMITED : chargesTo(paying, signal());
}
