// Who is awake: at most so many sandboxes have memory; those used least lately sleep.
//
// Invariants
//   RS1  Who is in use, between `enter` and `leave`, is never put to sleep. So more may be awake than `most` while more
//        are in use.
//   RS2  Who cannot sleep at the moment, for something of it goes on, is asked again later.
//   RS3  A sandbox that is called while it sleeps wakes, or its caller gets an answer: it ends if it cannot.
import { CordonError } from "../errors.ts";
import { show } from "../plain.ts";
import type { Store } from "../snapshot/store.ts";
import { type Bed, type Hooks, newBed, type Shelf, type Sleeper } from "./bed.ts";

/** How many sandboxes are awake, and where the others are. */
export interface ResidencyOptions {
  /** Sandboxes that are awake at once, idle ones included. Default: any number. */
  readonly most?: number | undefined;
  /** Milliseconds after which an idle one is put to sleep. Default: never, but for `most`. */
  readonly after?: number | undefined;
  /** Where they sleep. Default: in this process, packed. */
  readonly store?: Store | undefined;
  /** Hears what went wrong with the store while nobody waited. */
  readonly onError?: ((error: CordonError) => void) | undefined;
}

/** One sandbox as its residency knows it. */
export interface Resident {
  readonly bed: Bed;
  /** It is about to be used: fulfilled when it is awake. */
  enter(): Promise<void>;
  /** It is idle again. */
  leave(): void;
  /** Now, if it can be. */
  sleep(): boolean;
  /** It has ended. */
  quit(): void;
}

export interface Residency {
  /** Begins awake and idle. `id`: under which a store keeps it. */
  admit(sleeper: Sleeper, id: string): Resident;
  readonly awake: () => number;
  readonly asleep: () => number;
  /** Bytes that sleepers hold in this process. */
  readonly held: () => number;
}

interface Guest {
  readonly bed: Bed;
  uses: number;
  /** When it was left. */
  since: number;
}

interface House {
  readonly most: number;
  readonly after: number;
  /** Awake and not in use, those left longest ago first. */
  readonly idle: Set<Guest>;
  readonly all: Set<Guest>;
  awake: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Those that cannot sleep now stay in their place. */
function makeRoom({ idle, awake, most }: House): void {
  let beyond = awake - most;
  if (beyond <= 0) return;
  for (const { bed } of idle) {
    if (bed.sleep()) beyond--;
    if (beyond <= 0) return;
  }
}

const RETRY = 50; // ms

/** One timer for all: who was left first is due first. */
function sweep(house: House): void {
  house.timer = undefined;
  const now = performance.now();
  let next = RETRY;
  for (const { bed, since } of house.idle) {
    next = Math.max(RETRY, since + house.after - now);
    if (since + house.after > now) break;
    bed.sleep();
  }
  if (house.idle.size > 0) schedule(house, next);
}

function schedule(house: House, ms: number): void {
  if (house.timer !== undefined || house.after === Number.POSITIVE_INFINITY) return;
  house.timer = setTimeout(() => sweep(house), ms);
  // A process does not live for its sleepers. Browsers have numbers here.
  (house.timer as { unref?: () => void }).unref?.();
}

async function enter(house: House, guest: Guest): Promise<void> {
  const { bed } = guest;
  guest.uses++;
  house.idle.delete(guest);
  try {
    if (bed.isAsleep() && !bed.wakeNow()) await bed.wake();
  } catch (error) {
    leave(house, guest);
    throw error;
  }
  makeRoom(house);
}

function leave(house: House, guest: Guest): void {
  guest.uses--;
  if (guest.uses > 0 || !house.all.has(guest) || guest.bed.isAsleep()) return;
  guest.since = performance.now();
  house.idle.add(guest);
  makeRoom(house);
  schedule(house, house.after);
}

function checkCount(name: string, value: unknown, least: number): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new CordonError("E_OPTION", `${name} is ${show(value)}: pass a whole number from ${least}`);
}

export function newResidency(options: ResidencyOptions = {}): Residency {
  const { store, onError = () => undefined } = options;
  const house: House = {
    ...{ most: checkCount("most", options.most, 0), after: checkCount("after", options.after, 0) },
    ...{ idle: new Set<Guest>(), all: new Set<Guest>(), awake: 0, timer: undefined },
  };
  return Object.freeze({
    admit: (sleeper: Sleeper, id: string) => admit(house, sleeper, store && { store, id, onError }),
    awake: () => house.awake,
    asleep: () => house.all.size - house.awake,
    held: () => [...house.all].reduce((sum, { bed }) => sum + bed.held(), 0),
  });
}

function admit(house: House, sleeper: Sleeper, shelf: Shelf | undefined): Resident {
  const hooks: Hooks = {
    /** RS3. Somebody called it who knows nothing of sleep. */
    onNeeded: () =>
      void enter(house, guest).then(
        () => leave(house, guest),
        () => sleeper.domain.end({ kind: "exhausted", resource: "memory" }),
      ),
    onTurned(isAsleep) {
      house.awake += isAsleep ? -1 : 1;
      if (isAsleep) house.idle.delete(guest);
    },
  };
  const guest: Guest = { bed: newBed(sleeper, hooks, shelf), uses: 1, since: 0 };
  house.all.add(guest);
  house.awake++;
  leave(house, guest);
  return Object.freeze({
    bed: guest.bed,
    enter: () => enter(house, guest),
    leave: () => leave(house, guest),
    sleep: () => guest.uses === 0 && guest.bed.sleep(),
    quit(): void {
      if (!house.all.delete(guest)) return;
      house.idle.delete(guest);
      if (!guest.bed.isAsleep()) house.awake--;
      guest.bed.clear();
    },
  });
}
