// Something to watch: a pool with two tenants of which one has three times the other's share, and a third whose
// sandboxes wait, rest and sleep.
import { createPool, newResidency, type Pool, publishStats } from "../../node/index.ts";

const SPIN = "let sum = 0; for (let i = 0; i < 3e5; i++) sum += Math.sqrt(i); sum";
const CALL = "let last = 0; for (let i = 0; i < 300; i++) last = host.tick(i); last";

export interface Demo {
  readonly path: string;
  stop(): Promise<void>;
}

/** One that waits for the host, some that rest, some that sleep. */
async function rest(pool: Pool): Promise<void> {
  const patient = await pool.createSandbox({
    tenant: "idle",
    grant: { host: { never: () => new Promise(() => {}) } },
  });
  void patient.run("await host.never()", { limits: { wall: 3_600_000 } }).catch(() => undefined);
  const residency = newResidency({ after: 100 });
  for (let i = 0; i < 3; i++) await pool.createSandbox({ tenant: "idle" });
  for (let i = 0; i < 12; i++) await pool.createSandbox({ tenant: "idle", residency, id: `sleeper ${i}` });
}

/** Busy until it is stopped. */
export async function startDemo(): Promise<Demo> {
  const tenants = { acme: { share: 3 }, small: { share: 1 }, idle: {} };
  const pool = await createPool({ isolation: "inline", tenants });
  await rest(pool);
  const published = await publishStats(pool);
  let isOver = false;
  const work = async (tenant: string, source: string): Promise<void> => {
    const grant = { host: { tick: (n: number) => n + 1 } };
    const box = await pool.createSandbox({ tenant, grant });
    while (!isOver) await box.run(source).catch(() => (isOver = true));
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
