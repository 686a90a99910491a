// A key-value store in a file: killed processes, two processes at once, broken files, full disks.
import { type ChildProcess, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { kvOf } from "../../policy-libs/index.ts";
import { type SqliteOptions, type SqliteStore, sqliteStore } from "../../policy-libs/node/index.ts";
import { canMount, ended, newChildren, newRandom, onSmallDisk, type Random } from "./children.ts";
import { type Calls, callsOf, outcome } from "./files-kit.ts";

const LIBRARY = join(import.meta.dirname, "../../policy-libs/node/kv.ts");

let folder = "";
let path = "";
const stores: SqliteStore[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-sqlite-"));
  path = join(folder, "state.db");
});
afterEach(async () => {
  await children.killAll();
  for (const store of stores.splice(0)) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: Partial<SqliteOptions> = {}): Calls & { readonly end: () => void } {
  const store = sqliteStore({ path, ...options });
  stores.push(store);
  return { ...callsOf(kvOf(store)), end: store.close } as never;
}

const children = newChildren(
  () => folder,
  () => `import { sqliteKv } from ${JSON.stringify(LIBRARY)};\nconst path = ${JSON.stringify(path)};`,
);

const lines = (child: ChildProcess): AsyncIterable<string> => createInterface({ input: child.stdout! });

/** Writes as fast as it can, many at a time, and says each number that the store has acknowledged. */
const WRITER = `
  const { functions: kv } = sqliteKv({ path });
  let next = (await kv.get("next")) ?? 0;
  const one = async () => {
    for (;;) {
      const n = next++;
      await kv.set("n" + n, { n, text: "x".repeat(n % 3000) });
      await kv.increment("sum", n);
      process.stdout.write(n + "\\n");
    }
  };
  setInterval(() => kv.set("next", next + 1000), 5);
  await Promise.all(Array.from({ length: 8 }, one));
`;

describe("a store in a file", () => {
  test("keeps what it has when it is opened again, and other stores of the file to themselves", async () => {
    const first = open();
    await first["set"]!("a", { b: new Date(1) });
    const other = open({ table: "other" });
    expect(await other["get"]!("a")).toBeUndefined();
    await other["set"]!("a", 2);
    for (const one of [first, other]) one.end();
    expect(await outcome(first["get"]!("a"))).toBe("E_STORE");
    const again = open();
    expect([await again["get"]!("a"), await again["size"]!()]).toEqual([{ b: new Date(1) }, 1]);
    expect(await open({ table: "other" })["get"]!("a")).toBe(2);
  });

  test("of a process that was killed, 20 times, has every write that it acknowledged, and counts right", async () => {
    const acknowledged = new Set<number>();
    for (let round = 0; round < 20; round++) {
      const child = children.start(WRITER);
      let seen = 0;
      const until = 40 + ((round * 97) % 211);
      for await (const line of lines(child)) {
        acknowledged.add(Number(line));
        if (++seen === until) child.kill("SIGKILL");
      }
      await children.kill(child);
      const store = open();
      const has = await Promise.all(Array.from(acknowledged, (n) => store["has"]!(`n${n}`)));
      expect(Array.from(acknowledged).filter((_, at) => has[at] !== true)).toEqual([]);
      const last = [...acknowledged].at(-1) as number;
      expect(await store["get"]!(`n${last}`)).toEqual({ n: last, text: "x".repeat(last % 3_000) });
      const count = ((await store["list"]!("n", { most: 10_000 })) as unknown[]).length;
      expect(await store["size"]!()).toBe(count + ((await store["has"]!("sum")) ? 1 : 0));
      store.end();
    }
    expect(acknowledged.size).toBeGreaterThan(20 * 40 - 20);
    const database = new DatabaseSync(path);
    expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    const real = database
      .prepare("SELECT count(*) AS entries, sum(length(CAST(key AS BLOB)) + length(value)) AS bytes FROM kv")
      .get();
    expect(database.prepare("SELECT entries, bytes FROM kv_totals").get()).toEqual(real);
    database.close();
  }, 120_000);

  test("is shared by two processes: nothing is lost, and both count all of it", async () => {
    const source = (name: string): string => `
      const { functions: kv } = sqliteKv({ path });
      const all = [];
      for (let n = 0; n < 1500; n++) {
        all.push(kv.increment("both"), kv.set("${name}" + n, n));
        if (n % 10 === 9) await Promise.all(all.splice(0));
      }
      await Promise.all(all);
    `;
    const both = [children.start(source("a")), children.start(source("b"))];
    expect(await Promise.all(both.map(ended))).toEqual([0, 0]);
    const store = open();
    expect(await store["get"]!("both")).toBe(3_000);
    expect(await store["size"]!()).toBe(3_001);
  });

  test("waits for another process without stopping the event loop, and not for ever", async () => {
    const store = open({ patience: 900 });
    await store["set"]!("a", 1);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const started = performance.now();
    const many = Array.from({ length: 500 }, (_, at) => outcome(store["set"]!("a", at)));
    expect(new Set(await Promise.all(many))).toEqual(new Set(["E_BUSY"]));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(performance.now() - started).toBeGreaterThan(850);
    expect(ticks).toBeGreaterThan(20);
    expect(await store["get"]!("a")).toBe(1);
    const waiting = store["set"]!("a", 3);
    setTimeout(() => other.exec("COMMIT"), 60);
    expect(await outcome(waiting)).toBeUndefined();
    clearInterval(timer);
    other.close();
    expect(await store["get"]!("a")).toBe(3);
  });

  test("that is closed answers all who wait", async () => {
    const store = open();
    const calls = Array.from({ length: 100 }, (_, at) => outcome(store["set"]!(`k${at}`, at)));
    store.end();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["E_STORE"]));
    store.end();
  });

  test("a call that fails spoils no other of its transaction", async () => {
    const store = open({ maxEntries: 5 });
    const calls = Array.from({ length: 20 }, (_, at) => outcome(store["set"]!(`k${at}`, at)));
    const ends = await Promise.all(calls);
    expect(ends.filter((end) => end === undefined)).toHaveLength(5);
    expect(ends.filter((end) => end === "E_FULL")).toHaveLength(15);
    expect(await store["size"]!()).toBe(5);
  });

  test("does 10,000 writes in flight in few transactions", async () => {
    const store = open();
    const started = performance.now();
    await Promise.all(Array.from({ length: 10_000 }, (_, at) => store["set"]!(`k${at}`, at)));
    expect(await store["size"]!()).toBe(10_000);
    // One transaction each would be 10,000 times the disk.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

const reasonOf = (work: () => unknown): string => {
  try {
    work();
    return "opened";
  } catch (error) {
    return `${(error as { readonly code?: string }).code}: ${(error as Error).message}`;
  }
};

const KEYS = 200;
const contentOf = (at: number): object => ({ at, text: "v".repeat(at * 7) });

/** One other byte, a span of noise, or the file cut. */
function broken(whole: Uint8Array, round: number, random: Random): Uint8Array {
  const copy = Uint8Array.from(whole);
  const at = random(copy.length);
  if (round >= 45) return copy.subarray(0, at);
  if (round < 20) copy[at]! ^= 1 + random(255);
  else for (let n = 0; n < 500; n++) copy[(at + n) % copy.length] = random(256);
  return copy;
}

/** What became of the keys. An index that has lost one has lost it: SQLite cannot know. */
async function look(): Promise<string[]> {
  const reason = reasonOf(() => open());
  if (reason !== "opened") {
    expect(reason).toMatch(/^E_STORE/);
    return ["not opened"];
  }
  const store = stores.pop()!;
  const calls = callsOf(kvOf(store));
  const found = await Promise.all(Array.from({ length: KEYS }, (_, at) => outcome(calls["get"]!(`key ${at}`))));
  for (const call of ["list", "size"]) {
    const answer = await outcome(calls[call]!());
    expect(answer === "E_STORE" || typeof answer === "number" || Array.isArray(answer)).toBe(true);
  }
  expect(["E_STORE", undefined]).toContain(await outcome(calls["set"]!("new", 1)));
  store.close();
  return found.map((value, at) => {
    if (JSON.stringify(value) === JSON.stringify(contentOf(at))) return "right";
    return value === undefined ? "missing" : String(value);
  });
}

describe("a file that is no store", () => {
  test.each<[string, () => void, RegExp]>([
    [
      "a text",
      () => writeFileSync(path, "once upon a time, there was no database here at all".repeat(100)),
      /not a database/,
    ],
    ["a directory", () => mkdirSync(path), /unable to open/],
    ["in no directory", () => (path = join(folder, "no/state.db")), /unable to open/],
    ["with a table of this name", () => new DatabaseSync(path).exec("CREATE TABLE kv (a, b)"), /somebody else's/],
    [
      "with a trigger on the table",
      () => {
        open().end();
        new DatabaseSync(path).exec("CREATE TRIGGER t AFTER INSERT ON kv BEGIN DELETE FROM kv_totals; END");
      },
      /somebody else's/,
    ],
    ["with a view of this name", () => new DatabaseSync(path).exec("CREATE VIEW kv AS SELECT 1"), /somebody else's/],
  ])("is not opened, and says why: %s", (_name, prepare, why) => {
    prepare();
    const reason = reasonOf(() => open());
    expect(reason).toMatch(/^E_STORE: /);
    expect(reason).toContain(path);
    expect(reason).toMatch(why);
  });

  test("a table's name is a plain one", () => {
    for (const table of ["", 'a"b', "a b", "1a", "x".repeat(60)]) expect(() => open({ table })).toThrow(TypeError);
    expect(existsSync(path)).toBe(false);
  });

  test("an open directory of descriptors is not left behind by a store that cannot be opened", () => {
    if (process.platform !== "linux") return;
    const { readdirSync } = process.getBuiltinModule("node:fs");
    writeFileSync(path, "no database".repeat(1_000));
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 20; round++) reasonOf(() => open());
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });

  test("a file broken anywhere answers E_STORE or right, and never anything else", async () => {
    const store = open();
    for (let at = 0; at < KEYS; at++) await store["set"]!(`key ${at}`, contentOf(at));
    store.end();
    const whole = readFileSync(path);
    const random = newRandom(7);
    const seen = new Map<string, number>();
    for (let round = 0; round < 60; round++) {
      for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
      writeFileSync(path, broken(whole, round, random));
      for (const what of await look()) seen.set(what, (seen.get(what) ?? 0) + 1);
    }
    seen.delete("missing");
    expect([...seen.keys()].sort()).toEqual(["E_STORE", "not opened", "right"]);
  });

  test("a value that was changed in the file, or put under another key, is not given out", async () => {
    const store = open();
    await store["set"]!("a", "mine");
    await store["set"]!("b", "yours");
    const database = new DatabaseSync(path);
    database.exec("UPDATE kv SET value = (SELECT value FROM kv WHERE key = 'b') WHERE key = 'a'");
    database.exec("UPDATE kv SET value = x'00' WHERE key = 'b'");
    database.close();
    for (const key of ["a", "b"]) {
      expect(await outcome(store["get"]!(key))).toBe("E_STORE");
      expect(await outcome(store["increment"]!(key))).toBe("E_STORE");
      expect(await outcome(store["compareAndSet"]!(key, "mine", 1))).toBe("E_STORE");
    }
    expect(await outcome(store["list"]!("", { values: true }))).toBe("E_STORE");
    await store["set"]!("a", "again");
    expect(await store["get"]!("a")).toBe("again");
    expect(await store["remove"]!("b")).toBe(true);
  });

  test("a file that disappears or is cut while it is open breaks no call but its own", async () => {
    const store = open();
    for (let at = 0; at < 50; at++) await store["set"]!(`k${at}`, "x".repeat(5_000));
    truncateSync(path, 5_000);
    for (let at = 0; at < 50; at++) {
      const found = await outcome(store["get"]!(`k${at}`));
      expect([undefined, "E_STORE", "x".repeat(5_000)]).toContain(found);
    }
    const end = await outcome(store["set"]!("new", 1));
    expect([undefined, "E_STORE"]).toContain(end);
  });
});

test("a process without node:sqlite is told so", () => {
  const script = join(folder, "without.ts");
  writeFileSync(
    script,
    `import { sqliteKv } from ${JSON.stringify(LIBRARY)};
     const real = process.getBuiltinModule;
     process.getBuiltinModule = (name) => (name === "node:sqlite" ? undefined : real(name));
     try { sqliteKv({ path: ":memory:" }); } catch (error) { console.log(error.code, error.message); }`,
  );
  const { stdout } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  expect(stdout).toMatch(/^E_STORE this Node \(v[\d.]+\) has no node:sqlite/);
});

test.skipIf(!canMount())("a full disk answers E_FULL, loses nothing, and goes on when there is room", () => {
  const found = onSmallDisk(
    folder,
    `import { sqliteKv, sqliteStore } from ${JSON.stringify(LIBRARY)};`,
    `const { functions: kv } = sqliteKv({ path: disk + "/state.db" });
     const code = (call) => call.then(() => "done", (error) => error.code);
     let kept = 0, end = "done";
     for (; end === "done" && kept < 1000; kept++) end = await code(kv.set("k" + kept, new Uint8Array(20_000)));
     const found = { end, kept: --kept, size: await kv.size() };
     found.first = (await kv.get("k0")).length;
     rmSync(disk + "/ballast");
     found.again = await code(kv.set("k" + kept, new Uint8Array(20_000)));
     found.after = await kv.size();
     console.log(JSON.stringify(found));`,
  );
  expect(found.kept).toBeGreaterThan(3);
  expect(found).toEqual({
    end: "E_FULL",
    kept: found.kept,
    size: found.kept,
    first: 20_000,
    again: "done",
    after: found.kept + 1,
  });
});

test("the log beside the file stays small", async () => {
  const store = open();
  for (let round = 0; round < 60; round++)
    await Promise.all(
      Array.from({ length: 10 }, (_, at) => store["set"]!(`k${at}`, new Uint8Array(50_000).fill(round))),
    );
  expect(statSync(`${path}-wal`).size).toBeLessThan(10_000_000);
  expect(statSync(path).size).toBeLessThan(5_000_000);
  copyFileSync(path, `${path}.copy`);
});
