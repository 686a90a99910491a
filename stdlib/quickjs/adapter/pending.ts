// Calls in flight: token to the two functions that settle its promise. Open addressing, linear probing, no tombstones:
// thousands may be open and finish in any order.

import { free, malloc } from "./engine";

const SLOT: i32 = 24; // resolve i64, reject i64, token i32, is it used i32

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(16, 16) as i32, TABLE = WORDS, SLOTS = WORDS + 4, COUNT = WORDS + 8;

export function pendingCount(): i32 {
  return load<i32>(COUNT);
}

/** Makes room for one more, so that adding cannot fail after the call has been made. */
export function reservePending(): bool {
  const slots = load<i32>(SLOTS);
  return (load<i32>(COUNT) + 1) * 2 <= slots || rehash(slots == 0 ? 64 : slots * 2);
}

function rehash(slots: i32): bool {
  const table = malloc(slots * SLOT);
  if (table == 0) return false;
  memory.fill(table, 0, slots * SLOT);
  const old = load<i32>(TABLE);
  const oldSlots = load<i32>(SLOTS);
  store<i32>(TABLE, table);
  store<i32>(SLOTS, slots);
  for (let i = 0; i < oldSlots; i++) move(old + i * SLOT);
  if (old != 0) free(old);
  return true;
}

function move(from: i32): void {
  if (load<i32>(from, 20) != 0) memory.copy(find(load<i32>(from, 16)), from, SLOT);
}

function home(token: i32): i32 {
  return (token ^ (token >>> 15)) & (load<i32>(SLOTS) - 1);
}

/** The slot of a token, or the free one where it belongs. */
function find(token: i32): i32 {
  const mask = load<i32>(SLOTS) - 1;
  let i = home(token);
  let slot = load<i32>(TABLE) + i * SLOT;
  while (load<i32>(slot, 20) != 0 && load<i32>(slot, 16) != token) {
    i = (i + 1) & mask;
    slot = load<i32>(TABLE) + i * SLOT;
  }
  return slot;
}

/** Keeps the pair at `functions` (taken) for a token. Room has been reserved. */
export function addPending(token: i32, functions: i32): bool {
  const slot = find(token);
  if (load<i32>(slot, 20) != 0) return false;
  store<i64>(slot, load<i64>(functions));
  store<i64>(slot, load<i64>(functions, 8), 8);
  store<i32>(slot, token, 16);
  store<i32>(slot, 1, 20);
  store<i32>(COUNT, load<i32>(COUNT) + 1);
  return true;
}

/** Moves a token's pair to `functions` (16 bytes), false when the token is unknown. */
export function takePending(token: i32, functions: i32): bool {
  if (load<i32>(COUNT) == 0) return false;
  const slot = find(token);
  if (load<i32>(slot, 20) == 0) return false;
  store<i64>(functions, load<i64>(slot));
  store<i64>(functions, load<i64>(slot, 8), 8);
  close((slot - load<i32>(TABLE)) / SLOT);
  store<i32>(COUNT, load<i32>(COUNT) - 1);
  return true;
}

export function pendingSlots(): i32 {
  return load<i32>(SLOTS);
}

/** For a caller that empties the whole table: moves the pair in a slot, if there is one, to `functions`. */
export function emptySlot(index: i32, functions: i32): bool {
  const slot = load<i32>(TABLE) + index * SLOT;
  if (load<i32>(slot, 20) == 0) return false;
  store<i64>(functions, load<i64>(slot));
  store<i64>(functions, load<i64>(slot, 8), 8);
  store<i32>(slot, 0, 20);
  store<i32>(COUNT, load<i32>(COUNT) - 1);
  return true;
}

/** Empties slot `hole` and moves back what probing had pushed past it. */
function close(hole: i32): void {
  const mask = load<i32>(SLOTS) - 1;
  const table = load<i32>(TABLE);
  for (let i = (hole + 1) & mask; load<i32>(table + i * SLOT, 20) != 0; i = (i + 1) & mask) {
    const distance = (i - home(load<i32>(table + i * SLOT, 16))) & mask;
    if (distance < ((i - hole) & mask)) continue;
    memory.copy(table + hole * SLOT, table + i * SLOT, SLOT);
    hole = i;
  }
  store<i32>(table + hole * SLOT, 0, 20);
}
