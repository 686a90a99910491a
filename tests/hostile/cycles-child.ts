// A process of its own that parks and aborts so many guests, and tells what memory it had halfway and at the end.
import { readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { blocking, createSandbox, type Result } from "../../embed/node/index.ts";

export interface Footprint {
  readonly rss: number;
  readonly size: number;
}
export interface Told {
  readonly halfway: Footprint;
  readonly end: Footprint;
  readonly statuses: Readonly<Record<string, number>>;
}

/** The guest has one call open when it is aborted: on a stack of two frames, or of five hundred. */
const GUESTS: Readonly<Record<string, string>> = {
  shallow: "await never()",
  parked: "wait()",
  deep: "const dive = (n) => n === 0 ? wait() : dive(n - 1) + 1; dive(500)",
};

/** Cycles that are open at the same time. */
const SIDE_BY_SIDE = 4;

async function cycle(source: string): Promise<Result> {
  const { promise: entered, resolve } = Promise.withResolvers<void>();
  const never = (): Promise<void> => {
    resolve();
    return new Promise(() => undefined);
  };
  const controller = new AbortController();
  await using box = await createSandbox({ grant: { never, wait: blocking(never) } });
  const running = box.run(source, { signal: controller.signal });
  await Promise.race([entered, running]);
  await turn(); // the stack is parked
  controller.abort();
  return running;
}

async function cycles(source: string, count: number, statuses: Record<string, number>): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let i = 0; i < count / SIDE_BY_SIDE; i++) {
      const { status } = await cycle(source);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
}

async function footprint(): Promise<Footprint> {
  for (let i = 0; i < 5; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await turn();
  }
  const [size = 0, rss = 0] = readFileSync("/proc/self/statm", "utf8").split(" ").map(Number);
  const page = 4_096;
  return { rss: rss * page, size: size * page };
}

const [, , kind = "", count = "0"] = process.argv;
const source = GUESTS[kind] as string;
const statuses: Record<string, number> = {};
await cycles(source, Number(count) / 2, statuses);
const halfway = await footprint();
await cycles(source, Number(count) / 2, statuses);
const told: Told = { halfway, end: await footprint(), statuses };
process.stdout.write(JSON.stringify(told));
