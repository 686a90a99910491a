// The tree of accounts: what is used, counted where it is used and at every account above.
//
// Invariants
//   T1  An account has used at least the sum of what the accounts below it have used; equal, if nothing else charges it.
//   T2  `chargeAccount` is all or nothing: it counts in every account up to the root, or in none. What is charged is never
//       more than every account above allows. `adjust` settles what is already done, and may overdraw.
// Trust
//   Trusted by domain.ts and gate.ts. Rates, bills, shares and freezing are policy libraries' work, through
//   `onCharge`, `frozen` and `waiting`.
import { MAX_ACCOUNT_DEPTH, MAX_RESOURCES } from "./limits.ts";

/** Resources that the kernel charges itself. The others are whoever's makes accounts: to the kernel they are numbers. */
export const [FUEL, MEMORY, CALLS, BYTES_MOVED, IN_FLIGHT, DOMAINS] = [0, 1, 2, 3, 4, 5] as const;

export interface Account {
  readonly parent: Account | undefined;
  /** By resource. */
  readonly used: number[];
  readonly limit: number[];
  /** Domains below stand still while this is not 0. */
  frozen: number;
  /** What whoever sets it to 0 is to empty and call. */
  readonly waiting: Set<() => void>;
  /** Told of every change of what is `heard`, after it. Must not throw, nor enter, wake or end a domain. */
  readonly onCharge: ((resource: number, amount: number) => void) | undefined;
  /** A bit for each resource. */
  readonly heard: number;
}

/** Undefined if the tree would be too deep. */
export function newAccount(parent?: Account, onCharge?: Account["onCharge"], heard = -1): Account | undefined {
  let depth = 0;
  for (let above = parent; above !== undefined; above = above.parent) depth++;
  if (depth >= MAX_ACCOUNT_DEPTH) return undefined;
  // Doubles from the beginning: V8 compiles a charge once, not for small numbers as well.
  const each = (value: number): number[] => new Array<number>(MAX_RESOURCES).fill(0.5).fill(value);
  return { parent, used: each(0), limit: each(Infinity), frozen: 0, waiting: new Set(), onCharge, heard };
}

/** How much more may be charged. */
export function available(account: Account, resource: number): number {
  let least = Infinity;
  for (let at: Account | undefined = account; at !== undefined; at = at.parent)
    least = Math.min(least, left(at, resource));
  return least;
}

const left = ({ limit, used }: Account, resource: number) => (limit[resource] as number) - (used[resource] as number);

/** Counts what has happened, or gives back. */
export function adjust(account: Account, resource: number, amount: number): void {
  for (let at: Account | undefined = account; at !== undefined; at = at.parent) count(at, resource, amount);
}

function count(account: Account, resource: number, amount: number): void {
  account.used[resource] = (account.used[resource] as number) + amount;
  if ((account.heard >>> resource) & 1) account.onCharge?.(resource, amount);
}

/** Counts a call and its bytes, both or neither. */
export function chargeCall(account: Account, bytes: number): boolean {
  for (let at: Account | undefined = account; at !== undefined; at = at.parent)
    if (left(at, CALLS) < 1 || (bytes > 0 && left(at, BYTES_MOVED) < bytes)) return false;
  for (let at: Account | undefined = account; at !== undefined; at = at.parent) {
    count(at, CALLS, 1);
    count(at, BYTES_MOVED, bytes);
  }
  return true;
}

/** Counts `amount`, everywhere or nowhere. */
export function chargeAccount(account: Account, resource: number, amount: number): boolean {
  if (!(amount >= 0 && amount <= available(account, resource))) return false;
  adjust(account, resource, amount);
  return true;
}

/** The nearest account on the way up that is frozen. */
export function frozenAt(account: Account): Account | undefined {
  for (let at: Account | undefined = account; at !== undefined; at = at.parent) if (at.frozen !== 0) return at;
  return undefined;
}
