// Which objects has this encoding met? An object met again becomes a reference (tags 28 and 29), so that cycles end
// and sharing survives. One stack of entries serves nested encodings; an encoding sees those above its own base.
//
// Invariants
//   I1  an entry owns its object: memory freed by a getter's temporary cannot come back as "the same" object.
//   I2  entries and references are each in the order of their offsets in the output.

import { base, copy, reserve, setTop, top } from "./buffer";
import { free, JS_DupValue, JS_FreeValue, malloc } from "./engine";
import { ctx, growBlock } from "./state";

const ENTRY: i32 = 16; // object i64, offset i32, is it referred to i32
const REFERENCE: i32 = 8; // offset i32, entry index i32
const LINEAR: i32 = 12; // entries searched one by one before a table is made

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(64, 16) as i32, ENTRIES = WORDS, COUNT = WORDS + 8, BASE = WORDS + 12,
  REFERENCES = WORDS + 16, REFERENCE_COUNT = WORDS + 24, REFERENCE_BASE = WORDS + 28,
  TABLE = WORDS + 32, TABLE_MASK = WORDS + 36;

/** Begins an encoding: saves the outer one's bounds at `save` (16 bytes). */
export function begin(save: i32): void {
  store<i32>(save, load<i32>(BASE));
  store<i32>(save, load<i32>(REFERENCE_BASE), 4);
  store<i32>(save, load<i32>(TABLE), 8);
  store<i32>(save, load<i32>(TABLE_MASK), 12);
  store<i32>(BASE, load<i32>(COUNT));
  store<i32>(REFERENCE_BASE, load<i32>(REFERENCE_COUNT));
  store<i32>(TABLE, 0);
}

export function end(save: i32): void {
  const floor = load<i32>(BASE);
  for (let i = load<i32>(COUNT) - 1; i >= floor; i--) JS_FreeValue(ctx(), load<i64>(entryAt(i)));
  store<i32>(COUNT, floor);
  store<i32>(REFERENCE_COUNT, load<i32>(REFERENCE_BASE));
  if (load<i32>(TABLE) != 0) free(load<i32>(TABLE));
  store<i32>(BASE, load<i32>(save));
  store<i32>(REFERENCE_BASE, load<i32>(save, 4));
  store<i32>(TABLE, load<i32>(save, 8));
  store<i32>(TABLE_MASK, load<i32>(save, 12));
}

// @ts-ignore: decorator
@inline
function entryAt(index: i32): i32 {
  return load<i32>(ENTRIES) + index * ENTRY;
}

export const FIRST_TIME: i32 = 0, AGAIN: i32 = 1, NO_MEMORY: i32 = 2;

/** Meets an object about to be written at the top: notes it, or notes a reference to where it was met before. */
export function meet(v: i64): i32 {
  const found = find(v);
  if (found >= 0) return refer(found) ? AGAIN : NO_MEMORY;
  const index = load<i32>(COUNT);
  if (!growBlock(ENTRIES, (index + 1) * ENTRY)) return NO_MEMORY;
  const entry = entryAt(index);
  store<i64>(entry, JS_DupValue(ctx(), v));
  store<i32>(entry, top(), 8);
  store<i32>(entry, 0, 12);
  store<i32>(COUNT, index + 1);
  return index - load<i32>(BASE) < LINEAR || tabulate(index) ? FIRST_TIME : NO_MEMORY;
}

function find(v: i64): i32 {
  if (load<i32>(TABLE) != 0) return findInTable(v);
  const floor = load<i32>(BASE);
  for (let i = load<i32>(COUNT) - 1; i >= floor; i--) if (load<i64>(entryAt(i)) == v) return i;
  return -1;
}

function findInTable(v: i64): i32 {
  const table = load<i32>(TABLE);
  const mask = load<i32>(TABLE_MASK);
  let slot = hash(v) & mask;
  let index = load<i32>(table + slot * 4) - 1;
  while (index >= 0 && load<i64>(entryAt(index)) != v) {
    slot = (slot + 1) & mask;
    index = load<i32>(table + slot * 4) - 1;
  }
  return index;
}

function hash(v: i64): i32 {
  const h = (i32(v) >>> 3) * 0x9e3779b1;
  return h ^ (h >>> 15);
}

/** Adds the newest entry to the table, which is remade twice as large when half full. */
function tabulate(index: i32): bool {
  const size = index - load<i32>(BASE) + 1;
  if (load<i32>(TABLE) == 0 || size * 2 > load<i32>(TABLE_MASK)) return remake(size);
  insert(index);
  return true;
}

function remake(size: i32): bool {
  let slots = 64;
  while (slots < size * 4) slots *= 2;
  const table = malloc(slots * 4);
  if (table == 0) return false;
  memory.fill(table, 0, slots * 4);
  if (load<i32>(TABLE) != 0) free(load<i32>(TABLE));
  store<i32>(TABLE, table);
  store<i32>(TABLE_MASK, slots - 1);
  for (let i = load<i32>(BASE); i < load<i32>(COUNT); i++) insert(i);
  return true;
}

