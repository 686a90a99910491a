// Where sandboxes of a test live: in its own thread, and in a worker and a process of a pool. They look the same.
import { afterAll } from "vitest";
import type { Pool, PoolSandbox, PoolSandboxOptions, Result, RunRequest } from "../../embed/node/index.ts";
import type { Meter } from "../../policy-libs/index.ts";
import { createSandbox, run } from "../embed/cordon.ts";
import { poolOf } from "./world.ts";

export const PLACES = ["here", "worker", "process"] as const;
export type Place = (typeof PLACES)[number];
export type Make = (options?: PoolSandboxOptions & { readonly meter?: Meter }) => Promise<PoolSandbox>;
export interface Placed {
  readonly createSandbox: Make;
  readonly run: (request: RunRequest) => Promise<Result>;
}

const HERE: Placed = { createSandbox: createSandbox as never, run };

/** Makes sandboxes in a place, for the tests of a file. In a pool the tenant has the meter: a pool for each. */
export function placesOfAll(): (place: Place) => Placed {
  const pools = new Map<string, Map<Meter | undefined, Promise<Pool>>>();
  const poolFor = (isolation: "worker" | "process", meter: Meter | undefined): Promise<Pool> => {
    const known = pools.get(isolation) ?? new Map<Meter | undefined, Promise<Pool>>();
    pools.set(isolation, known);
    const pool = known.get(meter) ?? poolOf({ isolation, ...(meter && { tenants: { default: { meter } } }) });
    known.set(meter, pool);
    return pool;
  };
  afterAll(async () => {
    for (const known of pools.values()) for (const pool of known.values()) await (await pool).dispose();
  });
  return (place) =>
    place === "here"
      ? HERE
      : {
          createSandbox: async ({ meter, ...options } = {}) => (await poolFor(place, meter)).createSandbox(options),
          run: async ({ meter, ...request }) => (await poolFor(place, meter)).run(request),
        };
}
