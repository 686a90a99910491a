// Files and key-value stores as guests meet them: handles cross, contracts are checked, and what a guest that ends has
// left open is closed.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../embed/node/index.ts";
import { type Granted, kv, meter, readOnly, tree } from "../../policy-libs/index.ts";
import { directory } from "../../policy-libs/node/index.ts";
import { CONTENTS, namesOf, newWorld, type World } from "./files-kit.ts";

let world: World;
beforeEach(() => {
  world = newWorld("cordon-guest-");
});
afterEach(() => world.end());

const KINDS: Readonly<Record<string, () => Granted>> = {
  "in memory": () => tree(CONTENTS),
  "of a directory": () => directory(world.inside()),
};

async function returnOf(source: string, grant: Readonly<Record<string, Granted>>, more: object = {}): Promise<unknown> {
  const result = await run({ source, grant, ...more });
  if (result.status !== "returned") throw new Error(JSON.stringify(result));
  return result.value;
}

describe.each(Object.keys(KINDS))("a guest with files %s", (kind) => {
  test("opens, reads, writes, watches and closes", async () => {
    const source = `
      const watch = await files.watch("folder");
      const writer = await files.openWriter("folder/new.txt");
      await writer.write("one, ");
      await writer.write(new Uint8Array([116, 119, 111]));
      const before = await files.exists("folder/new.txt");
      await writer.close();
      const change = await watch.next();
      const file = await files.open("folder/new.txt", { write: true });
      await file.writeAt(3, new Uint8Array([33]));
      const reader = await files.openReader("folder/new.txt", { from: 1 });
      const all = [before, change, await file.size(), String.fromCharCode(...await reader.read())];
      for (const one of [watch, file, reader]) await one.close();
      return all;
    `;
    const change = { kind: "appeared", path: "new.txt" };
    expect(await returnOf(source, { files: KINDS[kind]!() })).toEqual([false, change, 8, "ne! two"]);
  });

  test("is told by codes what it may not", async () => {
    const source = `
      const code = (call) => call.then(() => "done", (error) => error.code);
      const file = await files.open("a.txt", { write: true });
      const calls = [
        file.readAt(6), file.readAt(-1), file.readAt(0.5), file.readAt("0"), file.readAt(0, 2 ** 40), file.writeAt(0, "text"),
        file.writeAt(6, new Uint8Array(1)), files.open("a.txt", { write: 1 }), files.open("a.txt", { other: true }),
        files.open("../secret.txt"), files.open("a.txt".repeat(10_000)), files.openWriter("a.txt", { mode: "own" }), files.list("folder", { most: 0 }),
      ];
      const codes = await Promise.all(calls.map(code));
      await file.close();
      return [...codes, await code(file.close())];
    `;
    const value = "E_VALUE";
    expect(await returnOf(source, { files: KINDS[kind]!() })).toEqual([
      ...["E_PAST_END", value, value, value, value, value],
      ...["E_PAST_END", value, value, "E_PATH", value, value, value, "E_CLOSED"],
    ]);
  });

  test("that may only read cannot write by what it opens", async () => {
    const source = `
      const code = (call) => call.then(() => "done", (error) => error.code);
      const file = await files.open("a.txt");
      return await Promise.all([
        code(files.open("a.txt", { write: true })), code(files.openWriter("a.txt")), code(files.copy("a.txt", "b")),
        code(file.writeAt(0, new Uint8Array(1))), code(file.truncate(0)), code(file.readAt(0)),
      ]);
    `;
    expect(await returnOf(source, { files: readOnly(KINDS[kind]!()) })).toEqual([
      ...Array(5).fill("E_READ_ONLY"),
      "done",
    ]);
  });

  test("that ends leaves nothing open, and no half of a file", async () => {
    const account = meter({ name: "guest" });
    const source = `
      globalThis.kept = [await files.open("a.txt"), await files.openReader("a.txt"), await files.watch(".")];
      const writer = await files.openWriter("a.txt");
      await writer.write("half");
      kept[2].next();
      return "left";
    `;
    expect(await returnOf(source, { files: KINDS[kind]!() }, { meter: account })).toBe("left");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(account.usage().filesOpened).toBe(0);
    expect(account.totals().filesOpened).toBe(4);
    expect(account.totals().fileWrite).toBe(4);
    expect(namesOf(world.inside())).toEqual(["a.txt", "folder"]);
  });

  test("opens no more than its account allows", async () => {
    const account = meter({ name: "guest", limits: { filesOpened: 2 } });
    const source = `
      const code = (call) => call.then(() => "done", (error) => error.code);
      const first = await files.open("a.txt");
      const all = [await code(files.open("a.txt")), await code(files.openReader("a.txt"))];
      await first.close();
      return [...all, await code(files.openReader("a.txt"))];
    `;
    expect(await returnOf(source, { files: KINDS[kind]!() }, { meter: account })).toEqual(["done", "E_QUOTA", "done"]);
  });
});

test("a guest keeps structured values in a key-value store, and finds them in its next run", async () => {
  const grant = { store: kv() };
  const first = `
    await store.set("a", { at: new Date(5), map: new Map([["k", new Uint8Array([1])]]), big: 2n ** 70n });
    return [await store.increment("n"), await store.increment("n", 2), await store.compareAndSet("n", 3, 4)];
  `;
  expect(await returnOf(first, grant)).toEqual([1, 3, true]);
  const second = `
    const a = await store.get("a");
    return [a.at.getTime(), a.map.get("k")[0], a.big === 2n ** 70n, await store.list(), await store.get("none") === undefined];
  `;
  expect(await returnOf(second, grant)).toEqual([5, 1, true, [{ key: "a" }, { key: "n" }], true]);
});
