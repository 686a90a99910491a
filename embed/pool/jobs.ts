// One job of a pool, from its queue to its result.
import { CordonError } from "../errors.ts";
import type { Job } from "../job.ts";
import { isLost } from "../remote/home-state.ts";
import { NO_FACTS, type Result, refused } from "../result.ts";
import { isAborted, onAbort } from "../signal.ts";
import { newSlot, type Slot } from "./crew.ts";
import type { Tenant, Waiting } from "./queue.ts";
import { changed, count, emit, type Member, type PoolState } from "./state.ts";

/** Where a job begins that needs no worker: its sandbox has ended, and says so. */
export const NOWHERE: Slot = newSlot(0);

export interface Ticket {
  readonly member: Member;
  readonly job: Pick<Job, "signal">;
  /** Where it can start now. */
  where(): Slot | undefined;
  /** Resolves with its first result. */
  begin(slot: Slot): Promise<Result>;
}

const ABORTED: Result = { status: "aborted", ...NO_FACTS };

/** Counts what runs for a tenant in a place, until what is returned is called. */
export function noteStart(tenant: Tenant, slot: Slot): () => void {
  const { place } = slot;
  tenant.running++;
  slot.running++;
  return () => {
    tenant.running--;
    // Its place may be another worker's by now.
    if (slot.place === place) slot.running--;
  };
}

function noteEnd(state: PoolState, { member: { tenant, tally } }: Ticket, slot: Slot, result: Result): void {
  slot.done++;
  tally.add(result, tenant.meter.usage().memory);
  state.queue.over(tenant, result.usage.fuel);
  emit(state, { kind: "ended", tenant: tenant.name, status: result.status, usage: result.usage });
}

async function perform(state: PoolState, ticket: Ticket, told: PromiseWithResolvers<Result>, again: () => void) {
  const slot = ticket.where() ?? NOWHERE;
  const over = noteStart(ticket.member.tenant, slot);
  emit(state, { kind: "started", tenant: ticket.member.tenant.name });
  try {
    const result = await ticket.begin(slot);
    noteEnd(state, ticket, slot, result);
    told.resolve(result);
  } catch (error) {
    if (isLost(error) && !state.isOver) return again();
    told.reject(error);
  } finally {
    over();
    changed(state);
  }
}

/** Puts a job into its tenant's queue. Resolves with its first result. */
export function submit(state: PoolState, ticket: Ticket): Promise<Result> {
  const { tenant } = ticket.member;
  if (state.isDraining) return Promise.resolve(refused("pool", "draining: it takes no more jobs"));
  if (isAborted(ticket.job.signal)) return Promise.resolve(ABORTED);
  if (state.hopeless !== undefined) return Promise.reject(hopelessError(state.hopeless));
  const told = Promise.withResolvers<Result>();
  const one: Waiting = {
    tenant,
    canStart: () => ticket.where() !== undefined,
    start: () => void perform(state, ticket, told, () => void state.queue.add(one, true)),
    drop: () => (state.hopeless === undefined ? told.resolve(ABORTED) : told.reject(hopelessError(state.hopeless))),
  };
  if (!state.queue.add(one)) return Promise.resolve(refused("pool", "busy: too many jobs wait, see pool.room()"));
  const stopListening = onAbort(ticket.job.signal, () => {
    if (!state.queue.remove(one)) return;
    one.drop();
    changed(state);
  });
  count(state, 1);
  const over = (): void => {
    stopListening();
    count(state, -1);
    changed(state);
  };
  told.promise.then(over, over);
  emit(state, { kind: "queued", tenant: tenant.name });
  changed(state);
  return told.promise;
}

export const hopelessError = (why: string): CordonError =>
  new CordonError("E_ENGINE", `no worker of the pool can be started: ${why}`);
