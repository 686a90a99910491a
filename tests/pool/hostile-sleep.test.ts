// A worker that has been taken over, and a store of the embedder's: it reaches one id there, while its sandbox lives.
import { describe, expect, test } from "vitest";
import { memoryStore, newResidency, type Store } from "../../embed/node/index.ts";
import { GOT, OP } from "../../embed/remote/frame.ts";
import { soon, toldStore } from "../sleep/kit.ts";
import { type Taken, taken, USED } from "./taken.ts";

const LIMITS = { memory: "4 MiB" } as const;
const MiB = new Uint8Array(2 ** 20);
const BROKE = /the worker was lost: it broke the protocol/;

async function takenWith(store: Store | undefined, more: { most?: number } = {}) {
  const residency = newResidency({ ...more, ...(store && { store }) });
  return { residency, ...(await taken({ residency, id: "mine", limits: LIMITS })) };
}
const answers = (worker: Taken, op: number): unknown[] =>
  worker.heard.filter((one) => one.op === op).map(({ fields, body }) => [fields[0], fields[1], body[0]]);

describe("a worker that was taken over and whose sandbox has a store", () => {
  test.for<readonly [string, boolean, (worker: Taken) => void]>([
    ["puts where there is no store", false, (worker) => worker.say(OP.PUT, [1, true], MiB)],
    ["asks where there is no store", false, (worker) => worker.say(OP.GET, [1])],
    [
      "puts more than a memory",
      true,
      (worker) => {
        for (let i = 0; i < 9; i++) worker.say(OP.PUT, [1, false], MiB);
      },
    ],
    [
      "begins ever more",
      true,
      (worker) => {
        for (let i = 0; i < 5; i++) worker.say(OP.PUT, [i, false], MiB);
      },
    ],
    [
      "puts in ever smaller pieces",
      true,
      (worker) => {
        for (let i = 0; i < 9; i++) worker.say(OP.PUT, [1, false], Uint8Array.of(i));
      },
    ],
    ["says what only the embedder says", true, (worker) => worker.say(OP.STORED, [1, true])],
    ["gives what only the embedder gives", true, (worker) => worker.say(OP.GOT, [1, GOT.BYTES, true], MiB)],
  ])("is ended when it %s", async ([, hasStore, attack]) => {
    const { store, log } = toldStore();
    const { box, worker, workers } = await takenWith(hasStore ? store : undefined);
    attack(worker);
    await expect.poll(() => box.ended()).toMatch(BROKE);
    await expect.poll(() => workers.length).toBe(2);
    expect(log).toEqual([]);
  });

  test("is ended when it asks a store that does not answer again and again", async () => {
    const { store, log } = toldStore({ get: () => new Promise(() => undefined) });
    const { box, worker } = await takenWith(store);
    for (let i = 0; i < 9; i++) worker.say(OP.GET, [i]);
    await expect.poll(() => box.ended()).toMatch(BROKE);
    expect(log.length).toBe(4);
  });

  test("puts and gets under its sandbox's id, whatever number it says; after its end nothing is left there", async () => {
    const { store, log } = toldStore();
    await store.put("theirs", Uint8Array.of(1));
    const { box, worker } = await takenWith(store);
    worker.say(OP.PUT, [7, false], Uint8Array.of(5));
    worker.say(OP.PUT, [7, true], Uint8Array.of(6));
    await soon(() => answers(worker, OP.STORED)).toEqual([[7, true, undefined]]);
    expect(await store.get("mine")).toEqual(Uint8Array.of(5, 6));
    worker.say(OP.GET, [7]);
    await soon(() => answers(worker, OP.GOT)).toEqual([[7, GOT.BYTES, 5]]);
    box.dispose();
    for (const op of [OP.PUT, OP.GET]) worker.say(op, op === OP.PUT ? [8, true] : [8], Uint8Array.of(9));
    await soon(() => log).toContain("delete mine");
    worker.say(OP.GONE, [USED]);
    worker.say(OP.PUT, [9, true], Uint8Array.of(9));
    await soon(() => log.filter((line) => line.startsWith("put")).length).toBe(2);
    expect(await store.ids()).toEqual(["theirs"]);
  });

  test("takes with it what it kept: the store has nothing of a sandbox whose worker is lost", async () => {
    const { store, log } = toldStore();
    const { residency, box, worker } = await takenWith(store);
    worker.say(OP.PUT, [1, true], Uint8Array.of(5));
    await soon(() => answers(worker, OP.STORED).length).toBe(1);
    worker.raw(Uint8Array.of(1, 2, 3));
    await expect.poll(() => box.ended()).toMatch(BROKE);
    await soon(() => log).toContain("delete mine");
    expect([residency.awake(), residency.asleep(), residency.held()]).toEqual([0, 0, 0]);
  });

  test("that never says whether its sandbox sleeps keeps nobody else awake, and is lost", async () => {
    const { residency, box, workers } = await takenWith(memoryStore(), { most: 0 });
    await soon(() => residency.asleep()).toBe(1);
    await expect.poll(() => box.ended(), { timeout: 8_000 }).toMatch(/the worker was lost: it did not answer/);
    await expect.poll(() => workers.length).toBe(2);
    expect([residency.awake(), residency.asleep()]).toEqual([0, 0]);
  }, 15_000);

  test("that says a sandbox cannot sleep is asked again, not without end at once", async () => {
    const { residency, box, worker } = await takenWith(undefined, { most: 0 });
    const wanted = () => worker.heard.filter(({ op }) => op === OP.TAKE);
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => wanted().length).toBe(i + 1);
      const refusal = { code: "E_BUSY", message: "something goes on" };
      worker.say(OP.TAKEN, [wanted()[i]?.fields[0], refusal, { usage: USED }]);
      await expect.poll(() => residency.awake()).toBe(1);
    }
    await expect.poll(() => residency.asleep()).toBe(1);
    box.dispose();
    expect([residency.awake(), residency.asleep()]).toEqual([0, 0]);
  });
});
