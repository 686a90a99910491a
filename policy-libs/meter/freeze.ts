// Freezing: domains under a frozen account stand still from the end of their slice on, their end does not wait.
import type { Account } from "../../kernel/index.ts";

export const freeze = (account: Account): void => void account.frozen++;

/** Takes one freeze back; with the last one, what stood still goes on. */
export function thaw(account: Account): void {
  if (account.frozen === 0 || --account.frozen > 0) return;
  const waiting = [...account.waiting];
  account.waiting.clear();
  for (const go of waiting) go();
}
