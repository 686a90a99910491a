// What a domain is doing, as whoever watches it sees it. The host's own knowledge: no guest says what it does.
import { frozenAt } from "../../kernel/index.ts";
import type { Box } from "../box.ts";

/**
 * `running`: a run goes on that has the thread, or could use it. `parked`: it waits for the host, for a timer or an
 * answer, or stands still under a frozen meter. `idle`: no run goes on. `asleep`: it has no memory either.
 */
export type DomainState = "running" | "parked" | "idle" | "asleep" | "ended";

/** The guest of a run waits. Not while a helper works for it. */
export const isResting = ({ domain, helper, account }: Box): boolean =>
  frozenAt(account.account) !== undefined || (helper === undefined && domain.isWaiting());

export function stateOf(box: Box): DomainState {
  if (box.isDisposed || box.domain.ending() !== undefined) return "ended";
  if (box.resident?.isAsleep === true) return "asleep";
  if (box.run === undefined) return "idle";
  return isResting(box) ? "parked" : "running";
}
