// Bounds of a store, checked: one that is no number would bound nothing.
import { DEFAULT_KV_BOUNDS, type KvBounds, MAX_VALUE_BYTES } from "./types.ts";

/** The bounds among an embedder's options; throws a TypeError at one that is not a whole number from 0. */
export function kvBoundsOf(options: { readonly [K in keyof KvBounds]?: number | undefined }): KvBounds {
  const names = Object.keys(DEFAULT_KV_BOUNDS) as (keyof KvBounds)[];
  const entries = names.map((name): [keyof KvBounds, number] => {
    const bound = options[name] ?? DEFAULT_KV_BOUNDS[name];
    if (!Number.isSafeInteger(bound) || bound < 0)
      throw new TypeError(`${name}: ${bound} is not a whole number from 0`);
    return [name, name === "maxValueBytes" ? Math.min(bound, MAX_VALUE_BYTES) : bound];
  });
  return Object.freeze(Object.fromEntries(entries)) as unknown as KvBounds;
}

/** Bytes that an entry counts. */
export const entrySize = (key: string, size: number): number => 2 * key.length + size;
