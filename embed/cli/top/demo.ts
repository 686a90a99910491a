// Something to watch: a pool with two tenants of which one has three times the other's share, and a third that is idle.
import { createPool, publishStats } from "../../node/index.ts";

const SPIN = "let sum = 0; for (let i = 0; i < 3e5; i++) sum += Math.sqrt(i); sum";
const CALL = "let last = 0; for (let i = 0; i < 300; i++) last = host.tick(i); last";

export interface Demo {
  readonly path: string;
  stop(): Promise<void>;
}

/** Busy until it is stopped. */
export async function startDemo(): Promise<Demo> {
  const tenants = { acme: { share: 3 }, small: { share: 1 }, idle: {} };
  const pool = await createPool({ isolation: "inline", tenants });
  const published = await publishStats(pool);
  let isOver = false;
  const work = async (tenant: string, source: string): Promise<void> => {
    while (!isOver)
      await pool.run({ tenant, source, grant: { host: { tick: (n: number) => n + 1 } } }).catch(() => (isOver = true));
  };
  const works = [work("acme", SPIN), work("acme", CALL), work("small", SPIN), work("small", CALL)];
  return {
    path: published.path,
    async stop() {
      isOver = true;
      published.stop();
      await pool.dispose();
      await Promise.allSettled(works);
    },
  };
}