function insert(index: i32): void {
  const table = load<i32>(TABLE);
  const mask = load<i32>(TABLE_MASK);
  let slot = hash(load<i64>(entryAt(index))) & mask;
  while (load<i32>(table + slot * 4) != 0) slot = (slot + 1) & mask;
  store<i32>(table + slot * 4, index + 1);
}

function refer(index: i32): bool {
  const count = load<i32>(REFERENCE_COUNT);
  if (!growBlock(REFERENCES, (count + 1) * REFERENCE)) return false;
  store<i32>(entryAt(index), 1, 12);
  const reference = load<i32>(REFERENCES) + count * REFERENCE;
  store<i32>(reference, top());
  store<i32>(reference, index, 4);
  store<i32>(REFERENCE_COUNT, count + 1);
  return true;
}

/** How much of the newest encoding to forget, for an attempt that is taken back. */
export function mark(): i64 {
  return (i64(load<i32>(REFERENCE_COUNT)) << 32) | i64(load<i32>(COUNT));
}

/** True when any object was met twice: then the output needs `mend`. */
// @ts-ignore: decorator
@inline
export function isShared(): bool {
  return load<i32>(REFERENCE_COUNT) != load<i32>(REFERENCE_BASE);
}

/** Rewrites the output from `start`: tag 28 before each shared object, tag 29 where it is met again. */
export function mend(start: i32): bool {
  const length = top() - start;
  const references = load<i32>(REFERENCE_COUNT) - load<i32>(REFERENCE_BASE);
  const entries = load<i32>(COUNT) - load<i32>(BASE);
  const most = length + references * 9;
  if (!reserve(most + 16)) return false;
  const from = base() + start;
  const to = from + length;
  const written = weave(from, start, length, to, load<i32>(BASE), load<i32>(BASE) + entries);
  memory.copy(from, to, written);
  setTop(start + written);
  return true;
}

function weave(from: i32, start: i32, length: i32, to: i32, entry: i32, entryEnd: i32): i32 {
  let reference = load<i32>(REFERENCES) + load<i32>(REFERENCE_BASE) * REFERENCE;
  const referenceEnd = load<i32>(REFERENCES) + load<i32>(REFERENCE_COUNT) * REFERENCE;
  let done = 0;
  let number = 0;
  let out = to;
  while (true) {
    while (entry < entryEnd && load<i32>(entryAt(entry), 12) == 0) entry++;
    const entryOffset = entry < entryEnd ? load<i32>(entryAt(entry), 8) - start : length;
    const referenceOffset = reference < referenceEnd ? load<i32>(reference) - start : length;
    const next = min(entryOffset, referenceOffset);
    copy(out, from + done, next - done);
    out += next - done;
    done = next;
    // A reference takes no room in the draft, so at one offset it comes before the object that begins there.
    if (reference < referenceEnd && referenceOffset <= entryOffset) {
      out = putReference(out, load<i32>(entryAt(load<i32>(reference, 4)), 8 + 4) - 2);
      reference += REFERENCE;
    } else if (entry < entryEnd) {
      store<u16>(out, 0x1cd8);
      out += 2;
      // The mark becomes the number plus two: a reference always comes after the object it refers to.
      store<i32>(entryAt(entry), number + 2, 12);
      number++;
      entry++;
    } else return out - to;
  }
}

function putReference(out: i32, number: i32): i32 {
  store<u16>(out, 0x1dd8);
  if (number < 24) {
    store<u8>(out, number, 2);
    return out + 3;
  }
  if (number < 0x100) {
    store<u8>(out, 24, 2);
    store<u8>(out, number, 3);
    return out + 4;
  }
  if (number < 0x10000) {
    store<u8>(out, 25, 2);
    store<u16>(out, bswap<u16>(u16(number)), 3);
    return out + 5;
  }
  store<u8>(out, 26, 2);
  store<u32>(out, bswap<u32>(u32(number)), 3);
  return out + 7;
}

/** Forgets entries and references noted since `at` (see `mark`). */
export function rewind(at: i64): void {
  const count = i32(at);
  for (let i = load<i32>(COUNT) - 1; i >= count; i--) JS_FreeValue(ctx(), load<i64>(entryAt(i)));
  store<i32>(COUNT, count);
  store<i32>(REFERENCE_COUNT, i32(at >> 32));
  if (load<i32>(TABLE) != 0) forgetTable();
}

function forgetTable(): void {
  free(load<i32>(TABLE));
  store<i32>(TABLE, 0);
  const size = load<i32>(COUNT) - load<i32>(BASE);
  if (size > LINEAR) remake(size);
}
