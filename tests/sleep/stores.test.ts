// Stores that fail, block, lose or lie: what becomes of the sandboxes that sleep there.
import { afterEach, describe, expect, test } from "vitest";
import { type CordonError, memoryStore, newResidency, type PoolSandbox, type Store } from "../../embed/node/index.ts";
import { gave } from "../embed/cordon.ts";
import { type Make, PLACES, placesOfAll } from "../pool/places.ts";
import { pause, soon } from "./kit.ts";

const makeIn = placesOfAll();
const open: PoolSandbox[] = [];
afterEach(() => {
  for (const box of open.splice(0)) box.dispose();
});

/** A sandbox with a state, asleep in this store, once that has taken it. */
async function asleepAt(make: Make, store: Store, isStored = true) {
  const errors: CordonError[] = [];
  const residency = newResidency({ store, onError: (error) => void errors.push(error) });
  const box = await make({ residency, id: "it" });
  open.push(box);
  expect(gave(await box.run("globalThis.n = 1"))).toBe(1);
  await box.hibernate();
  if (isStored) await soon(() => residency.held()).toBe(0);
  return { box, residency, errors };
}

const never = (): Promise<never> => new Promise(() => undefined);
const fails = async (): Promise<never> => {
  throw new Error("the disk burns");
};

describe.for(PLACES)("a store that fails, for sandboxes %s,", (place) => {
  const asleepIn = (store: Store, isStored?: boolean) => asleepAt(makeIn(place).createSandbox, store, isStored);

  test("to keep costs memory, never a sandbox; its owner hears of it", async () => {
    const { box, residency, errors } = await asleepIn({ ...memoryStore(), put: fails }, false);
    await soon(() => errors.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'E_STORE the sandbox "it" cannot be stored, it is kept in memory',
    ]);
    expect(residency.held()).toBeGreaterThan(0);
    expect(gave(await box.run("++n"))).toBe(2);
  });

  test("by a throw, and an owner who throws when told, are no worse", async () => {
    const put = (): never => {
      throw new Error("not even a promise");
    };
    const onError = (): never => {
      throw new Error("nor is this");
    };
    const residency = newResidency({ store: { ...memoryStore(), put }, onError });
    const box = await makeIn(place).createSandbox({ residency });
    await box.hibernate();
    await pause(10);
    expect(gave(await box.run("5"))).toBe(5);
    box.dispose();
    const other = await asleepIn({ ...memoryStore(), get: put });
    await expect(other.box.run("5")).rejects.toMatchObject({ code: "E_STORE" });
  });

  test("to give back makes the run reject; the sandbox sleeps on, and the next run tries again", async () => {
    let isDown = false;
    const store = memoryStore();
    const { box, residency } = await asleepIn({ ...store, get: (id) => (isDown ? fails() : store.get(id)) });
    isDown = true;
    await expect(box.run("n")).rejects.toMatchObject({ code: "E_STORE", cause: { message: "the disk burns" } });
    await expect(box.fork()).rejects.toMatchObject({ code: "E_STORE" });
    await expect(box.snapshot()).rejects.toMatchObject({ code: "E_STORE" });
    expect([box.ended(), residency.asleep()]).toEqual([undefined, 1]);
    isDown = false;
    expect(gave(await box.run("++n"))).toBe(2);
  });

  test("to delete is told, and no more", async () => {
    const { box, errors } = await asleepIn({ ...memoryStore(), delete: fails });
    box.dispose();
    await soon(() => errors.map(({ message }) => message)).toEqual(['the sandbox "it" cannot be deleted']);
  });
});

describe.for(PLACES)("a store that never answers, for sandboxes %s,", (place) => {
  const asleepIn = (store: Store, isStored?: boolean) => asleepAt(makeIn(place).createSandbox, store, isStored);

  const blocked = async () => asleepIn({ ...memoryStore(), get: never });

  test("does not hold a run whose signal fires, nor a fork whose time is over", async () => {
    const { box } = await blocked();
    const stop = new AbortController();
    const running = box.run("n", { signal: stop.signal });
    await pause(10);
    stop.abort();
    expect(await running).toMatchObject({ status: "aborted" });
    await expect(box.fork({ wait: 30 })).rejects.toMatchObject({ code: "E_BUSY" });
  });

  test("does not hold what waits for a sandbox that is disposed of", async () => {
    const { box, residency } = await blocked();
    const waiting = [box.run("n"), box.run("n")] as const;
    const forking = expect(box.fork({ wait: 20_000 })).rejects.toMatchObject({ code: "E_DISPOSED" });
    await pause(10);
    box.dispose();
    expect(await Promise.all(waiting)).toMatchObject([{ status: "aborted" }, { status: "aborted" }]);
    await forking;
    expect([residency.awake(), residency.asleep()]).toEqual([0, 0]);
  });

  test("when it is to keep, holds nobody", async () => {
    const { box, residency } = await asleepIn({ ...memoryStore(), put: never }, false);
    await pause(10);
    expect(gave(await box.run("++n"))).toBe(2);
    expect(residency.awake()).toBe(1);
  });
});

