// The account of the call that a host function serves: charges, refunds, and waiting for rates.
//
// Invariants
//   AC1  Amounts are numbers from 0 to 2^53: nothing else reaches the kernel's sums, where no number would be for ever.
//   AC2  Nobody gives back more than the account has in use.
//   AC3  What `wait` charges is charged when the call leaves the line, or not at all: whoever left the line before
//        pays nothing. First come, first served, within one account.
import { adjust, chargeAccount, type Account as Ledger } from "../../kernel/index.ts";
import { currentCall, type Signal, signal } from "../call.ts";
import { refusal } from "../refusal.ts";
import { newQueue, type Queue } from "./queue.ts";
import { indexOf, type Metered } from "./resources.ts";

/** Who pays for the running call, as a host function meets it. */
export interface Account {
  /** Counts `amount` up to the root, or throws E_QUOTA and counts nothing. Default: 1. */
  charge(resource: Metered, amount?: number): void;
  /** Gives back what was charged. Cannot fail. */
  refund(resource: Metered, amount?: number): void;
  /**
   * Resolves once every rate of the resource on the way up lets it be used, then counts `amount` (default: 0). Rejects
   * with E_ENDED if the call is dropped meanwhile, with E_QUOTA if the rate never drains or a limit is in the way, with
   * E_BUSY if too many wait.
   */
  wait(resource: Metered, amount?: number): Promise<void>;
  /** Would `wait` be over at once? What must not wait asks this instead. */
  isReady(resource: Metered): boolean;
}

const isAmount = (amount: number): boolean => amount >= 0 && amount <= Number.MAX_SAFE_INTEGER;

function check(resource: Metered, amount: number): number {
  const index = indexOf(resource);
  if (index === undefined) throw new RangeError(`a charge of ${String(resource)}, which is no resource`);
  if (!isAmount(amount)) throw new RangeError(`a charge of ${amount} ${resource}`);
  return index;
}

// Whose limit it is, a guest is not told: names of accounts above are the host's.
const overdrawn = (resource: Metered, amount: number): Error =>
  refusal("E_QUOTA", `the account has no ${amount} of ${resource} left`);

function chargeTo(account: Ledger, resource: Metered, amount: number): void {
  if (!chargeAccount(account, check(resource, amount), amount)) throw overdrawn(resource, amount);
}

function refundTo(account: Ledger, resource: Metered, amount: number): void {
  const index = indexOf(resource);
  if (index === undefined || !isAmount(amount)) return;
  adjust(account, index, -Math.min(amount, Math.max(account.used[index] as number, 0)));
}

const queues = new WeakMap<Ledger, Map<number, Queue>>();

function queueOf(account: Ledger, index: number): Queue {
  const own = queues.get(account) ?? new Map<number, Queue>();
  queues.set(account, own);
  const queue = own.get(index) ?? newQueue(account, index);
  own.set(index, queue);
  return queue;
}

async function waitFor(account: Ledger, resource: Metered, amount: number, dropped: Signal): Promise<void> {
  const outcome = await queueOf(account, check(resource, amount)).enter(amount, dropped);
  if (outcome === "never") throw refusal("E_QUOTA", `no more ${resource} is allowed`);
  if (outcome === "overdrawn") throw overdrawn(resource, amount);
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
  refund: (resource, amount = 1) => refundTo(account, resource, amount),
  wait: (resource, amount = 0) => waitFor(account, resource, amount, dropped),
  isReady: (resource) => queueOf(account, check(resource, 0)).isReady(),
});

/** The account of the call at hand: ask before the first `await`. Outside of a call it has no limits. */
export function account(): Account {
  const paying = currentCall()?.account;
  return paying === undefined ? UNLIMITED : chargesTo(paying, signal());
}
