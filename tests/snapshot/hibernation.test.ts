// Sleeping sandboxes: what comes back is what went to sleep, byte for byte, wherever it was kept.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as prop } from "@fast-check/vitest";
import { afterAll, describe, expect, test } from "vitest";
import { type Bed, clear, type Ground, newBed, type Shelf, sleep, wake, wakeNow } from "../../embed/hibernation/bed.ts";
import { admit, newResidency, type Residency } from "../../embed/hibernation/residency.ts";
import type { House, Resident } from "../../embed/hibernation/resident.ts";
import { contentOf } from "../../embed/image.ts";
import { fileStore, memoryStore, type Store } from "../../embed/node/index.ts";
import type { Domain } from "../../kernel/index.ts";
import { wat } from "../kit/wat.ts";
import { artifactBytes, mustReturn, newKernel, spawn } from "../kit/world.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
/** A guest that writes where it is told, grows, keeps a global, and answers requests with nothing. */
const artifact = mustReturn(
  kernel.load(
    artifactBytes(
      wat(`(module (memory 2) (global $kept (mut i64) (i64.const 5))
        (data (i32.const 1000) "hello")
        (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
        (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "keep") (param i64) (global.set $kept (local.get 0)))
        (func (export "kept") (result i64) (global.get $kept))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`),
    ),
  ),
);
const ground: Ground = { content: contentOf(artifact), beyond: [] };
const born = (): Domain => spawn(kernel, artifact);
const memoryOf = (domain: Domain): Buffer => domain.read((memory) => Buffer.from(memory)) as Buffer;
const enter = async (domain: Domain, name: string, ...args: (number | bigint)[]): Promise<unknown> => {
  const outcome = await domain.enter(name, args);
  expect(outcome.kind).toBe("returned");
  return (outcome as { value?: unknown }).value;
};

const folder = mkdtempSync(join(tmpdir(), "cordon-sleep-"));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const PLACES: readonly (readonly [string, () => Promise<Store | undefined>])[] = [
  ["this process", async () => undefined],
  ["a store in memory", async () => memoryStore()],
  ["a store in a file", () => fileStore(join(folder, `${files++}.cordon`))],
];
const nothing = () => undefined;
const silent: House = {
  ...{ onNeeded: nothing, onTurned: nothing, onHeld: nothing },
  isFree: () => true,
  ...{ enter: nothing, leave: nothing, sleep: () => false, quit: nothing },
};
const bedOf = (domain: Domain, shelf?: Shelf, id = "a"): Bed => newBed(domain, ground, silent, shelf, id);
const heldBy = ({ held }: Bed): number => held?.length ?? 0;
const loud = (error: Error): never => {
  throw error;
};

