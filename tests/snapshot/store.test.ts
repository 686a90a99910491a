// What every store promises, in memory and in a file.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as prop } from "@fast-check/vitest";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileStore, memoryStore, type Store } from "../../embed/node/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const KINDS: readonly (readonly [string, () => Promise<Store>])[] = [
  ["memory", async () => memoryStore()],
  ["a file", () => fileStore(join(folder, `${files++}.cordon`))],
];

const ODD = [
  "",
  " ",
  "\0",
  "a\0b",
  "a\0c",
  "__proto__",
  "constructor",
  "é",
  "e\u0301",
  "../../etc",
  "%",
  "'; DROP TABLE blobs; --",
];
const anyId = fc.oneof(fc.constantFrom(...ODD), fc.string({ unit: "grapheme", maxLength: 5 }));
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), id: anyId, bytes: fc.uint8Array({ maxLength: 6_000 }) }),
  fc.record({ kind: fc.constantFrom("get" as const, "delete" as const), id: anyId }),
  fc.record({ kind: fc.constant("ids" as const) }),
);

describe.each(KINDS)("a store in %s", (_kind, open) => {
  prop.prop([fc.array(anyStep, { maxLength: 30 })], { numRuns: 40 })(
    "answers as a map would, calls in flight together included",
    async (steps) => {
      const [store, model] = [await open(), new Map<string, Uint8Array>()];
      const wanted = steps.map((step) => {
        if (step.kind === "ids") return new Set(model.keys());
        if (step.kind === "put") return void model.set(step.id, step.bytes);
        return step.kind === "get" ? model.get(step.id) : model.delete(step.id);
      });
      const found = await Promise.all(
        steps.map(async (step) => {
          if (step.kind === "ids") return new Set(await store.ids());
          return step.kind === "put" ? store.put(step.id, step.bytes) : store[step.kind](step.id);
        }),
      );
      expect(found).toEqual(wanted);
      await store.close();
    },
  );

  test("keeps copies: neither who puts nor who gets can change what is there", async () => {
    const [store, bytes] = [await open(), Uint8Array.of(1, 2, 3)];
    const putting = store.put("a", bytes);
    bytes.fill(9);
    await putting;
    const got = (await store.get("a")) as Uint8Array;
    expect(got).toEqual(Uint8Array.of(1, 2, 3));
    got.fill(8);
    expect(await store.get("a")).toEqual(Uint8Array.of(1, 2, 3));
    await store.close();
  });

  test("takes ids to 1,024 characters and no others, and bytes of any number", async () => {
    const store = await open();
    const long = "\u{1f980}".repeat(512);
    await store.put(long, new Uint8Array(0));
    expect(await store.get(long)).toEqual(new Uint8Array(0));
    const large = new Uint8Array(20_000_000).map((_, i) => i >> 8);
    await store.put("large", large);
    expect(Buffer.compare((await store.get("large")) as Uint8Array, large)).toBe(0);
    const bad: readonly unknown[] = [`${long}x`, "\ud800", "a\udc00", 1, undefined, null, {}, Symbol("id"), ["a"]];
    for (const id of bad)
      for (const ask of [
        () => store.put(id as never, large),
        () => store.get(id as never),
        () => store.delete(id as never),
      ])
        await expect(ask()).rejects.toMatchObject({ name: "CordonError", code: "E_STORE" });
    for (const bytes of ["text", new ArrayBuffer(3), [1], undefined, new Uint16Array(2)])
      await expect(store.put("a", bytes as never)).rejects.toMatchObject({ code: "E_STORE" });
    expect((await store.ids()).toSorted()).toEqual(["large", long]);
    await store.close();
  });

  test("that is closed has done what it was asked before, and answers E_STORE from then on", async () => {
    const store = await open();
    const calls = Array.from({ length: 300 }, (_, i) => store.put(`id ${i}`, Uint8Array.of(i)));
    const closing = store.close();
    await Promise.all([...calls, closing]);
    const late = [() => store.put("a", new Uint8Array(1)), () => store.get("a"), () => store.delete("a"), store.ids];
    for (const ask of late) await expect(ask()).rejects.toMatchObject({ code: "E_STORE" });
    await store.close();
  });
});

describe("a store in a file", () => {
  test("is one file when it is closed, and has everything when it is opened again", async () => {
    const path = join(folder, "state.cordon");
    const store = await fileStore(path);
    for (let i = 0; i < 20; i++) await store.put(`id ${i}`, new Uint8Array(i * 1_000).fill(i));
    await store.delete("id 3");
    await store.close();
    expect(readdirSync(folder)).toEqual(["state.cordon"]);
    const again = await fileStore(path);
    expect(await again.ids()).toHaveLength(19);
    for (let i = 0; i < 20; i++)
      expect(await again.get(`id ${i}`)).toEqual(i === 3 ? undefined : new Uint8Array(i * 1_000).fill(i));
    await again.close();
  });

  test("does 5,000 puts in flight in few transactions", async () => {
    const store = await fileStore(join(folder, "many.cordon"));
    const started = performance.now();
    await Promise.all(Array.from({ length: 5_000 }, (_, i) => store.put(`${i}`, new Uint8Array(2_000).fill(i))));
    expect(await store.ids()).toHaveLength(5_000);
    expect(performance.now() - started).toBeLessThan(20_000);
    await store.close();
  });
});
