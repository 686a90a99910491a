// What a key-value store costs: bytes of values read and written, to the account of the call.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { kv, kvOf } from "../../policy-libs/index.ts";
import { type SqliteStore, sqliteStore } from "../../policy-libs/node/index.ts";
import { type Calls, callsOf, outcome } from "./files-kit.ts";

const caller = vi.hoisted(() => ({ used: {} as Record<string, number>, limit: Number.POSITIVE_INFINITY }));
vi.mock("../../policy-libs/meter/index.ts", () => ({
  account: () => ({
    charge(resource: string, amount: number): void {
      const now = (caller.used[resource] ?? 0) + amount;
      if (now > caller.limit) throw Object.assign(new Error(), { code: "E_QUOTA" });
      caller.used[resource] = now;
    },
    refund(resource: string, amount: number): void {
      caller.used[resource] = (caller.used[resource] ?? 0) - amount;
    },
    wait: async (): Promise<void> => undefined,
  }),
}));

let folder = "";
let store: SqliteStore | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-kv-"));
  Object.assign(caller, { used: {}, limit: Number.POSITIVE_INFINITY });
});
afterEach(() => {
  store?.close();
  store = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const KINDS: Readonly<Record<string, () => Calls>> = {
  "in memory": () => callsOf(kv({ maxEntries: 2 })),
  "of SQLite": () => {
    store = sqliteStore({ path: join(folder, "x.db"), maxEntries: 2 });
    return callsOf(kvOf(store));
  },
};

const bill = (): number[] => [caller.used["fileRead"] ?? 0, caller.used["fileWrite"] ?? 0];

describe.each(Object.keys(KINDS))("a key-value store %s", (kind) => {
  test("charges what it reads and writes, and not what fails", async () => {
    const calls = KINDS[kind]!();
    const value = new Uint8Array(1_000);
    await calls["set"]!("a", value);
    const [none, written] = bill() as [number, number];
    expect(none).toBe(0);
    expect(written).toBeGreaterThanOrEqual(1_000);
    expect(written).toBeLessThan(1_020);
    await calls["get"]!("a");
    expect(bill()).toEqual([written, written]);
    await calls["list"]!("", { values: true });
    expect(bill()).toEqual([2 * written, written]);
    await calls["set"]!("b", 1);
    const [read, more] = bill() as [number, number];
    for (const call of [calls["get"]!("c"), calls["has"]!("a"), calls["size"]!(), calls["list"]!()]) await call;
    expect(await outcome(calls["set"]!("c", value))).toBe("E_FULL");
    expect(await outcome(calls["increment"]!("a"))).toBe("E_NUMBER");
    expect(await calls["compareAndSet"]!("a", 1, value)).toBe(false);
    await calls["remove"]!("b");
    expect(bill()).toEqual([read, more]);
  });

  test("writes nothing that cannot be paid", async () => {
    const calls = KINDS[kind]!();
    caller.limit = 500;
    expect(await outcome(calls["set"]!("a", new Uint8Array(1_000)))).toBe("E_QUOTA");
    expect([await calls["has"]!("a"), bill()]).toEqual([false, [0, 0]]);
  });
});
