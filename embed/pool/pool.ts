// A pool: jobs of many tenants, shared fairly among workers.
//
//   const pool = await createPool({ workers: 2, isolation: "worker", tenants: { acme: { share: 3 }, small: {} } });
//   await pool.run({ tenant: "acme", source: "1 + 1" });
//
// Invariants
//   PO1  Every job that was taken is told of once: by its result, or by an error of its embedder.
//   PO2  A sandbox stays where it was made; its runs are made there, one after the other.
//   PO3  What is full says so: jobs beyond the queue are refused as busy, and `room` tells when there is room again.
import type { Meter } from "../../policy-libs/index.ts";
import type { RunRequest } from "../cordon.ts";
import { type Engine, now } from "../engine.ts";
import { CordonError } from "../errors.ts";
import { planRun } from "../job.ts";
import { type SandboxOptions, splitOptions } from "../options.ts";
import { readPlain } from "../plain.ts";
import type { Hired } from "../remote/worker-place.ts";
import type { Result } from "../result.ts";
import { checkSignal, isAborted, onAbort } from "../signal.ts";
import { newTally, type TenantBill } from "./bill.ts";
import { newCrew, newSlot } from "./crew.ts";
import { begin, type FromOptions } from "./from.ts";
import { capJob, makeIn } from "./housed.ts";
import { inlinePlace } from "./inline.ts";
import { submit } from "./jobs.ts";
import { type Isolation, type PoolOptions, type PoolPlan, readPoolOptions } from "./options.ts";
import { newQueue, newTenant } from "./queue.ts";
import { newRate } from "./rate.ts";
import { createSandbox, type PoolSandbox } from "./sandbox.ts";
import { alive, changed, emit, freeSlot, type Member, memberOf, type PoolState } from "./state.ts";
import { type PoolEvent, type PoolStats, type StatsOptions, statsOf } from "./stats.ts";

/** One run in a pool: whose it is, what is run, and how. */
export interface PoolRunRequest extends Omit<RunRequest, "meter">, FromOptions {
  /** Default: "default", where the pool names no tenants. */
  readonly tenant?: string | undefined;
}

/** A sandbox in a pool. */
export interface PoolSandboxOptions extends Omit<SandboxOptions, "meter">, FromOptions {
  readonly tenant?: string | undefined;
}

