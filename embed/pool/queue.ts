// Who is next: jobs wait with their tenants, and tenants stand in the order of what they have had, by their shares.
//
// Each tenant has a time of its own that goes on as its jobs burn fuel, the slower the larger its share (weighted fair
// queueing, Demers, Keshav, Shenker 1989). The one whose time is least is next. Running jobs count with what jobs of the
// tenant have cost so far, until it is known what they do cost.
//
// Invariants
//   QU1  A job leaves its queue once: it starts, is dropped, or is failed.
//   QU2  Among tenants of one priority that always have jobs, fuel goes as their shares, within the jobs that run.
//   QU3  A tenant that had nothing to do has saved nothing: it begins where the others are.
import { PRIORITIES, type TenantPlan } from "./options.ts";

export interface Waiting {
  readonly tenant: Tenant;
  /** Can it start now? Its sandbox may be busy, or its worker. */
  canStart(): boolean;
  start(): void;
  /** It will not start. */
  drop(): void;
}

export interface Tenant extends TenantPlan {
  readonly waiting: Set<Waiting>;
  running: number;
  /** Fuel per share. */
  time: number;
  /** Fuel of its meter, up to which `time` has gone. */
  seen: number;
  /** Fuel of one job, about. */
  usual: number;
}

/** Before anything is known of its jobs. */
const FIRST_GUESS = 1_000_000;
/** How fast what is usual follows what is. */
const WEIGHT = 0.2;

export const newTenant = (plan: TenantPlan): Tenant => ({
  ...{ ...plan, waiting: new Set<Waiting>(), running: 0, time: 0, seen: plan.meter.totals().fuel, usual: FIRST_GUESS },
});

const isActive = ({ waiting, running }: Tenant): boolean => waiting.size > 0 || running > 0;

/** Moves its time on by what it has burnt. */
function settle(tenant: Tenant): void {
  const { fuel } = tenant.meter.totals();
  tenant.time += (fuel - tenant.seen) / tenant.share;
  tenant.seen = fuel;
}

export interface Queue {
  /** False: there is no room. `isAgain`: it was there before, and nothing of it has run. */
  add(waiting: Waiting, isAgain?: boolean): boolean;
  /** False: it has left already. */
  remove(waiting: Waiting): boolean;
  /** Takes out the job whose turn it is and that can start. */
  next(): Waiting | undefined;
  /** A job of this tenant is over, and has cost so much. */
  over(tenant: Tenant, fuel: number): void;
  hasRoom(tenant: Tenant): boolean;
  dropAll(): void;
  size(): number;
}

export function newQueue(tenants: readonly Tenant[], most: number): Queue {
  let size = 0;
  const order = ({ priority }: Tenant): number => PRIORITIES.indexOf(priority);
  const rank = ({ time, running, usual, share }: Tenant): number => time + (running * usual) / share;

  /** It begins where the others are. */
  function join(tenant: Tenant): void {
    settle(tenant);
    const others = tenants.filter((other) => other !== tenant && isActive(other)).map(({ time }) => time);
    if (others.length > 0) tenant.time = Math.max(tenant.time, Math.min(...others));
  }

  function first({ waiting, running, most: mostRunning }: Tenant): Waiting | undefined {
    if (running >= mostRunning) return undefined;
    for (const one of waiting) if (one.canStart()) return one;
    return undefined;
  }

  function remove(one: Waiting): boolean {
    const isThere = one.tenant.waiting.delete(one);
    if (isThere) size--;
    return isThere;
  }
  const hasRoom = ({ waiting, room }: Tenant): boolean => size < most && waiting.size < room;

  return {
    hasRoom,
    remove,
    add(one, isAgain = false) {
      if (!isAgain && !hasRoom(one.tenant)) return false;
      if (!isActive(one.tenant)) join(one.tenant);
      one.tenant.waiting.add(one);
      size++;
      return true;
    },
    next() {
      const active = tenants.filter(({ waiting }) => waiting.size > 0);
      for (const tenant of active) settle(tenant);
      active.sort((a, b) => order(a) - order(b) || rank(a) - rank(b));
      for (const tenant of active) {
        const one = first(tenant);
        if (one !== undefined && remove(one)) return one;
      }
      return undefined;
    },
    over(tenant, fuel) {
      tenant.usual += (fuel - tenant.usual) * WEIGHT;
    },
    dropAll() {
      for (const { waiting } of tenants) for (const one of waiting) if (remove(one)) one.drop();
    },
    size: () => size,
  };
}
