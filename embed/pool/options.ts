// What a pool is made of, checked.
import { type Meter, type MeterOptions, meter, type Priority } from "../../policy-libs/index.ts";
import { CordonError } from "../errors.ts";
import { type LimitName, type Limits, type LimitsOption, parseLimit } from "../limits.ts";
import { checkKeys, isMeter } from "../options.ts";
import { isPlain, readPlain } from "../plain.ts";
import type { Sharing } from "./place.ts";

/** `inline`: on the calling thread. `worker`: on threads. `process`: in processes, each confined by its host as well. */
export type Isolation = "inline" | "worker" | "process";

/** What a tenant of a pool may have. */
export interface TenantOptions {
  /** Its part of the pool, among the tenants that use it: 0.001 to 1000. Default: 1. */
  readonly share?: number | undefined;
  /** Before which tenants its jobs start, and have the thread. Default: "normal". */
  readonly priority?: Priority | undefined;
  /** Jobs of it that may run at once. Default: as many as the pool can. */
  readonly running?: number | undefined;
  /** Jobs of it that may wait. Default: 1,000. */
  readonly queue?: number | undefined;
  /** What each of its jobs may use at most, whatever the job says. */
  readonly limits?: LimitsOption | undefined;
  /** Who pays for it, or what all its jobs together may use. Default: a meter of its own, without limits. */
  readonly meter?: Meter | Omit<MeterOptions, "name" | "share" | "priority"> | undefined;
}

export interface PoolOptions {
  /** Default: "inline". */
  readonly isolation?: Isolation | undefined;
  /** Threads or processes. Default: one less than the host can run at once, at least 1. Inline there is one: the caller's. */
  readonly workers?: number | undefined;
  /** Jobs that one worker has at once: they share it, and most of them wait for something. Default: 16. */
  readonly concurrency?: number | undefined;
  /** Jobs of all tenants that may wait. Default: 10,000. */
  readonly queue?: number | undefined;
  /** By name. Default: one, "default". */
  readonly tenants?: Readonly<Record<string, TenantOptions>> | undefined;
}

export interface TenantPlan {
  readonly name: string;
  readonly share: number;
  readonly priority: Priority;
  /** Jobs that may run, and that may wait. */
  readonly most: number;
  readonly room: number;
  readonly limits: Partial<Limits>;
  readonly meter: Meter;
}

export interface PoolPlan {
  readonly isolation: Isolation;
  readonly workers: number | undefined;
  readonly concurrency: number;
  readonly queue: number;
  readonly tenants: readonly TenantPlan[];
}

/** The first comes first. */
export const PRIORITIES: readonly Priority[] = ["interactive", "normal", "batch"];

const MOST = { workers: 256, concurrency: 10_000, queue: 1_000_000, running: 100_000 } as const;
const KEYS = ["isolation", "workers", "concurrency", "queue", "tenants"];
const TENANT_KEYS = ["share", "priority", "running", "queue", "limits", "meter"];
/** The tenant of a pool that names none. */
export const ONLY_TENANT = "default";

function wrong(what: string): never {
  throw new CordonError("E_OPTION", what);
}

/** A whole number in its bounds, or E_OPTION. */
export function count(what: string, value: unknown, least: number, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  return wrong(`${what} must be a whole number from ${least} to ${most}`);
}

function readLimits(who: string, given: unknown): Partial<Limits> {
  if (given === undefined) return {};
  const asked = readPlain<Record<string, unknown>>(given, `${who}.limits`, "E_LIMIT");
  const named = Object.entries(asked).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named.map(([name, value]) => [name, parseLimit(name as LimitName, value)]));
}

/** On the calling thread a meter that is given has the thread by its own share. */
function readMeter(sharing: Sharing, given: TenantOptions["meter"]): Meter {
  if (isMeter(given)) return given as Meter;
  if (given !== undefined && !isPlain(given))
    wrong(`tenants.${sharing.name}.meter must be what meter() made, or its options`);
  return meter({ ...(given as object | undefined), ...sharing });
}

function readTenant(name: string, given: TenantOptions): TenantPlan {
  const who = `tenants.${name}`;
  const {
    share = 1,
    priority = "normal",
    running,
    queue,
    limits,
    meter: pays,
  } = checkKeys<TenantOptions>(given, TENANT_KEYS, who);
  if (!PRIORITIES.includes(priority)) wrong(`${who}.priority must be one of ${PRIORITIES.join(", ")}`);
  if (!(share >= 1e-3 && share <= 1e3)) wrong(`${who}.share must be a number from 0.001 to 1000`);
  return Object.freeze({
    ...{ name, share, priority },
    most: running === undefined ? Infinity : count(`${who}.running`, running, 1, MOST.running),
    room: count(`${who}.queue`, queue ?? 1_000, 0, MOST.queue),
    ...{ limits: readLimits(who, limits), meter: readMeter({ name, share, priority }, pays) },
  });
}

/** A copy that was checked. Throws CordonError. */
export function readPoolOptions(given: PoolOptions): PoolPlan {
  const options = checkKeys<PoolOptions>(given, KEYS, "createPool");
  const { isolation = "inline", workers, concurrency = 16, queue = 10_000, tenants } = options;
  if (!["inline", "worker", "process"].includes(isolation)) wrong('isolation must be "inline", "worker" or "process"');
  const named =
    tenants === undefined ? { [ONLY_TENANT]: {} } : readPlain<Record<string, TenantOptions>>(tenants, "tenants");
  const entries = Object.entries(named);
  if (entries.length === 0) wrong("tenants must name at least one, or be left out");
  return {
    ...{ isolation, workers: workers === undefined ? undefined : count("workers", workers, 1, MOST.workers) },
    concurrency: count("concurrency", concurrency, 1, MOST.concurrency),
    queue: count("queue", queue, 0, MOST.queue),
    tenants: entries.map(([name, tenant]) => readTenant(name, tenant)),
  };
}

/** No limit is above the tenant's. */
export const cap = (limits: Limits, most: Partial<Limits>): Limits => {
  const capped = Object.entries(most).map(([name, value]) => [
    name,
    Math.min(limits[name as LimitName], value as number),
  ]);
  return { ...limits, ...Object.fromEntries(capped) };
};
