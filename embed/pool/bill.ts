// What the jobs of a tenant came to, added up.
import { NO_USAGE, type Result, type RunUsage, type Status } from "../result.ts";

/** What a tenant owes for. */
export interface TenantBill {
  readonly tenant: string;
  /** Jobs that are over, and how they ended. */
  readonly jobs: number;
  readonly ended: Readonly<Partial<Record<Status, number>>>;
  /** Of all of them together; memory is the most that was in use at once, as far as was looked. */
  readonly usage: RunUsage;
}

export interface Tally {
  add(result: Result, inUse: number): void;
  bill(tenant: string): TenantBill;
}

export function newTally(): Tally {
  let jobs = 0;
  let usage: RunUsage = NO_USAGE;
  const ended = new Map<Status, number>();
  return {
    add({ status, usage: { fuel, memory, calls, bytes, wall } }, inUse) {
      jobs++;
      ended.set(status, (ended.get(status) ?? 0) + 1);
      usage = {
        ...{ fuel: usage.fuel + fuel, calls: usage.calls + calls, bytes: usage.bytes + bytes, wall: usage.wall + wall },
        memory: Math.max(usage.memory, memory, inUse),
      };
    },
    bill: (tenant) => ({ tenant, jobs, usage, ended: Object.fromEntries(ended) }),
  };
}
