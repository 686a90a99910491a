// A pool at a glance, as plain data: for people who watch it, and `cordon top`.
import type { Metered, Priority } from "../../policy-libs/index.ts";
import { now } from "../engine.ts";
import { checkKeys } from "../options.ts";
import type { RunUsage } from "../result.ts";
import { type DomainStats, type DomainTotals, domainStats } from "./domain-stats.ts";
import { largestOf } from "./largest.ts";
import { count, type Isolation } from "./options.ts";
import { look, type PerSecond, toldOf } from "./rate.ts";
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
  readonly perSecond: PerSecond;
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

/** How much is told. What is left out is in the totals. */
export interface StatsOptions {
  /** Tenants at most, those that use the most. Default: all. */
  readonly tenants?: number | undefined;
  /** Domains at most, those that use the most: of all of them, and of each tenant. Default: 0. */
  readonly domains?: number | undefined;
}

/** Of the whole pool. */
export interface PoolTotals extends DomainTotals {
  readonly tenants: number;
  readonly memory: number;
  readonly perSecond: PerSecond;
}

export interface PoolStats {
  readonly isolation: Isolation;
  /** Milliseconds since the pool was made. */
  readonly uptime: number;
  readonly queued: number;
  readonly running: number;
  readonly totals: PoolTotals;
  readonly tenants: readonly TenantStats[];
  readonly domains: readonly DomainStats[];
  readonly workers: readonly WorkerStats[];
}

/** What a pool tells of, as it happens. */
export type PoolEvent =
  | { readonly kind: "queued" | "started"; readonly tenant: string }
  | { readonly kind: "ended"; readonly tenant: string; readonly status: string; readonly usage: RunUsage }
  | { readonly kind: "ready"; readonly worker: number }
  | { readonly kind: "lost"; readonly worker: number; readonly why: string };

function tenantStats({ tenant, tally, rate, sandboxes }: Member, at: number): TenantStats {
  const { name, share, priority, waiting, running, meter } = tenant;
  const [held, total] = [meter.usage(), meter.totals()];
  const { jobs, usage } = tally.bill(name);
  const { memory, inFlight, domains } = held;
  look(rate, at, total.fuel, total.calls);
  return {
    ...{ name, share, priority, queued: waiting.size, running, sandboxes, jobs, usage },
    ...{ used: { ...total, memory, inFlight, domains }, perSecond: toldOf(rate) },
    isFrozen: meter.isFrozen,
  };
}

const MEASURES = [
  ({ perSecond }: TenantStats) => perSecond.fuel,
  ({ used }: TenantStats) => used.memory,
  ({ perSecond }: TenantStats) => perSecond.calls,
  ({ running, queued }: TenantStats) => running + queued,
];

const sum = <T>(rows: readonly T[], of: (row: T) => number): number => rows.reduce((all, row) => all + of(row), 0);

function totalsOf(tenants: readonly TenantStats[]): Omit<PoolTotals, keyof DomainTotals> {
  const perSecond = {
    fuel: sum(tenants, ({ perSecond }) => perSecond.fuel),
    calls: sum(tenants, ({ perSecond }) => perSecond.calls),
  };
  return { tenants: tenants.length, memory: sum(tenants, ({ used }) => used.memory), perSecond };
}

const mostOf = (what: string, most: number | undefined, usual: number): number =>
  most === undefined ? usual : count(`stats: ${what}`, most, 0, Number.MAX_SAFE_INTEGER);

export function statsOf(state: PoolState, given: StatsOptions = {}): PoolStats {
  const most = checkKeys<StatsOptions>(given, ["tenants", "domains"], "stats");
  const { plan, since, slots, members, queue, living } = state;
  const at = now();
  const all = Array.from(members.values(), (member) => tenantStats(member, at));
  const { domains, totals } = domainStats(living, plan.isolation, at, mostOf("domains", most.domains, 0));
  return {
    ...{ isolation: plan.isolation, uptime: at - since, queued: queue.size() },
    running: sum(all, ({ running }) => running),
    totals: { ...totalsOf(all), ...totals },
    tenants: largestOf(all, mostOf("tenants", most.tenants, Infinity), MEASURES),
    domains,
    workers: slots.map(({ id, place, running, sandboxes, restarts, why }) => ({
      ...{ id, running, sandboxes, restarts, why, state: place === undefined ? "starting" : "ready" },
    })),
  };
}
