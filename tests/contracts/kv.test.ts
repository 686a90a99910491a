// The contract of key-value stores, held by the one in memory and by the one of SQLite.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as property } from "@fast-check/vitest";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KV, KV_WRITES, type KvBounds, kv, kvOf } from "../../policy-libs/index.ts";
import { compareKeys } from "../../policy-libs/kv/key.ts";
import { type SqliteStore, sqliteStore } from "../../policy-libs/node/index.ts";
import { type Calls, callsOf, outcome } from "./files-kit.ts";

let folder = "";
const stores: SqliteStore[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-kv-"));
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function sqlite(bounds: Partial<KvBounds>): Calls {
  const store = sqliteStore({ path: join(folder, `${stores.length}.db`), ...bounds });
  stores.push(store);
  return callsOf(kvOf(store));
}

const KINDS: Readonly<Record<string, (bounds?: Partial<KvBounds>) => Calls>> = {
  "in memory": (bounds = {}) => callsOf(kv(bounds)),
  "of SQLite": (bounds = {}) => sqlite(bounds),
};

const cyclic = (): unknown => {
  const one: { self?: unknown; list: unknown[] } = { list: [1] };
  one.self = one;
  one.list.push(one);
  return one;
};

describe.each(Object.keys(KINDS))("a key-value store %s", (kind) => {
  const make = KINDS[kind]!;
  let store: Calls;
  beforeEach(() => {
    store = make();
  });

  test("has a function for every call of its contract", () => {
    expect(Object.keys(store).sort()).toEqual(KV.calls.map(({ name }) => name).sort());
  });

  test("keeps what it is given, until that is changed or removed", async () => {
    expect(await store["get"]!("a")).toBeUndefined();
    expect(await store["has"]!("a")).toBe(false);
    expect(await store["set"]!("a", 1)).toBeUndefined();
    expect([await store["get"]!("a"), await store["has"]!("a"), await store["size"]!()]).toEqual([1, true, 1]);
    await store["set"]!("a", "two");
    expect([await store["get"]!("a"), await store["size"]!()]).toEqual(["two", 1]);
    expect([await store["remove"]!("a"), await store["remove"]!("a")]).toEqual([true, false]);
    expect([await store["get"]!("a"), await store["has"]!("a"), await store["size"]!()]).toEqual([undefined, false, 0]);
    await store["set"]!("ab", null);
    expect([await store["has"]!("a"), await store["has"]!("ab"), await store["get"]!("ab")]).toEqual([
      false,
      true,
      null,
    ]);
  });

  test.each<[string, () => unknown]>([
    ["numbers", () => [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE, 2 ** 53]],
    ["text", () => ["", "ä€😀", "\ud800", "\0"]],
    ["big numbers", () => [0n, -(2n ** 100n)]],
    ["nothings", () => [null, undefined, { a: undefined }, true, false]],
    [
      "bytes",
      () => [new Uint8Array([1, 2, 3]), new Uint8Array(0), new Float64Array([1.5, Number.NaN]), new Int16Array([-1])],
    ],
    ["a view of larger bytes", () => new Uint8Array([9, 1, 2, 9]).subarray(1, 3)],
    ["dates", () => [new Date(0), new Date(Number.NaN)]],
    [
      "maps and sets",
      () => [
        new Map<unknown, unknown>([
          ["a", { b: 1 }],
          [{ k: 1 }, [2]],
        ]),
        new Set([1, "a", new Date(5)]),
      ],
    ],
    ["records", () => ({ a: { b: [{ c: "d" }] }, constructor: 1, toString: 2 })],
    ["a key that means something to JavaScript", () => JSON.parse('{"__proto__":{"polluted":true}}') as unknown],
    ["holes", () => Object.assign([1], { 3: 4 })],
    ["cycles", cyclic],
  ])("keeps %s as they are", async (_name, value) => {
    await store["set"]!("k", value());
    const found = await store["get"]!("k");
    expect(found).toStrictEqual(value());
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("keeps copies: nobody changes a value but by setting it", async () => {
    const given = { list: [1], bytes: new Uint8Array([1]) };
    const set = store["set"]!("k", given);
    given.list.push(2);
    given.bytes[0] = 9;
    await set;
    const found = (await store["get"]!("k")) as typeof given;
    found.list.push(3);
    expect(await store["get"]!("k")).toEqual({ list: [1], bytes: new Uint8Array([1]) });
    const [listed] = (await store["list"]!("", { values: true })) as { value: typeof given }[];
    listed!.value.list.push(4);
    expect(await store["get"]!("k")).toEqual({ list: [1], bytes: new Uint8Array([1]) });
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a function inside", { a: [() => 1] }],
    ["a capability", kv()],
    ["a capability inside", { a: new Map([["b", kv()]]) }],
  ])("does not keep %s", async (_name, value) => {
    expect(await outcome(store["set"]!("k", value))).toBe("E_VALUE");
    expect(await store["size"]!()).toBe(0);
  });

  test.each<[unknown]>([
    [""],
    ["\ud800"],
    ["a\0b"],
    ["x".repeat(1_025)],
    [1],
    [undefined],
    [null],
    [{ toString: (): string => "a" }],
  ])("takes no key %j", async (key) => {
    for (const call of ["get", "set", "remove", "has", "compareAndSet", "increment"])
      expect([call, await outcome(store[call]!(key, 1, 1))]).toEqual([call, "E_VALUE"]);
    expect(await store["size"]!()).toBe(0);
  });

  test("keys that mean something to JavaScript, or to SQL, are keys", async () => {
    const keys = ["__proto__", "constructor", "%", "_", "'; DROP TABLE kv; --", '"', "a b", "x".repeat(1_024)];
    for (const key of keys) expect(await store["get"]!(key)).toBeUndefined();
    for (const key of keys) await store["set"]!(key, key);
    for (const key of keys) expect(await store["get"]!(key)).toBe(key);
    expect(((await store["list"]!("%")) as unknown[]).length).toBe(1);
    expect(await store["size"]!()).toBe(keys.length);
  });

  test("lists keys by prefix, in the order of code points, page by page", async () => {
    // U+FF5E is after U+D83D as a unit, and before 😀 as a character.
    const keys = ["a", "a/1", "a/10", "a/2", "b", "ä", "\uff5e", "😀", "😀a"];
    for (const key of keys.toReversed()) await store["set"]!(key, `value of ${key}`);
    const list = async (...args: unknown[]): Promise<string[]> =>
      ((await store["list"]!(...args)) as { key: string }[]).map(({ key }) => key);
    expect(await list()).toEqual(keys);
    expect(await list("a/")).toEqual(["a/1", "a/10", "a/2"]);
    expect(await list("😀")).toEqual(["😀", "😀a"]);
    expect(await list("none")).toEqual([]);
    expect(await list("", { most: 2 })).toEqual(["a", "a/1"]);
    expect(await list("", { most: 2, after: "a/1" })).toEqual(["a/10", "a/2"]);
    expect(await list("a/", { after: "a/10" })).toEqual(["a/2"]);
    expect(await list("a/", { after: "0" })).toEqual(["a/1", "a/10", "a/2"]);
    expect(await list("a/", { after: "z" })).toEqual([]);
    expect(await list("", { after: "a/15" })).toEqual(["a/2", "b", "ä", "\uff5e", "😀", "😀a"]);
    expect(await store["list"]!("b")).toEqual([{ key: "b" }]);
    expect(await store["list"]!("b", { values: true })).toEqual([{ key: "b", value: "value of b" }]);
    for (const most of [0, 10_001, 1.5, "1"]) expect(await outcome(store["list"]!("", { most }))).toBe("E_VALUE");
    expect(await outcome(store["list"]!("\ud83d"))).toBe("E_VALUE");
  });

  test("lists as many values as may be carried, and the rest after them", async () => {
    const big = make({ maxValueBytes: 4_000_000 });
    for (const key of ["a", "b", "c"]) await big["set"]!(key, new Uint8Array(3_500_000));
    const first = (await big["list"]!("", { values: true })) as { key: string }[];
    expect(first.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(await big["list"]!("", { values: true, after: "b" })).toHaveLength(1);
    expect(await big["list"]!("")).toHaveLength(3);
  });

  test("compareAndSet sets what is as expected, and nothing else", async () => {
    const cas = (...args: unknown[]): Promise<unknown> => outcome(store["compareAndSet"]!("k", ...args));
    expect(await cas("x", 1)).toBe(false);
    expect(await cas(undefined, { a: [1, new Date(1)], b: new Uint8Array([1]) })).toBe(true);
    expect(await cas(undefined, 2)).toBe(false);
    expect(await cas({ a: [1, new Date(2)], b: new Uint8Array([1]) }, 2)).toBe(false);
    expect(await cas({ b: new Uint8Array([1]), a: [1, new Date(1)] }, 2)).toBe(true);
    expect(await cas(2.5, 3)).toBe(false);
    expect(await cas("2", 3)).toBe(false);
    expect(await cas(2, () => 1)).toBe("E_VALUE");
    expect(await store["get"]!("k")).toBe(2);
    expect(await cas(2, undefined)).toBe(true);
    expect([await store["has"]!("k"), await store["size"]!()]).toEqual([false, 0]);
    expect(await cas(undefined, undefined)).toBe(true);
  });

  test("of many who compareAndSet at once, one wins each time", async () => {
    const increase = async (): Promise<void> => {
      for (;;) {
        const before = await store["get"]!("n");
        if (await store["compareAndSet"]!("n", before, ((before as number | undefined) ?? 0) + 1)) return;
      }
    };
    await Promise.all(Array.from({ length: 30 }, increase));
    expect(await store["get"]!("n")).toBe(30);
  });

  test("increment adds to numbers, and to nothing else", async () => {
    const increment = (...args: unknown[]): Promise<unknown> => outcome(store["increment"]!("n", ...args));
    expect([await increment(), await increment(2), await increment(-0.5)]).toEqual([1, 3, 2.5]);
    for (const by of [Number.NaN, Number.POSITIVE_INFINITY, "1", null, 1n]) expect(await increment(by)).toBe("E_VALUE");
    await store["set"]!("n", Number.MAX_VALUE);
    expect(await increment(Number.MAX_VALUE)).toBe("E_NUMBER");
    await store["set"]!("n", "1");
    expect(await increment(1)).toBe("E_NUMBER");
    expect(await store["get"]!("n")).toBe("1");
  });

  test("10,000 increments in flight are all counted", async () => {
    const sums = await Promise.all(Array.from({ length: 10_000 }, () => store["increment"]!("n")));
    expect(new Set(sums).size).toBe(10_000);
    expect(await store["get"]!("n")).toBe(10_000);
  });

  test("does what was asked in the order in which it was asked", async () => {
    const answers = [
      store["set"]!("a", 1),
      store["get"]!("a"),
      store["remove"]!("a"),
      store["get"]!("a"),
      store["size"]!(),
    ];
    expect(await Promise.all(answers)).toEqual([undefined, 1, true, undefined, 0]);
  });

  test("is bounded in values, entries and bytes; what is refused has changed nothing", async () => {
    const small = make({ maxValueBytes: 1_000, maxEntries: 3, maxBytes: 2_500 });
    const set = (key: string, value: unknown): Promise<unknown> => outcome(small["set"]!(key, value));
    expect(await set("a", new Uint8Array(1_001))).toBe("E_TOO_LARGE");
    expect(await set("a", "x".repeat(100_000))).toBe("E_TOO_LARGE");
    for (const key of ["a", "b"]) expect(await set(key, new Uint8Array(900))).toBeUndefined();
    expect(await set("c", new Uint8Array(900))).toBe("E_FULL");
    expect(await set("b", new Uint8Array(950))).toBeUndefined();
    expect(await set("c", 1)).toBeUndefined();
    expect(await set("d", 1)).toBe("E_FULL");
    expect(await outcome(small["increment"]!("d"))).toBe("E_FULL");
    expect(await outcome(small["compareAndSet"]!("d", undefined, 1))).toBe("E_FULL");
    expect([await small["size"]!(), await small["has"]!("d")]).toEqual([3, false]);
    expect(await small["remove"]!("a")).toBe(true);
    expect(await set("d", new Uint8Array(800))).toBeUndefined();
    for (let round = 0; round < 50; round++) expect(await set("d", new Uint8Array(800 + round))).toBeUndefined();
  });

  test("a bound that is no number bounds nothing, so it is refused", () => {
    for (const bound of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, "9" as never])
      expect(() => make({ maxBytes: bound })).toThrow(TypeError);
  });

  test("tells nothing of the host when it refuses", async () => {
    for (const call of [store["set"]!("k", () => 1), store["set"]!("", 1), store["increment"]!("k", Number.NaN)]) {
      const { message } = (await call.catch((error: Error) => error)) as Error;
      expect(message).not.toMatch(/\/|node:|\bat\b/);
    }
  });
});

test("the table of effects names every call that changes something", () => {
  expect(KV_WRITES).toEqual(["set", "remove", "compareAndSet", "increment"]);
});

const anyKey = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
  fc.constantFrom("a", "b", "ab", "😀"),
);
const anyCall = fc.oneof(
  fc.tuple(fc.constant("set"), anyKey, fc.oneof(fc.integer(), fc.string(), fc.constant([1, { a: 2 }]))),
  fc.tuple(fc.constantFrom("get", "has", "remove", "increment"), anyKey),
  fc.tuple(
    fc.constant("compareAndSet"),
    anyKey,
    fc.constantFrom(undefined, 1, "a"),
    fc.constantFrom(undefined, 2, "b"),
  ),
  fc.tuple(fc.constantFrom("list"), fc.string({ unit: "binary", maxLength: 2 })),
  fc.tuple(fc.constant("size")),
);

property.prop([fc.array(anyCall, { maxLength: 40 })], { numRuns: 40 })(
  "both kinds of stores answer alike",
  async (calls) => {
    const bounds = { maxEntries: 5 };
    const both = [callsOf(kv(bounds)), sqlite(bounds)];
    for (const [call, ...args] of calls) {
      const [memory, disk] = await Promise.all(both.map((store) => outcome(store[call]!(...args))));
      expect(disk).toEqual(memory);
    }
    stores.pop()?.close();
  },
);

property.prop([fc.string({ unit: "binary" }), fc.string({ unit: "binary" })])(
  "keys are in the order of their bytes in UTF-8",
  (a, b) => {
    expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
  },
);