describe.for(PLACES)("a store that answers late, for sandboxes %s,", (place) => {
  const asleepIn = (store: Store, isStored?: boolean) => asleepAt(makeIn(place).createSandbox, store, isStored);

  test("has what a sandbox was at its last sleep, and wakes it once for all who want it", async () => {
    const store = memoryStore();
    let gets = 0;
    const slow: Store = {
      ...store,
      get: async (id) => {
        gets++;
        await pause(30);
        return store.get(id);
      },
    };
    const { box, residency } = await asleepIn(slow);
    const all = await Promise.all([box.run("++n"), box.run("++n"), box.fork(), box.run("++n")]);
    open.push(all[2]);
    expect([gave(all[0]), gave(all[1]), gave(await all[2].run("n")), gave(all[3])]).toEqual([2, 3, 3, 4]);
    expect(gets).toBe(1);
    await box.hibernate();
    await soon(() => residency.held()).toBe(0);
    expect(gave(await box.run("n"))).toBe(4);
  });
});

describe.for(PLACES)("a store that loses or lies, for sandboxes %s,", (place) => {
  const asleepIn = (store: Store, isStored?: boolean) => asleepAt(makeIn(place).createSandbox, store, isStored);

  const other = async (): Promise<Uint8Array> => {
    const store = memoryStore();
    const { box } = await asleepIn(store);
    const bytes = (await store.get("it")) as Uint8Array;
    box.dispose();
    return bytes;
  };
  const LIES: readonly (readonly [string, (bytes: Uint8Array) => unknown])[] = [
    ["nothing", () => undefined],
    ["no bytes", () => new Uint8Array(0)],
    ["fewer bytes", (bytes) => bytes.slice(0, -4)],
    ["more bytes", (bytes) => Uint8Array.of(...bytes, 0)],
    ["a bit that is another", (bytes) => bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 4 : byte))],
    ["zeroes", (bytes) => new Uint8Array(bytes.length)],
    ["text", () => "bytes"],
    ["an array", (bytes) => [...bytes]],
    ["what is no view", (bytes) => bytes.buffer],
  ];

  test.each(LIES)(
    "(%s) is found out: the run rejects, nothing runs, and it wakes once the bytes are right",
    async (_what, lie) => {
      const store = memoryStore();
      let isLying = true;
      const get = async (id: string) => {
        const bytes = (await store.get(id)) as Uint8Array;
        return (isLying ? lie(bytes) : bytes) as Uint8Array;
      };
      const { box } = await asleepIn({ ...store, get });
      await expect(box.run("n")).rejects.toMatchObject({ code: "E_STORE" });
      expect(box.ended()).toBeUndefined();
      isLying = false;
      expect(gave(await box.run("++n"))).toBe(2);
    },
  );

  test("(another sandbox's bytes) is found out", async () => {
    const bytes = await other();
    const { box } = await asleepIn({ ...memoryStore(), get: async () => bytes });
    await expect(box.run("n")).rejects.toMatchObject({
      code: "E_STORE",
      message: expect.stringMatching(/another one/),
    });
  });

  test("and changes bytes after it gave them changes nothing", async () => {
    const store = memoryStore();
    const get = async (id: string) => {
      const bytes = (await store.get(id)) as Uint8Array;
      setTimeout(() => bytes.fill(0), 0);
      return bytes;
    };
    const { box } = await asleepIn({ ...store, get });
    expect(gave(await box.run("++n"))).toBe(2);
  });
});

/** What a worker may take for an answer beyond the time of its run (embed/remote/home-runs.ts). */
const GRACE = 5_000;

test("a store that takes longer than a worker may is not the worker's fault", async () => {
  const answers = await Promise.all(
    PLACES.map(async (place) => {
      const store = memoryStore();
      const get = (id: string) => pause(GRACE + 400).then(() => store.get(id));
      const { box } = await asleepAt(makeIn(place).createSandbox, { ...store, get });
      return gave(await box.run("++n", { limits: { wall: 200 } }));
    }),
  );
  expect(answers).toEqual([2, 2, 2]);
}, 30_000);