/** Workers, and the tenants that share them. */
export interface Pool {
  /** Runs a source in a sandbox of its own. It waits for its turn; what is too much is refused by "pool" as busy. */
  run<T = unknown>(request: PoolRunRequest): Promise<Result<T>>;
  /** A sandbox that stays in one worker, and ends with it. */
  createSandbox(options?: PoolSandboxOptions): Promise<PoolSandbox>;
  /** Resolves once a job of the tenant could wait. */
  room(tenant?: string, signal?: AbortSignal): Promise<void>;
  /** Takes no more jobs; resolves when those that it has are over. */
  drain(): Promise<void>;
  /** Ends everything. Resolves when its workers are gone. */
  dispose(): Promise<void>;
  /** At a glance. Rates are since somebody looked before. */
  stats(options?: StatsOptions): PoolStats;
  /** What the jobs of a tenant have used. */
  bill(tenant?: string): TenantBill;
  /** Who pays for a tenant: for prices, rates and limits while it runs. */
  meter(tenant?: string): Meter;
  /** Tells of what happens, until what is returned is called. */
  on(listener: (event: PoolEvent) => void): () => void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How workers are had: what differs between hosts. */
export interface Hiring {
  /** As many as the host can run at once, this thread included. */
  readonly parallel: number;
  hire(isolation: Exclude<Isolation, "inline">): Promise<Hired>;
}

type Crewed = Pick<PoolState, "slots" | "crew">;

function crewOf(
  plan: PoolPlan,
  engine: () => Promise<Engine>,
  hiring: Hiring | undefined,
  self: () => PoolState,
): Crewed {
  const { isolation } = plan;
  if (isolation === "inline")
    return { slots: [Object.assign(newSlot(1), { place: inlinePlace(engine) })], crew: undefined };
  if (hiring === undefined)
    throw new CordonError("E_OPTION", `there is no isolation "${isolation}" here: use "inline"`);
  const crew = newCrew({
    count: plan.workers ?? Math.max(hiring.parallel - 1, 1),
    hire: () => hiring.hire(isolation),
    onReady(slot) {
      const state = self();
      state.hopeless = undefined;
      slot.place?.hold(state.busy > 0);
      emit(state, { kind: "ready", worker: slot.id });
      changed(state);
    },
    onLost(slot, why) {
      emit(self(), { kind: "lost", worker: slot.id, why });
      changed(self());
    },
    onHopeless(why) {
      self().hopeless = why;
      self().queue.dropAll();
      changed(self());
    },
  });
  return { slots: crew.slots, crew };
}

async function runJob(state: PoolState, given: PoolRunRequest): Promise<Result> {
  alive(state);
  const { tenant: name, from, key, ...request } = readPlain<PoolRunRequest>(given, "what pool.run takes");
  const member = memberOf(state, name);
  const [source, sandboxOptions, runOptions] = splitOptions(request as RunRequest);
  const begun = begin(state, member, { from, key }, sandboxOptions);
  const granted = begun.plan.grants.map((grant) => grant.name);
  const job = capJob(member, planRun(begun.plan.limits, granted, source, runOptions));
  if ("status" in job) return job;
  const plan = from === undefined ? begun.plan : await begun.whole();
  return submit(state, {
    ...{ member, job, where: () => freeSlot(state) },
    async begin(slot) {
      const making = await makeIn(state, member, slot, plan);
      return making.perform(job, () => making.dispose());
    },
  });
}

function roomFor(state: PoolState, { tenant }: Member, signal: AbortSignal | undefined): Promise<void> {
  checkSignal(signal);
  return new Promise((resolve, reject) => {
    let stopListening = (): void => undefined;
    const look = (): boolean => {
      if (isAborted(signal)) reject(signal?.reason);
      else if (state.isOver) reject(new CordonError("E_DISPOSED", "the pool was disposed: make a new one"));
      else if (state.queue.hasRoom(tenant)) resolve();
      else return false;
      stopListening();
      return true;
    };
    if (look()) return;
    state.waiters.add(look);
    stopListening = onAbort(signal, () => changed(state));
  });
}

function drained(state: PoolState): Promise<void> {
  state.isDraining = true;
  return new Promise((resolve) => {
    const look = (): boolean => {
      if (state.busy > 0) return false;
      resolve();
      return true;
    };
    if (!look()) state.waiters.add(look);
  });
}

async function dispose(state: PoolState): Promise<void> {
  state.isOver = true;
  state.isDraining = true;
  state.queue.dropAll();
  for (const one of [...state.living]) one.dispose();
  await state.crew?.end();
  changed(state);
}

function facade(state: PoolState): Pool {
  const end = (): Promise<void> => dispose(state);
  return Object.freeze({
    run: (request: PoolRunRequest) => runJob(state, request),
    async createSandbox(given: PoolSandboxOptions = {}) {
      alive(state);
      const { tenant, from, key, ...options } = readPlain<PoolSandboxOptions>(given, "what pool.createSandbox takes");
      return createSandbox(state, memberOf(state, tenant), { from, key }, options as SandboxOptions);
    },
    room: async (tenant?: string, signal?: AbortSignal) => roomFor(state, memberOf(state, tenant), signal),
    drain: () => drained(state),
    dispose: end,
    stats: (options?: StatsOptions) => statsOf(state, options),
    bill: (name?: string) => {
      const { tenant, tally } = memberOf(state, name);
      return tally.bill(tenant.name);
    },
    meter: (tenant?: string) => memberOf(state, tenant).tenant.meter,
    on(listener: (event: PoolEvent) => void) {
      state.listeners.add(listener);
      return () => void state.listeners.delete(listener);
    },
    [Symbol.asyncDispose]: end,
  }) as Pool;
}

/** Makes a pool over an engine of this thread; its workers have engines of their own. */
export function newPool(engine: () => Promise<Engine>, hiring: Hiring | undefined, options: PoolOptions): Pool {
  const plan = readPoolOptions(options);
  const tenants = plan.tenants.map(newTenant);
  const members = tenants.map((tenant): [string, Member] => [
    tenant.name,
    { tenant, tally: newTally(), rate: newRate(now()), sandboxes: 0 },
  ]);
  const state: PoolState = {
    ...{ plan, engine, members: new Map(members), queue: newQueue(tenants, plan.queue), since: now() },
    ...crewOf(plan, engine, hiring, () => state),
    ...{ living: new Set(), made: 0, listeners: new Set(), waiters: new Set() },
    ...{ busy: 0, isDraining: false, isOver: false, hopeless: undefined },
  };
  return facade(state);
}
