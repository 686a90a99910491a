// Copies of a pool's sandboxes: forks stay where their original is, under its tenant; snapshots leave the pool; and sleep.
//
// Invariants
//   PC1  A fork is a sandbox of the tenant like any other: under its meter and its limits, counted, and refused where a
//        new one would be.
//   PC2  Who asks for a copy waits in the sandbox's line of runs, at most as long as it says.
import { DEFAULT_WAIT, type ForkOptions, planAgain } from "../copy.ts";
import { CordonError } from "../errors.ts";
import { checkKeys, readWait, type WaitOptions } from "../options.ts";
import { readSnapshotOptions, type SnapshotOptions } from "../saved-options.ts";
import { asConfigured } from "./from.ts";
import { busily, counted, type Housed, MOST_QUEUED, newHoused, whereIs } from "./housed.ts";
import { cap } from "./options.ts";
import type { Copy } from "./place.ts";
import { changed, count } from "./state.ts";
import { busy, inTurn } from "./turn.ts";

/** What may be said of a fork of a pool's sandbox: its tenant pays. */
export type PoolForkOptions = Omit<ForkOptions, "meter">;

async function inLine<T>(housed: Housed, wait: number, begin: (left: number) => Promise<T>): Promise<T> {
  if (housed.queued > MOST_QUEUED) throw busy(`${MOST_QUEUED} runs wait already`);
  housed.queued++;
  const { state, member } = housed;
  const turn = { member, where: () => whereIs(housed), begin: (left: number) => busily(housed, () => begin(left)) };
  try {
    return await inTurn(state, turn, wait);
  } finally {
    housed.queued--;
  }
}

/** The original's plan for a copy of the same tenant. */
function copyOf({ plan, member: { tenant } }: Housed, options: object): Copy {
  if (Object.hasOwn(options, "meter") && (options as ForkOptions).meter !== undefined)
    throw new CordonError("E_OPTION", "in a pool the tenant pays: give it the meter");
  const again = planAgain(plan, options);
  return { plan: { ...asConfigured(again, plan.grants), limits: cap(again.limits, tenant.limits) }, options };
}

export async function fork(housed: Housed, given: PoolForkOptions = {}): Promise<Housed> {
  const { state, member, slot, place } = housed;
  const { wait = DEFAULT_WAIT, ...options } = readWait<ForkOptions>(given);
  const copy = copyOf(housed, options);
  if (state.isDraining) throw busy("the pool is draining: it makes no more sandboxes");
  // Whoever drains the pool, and the process itself, wait for it until it is there.
  count(state, 1);
  try {
    const made = await inLine(housed, wait, (left) => housed.making.fork(copy, left));
    const making = counted({ state, member, plan: copy.plan, slot, place }, made);
    await making.made;
    return newHoused({ state, member, plan: copy.plan, making, slot, place });
  } finally {
    count(state, -1);
    changed(state);
  }
}

export async function snapshot(housed: Housed, given: SnapshotOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { key, wait } = readSnapshotOptions(given);
  const { making, state } = housed;
  return inLine(housed, wait, (left) => making.save({ key, wait: left }, state.engine));
}

export async function hibernate(housed: Housed, given: WaitOptions = {}): Promise<void> {
  const { wait = DEFAULT_WAIT } = readWait<WaitOptions>(checkKeys(given, ["wait"], "hibernate"));
  await inLine(housed, wait, (left) => housed.making.sleep(left));
}
