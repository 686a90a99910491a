// Sandboxes of a pool: each lives in one place, and its runs are jobs that wait for their turn there.
import { CordonError } from "../errors.ts";
import { planCall, planCheck, planRun } from "../job.ts";
import type { RunOptions, SandboxOptions, Source, WaitOptions } from "../options.ts";
import { isLost } from "../remote/home-state.ts";
import type { Sandbox } from "../sandbox.ts";
import type { SnapshotOptions } from "../saved-options.ts";
import { fork, hibernate, type PoolForkOptions, snapshot } from "./copies.ts";
import type { Slot } from "./crew.ts";
import { type Begun, begin, type FromOptions } from "./from.ts";
import { capJob, enqueue, type Housed, makeIn, newHoused } from "./housed.ts";
import { hopelessError } from "./jobs.ts";
import { alive, changed, count, homeSlot, type Member, type PoolState } from "./state.ts";

/** A sandbox of a pool: as others are. */
export interface PoolSandbox extends Omit<Sandbox, "fork"> {
  /** As `fork` of others. The copy lives where its original does, and counts as its tenant's. */
  fork(options?: PoolForkOptions): Promise<PoolSandbox>;
}

function facade(housed: Housed): PoolSandbox {
  const { plan, member, making, state } = housed;
  const granted = plan.grants.map(({ name }) => name);
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
    async fork(options?: PoolForkOptions) {
      usable();
      return facade(await fork(housed, options));
    },
    async snapshot(options?: SnapshotOptions) {
      usable();
      return snapshot(housed, options);
    },
    async hibernate(options?: WaitOptions) {
      usable();
      await hibernate(housed, options);
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
      const slot = homeSlot(state);
      if (state.isOver) reject(new CordonError("E_DISPOSED", "the pool was disposed: make a new one"));
      else if (state.hopeless !== undefined) reject(hopelessError(state.hopeless));
      else if (slot !== undefined) resolve(slot);
      else return false;
      return true;
    };
    if (!look()) state.waiters.add(look);
  });
}

async function house(state: PoolState, member: Member, begun: Begun): Promise<PoolSandbox> {
  const plan = await begun.whole();
  for (;;) {
    const slot = await someSlot(state);
    const { place } = slot;
    if (place === undefined) continue; // lost since
    try {
      const making = await makeIn(state, member, slot, plan);
      await making.made;
      return facade(newHoused({ state, member, plan, making, slot, place }));
    } catch (error) {
      // Nothing of it has run: it is made in another one.
      if (!isLost(error) || state.isOver) throw error;
    }
  }
}

export async function createSandbox(
  state: PoolState,
  member: Member,
  from: FromOptions,
  options: SandboxOptions,
): Promise<PoolSandbox> {
  const begun = begin(state, member, from, options);
  if (state.isDraining) throw new CordonError("E_BUSY", "the pool is draining: it makes no more sandboxes");
  count(state, 1);
  try {
    return await house(state, member, begun);
  } finally {
    count(state, -1);
    changed(state);
  }
}