const anyStep = fc.oneof(
  fc.tuple(fc.constant("poke"), fc.nat(131_068), fc.integer()),
  fc.tuple(fc.constant("grow"), fc.nat(2)),
  fc.tuple(fc.constant("keep"), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.constant(["nap"] as const),
);

describe.each(PLACES)("a sandbox that sleeps in %s", (_place, open) => {
  prop.prop([fc.array(anyStep, { maxLength: 20 })], { numRuns: 30 })(
    "is, once it wakes, what its twin is that never slept",
    async (steps) => {
      const [store, one, twin] = [await open(), born(), born()];
      const bed = bedOf(one, store && { store, onError: loud });
      for (const [name, ...args] of steps) {
        if (name !== "nap") {
          expect(await enter(one, name, ...args)).toEqual(await enter(twin, name, ...args));
          continue;
        }
        expect(sleep(bed)).toBe(true);
        if (store !== undefined) await waitFor(() => heldBy(bed) === 0);
        await wake(bed);
      }
      expect(memoryOf(one).equals(memoryOf(twin))).toBe(true);
      expect(await enter(one, "kept")).toBe(await enter(twin, "kept"));
      expect(one.usage().memory).toBe(twin.usage().memory);
      for (const domain of [one, twin]) domain.end();
      await store?.close();
    },
  );
});

async function waitFor(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe("a bed", () => {
  test("holds what a store has not acknowledged, says so once, and wakes from it", async () => {
    const errors: string[] = [];
    const failing: Store = { ...memoryStore(), put: () => Promise.reject(new Error("no disk")) };
    const domain = born();
    await enter(domain, "poke", 8, 77);
    const bed = bedOf(domain, {
      store: failing,
      onError: ({ code, message }) => errors.push(`${code} ${message}`),
    });
    expect(sleep(bed)).toBe(true);
    await waitFor(() => errors.length > 0);
    expect(errors).toEqual([expect.stringMatching(/^E_STORE .*"a" cannot be stored, it is kept in memory/)]);
    expect(heldBy(bed)).toBeGreaterThan(0);
    expect(wakeNow(bed)).toBe(true);
    expect(await enter(domain, "peek", 8)).toBe(77);
  });

  test("does not take what is not its own out of a store: lost, altered or of an earlier nap", async () => {
    const store = memoryStore();
    const domain = born();
    await enter(domain, "poke", 8, 1);
    const bed = bedOf(domain, { store, onError: loud });
    const nap = async (): Promise<Uint8Array> => {
      expect(sleep(bed)).toBe(true);
      await waitFor(() => heldBy(bed) === 0);
      return (await store.get("a")) as Uint8Array;
    };
    const first = await nap();
    await wake(bed);
    await enter(domain, "poke", 8, 2);
    const second = await nap();
    for (const [bytes, why] of [
      [undefined, /not in the store any more/],
      [first, /another one/],
      [second.with(second.length - 1, 9), /another one/],
      [new Uint8Array(0), /another one/],
    ] as const) {
      if (bytes === undefined) await store.delete("a");
      else await store.put("a", bytes);
      await expect(wake(bed)).rejects.toMatchObject({ code: "E_STORE", message: expect.stringMatching(why) });
      expect(bed.isAsleep).toBe(true);
    }
    await store.put("a", second);
    await Promise.all([wake(bed), wake(bed), wake(bed)]);
    expect(await enter(domain, "peek", 8)).toBe(2);
  });

  test("that is slept in again before the store has answered keeps the later nap", async () => {
    const kept = memoryStore();
    const answers: (() => void)[] = [];
    const slow: Store = {
      ...kept,
      put: async (id, bytes) => {
        await kept.put(id, bytes);
        await new Promise<void>((resolve) => answers.push(resolve));
      },
    };
    const domain = born();
    const bed = bedOf(domain, { store: slow, onError: loud });
    sleep(bed);
    await waitFor(() => answers.length === 1);
    expect(wakeNow(bed)).toBe(true);
    await enter(domain, "poke", 8, 5);
    sleep(bed);
    await waitFor(() => answers.length === 2);
    answers[0]?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(heldBy(bed)).toBeGreaterThan(0);
    answers[1]?.();
    await waitFor(() => heldBy(bed) === 0);
    await wake(bed);
    expect(await enter(domain, "peek", 8)).toBe(5);
  });

  test("is free again when its sandbox ends, asleep or while it wakes", async () => {
    const store = memoryStore();
    const domain = born();
    const bed = bedOf(domain, { store, onError: loud });
    sleep(bed);
    await waitFor(() => heldBy(bed) === 0);
    const waking = wake(bed);
    domain.end();
    clear(bed);
    await waking;
    await waitFor(() => heldBy(bed) === 0);
    expect(await store.ids()).toEqual([]);
  });
});

const enterHouse = async (resident: Resident): Promise<void> => resident.house.enter(resident);
const leave = (resident: Resident): void => resident.house.leave(resident);

describe("residency", () => {
  const admitted = (residency: Residency, count: number): (readonly [Domain, Resident])[] =>
    Array.from({ length: count }, (_, i) => {
      const domain = born();
      const resident = admit(residency, `${i}`, (house, shelf, id) => newBed(domain, ground, house, shelf, id));
      leave(resident);
      return [domain, resident] as const;
    });
  const use = async ([domain, resident]: readonly [Domain, Resident], value: number): Promise<void> => {
    await enterHouse(resident);
    await enter(domain, "poke", 64, value);
    leave(resident);
  };

  test("keeps as many awake as it may, those used last, and all of them as they were", async () => {
    const residency = newResidency({ most: 3 });
    const all = admitted(residency, 10);
    for (const [i, one] of all.entries()) await use(one, i);
    expect([residency.awake(), residency.asleep()]).toEqual([3, 7]);
    expect(all.map(([, { isAsleep }]) => isAsleep)).toEqual([...new Array(7).fill(true), false, false, false]);
    await use(all[0] as never, 100);
    expect(all.flatMap(([, { isAsleep }], i) => (isAsleep ? [] : [i]))).toEqual([0, 8, 9]);
    for (const [i, [domain, resident]] of all.entries()) {
      await enterHouse(resident);
      expect(await enter(domain, "peek", 64)).toBe(i === 0 ? 100 : i);
      leave(resident);
      expect(residency.awake()).toBe(3);
    }
    for (const [domain, resident] of all) {
      domain.end();
      resident.house.quit(resident);
      resident.house.quit(resident);
    }
    expect([residency.awake(), residency.asleep(), residency.held()]).toEqual([0, 0, 0]);
  });

  prop.prop([fc.array(fc.tuple(fc.nat(4), fc.boolean()), { maxLength: 60 }), fc.nat(3)])(
    "never puts to sleep who is in use, and counts right",
    async (steps, most) => {
      const residency = newResidency({ most });
      const all = admitted(residency, 5);
      const uses = [0, 0, 0, 0, 0];
      for (const [i, comes] of steps) {
        const resident = (all[i] as (typeof all)[0])[1];
        if (comes) await enterHouse(resident);
        else if ((uses[i] as number) > 0) leave(resident);
        if (comes || (uses[i] as number) > 0) uses[i] = (uses[i] as number) + (comes ? 1 : -1);
        const asleep = all.map(([, { isAsleep }]) => isAsleep);
        expect(asleep.filter((one, at) => one && (uses[at] as number) > 0)).toEqual([]);
        expect(residency.awake()).toBe(asleep.filter((one) => !one).length);
        expect(residency.awake()).toBeLessThanOrEqual(Math.max(most, uses.filter((count) => count > 0).length));
      }
      for (const [domain] of all) domain.end();
    },
  );

  test("puts to sleep who has been idle for long enough, and nobody sooner", async () => {
    const residency = newResidency({ after: 60 });
    const all = admitted(residency, 3);
    const [, busy] = all[0] as (typeof all)[0];
    await enterHouse(busy);
    expect(residency.awake()).toBe(3);
    await waitFor(() => residency.awake() === 1);
    expect(busy.isAsleep).toBe(false);
    leave(busy);
    expect(residency.awake()).toBe(1);
    await waitFor(() => residency.awake() === 0);
  });

  test("refuses options that mean nothing", () => {
    for (const most of [-1, 0.5, Number.NaN, "3"])
      expect(() => newResidency({ most: most as never })).toThrow(expect.objectContaining({ code: "E_OPTION" }));
    expect(() => newResidency({ after: -1 })).toThrow(expect.objectContaining({ code: "E_OPTION" }));
  });
});
