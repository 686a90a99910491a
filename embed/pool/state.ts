// A pool as its parts see it.
import type { Engine } from "../engine.ts";
import { CordonError } from "../errors.ts";
import type { Tally } from "./bill.ts";
import type { Crew, Slot } from "./crew.ts";
import { ONLY_TENANT, type PoolPlan } from "./options.ts";
import type { Making } from "./place.ts";
import type { Queue, Tenant } from "./queue.ts";
import type { Rate } from "./rate.ts";
import type { PoolEvent } from "./stats.ts";

/** A tenant with what is kept of it. */
export interface Member {
  readonly tenant: Tenant;
  readonly tally: Tally;
  readonly rate: Rate;
  sandboxes: number;
}

/** A sandbox that lives. */
export interface Living extends Making {
  /** Its number in this pool. */
  readonly id: number;
  /** What its embedder calls it. */
  readonly name: string | undefined;
  readonly member: Member;
  readonly slot: Slot;
  readonly since: number;
  /** Present once somebody has looked at it. */
  rate: Rate | undefined;
}

export interface PoolState {
  readonly plan: PoolPlan;
  /** The embedder's own. */
  readonly engine: () => Promise<Engine>;
  readonly members: ReadonlyMap<string, Member>;
  readonly queue: Queue;
  readonly slots: readonly Slot[];
  readonly crew: Crew | undefined;
  readonly since: number;
  readonly living: Set<Living>;
  /** Sandboxes that were made. */
  made: number;
  readonly listeners: Set<(event: PoolEvent) => void>;
  /** Asked whenever something has changed; those that are true leave. */
  readonly waiters: Set<() => boolean>;
  /** Jobs that were taken and are not over, and sandboxes being made. */
  busy: number;
  isDraining: boolean;
  isOver: boolean;
  /** Why no worker can be had. */
  hopeless: string | undefined;
}

export function emit({ listeners }: PoolState, event: PoolEvent): void {
  for (const listener of [...listeners]) {
    try {
      listener(event);
    } catch {
      // Whoever watches changes nothing.
    }
  }
}

/** Something has changed: jobs may start, and somebody may have waited for it. */
export function changed(state: PoolState): void {
  for (let one = state.queue.next(); one !== undefined; one = state.queue.next()) one.start();
  for (const waiter of [...state.waiters]) if (waiter()) state.waiters.delete(waiter);
}

/** Counts a job, or what else the process is to live for. */
export function count(state: PoolState, change: 1 | -1): void {
  const wasBusy = state.busy > 0;
  state.busy += change;
  if (wasBusy !== state.busy > 0) for (const { place } of state.slots) place?.hold(state.busy > 0);
}

export function memberOf({ members }: PoolState, name: unknown): Member {
  const wanted = name === undefined ? ONLY_TENANT : name;
  const member = members.get(wanted as string);
  if (member !== undefined) return member;
  const known = [...members.keys()].join(", ");
  throw new CordonError("E_OPTION", `tenant is ${JSON.stringify(name) ?? "missing"}: there are ${known}`);
}

export function alive({ isOver }: PoolState): void {
  if (isOver) throw new CordonError("E_DISPOSED", "the pool was disposed: make a new one");
}

/** The place with the least to do; undefined if none has room for a job more. */
export const freeSlot = ({ slots, plan: { concurrency } }: PoolState): Slot | undefined =>
  leastOf(slots.filter(({ place, running }) => place !== undefined && running < concurrency));

/** Where a sandbox is to live. Undefined while that is a worker that starts for the first time: it will be there soon. */
export function homeSlot({ slots }: PoolState): Slot | undefined {
  const ready = leastOf(slots.filter(({ place }) => place !== undefined));
  const starting = leastOf(slots.filter(({ place, why }) => place === undefined && why === undefined));
  if (ready === undefined || starting === undefined) return ready;
  return load(starting) < load(ready) ? undefined : ready;
}

const leastOf = (slots: readonly Slot[]): Slot | undefined =>
  slots.reduce<Slot | undefined>(
    (best, slot) => (best === undefined || load(slot) < load(best) ? slot : best),
    undefined,
  );

/** Sandboxes at rest weigh little. */
const load = ({ running, sandboxes }: Slot): number => running + sandboxes / 1000;
