// A bed: where one sandbox sleeps. Its memory is kept as what differs from its template, packed, in this process or,
// once a store has acknowledged it, there.
//
//   awake -> asleep (held here) -> asleep (held by the store) -> waking -> awake
//
// Invariants
//   BD1  What a store has not acknowledged is held here: a store that fails costs memory, never a sandbox.
//   BD2  A sandbox wakes once, whoever wants it and however many: they wait for the same waking.
//   BD3  What comes back from a store is what went there, by its SHA-256, and can harm its own domain alone.
//   BD4  A nap is numbered: an acknowledgement, or a copy, of an earlier one changes nothing of a later one.
import type { Domain } from "../../kernel/index.ts";
import { CordonError } from "../errors.ts";
import { fingerprintOf } from "../snapshot/hash.ts";
import { pack, unpack } from "../snapshot/packed.ts";
import { checkId, type Store } from "../snapshot/store.ts";

/** A domain that may sleep. `content`: the memory with which its template begins. */
export interface Sleeper {
  readonly domain: Domain;
  readonly content: Uint8Array;
}

/** Where it is kept beyond this process, and who hears that this failed. */
export interface Shelf {
  readonly store: Store;
  readonly id: string;
  readonly onError: (error: CordonError) => void;
}

export interface Bed {
  readonly isAsleep: () => boolean;
  /** Bytes that it holds in this process. */
  readonly held: () => number;
  /** False while anything of it goes on. */
  sleep(): boolean;
  /** Fulfilled when it is awake. Rejects with CordonError, and it sleeps on: E_STORE, or E_LIMIT for want of memory. */
  wake(): Promise<void>;
  /** Wakes it at once if it is held here; false if it must be waited for. */
  wakeNow(): boolean;
  /** It has ended: nothing of it is kept. */
  clear(): void;
}

/** Who is told: that somebody calls it while it sleeps; that it fell asleep, or woke. */
export interface Hooks {
  readonly onNeeded: () => void;
  readonly onTurned: (isAsleep: boolean) => void;
}

type Packed = Uint8Array<ArrayBuffer>;

interface State extends Sleeper {
  readonly shelf: Shelf | undefined;
  readonly hooks: Hooks;
  nap: number;
  isAsleep: boolean;
  held: Packed | undefined;
  /** Of what the store has. */
  print: string;
  waking: Promise<void> | undefined;
}

const storeError = (id: string, why: string, cause?: unknown): CordonError =>
  new CordonError("E_STORE", `the sandbox ${JSON.stringify(id)} ${why}`, { cause });

/** BD1, BD4. */
async function shelve(state: State, { store, id, onError }: Shelf, packed: Packed): Promise<void> {
  const { nap } = state;
  try {
    const print = await fingerprintOf(packed);
    if (nap !== state.nap) return;
    await store.put(id, packed);
    if (nap !== state.nap) return;
    [state.print, state.held] = [print, undefined];
  } catch (cause) {
    onError(storeError(id, "cannot be stored, it is kept in memory", cause));
  }
}

function sleep(state: State): boolean {
  if (state.isAsleep) return true;
  const packed = state.domain.hibernate((memory) => pack(state.content, memory), state.hooks.onNeeded);
  if (packed === undefined) return false;
  state.nap++;
  [state.isAsleep, state.held] = [true, packed];
  state.hooks.onTurned(true);
  if (state.shelf !== undefined) void shelve(state, state.shelf, packed);
  return true;
}

/** BD3. */
async function fetchBack({ print }: State, { store, id }: Shelf): Promise<Packed> {
  const found = await store.get(id);
  if (found === undefined) throw storeError(id, "is not in the store any more: somebody has deleted it");
  const packed = Uint8Array.from(found);
  if ((await fingerprintOf(packed)) === print) return packed;
  throw storeError(id, "is another one in the store: ids are used once");
}

function rise(state: State, packed: Packed): void {
  const woken = state.domain.wake(unpack(packed, state.content));
  if (woken.kind === "returned") {
    state.nap++;
    [state.isAsleep, state.held] = [false, undefined];
    state.hooks.onTurned(false);
  } else if (state.domain.ending() === undefined) {
    throw new CordonError("E_LIMIT", "the host or the meter has no memory for a sandbox that is to wake");
  }
}

async function fetchAndRise(state: State): Promise<void> {
  const packed = state.held ?? (await fetchBack(state, state.shelf as Shelf));
  if (state.isAsleep) rise(state, packed);
}

/** BD2. */
function wake(state: State): Promise<void> {
  if (!state.isAsleep || state.domain.ending() !== undefined) return Promise.resolve();
  state.waking ??= fetchAndRise(state).finally(() => {
    state.waking = undefined;
  });
  return state.waking;
}

function wakeNow(state: State): boolean {
  if (state.isAsleep && state.held !== undefined) rise(state, state.held);
  return !state.isAsleep;
}

function clear(state: State): void {
  state.nap++;
  [state.isAsleep, state.held] = [false, undefined];
  const { shelf } = state;
  shelf?.store.delete(shelf.id).catch((cause) => shelf.onError(storeError(shelf.id, "cannot be deleted", cause)));
}

export function newBed(sleeper: Sleeper, hooks: Hooks, shelf?: Shelf): Bed {
  if (shelf !== undefined) checkId(shelf.id);
  const state: State = {
    ...{ domain: sleeper.domain, content: sleeper.content, shelf, hooks },
    ...{ nap: 0, isAsleep: false, held: undefined, print: "", waking: undefined },
  };
  return {
    isAsleep: () => state.isAsleep,
    held: () => state.held?.length ?? 0,
    sleep: () => sleep(state),
    wake: () => wake(state),
    wakeNow: () => wakeNow(state),
    clear: () => clear(state),
  };
}
