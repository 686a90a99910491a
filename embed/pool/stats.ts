// A pool at a glance, as plain data: for people who watch it, and `cordon top`.
import type { Metered, Priority } from "../../policy-libs/index.ts";
import { now } from "../engine.ts";
import type { RunUsage } from "../result.ts";
import type { Isolation } from "./options.ts";
import type { Member, PoolState } from "./state.ts";

/** A tenant, now and so far. */
export interface TenantStats {
  readonly name: string;
  readonly share: number;
  readonly priority: Priority;
  readonly queued: number;
  readonly running: number;
  /** Sandboxes that live, those of single runs included. */
  readonly sandboxes: number;
  readonly jobs: number;
  /** Of its meter: what is in use of memory, domains and calls in flight; of the rest all that was used. */
  readonly used: Readonly<Record<Metered, number>>;
  /** Since stats were asked for before. */
  readonly perSecond: { readonly fuel: number; readonly calls: number };
  /** Of the jobs that are over. */
  readonly usage: RunUsage;
  readonly isFrozen: boolean;
}

export interface WorkerStats {
  readonly id: number;
  readonly state: "ready" | "starting";
  readonly running: number;
  readonly sandboxes: number;
  readonly restarts: number;
  /** Why the one before was lost. */
  readonly why: string | undefined;
}

export interface PoolStats {
  readonly isolation: Isolation;
  /** Milliseconds since the pool was made. */
  readonly uptime: number;
  readonly queued: number;
  readonly running: number;
  readonly tenants: readonly TenantStats[];
  readonly workers: readonly WorkerStats[];
}

/** What a pool tells of, as it happens. */
export type PoolEvent =
  | { readonly kind: "queued" | "started"; readonly tenant: string }
  | { readonly kind: "ended"; readonly tenant: string; readonly status: string; readonly usage: RunUsage }
  | { readonly kind: "ready"; readonly worker: number }
  | { readonly kind: "lost"; readonly worker: number; readonly why: string };

interface Sample {
  readonly at: number;
  readonly fuel: number;
  readonly calls: number;
}

/** Rates between looks: those that come at once after another are told the same. */
const SHORTEST = 100; // ms

export function newRate(now: () => number) {
  let before: Sample = { at: now(), fuel: 0, calls: 0 };
  let rate = { fuel: 0, calls: 0 };
  return (fuel: number, calls: number): { readonly fuel: number; readonly calls: number } => {
    const at = now();
    const seconds = (at - before.at) / 1000;
    if (seconds * 1000 < SHORTEST) return rate;
    rate = { fuel: (fuel - before.fuel) / seconds, calls: (calls - before.calls) / seconds };
    before = { at, fuel, calls };
    return rate;
  };
}

function tenantStats({ tenant, tally, rate, sandboxes }: Member): TenantStats {
  const { name, share, priority, waiting, running, meter } = tenant;
  const [held, total] = [meter.usage(), meter.totals()];
  const { jobs, usage } = tally.bill(name);
  const { memory, inFlight, domains } = held;
  return {
    ...{ name, share, priority, queued: waiting.size, running, sandboxes, jobs, usage },
    ...{ used: { ...total, memory, inFlight, domains }, perSecond: rate(total.fuel, total.calls) },
    isFrozen: meter.isFrozen,
  };
}

export function statsOf({ plan, since, slots, members, queue }: PoolState): PoolStats {
  const tenants = Array.from(members.values(), tenantStats);
  return {
    ...{ isolation: plan.isolation, uptime: now() - since, queued: queue.size(), tenants },
    running: tenants.reduce((sum, { running }) => sum + running, 0),
    workers: slots.map(({ id, place, running, sandboxes, restarts, why }) => ({
      ...{ id, running, sandboxes, restarts, why, state: place === undefined ? "starting" : "ready" },
    })),
  };
}
