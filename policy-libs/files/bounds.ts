// Bounds of a place, checked: one that is no number would bound nothing.
import { DEFAULT_BOUNDS, type FilesBounds } from "./types.ts";

type Name = keyof FilesBounds;

/** The bounds among an embedder's options; throws a TypeError at one that is not a whole number from 0. */
export function boundsOf(options: { readonly [K in Name]?: number | undefined }): FilesBounds {
  const names = Object.keys(DEFAULT_BOUNDS) as Name[];
  const entries = names.map((name): [Name, number] => {
    const bound = options[name] ?? DEFAULT_BOUNDS[name];
    if (!Number.isSafeInteger(bound) || bound < 0)
      throw new TypeError(`${name}: ${bound} is not a whole number from 0`);
    return [name, bound];
  });
  return Object.freeze(Object.fromEntries(entries)) as unknown as FilesBounds;
}
