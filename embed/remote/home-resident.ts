// A sandbox in a worker, as its residency on the embedder's side knows it. Who sleeps is decided here; the worker packs
// the memory, and wakes whoever is used.
//
// Invariants
//   HS1  What is told arrives in its order. So it sleeps here from the moment in which it is told to, and is awake from
//        that in which it is told anything that wakes it; only that it could not, or cannot wake, is heard later.
//   HS2  A nap is numbered: an answer to an earlier one changes nothing.
import type { CordonError } from "../errors.ts";
import type { Shelf } from "../hibernation/bed.ts";
import { admit, newResidency, type Residency } from "../hibernation/residency.ts";
import type { Resident, Ways } from "../hibernation/resident.ts";
import type { SandboxOptions } from "../options.ts";
import type { HomeShelf } from "./home-shelf.ts";

export interface FarSleeper {
  hasEnded(): boolean;
  /** Tells it to sleep. Rejects if it does not. */
  tell(): Promise<Slept>;
  readonly shelf: Pick<HomeShelf, "clear">;
}

/** How many bytes of it are kept in the worker. */
export type Slept = { readonly held: number };

const UNMADE: FarSleeper = {
  hasEnded: () => false,
  tell: () => Promise.reject(new Error("it is being made")),
  shelf: { clear: () => undefined },
};

export interface HomeResident extends Resident {
  /** Known once the worker has been asked for it. */
  sleeper: FarSleeper;
  readonly shelf: Shelf | undefined;
  nap: number;
  held: number;
  /** What it held when it was last told to wake: it holds that again if it could not. */
  before: number;
  /** The worker has asked the store for it: it wakes when it has it, and not sooner. */
  isFetching: boolean;
}

/** Who could not sleep is asked again after so long. */
const RETRY = 50; // ms

function hold(one: HomeResident, bytes: number): void {
  one.house.onHeld(bytes - one.held);
  one.held = bytes;
}

function turn(one: HomeResident, isAsleep: boolean): void {
  one.nap++;
  if (!isAsleep && one.held > 0) one.before = one.held;
  if (!isAsleep) hold(one, 0);
  if (one.isCleared || one.isAsleep === isAsleep) return;
  one.isAsleep = isAsleep;
  one.house.onTurned(one, isAsleep);
}

/** It did not fall asleep: something of it goes on. */
function stayUp(one: HomeResident, nap: number): void {
  if (nap !== one.nap || one.isCleared) return;
  turn(one, false);
  one.uses++;
  const timer: unknown = setTimeout(() => one.house.leave(one), RETRY);
  (timer as { unref?(): void }).unref?.();
}

const WAYS: Ways = {
  hasEnded: ({ sleeper }: HomeResident) => sleeper.hasEnded(),
  sleep(one: HomeResident) {
    if (one.isAsleep) return true;
    turn(one, true);
    const { nap } = one;
    one.sleeper.tell().then(
      ({ held }) => void (nap === one.nap && hold(one, held)),
      () => stayUp(one, nap),
    );
    return true;
  },
  wakeNow(one: HomeResident) {
    if (!one.isFetching) turn(one, false);
    return true;
  },
  wake: () => Promise.resolve(),
  fail: () => undefined,
  clear(one: HomeResident) {
    one.nap++;
    one.isCleared = true;
    one.isAsleep = false;
    hold(one, 0);
    one.sleeper.shelf.clear();
  },
};

/** For those that only their owner puts to sleep. */
const alone: Residency = newResidency();

/** Begins awake and in use. Throws CordonError for an id that is none or is in use. */
export const admitFar = ({ residency = alone, id }: SandboxOptions): HomeResident =>
  admit(residency, id, (house, shelf, name) => ({
    ...{ house, ways: WAYS, shelf, id: name, sleeper: UNMADE, nap: 0, held: 0, before: 0, isFetching: false },
    ...{ isAsleep: false, isCleared: false, uses: 0, since: 0 },
  }));

/** Something goes to the worker that wakes it: a call of what it offers, say. */
export function wakeBy(one: HomeResident): void {
  if (one.isAsleep) one.house.onNeeded(one);
  else one.nap++;
}

/** The worker says that it could not wake. */
const SLEEPS_ON: readonly unknown[] = ["E_LIMIT", "E_STORE"];

/** While it is awake, for what is told to the worker in this very turn. */
export async function whileAwake<T>(one: HomeResident, task: () => Promise<T>): Promise<T> {
  one.house.enter(one);
  const left = () => one.house.leave(one);
  try {
    return await task().finally(left);
  } catch (error) {
    if (SLEEPS_ON.includes((error as Partial<CordonError>).code)) sleepOn(one);
    throw error;
  }
}

/** Its owner put it to sleep: fulfilled when it sleeps, unless it is used again by then. */
export async function sleepNow(one: HomeResident, tell: () => Promise<Slept>): Promise<void> {
  const { nap } = one;
  const { held } = await tell();
  if (one.isAsleep || one.isCleared) return;
  // It was called meanwhile: before it fell asleep, or after. It is told again, and either sleeps on or goes to sleep.
  if (nap !== one.nap) return void one.house.sleep(one);
  turn(one, true);
  hold(one, held);
}

/** The embedder's store has it. */
export const shelved = (one: HomeResident): void => {
  one.before = 0;
  hold(one, 0);
};

/** The worker says that it sleeps on: it could not wake. */
export const sleepOn = (one: HomeResident): void => {
  turn(one, true);
  if (!one.isCleared) hold(one, one.before);
};

/** It sleeps on while the store is asked for it. */
export function fetched(one: HomeResident, isFetching: boolean): void {
  one.isFetching = isFetching;
  if (isFetching) sleepOn(one);
}

/** The store has given it back. */
export function givenBack(one: HomeResident): void {
  one.isFetching = false;
  wakeBy(one);
}
