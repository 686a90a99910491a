// Sandboxes of a pool: each lives in one place, and its runs are jobs that wait for their turn there.
import { type Plan, planSandbox } from "../birth.ts";
import { now } from "../engine.ts";
import { CordonError } from "../errors.ts";
import { type Job, planCall, planCheck, planRun } from "../job.ts";
import type { RunOptions, SandboxOptions, Source } from "../options.ts";
import { isLost } from "../remote/home-box.ts";
import { type Result, refused } from "../result.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Slot } from "./crew.ts";
import { hopelessError, NOWHERE, submit } from "./jobs.ts";
import { cap } from "./options.ts";
import type { Making, Place } from "./place.ts";
import { alive, changed, count, freeSlot, type Living, type Member, type PoolState } from "./state.ts";

/** A sandbox of a pool. As other sandboxes, but for what needs its memory here. */
export type PoolSandbox = Pick<
  Sandbox,
  "run" | "call" | "check" | "ended" | "dispose" | typeof Symbol.dispose | typeof Symbol.asyncDispose
>;

/** Runs that may wait for their turn (embed/sandbox.ts). */
const MOST_QUEUED = 64;

/** A sandbox of a tenant: under its meter and its limits. */
export function planFor({ tenant }: Member, options: SandboxOptions): Plan {
  if (options.meter !== undefined) throw new CordonError("E_OPTION", "in a pool the tenant pays: give it the meter");
  const plan = planSandbox({ ...options, meter: tenant.meter });
  return { ...plan, limits: cap(plan.limits, tenant.limits) };
}

/** No run has more than its tenant may. */
export const capJob = ({ tenant }: Member, job: Job | Result<never>): Job | Result<never> =>
  "status" in job ? job : { ...job, limits: cap(job.limits, tenant.limits) };

/** Makes a sandbox in a place, and counts it there until it is disposed. */
export async function makeIn(state: PoolState, member: Member, slot: Slot, plan: Plan): Promise<Making> {
  const place = slot.place as Place; // it had one in this very turn
  const making = await place.make(plan, member.tenant);
  let isCounted = true;
  member.sandboxes++;
  slot.sandboxes++;
  function leave(): void {
    if (!isCounted) return;
    isCounted = false;
    member.sandboxes--;
    if (slot.place === place) slot.sandboxes--;
    state.living.delete(living);
  }
  const living: Living = {
    ...making,
    ...{ id: ++state.made, name: plan.options.id, member, slot, since: now(), rate: undefined },
    dispose() {
      leave();
      making.dispose();
    },
  };
  state.living.add(living);
  making.made.catch(leave);
  if (state.isOver) living.dispose();
  return living;
}

interface Housed {
  readonly state: PoolState;
  readonly member: Member;
  readonly plan: Plan;
  readonly granted: readonly string[];
  readonly making: Making;
  readonly slot: Slot;
  readonly place: Place;
  queued: number;
  isBusy: boolean;
  isDisposed: boolean;
}

function where({ state, slot, place, making, isBusy, isDisposed }: Housed): Slot | undefined {
  if (isDisposed || slot.place !== place || making.ended() !== undefined) return NOWHERE;
  return !isBusy && slot.running < state.plan.concurrency ? slot : undefined;
}

async function enqueue(housed: Housed, job: Job | Result<never>): Promise<Result> {
  if ("status" in job) return job;
  if (housed.queued > MOST_QUEUED) return refused("sandbox", `busy: ${MOST_QUEUED} runs wait already`);
  housed.queued++;
  const begin = async (): Promise<Result> => {
    housed.isBusy = true;
    try {
      return await housed.making.perform(job, () => undefined);
    } finally {
      housed.isBusy = false;
    }
  };
  try {
    return await submit(housed.state, { member: housed.member, job, where: () => where(housed), begin });
  } finally {
    housed.queued--;
  }
}

function facade(housed: Housed): PoolSandbox {
  const { plan, granted, member, making, state } = housed;
  const usable = (): void => {
    alive(state);
    if (housed.isDisposed) throw new CordonError("E_DISPOSED", "the sandbox was disposed: make a new one");
  };
  const dispose = (): void => {
    housed.isDisposed = true;
    making.dispose();
    changed(state);
  };
  return Object.freeze({
    async run(source: Source, options: RunOptions = {}) {
      usable();
      return enqueue(housed, capJob(member, planRun(plan.limits, granted, source, options)));
    },
    async call(name: string, ...args: readonly unknown[]) {
      usable();
      return enqueue(housed, planCall(plan.limits, name, args));
    },
    async check(source: Source, options: RunOptions = {}) {
      usable();
      return enqueue(housed, capJob(member, planCheck(plan.limits, source, options)));
    },
    ended: () => (housed.isDisposed ? "it was disposed" : making.ended()),
    dispose,
    [Symbol.dispose]: dispose,
    [Symbol.asyncDispose]: async () => dispose(),
  }) as PoolSandbox;
}

/** Waits until a worker is there. */
function someSlot(state: PoolState): Promise<Slot> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      const slot = freeSlot(state, Infinity);
      if (state.isOver) reject(new CordonError("E_DISPOSED", "the pool was disposed: make a new one"));
      else if (state.hopeless !== undefined) reject(hopelessError(state.hopeless));
      else if (slot !== undefined) resolve(slot);
      else return false;
      return true;
    };
    if (!look()) state.waiters.add(look);
  });
}

async function house(state: PoolState, member: Member, plan: Plan): Promise<PoolSandbox> {
  for (;;) {
    const slot = await someSlot(state);
    const { place } = slot;
    if (place === undefined) continue; // lost since
    try {
      const making = await makeIn(state, member, slot, plan);
      await making.made;
      const granted = plan.grants.map(({ name }) => name);
      const parts = { state, member, plan, granted, making, slot, place };
      return facade({ ...parts, queued: 0, isBusy: false, isDisposed: false });
    } catch (error) {
      // Nothing of it has run: it is made in another one.
      if (!isLost(error) || state.isOver) throw error;
    }
  }
}

export async function createSandbox(state: PoolState, member: Member, options: SandboxOptions): Promise<PoolSandbox> {
  const plan = planFor(member, options);
  if (state.isDraining) throw new CordonError("E_BUSY", "the pool is draining: it makes no more sandboxes");
  count(state, 1);
  try {
    return await house(state, member, plan);
  } finally {
    count(state, -1);
    changed(state);
  }
}
