// A sandbox of a pool in its place, and how its runs, one after the other, become jobs there.
import type { Plan } from "../birth.ts";
import { now } from "../engine.ts";
import type { Job } from "../job.ts";
import { type Result, refused } from "../result.ts";
import type { Slot } from "./crew.ts";
import { NOWHERE, submit } from "./jobs.ts";
import { cap } from "./options.ts";
import type { Making, Place } from "./place.ts";
import type { Living, Member, PoolState } from "./state.ts";

/** Runs and copies that may wait for their turn (embed/sandbox.ts). */
export const MOST_QUEUED = 64;

export interface Housed {
  readonly state: PoolState;
  readonly member: Member;
  readonly plan: Plan;
  readonly making: Making;
  readonly slot: Slot;
  readonly place: Place;
  queued: number;
  isBusy: boolean;
  isDisposed: boolean;
}

export const newHoused = (parts: Pick<Housed, "state" | "member" | "plan" | "making" | "slot" | "place">): Housed => ({
  ...parts,
  queued: 0,
  isBusy: false,
  isDisposed: false,
});

/** No run has more than its tenant may. */
export const capJob = ({ tenant }: Member, job: Job | Result<never>): Job | Result<never> =>
  "status" in job ? job : { ...job, limits: cap(job.limits, tenant.limits) };

/** Counts a sandbox where it was made, until it is disposed. */
export function counted(
  { state, member, plan, slot, place }: Pick<Housed, "state" | "member" | "plan" | "slot" | "place">,
  making: Making,
): Making {
  let isCounted = true;
  member.sandboxes++;
  if (slot.place === place) slot.sandboxes++;
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

/** Makes a sandbox in a place. */
export async function makeIn(state: PoolState, member: Member, slot: Slot, plan: Plan): Promise<Making> {
  const place = slot.place as Place; // it had one in this very turn
  return counted({ state, member, plan, slot, place }, await place.make(plan, member.tenant));
}

export function whereIs({ state, slot, place, making, isBusy, isDisposed }: Housed): Slot | undefined {
  if (isDisposed || slot.place !== place || making.ended() !== undefined) return NOWHERE;
  return !isBusy && slot.running < state.plan.concurrency ? slot : undefined;
}

/** While it does something nothing else is begun with it. */
export async function busily<T>(housed: Housed, task: () => Promise<T>): Promise<T> {
  housed.isBusy = true;
  try {
    return await task();
  } finally {
    housed.isBusy = false;
  }
}

/** Puts a run into the queue. */
export async function enqueue(housed: Housed, job: Job | Result<never>): Promise<Result> {
  if ("status" in job) return job;
  if (housed.queued > MOST_QUEUED) return refused("sandbox", `busy: ${MOST_QUEUED} runs wait already`);
  housed.queued++;
  const begin = (): Promise<Result> => busily(housed, () => housed.making.perform(job, () => undefined));
  try {
    return await submit(housed.state, { member: housed.member, job, where: () => whereIs(housed), begin });
  } finally {
    housed.queued--;
  }
}
