// Stores that tell what is asked of them, or do it badly, and waiting for what comes soon.
import { expect } from "vitest";
import { memoryStore, type Store } from "../../embed/node/index.ts";

export interface Told {
  readonly store: Store;
  /** "put a", "get a", "delete a", in order. */
  readonly log: string[];
}

/** Like a store in memory, but for what is given instead. */
export function toldStore(instead: Partial<Store> = {}): Told {
  const log: string[] = [];
  const inner: Store = { ...memoryStore(), ...instead };
  const store: Store = {
    ...inner,
    put: async (id, bytes) => {
      log.push(`put ${id}`);
      return inner.put(id, bytes);
    },
    get: async (id) => {
      log.push(`get ${id}`);
      return inner.get(id);
    },
    delete: async (id) => {
      log.push(`delete ${id}`);
      return inner.delete(id);
    },
  };
  return { store, log };
}

interface Soon {
  toBe(value: unknown): Promise<void>;
  toEqual(value: unknown): Promise<void>;
  toContain(value: unknown): Promise<void>;
}

export const soon = (is: () => unknown): Soon => expect.poll(is, { timeout: 10_000, interval: 2 });

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
