// Guests that spin on one thread, each with a meter of its own.
import { createSandbox, type Result, warmUp } from "../../embed/node/index.ts";
import { type Meter, meter } from "../../policy-libs/index.ts";

const WIDE = { fuel: 1e15, wall: 600_000, calls: 1e9, bytes: 1e12 };

export interface Crowd {
  readonly tenant: Meter;
  readonly guests: readonly Meter[];
  /** Ends all of them; resolves when they have. */
  end(): Promise<void>;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function crowd(count: number, share = 1): Promise<Crowd & { start(): void }> {
  await warmUp();
  const tenant = meter({ name: "tenant", share });
  const guests = Array.from({ length: count }, (_, i) => tenant.child({ name: `guest ${i}` }));
  const boxes: Awaited<ReturnType<typeof createSandbox>>[] = [];
  for (const each of guests) boxes.push(await createSandbox({ meter: each, limits: WIDE }));
  const controller = new AbortController();
  let running: Promise<Result>[] = [];
  return {
    tenant,
    guests,
    start() {
      running = boxes.map((box) => box.run("for (;;);", { signal: controller.signal, limits: { wall: WIDE.wall } }));
    },
    async end() {
      controller.abort();
      for (const { status } of await Promise.all(running))
        if (status !== "aborted") throw new Error(`a guest ended by itself: ${status}`);
    },
  };
}

/** What each did since. */
export function progress(meters: readonly Meter[]): () => number[] {
  const before = meters.map((each) => each.totals().fuel);
  return () => meters.map((each, i) => each.totals().fuel - before[i]!);
}
