// Where sandboxes of a test live: in its own thread, and in a worker and a process of a pool. They look the same.
import { afterAll, beforeAll } from "vitest";
import type { Pool, PoolSandbox, PoolSandboxOptions } from "../../embed/node/index.ts";
import { createSandbox } from "../embed/cordon.ts";
import { poolOf } from "../pool/world.ts";

export const PLACES = ["here", "worker", "process"] as const;
export type Place = (typeof PLACES)[number];
export type Make = (options?: PoolSandboxOptions) => Promise<PoolSandbox>;

/** Makes sandboxes in a place, for the tests of a file. */
export function placesOfAll(): (place: Place) => Make {
  const pools = new Map<Place, Pool>();
  beforeAll(async () => {
    for (const isolation of ["worker", "process"] as const) pools.set(isolation, await poolOf({ isolation }));
  });
  afterAll(async () => {
    for (const pool of pools.values()) await pool.dispose();
  });
  return (place) => (options) =>
    pools.get(place)?.createSandbox(options) ?? (createSandbox(options) as unknown as Promise<PoolSandbox>);
}
