// What a run has spent. It may have parts: a source is tried, checked, stripped and tried again, in two domains, and all
// of that is under the limits of the one run.
import { now } from "./engine.ts";
import type { Limits } from "./limits.ts";
import type { RunUsage } from "./result.ts";

export interface Spent {
  /** Moves on by as long as the run was interrupted. */
  start: number;
  fuel: number;
  bytes: number;
  memory: number;
}

export const nothingSpent = (): Spent => ({ start: now(), fuel: 0, bytes: 0, memory: 0 });

export function spend(spent: Spent, { fuel, bytes, memory }: Pick<RunUsage, "fuel" | "bytes" | "memory">): void {
  spent.fuel += fuel;
  spent.bytes += bytes;
  spent.memory = Math.max(spent.memory, memory);
}

/** What is left of the limits. */
export function rest(limits: Limits, { start, fuel, bytes }: Spent): Limits {
  const wall = Math.max(limits.wall - (now() - start), 0);
  return { ...limits, fuel: Math.max(limits.fuel - fuel, 0), bytes: Math.max(limits.bytes - bytes, 0), wall };
}
