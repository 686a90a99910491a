// Pools of every isolation, and ways to copy their sandboxes.
import { afterAll, beforeAll } from "vitest";
import type { Isolation, Pool, PoolSandbox, PoolSandboxOptions } from "../../embed/node/index.ts";
import { ISOLATIONS, poolOf } from "./world.ts";

export const KEY = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
export const OTHER_KEY = KEY.map((byte) => byte ^ 1);

/** Ways to go on elsewhere, or after a while. */
export type Copying = (pool: Pool, box: PoolSandbox, options: PoolSandboxOptions) => Promise<PoolSandbox>;
const restored: Copying = async (pool, box, options) =>
  pool.createSandbox({ ...options, from: await box.snapshot({ key: KEY }), key: KEY });
export const COPYINGS: Readonly<Record<string, Copying>> = {
  fork: (_, box) => box.fork(),
  "fork of a fork": async (_, box) => (await box.fork()).fork(),
  snapshot: restored,
  "fork of what was restored": async (pool, box, options) => (await restored(pool, box, options)).fork(),
  "snapshot of a fork": async (pool, box, options) => restored(pool, await box.fork(), options),
  sleep: async (_, box) => {
    await box.hibernate();
    return box;
  },
  "fork of what sleeps": async (_, box) => {
    await box.hibernate();
    return box.fork();
  },
};
export const names = Object.keys(COPYINGS);

export const value = async (box: Pick<PoolSandbox, "run">, source: string): Promise<unknown> => {
  const result = await box.run(source);
  if (result.status === "returned") return result.value;
  throw new Error(JSON.stringify(result));
};
/** Its code, if it is refused. */
export const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { name: string; code: string }) => (error.name === "CordonError" ? error.code : error),
  );

/** One for the tests of a file. */
export function poolsOfAll(): (isolation: Isolation) => Pool {
  const pools = new Map<Isolation, Pool>();
  beforeAll(async () => {
    for (const isolation of ISOLATIONS) pools.set(isolation, await poolOf({ isolation }));
  });
  afterAll(async () => {
    for (const pool of pools.values()) await pool.dispose();
  });
  return (isolation) => pools.get(isolation) as Pool;
}
