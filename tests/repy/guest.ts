import { join } from "node:path";

export const STDLIB = join(import.meta.dirname, "../../stdlib/repy");

/** Guest modules have no types: whoever takes one says what it expects. */
export async function guestModule<T>(path: string): Promise<T> {
  return (await import(join(STDLIB, path))) as T;
}
