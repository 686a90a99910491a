// G8, G5: however deep a guest recurses, it meets its own error, on any thread, and its sandbox goes on.
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { createSandbox } from "../../embed/node/index.ts";
import { recurse } from "./recursion.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const MINUTES = 60_000;

async function inWorker(stackSizeMb: number, depth: number, canSuspend = true): Promise<unknown> {
  const file = join(import.meta.dirname, "recursion-worker.ts");
  const worker = new Worker(file, { workerData: { depth, canSuspend }, resourceLimits: { stackSizeMb } });
  const died = once(worker, "exit").then(([code]) => [`the thread ended with ${code}`]);
  const told = await Promise.race([once(worker, "message").then(([wrong]) => wrong as string[]), died]);
  await worker.terminate();
  return told;
}

describe("endless recursion", { timeout: 5 * MINUTES }, () => {
  test.for(isDeep ? [0, 100, 3_000, 7_000] : [0, 5_000])(
    "ends in the guest's own error, %i frames deep on the main thread",
    async (depth) => {
      expect(await recurse(createSandbox, depth)).toEqual([]);
    },
  );

  const threads = isDeep
    ? [
        [0.5, 0],
        [1, 0],
        [1, 3_000],
        [4, 0],
        [16, 0],
      ]
    : [[1, 0]];
  test.for(threads as [number, number][])(
    "ends in the guest's own error, on a thread with a stack of %d MB, %i frames deep",
    async ([megabytes, depth]) => {
      expect(await inWorker(megabytes, depth)).toEqual([]);
    },
  );
});

test("endless recursion ends in the guest's own error where no stack can be suspended", {
  timeout: 5 * MINUTES,
}, async () => {
  expect(await inWorker(4, 0, false)).toEqual([]);
});

describe("a host stack that is about to end", () => {
  test("is the caller's own trouble: the sandbox still works", async () => {
    await using box = await createSandbox();
    const depthOf = (n: number): number => {
      try {
        return depthOf(n + 1);
      } catch {
        return n;
      }
    };
    const dive = (n: number): Promise<{ status?: string; name?: string }> =>
      n > 0 ? dive(n - 1) : box.run("1 + 1").catch((error: Error) => error);
    const most = depthOf(0);
    for (const spare of [2_000, 1_000, 500, 300]) {
      // Frames of `dive` may be larger than those that were counted: then it ends the stack itself.
      const { status, name } = await new Promise<Awaited<ReturnType<typeof dive>>>((resolve) => {
        resolve(dive(most - spare));
      }).catch((error: Error) => error as { status?: string; name?: string });
      expect(["returned", "RangeError"]).toContain(status ?? name);
    }
    expect(await box.run("2 + 2")).toMatchObject({ status: "returned", value: 4 });
  });

  test("in a host function is an ordinary error of the guest", async () => {
    const sink = (): number => 1 + sink();
    await using box = await createSandbox({ grant: { sink } });
    const source = "try { sink() } catch (e) { [e instanceof Error, e.name] }";
    expect(await box.run(source)).toMatchObject({ value: [true, "RangeError"] });
    expect(await box.run("3")).toMatchObject({ value: 3 });
  });
});
