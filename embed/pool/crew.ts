// The workers of a pool: hired, replaced when they are lost, and not too fast.
//
// Invariants
//   CR1  A worker that was lost is replaced, at once if it had done something; else later and later, so that one that
//        cannot live does not take the host down with it.
//   CR2  Whatever was lost with a worker was told by its sandboxes before anybody else is asked to do anything.
import type { Hired, WorkerPlace } from "../remote/worker-place.ts";
import { newWorkerPlace } from "../remote/worker-place.ts";
import type { Place } from "./place.ts";

/** One place of a pool, for jobs. */
export interface Slot {
  readonly id: number;
  /** Where sandboxes can be made now. */
  place: Place | undefined;
  /** Jobs that it has, and sandboxes that live there. */
  running: number;
  sandboxes: number;
  /** Jobs that it has done since it was hired. */
  done: number;
  restarts: number;
  /** Why the last one was lost. */
  why: string | undefined;
}

export interface CrewOptions {
  readonly count: number;
  readonly hire: () => Promise<Hired>;
  readonly onReady: (slot: Slot) => void;
  readonly onLost: (slot: Slot, why: string) => void;
  /** None can be started. */
  readonly onHopeless: (why: string) => void;
}

export interface Crew {
  readonly slots: readonly Slot[];
  /** Ends all of them, and replaces none. */
  end(): Promise<void>;
}

export const newSlot = (id: number): Slot => ({
  ...{ id, place: undefined, running: 0, sandboxes: 0, done: 0, restarts: 0, why: undefined },
});

const FIRST_DELAY = 100; // ms
const LONGEST_DELAY = 5_000; // ms
/** Times that a worker may fail to start, by its own fault, before nothing more is expected of it. */
const HOPELESS = 4;

interface Worker {
  readonly slot: Slot;
  /** Times that it was lost before it had done anything; and times that it did not even start. */
  failures: number;
  faults: number;
  hired: Hired | undefined;
  place: WorkerPlace | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  leaving: Promise<void>;
}

export function newCrew({ count, hire, onReady, onLost, onHopeless }: CrewOptions): Crew {
  let isOver = false;
  const workers = Array.from({ length: count }, (_, at): Worker => {
    const slot = newSlot(at + 1);
    return {
      slot,
      failures: 0,
      faults: 0,
      hired: undefined,
      place: undefined,
      timer: undefined,
      leaving: Promise.resolve(),
    };
  });

  function later(worker: Worker): void {
    const { failures } = worker;
    if (worker.faults >= HOPELESS && workers.every(({ slot }) => slot.place === undefined))
      onHopeless(worker.slot.why ?? "it did not start");
    const delay = failures === 0 ? 0 : Math.min(FIRST_DELAY * 2 ** (failures - 1), LONGEST_DELAY);
    worker.timer = setTimeout(() => void begin(worker), delay);
  }

  function left(worker: Worker, why: string): void {
    const { slot, hired } = worker;
    worker.failures = slot.done > 0 ? 0 : worker.failures + 1;
    const isFault = slot.place === undefined && hired?.isFaulty() !== false;
    worker.faults = isFault ? worker.faults + 1 : 0;
    Object.assign(slot, { place: undefined, running: 0, sandboxes: 0, done: 0, why });
    worker.leaving = hired?.dismiss() ?? Promise.resolve();
    [worker.hired, worker.place] = [undefined, undefined];
    if (isOver) return;
    slot.restarts++;
    onLost(slot, why);
    later(worker);
  }

  async function begin(worker: Worker): Promise<void> {
    if (isOver) return;
    try {
      const hired = await hire();
      worker.hired = hired;
      const place = newWorkerPlace(hired);
      worker.place = place;
      void place.lost.then((why) => left(worker, why));
      if (isOver) return place.end("the pool is over");
      await place.ready;
      worker.slot.place = place;
      onReady(worker.slot);
    } catch (error) {
      // What is hired is told of by its own loss.
      if (worker.hired === undefined) left(worker, error instanceof Error ? error.message : "it could not be hired");
    }
  }

  for (const worker of workers) void begin(worker);
  const end = (): Promise<void> => {
    isOver = true;
    return dismissAll(workers);
  };
  return { slots: workers.map(({ slot }) => slot), end };
}

async function dismissAll(workers: readonly Worker[]): Promise<void> {
  for (const { timer, place } of workers) {
    clearTimeout(timer);
    place?.end("the pool was disposed");
  }
  await undefined; // each has heard that its place is lost
  await Promise.all(workers.map(({ leaving }) => leaving));
}
