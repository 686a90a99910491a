// A bed: where one sandbox sleeps. Its memory is kept as what differs from others of its kind, packed, in this process
// or, once a store has acknowledged it, there. A record and functions of it: there is one for each of very many.
//
//   awake -> asleep (held here) -> asleep (held by the store) -> waking -> awake
//
// Invariants
//   BD1  What a store has not acknowledged is held here: a store that fails costs memory, never a sandbox.
//   BD2  A sandbox wakes once, whoever wants it and however many: they wait for the same waking.
//   BD3  What comes back from a store is what went there, by its SHA-256, and can harm its own domain alone.
//   BD4  A nap is numbered: an acknowledgement, or a copy, of an earlier one changes nothing of a later one.
//   BD5  Nobody waits for a sandbox that has ended: clearing its bed ends the waiting.
import type { Domain } from "../../kernel/index.ts";
import { CordonError } from "../errors.ts";
import { isBytes, show } from "../plain.ts";
import type { Chunk } from "../snapshot/granules.ts";
import { fingerprintOf } from "../snapshot/hash.ts";
import { pack, unpack } from "../snapshot/packed.ts";
import type { Store } from "../snapshot/store.ts";
import type { House, Resident, Ways } from "./resident.ts";

/** What many sandboxes have in common. */
export interface Ground {
  readonly content: Uint8Array;
  /** What of it the kernel does not write by itself when one wakes. */
  readonly beyond: readonly Chunk[];
}

/** Where sandboxes are kept beyond this process, and who hears that this failed. */
export interface Shelf {
  readonly store: Store;
  readonly onError: (error: CordonError) => void;
}

type Packed = Uint8Array<ArrayBuffer>;

interface Waking {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export interface Bed extends Resident {
  readonly domain: Domain;
  readonly ground: Ground;
  readonly shelf: Shelf | undefined;
  nap: number;
  held: Packed | undefined;
  /** Of what the store has; undefined: it has nothing. */
  print: string | undefined;
  waking: Waking | undefined;
}

/** One literal: there are very many of them. */
export const newBed = (
  domain: Domain,
  ground: Ground,
  house: House,
  shelf: Shelf | undefined = undefined,
  id = "",
): Bed => ({
  domain,
  ground,
  shelf,
  id,
  house,
  ways: WAYS,
  nap: 0,
  isAsleep: false,
  held: undefined,
  print: undefined,
  waking: undefined,
  isCleared: false,
  uses: 0,
  since: 0,
});

export const storeError = (id: string, why: string, cause?: unknown): CordonError =>
  new CordonError("E_STORE", `the sandbox ${JSON.stringify(id)} ${why}`, { cause });

function hold(bed: Bed, packed: Packed | undefined): void {
  bed.house.onHeld((packed?.length ?? 0) - (bed.held?.length ?? 0));
  bed.held = packed;
}

/** BD1, BD4. */
async function shelve(bed: Bed, shelf: Shelf, packed: Packed): Promise<void> {
  const [{ nap, id }, { store, onError }] = [bed, shelf];
  try {
    const print = await fingerprintOf(packed);
    if (nap !== bed.nap) return;
    bed.print = ""; // from now on the store may have something of it
    await store.put(id, packed);
    // It may have come after the deletion.
    if (bed.isCleared && bed.house.isFree(id)) return void takeFrom(shelf, id);
    if (nap !== bed.nap) return;
    bed.print = print;
    hold(bed, undefined);
  } catch (cause) {
    onError(storeError(id, "cannot be stored, it is kept in memory", cause));
  }
}

/** False while anything of it goes on. */
export function sleep(bed: Bed): boolean {
  if (bed.isAsleep) return true;
  const { content } = bed.ground;
  const packed = bed.domain.hibernate(
    (memory) => pack(content, memory),
    () => bed.house.onNeeded(bed),
  );
  if (packed === undefined) return false;
  bed.nap++;
  bed.isAsleep = true;
  hold(bed, packed);
  bed.house.onTurned(bed, true);
  if (bed.shelf !== undefined) void shelve(bed, bed.shelf, packed);
  return true;
}

/** A copy: its owner may change it. Undefined: there is none. Throws CordonError E_STORE. */
export async function fetchFrom({ store }: Shelf, id: string): Promise<Packed | undefined> {
  let found: unknown;
  try {
    found = await store.get(id);
  } catch (cause) {
    throw storeError(id, "cannot be fetched", cause);
  }
  if (found === undefined) return undefined;
  if (!isBytes(found)) throw storeError(id, `came from the store as ${show(found)}`);
  return new Uint8Array(found);
}

/** BD3. */
async function fetchBack({ print, id }: Bed, shelf: Shelf): Promise<Packed> {
  const packed = await fetchFrom(shelf, id);
  if (packed === undefined) throw storeError(id, "is not in the store any more: somebody has deleted it");
  if ((await fingerprintOf(packed)) === print) return packed;
  throw storeError(id, "is another one in the store: ids are used once");
}

function rise(bed: Bed, packed: Packed): void {
  const { beyond } = bed.ground;
  const woken = bed.domain.wake((memory) => {
    for (const { at, bytes } of beyond) memory.set(bytes, at);
    unpack(packed, memory);
  });
  if (woken.kind === "returned") {
    bed.nap++;
    bed.isAsleep = false;
    hold(bed, undefined);
    bed.house.onTurned(bed, false);
  } else if (bed.domain.ending() === undefined) {
    throw new CordonError("E_LIMIT", "the host or the meter has no memory for a sandbox that is to wake");
  }
}

async function fetchAndRise(bed: Bed): Promise<void> {
  const packed = bed.held ?? (await fetchBack(bed, bed.shelf as Shelf));
  if (bed.isAsleep) rise(bed, packed);
}

/** Fulfilled when it is awake, or has ended. Rejects with CordonError, and it sleeps on: E_STORE, or E_LIMIT for want of memory. BD2. */
export function wake(bed: Bed): Promise<void> {
  if (!bed.isAsleep || bed.domain.ending() !== undefined) return Promise.resolve();
  if (bed.waking !== undefined) return bed.waking.promise;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const waking = { promise, resolve };
  bed.waking = waking;
  const over = (): void => {
    if (bed.waking === waking) bed.waking = undefined;
  };
  promise.then(over, over);
  fetchAndRise(bed).then(resolve, reject);
  return promise;
}

/** Wakes it at once if it is held here; false if it must be waited for. */
export function wakeNow(bed: Bed): boolean {
  if (bed.isAsleep && bed.held !== undefined) rise(bed, bed.held);
  return !bed.isAsleep;
}

/** It has ended: nothing of it is kept, nobody waits for it. BD5. */
export function clear(bed: Bed): void {
  const { shelf, id, print, waking } = bed;
  bed.nap++;
  bed.isCleared = true;
  bed.isAsleep = false;
  bed.print = undefined;
  hold(bed, undefined);
  waking?.resolve();
  if (shelf !== undefined && print !== undefined) void takeFrom(shelf, id);
}

export async function takeFrom({ store, onError }: Shelf, id: string): Promise<void> {
  try {
    await store.delete(id);
  } catch (cause) {
    onError(storeError(id, "cannot be deleted", cause));
  }
}

const WAYS: Ways = {
  hasEnded: ({ domain }: Bed) => domain.ending() !== undefined,
  fail: ({ domain }: Bed) => domain.end({ kind: "exhausted", resource: "memory" }),
  ...{ sleep, wakeNow, wake, clear },
};
