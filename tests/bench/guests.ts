// The guests' programs, as text.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const guest = (name: string): string => readFileSync(join(import.meta.dirname, "guests", `${name}.js`), "utf8");

/** Names of the programs in guests/compute.js, in its order. */
export const PROGRAMS = ["fib", "sieve", "strings", "objects", "json", "sort", "map", "floats"] as const;

export const HOST = {
  add: (a: number, b: number): number => a + b,
  text: (value: string): string => value,
  record: (value: object): object => value,
  later: async (value: number): Promise<number> => value,
};
