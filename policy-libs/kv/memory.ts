// A key-value store in memory. What it keeps are copies: nobody can change a value but by setting it.
//
// Invariants
//   K1  `keys` are the keys of `entries`, in order; `bytes` is the sum of what the entries count.
import { sizeOf } from "../attenuate/bytes.ts";
import { copyOf } from "../attenuate/copy.ts";
import { holdsGranted } from "../attenuate/values.ts";
import { refuse } from "../refusal.ts";
import { entrySize, kvBoundsOf } from "./bounds.ts";
import { compareKeys } from "./key.ts";
import { refuseKv } from "./refusal.ts";
import {
  type Before,
  type Change,
  type KvBounds,
  type KvStore,
  type Listed,
  MAX_LISTED_BYTES,
  type Packed,
  type Range,
} from "./types.ts";

interface Kept extends Packed {
  readonly value: unknown;
}

interface Memory {
  readonly bounds: KvBounds;
  readonly entries: Map<string, Kept>;
  readonly keys: string[];
  bytes: number;
}

/** The place of the first key that is not before this one. */
function placeOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(keys[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pack({ maxValueBytes }: KvBounds, value: unknown): Kept {
  const size = sizeOf(value, maxValueBytes);
  if (size > maxValueBytes) refuseKv("E_TOO_LARGE");
  if (holdsGranted(value)) refuse("E_VALUE", "a capability is no value");
  return { value: copyOf(value), size };
}

function put(memory: Memory, key: string, kept: Kept): void {
  const { entries, keys, bounds } = memory;
  const old = entries.get(key);
  const bytes = memory.bytes + kept.size - (old?.size ?? -entrySize(key, 0));
  const isGrowing = bytes > memory.bytes && bytes > bounds.maxBytes;
  if (isGrowing || (old === undefined && entries.size >= bounds.maxEntries)) refuseKv("E_FULL");
  entries.set(key, kept);
  if (old === undefined) keys.splice(placeOf(keys, key), 0, key);
  memory.bytes = bytes;
}

function drop(memory: Memory, key: string): void {
  const old = memory.entries.get(key);
  if (old === undefined) return;
  memory.entries.delete(key);
  memory.keys.splice(placeOf(memory.keys, key), 1);
  memory.bytes -= entrySize(key, old.size);
}

function change<T>(memory: Memory, key: string, decide: (before: Before<Kept>) => Change<Kept, T>): T {
  const { entries } = memory;
  const decision = decide({ isThere: () => entries.has(key), packed: () => entries.get(key) });
  if (decision.drop === true) drop(memory, key);
  else if (decision.put !== undefined) put(memory, key, decision.put);
  return decision.answer;
}

function list({ keys, entries }: Memory, { prefix, after, most, values }: Range): Listed<Kept>[] {
  const found: Listed<Kept>[] = [];
  let bytes = 0;
  const start = compareKeys(after, prefix) < 0 ? prefix : after;
  for (let at = placeOf(keys, start); at < keys.length && found.length < most; at++) {
    const key = keys[at] as string;
    if (!key.startsWith(prefix)) break;
    if (key === after) continue;
    const packed = values ? entries.get(key) : undefined;
    bytes += packed?.size ?? 0;
    if (bytes > MAX_LISTED_BYTES && found.length > 0) break;
    found.push({ key, packed });
  }
  return found;
}

/** A store in memory, empty. */
export function memoryStore(options: Partial<KvBounds> = {}): KvStore<Kept> {
  const memory: Memory = { bounds: kvBoundsOf(options), entries: new Map(), keys: [], bytes: 0 };
  return {
    bounds: memory.bounds,
    pack: (value) => pack(memory.bounds, value),
    unpack: ({ value }) => copyOf(value),
    get: async (key) => memory.entries.get(key),
    change: async (key, decide) => change(memory, key, decide),
    list: async (range) => list(memory, range),
    size: async () => memory.entries.size,
  };
}
