// A store in a file against what happens to files: killed processes, two at once, damage, a full disk.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileStore, type Store } from "../../embed/node/index.ts";
import { canMount, ended, newChildren, newRandom, onSmallDisk } from "../contracts/children.ts";

const LIBRARY = pathToFileURL(join(import.meta.dirname, "../../embed/node/file-store.ts")).href;
const isDeep = process.env["CORDON_DEEP"] === "1";

let folder = "";
let path = "";
const stores: Store[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-store-"));
  path = join(folder, "state.cordon");
});
afterEach(async () => {
  await children.killAll();
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(patience?: number): Promise<Store> {
  const store = await fileStore(path, { patience });
  stores.push(store);
  return store;
}

/** What is put under an id the `version`-th time: so that nothing old, mixed or of another id passes for it. */
const CONTENT = `(id, version) => {
  // Some are large: a kill in the middle of one leaves half of it in the file.
  const size = (Number(id.slice(1)) * 977 + version * 3001) % (id.endsWith("7") ? 2_000_000 : 40_000);
  return Uint8Array.from(Buffer.alloc(size + 1, id + "," + version + ";"));
}`;
const contentOf = new Function("Buffer", `return ${CONTENT}`)(Buffer) as (id: string, version: number) => Uint8Array;

const children = newChildren(
  () => folder,
  () => `import { fileStore } from ${JSON.stringify(LIBRARY)};
     import { flushCompileCache } from "node:module";
     const [path, from] = [${JSON.stringify(path)}, Number(process.argv[2] ?? 0)];
     const contentOf = ${CONTENT};`,
);

/** Puts, replaces and deletes as fast as it can, many at a time. It says what it is about to do, and what is done. */
const WRITER = `
  const store = await fileStore(path);
  const say = (...words) => process.stdout.write(words.join(" ") + "\\n");
  const one = async (lane) => {
    for (let n = from; ; n++) {
      const id = "k" + (lane * 40 + (n * 7) % 40);
      say("try", id, n % 5 === 4 ? -1 : n);
      if (n % 5 === 4) await store.delete(id);
      else await store.put(id, contentOf(id, n));
      say("did", id, n % 5 === 4 ? -1 : n);
    }
  };
  flushCompileCache(); // a killed process would leave none to the next
  say("ready");
  await Promise.all([0, 1, 2, 3, 4, 5].map(one));
`;

/** Per id: the version that was acknowledged (-1: deleted), and the one that was under way when the process was killed. */
type Known = Map<string, { done: number; tried: number }>;

function note(known: Known, line: string): void {
  const [what, id, version] = line.split(" ") as [string, string, string];
  if (what === "ready") return;
  const entry = known.get(id) ?? { done: -1, tried: -1 };
  if (what === "did") entry.done = Number(version);
  entry.tried = Number(version);
  known.set(id, entry);
}

async function checkAll(known: Known): Promise<void> {
  const store = await open();
  const ids = new Set(await store.ids());
  for (const [id, entry] of known) {
    const found = await store.get(id);
    expect(found !== undefined).toBe(ids.delete(id));
    const isVersion = (version: number): boolean =>
      version < 0 ? found === undefined : found !== undefined && Buffer.compare(found, contentOf(id, version)) === 0;
    const which = [entry.done, entry.tried].find(isVersion);
    expect(which, `${id}: acknowledged ${entry.done}, tried ${entry.tried}, found ${found?.length}`).toBeDefined();
    entry.done = entry.tried = which as number; // nobody else writes: what is there now stays
  }
  expect([...ids]).toEqual([]);
  await store.close();
}

describe("a process that is killed", () => {
  const rounds = isDeep ? 200 : 20;
  test(
    `at any moment, ${rounds} times, leaves a store that opens with every acknowledged domain, byte for byte`,
    async () => {
      const known: Known = new Map();
      let [acknowledged, journals] = [0, 0];
      for (let round = 0; round < rounds; round++) {
        const child = children.start(WRITER, [String(round * 10_000)]);
        for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
          note(known, line);
          if (line.startsWith("did")) acknowledged++;
          // The first time while the file is made, or before.
          if (line === "ready") setTimeout(() => child.kill("SIGKILL"), ((round * 37) % 101) + Math.random() * 8);
        }
        await children.kill(child);
        if (existsSync(`${path}-journal`)) journals++;
        await checkAll(known);
      }
      expect(acknowledged).toBeGreaterThan(rounds);
      // Some of them inside a transaction: otherwise this test has looked at nothing.
      expect(journals).toBeGreaterThan(0);
      const database = new DatabaseSync(path);
      expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
      database.close();
    },
    rounds * 6_000,
  );

  test("while it makes the file leaves no file or a store", async () => {
    for (let round = 0; round < (isDeep ? 60 : 6); round++) {
      const child = children.start(
        `process.stdout.write("on\\n"); await fileStore(path); process.stdout.write("made\\n");`,
      );
      const delay = Math.random() * 120;
      child.stdout?.once("data", () => setTimeout(() => child.kill("SIGKILL"), delay));
      await ended(child);
      await checkAll(new Map());
      for (const name of readdirSync(folder)) if (!/^(child|compiled)/.test(name)) rmSync(join(folder, name));
    }
  }, 120_000);
});

describe("a transaction that was half written", () => {
  /** The file and its journal, taken while a transaction has written pages of both. */
  async function torn(): Promise<readonly [file: Buffer, journal: Buffer]> {
    await filled();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA cache_size = 5; BEGIN IMMEDIATE; UPDATE blobs SET digest = zeroblob(32), content = x'00'");
    const both = [readFileSync(path), readFileSync(`${path}-journal`)] as const;
    database.exec("ROLLBACK");
    database.close();
    return both;
  }

  test("is undone when the file is opened", async () => {
    const whole = await filled();
    rmSync(path);
    const [file, journal] = await torn();
    expect(file.equals(whole)).toBe(false);
    writeFileSync(path, file);
    writeFileSync(`${path}-journal`, journal);
    expect(await look()).toBe("all right");
    expect(readdirSync(folder)).toEqual(["state.cordon"]);
  });

  test("and whose journal is lost, or cut, is told", async () => {
    const [file, journal] = await torn();
    for (const length of [0, 100, 600, journal.length >> 1]) {
      writeFileSync(path, file);
      writeFileSync(`${path}-journal`, journal.subarray(0, length));
      expect(await look()).not.toBe("all right");
    }
    rmSync(`${path}-journal`, { force: true });
    writeFileSync(path, file);
    expect(await look()).not.toBe("all right");
  });
});

describe("two processes", () => {
  test("that put at once lose nothing, and see what the other has put", async () => {
    const source = (name: string): string => `
      const store = await fileStore(path);
      const all = [];
      for (let n = 0; n < 300; n++) {
        all.push(store.put("${name}" + n, contentOf("${name}" + n, 1)));
        if (n % 10 === 9) await Promise.all(all.splice(0));
      }
      await store.close();`;
    const both = [children.start(source("a")), children.start(source("b"))];
    expect(await Promise.all(both.map(ended))).toEqual([0, 0]);
    const store = await open();
    const ids = ["a", "b"].flatMap((name) => Array.from({ length: 300 }, (_, n) => `${name}${n}`));
    expect((await store.ids()).toSorted()).toEqual(ids.toSorted());
    for (const id of ids) expect(Buffer.compare((await store.get(id)) as Uint8Array, contentOf(id, 1))).toBe(0);
  });

  test("wait for one another without stopping the event loop, and not for ever", async () => {
    const store = await open(300);
    await store.put("a", Uint8Array.of(1));
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const refused = expect(store.put("a", Uint8Array.of(2))).rejects;
    await refused.toMatchObject({ code: "E_STORE", message: expect.stringMatching(/another process/) });
    expect(ticks).toBeGreaterThan(20);
    const waiting = store.put("a", Uint8Array.of(3));
    setTimeout(() => other.exec("COMMIT"), 60);
    await waiting;
    clearInterval(timer);
    other.close();
    expect(await store.get("a")).toEqual(Uint8Array.of(3));
  });
});

async function reasonOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "opened";
  } catch (error) {
    return `${(error as { readonly code?: string }).code}: ${(error as Error).message}`;
  }
}

const COUNT = 60;

async function filled(): Promise<Buffer> {
  const store = await fileStore(path);
  for (let i = 0; i < COUNT; i++) await store.put(`k${i}`, contentOf(`k${i}`, i));
  await store.close();
  return readFileSync(path);
}

/** How many are right; or that the file was refused. Whatever is not right must have said so. */
async function look(): Promise<string> {
  let store: Store;
  try {
    store = await fileStore(path);
  } catch (error) {
    expect(error).toMatchObject({ name: "CordonError", code: "E_STORE", message: expect.stringContaining(path) });
    return "refused";
  }
  let [right, told] = [0, 0];
  for (let i = 0; i < COUNT; i++) {
    try {
      const found = await store.get(`k${i}`);
      expect(found !== undefined && Buffer.compare(found, contentOf(`k${i}`, i)) === 0, `k${i} lost in silence`).toBe(
        true,
      );
      right++;
    } catch (error) {
      expect(error).toMatchObject({ code: "E_STORE" });
      told++;
    }
  }
  await store.close();
  return right + told === COUNT && told === 0 ? "all right" : "told";
}

describe("a file that was damaged", () => {
  test("anywhere gives right bytes or E_STORE for every domain, and loses none in silence", async () => {
    const whole = await filled();
    const random = newRandom(11);
    const seen = new Map<string, number>();
    for (let round = 0; round < (isDeep ? 600 : 90); round++) {
      const copy = Buffer.from(whole);
      const at = random(copy.length);
      if (round % 3 === 0) copy[at]! ^= 1 + random(255);
      else for (let n = 0; n < 600; n++) copy[(at + n) % copy.length] = random(256);
      writeFileSync(path, copy);
      const what = await look();
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(["all right", "refused", "told"]);
  }, 120_000);

  test("in each byte of its first page and of a page of ids is refused, told or right", async () => {
    const whole = await filled();
    for (let at = 0; at < 4_096; at += isDeep ? 1 : 31) {
      const copy = Buffer.from(whole);
      copy[at]! ^= 0xff;
      writeFileSync(path, copy);
      await look();
    }
  }, 300_000);

  test("by being cut off anywhere is refused", async () => {
    const whole = await filled();
    const random = newRandom(5);
    const lengths = [0, 1, 15, 16, 99, 100, 511, 4_095, 4_096, whole.length - 4_096, whole.length - 1];
    for (const length of [...lengths, ...Array.from({ length: 20 }, () => random(whole.length))]) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await reasonOf(open)).toMatch(/^E_STORE: .*(damaged|empty)/);
    }
  });

  test("by a row that was taken out, put in, changed or put back from the past is noticed", async () => {
    const whole = await filled();
    const changes: readonly (readonly [string, RegExp])[] = [
      ["DELETE FROM blobs WHERE id = CAST('k5' AS BLOB)", /1 of 60 entries are lost/],
      ["DELETE FROM blobs", /60 of 60 entries are lost/],
      ["DELETE FROM totals", /damaged/],
      ["INSERT INTO blobs VALUES (x'00', zeroblob(32), x'')", /not those that were put there/],
      ["UPDATE blobs SET digest = zeroblob(32) WHERE id = CAST('k5' AS BLOB)", /not those that were put there/],
      ["UPDATE blobs SET digest = x'' WHERE id = CAST('k5' AS BLOB)", /damaged/],
      ["CREATE TRIGGER t AFTER INSERT ON blobs BEGIN DELETE FROM totals; END", /damaged/],
      ["CREATE TABLE more (a)", /damaged/],
      ["DROP TABLE totals", /damaged/],
      ["PRAGMA user_version = 2", /version 2: use the Cordon that made it/],
      ["PRAGMA application_id = 5", /somebody else's/],
    ];
    for (const [sql, why] of changes) {
      writeFileSync(path, whole);
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
      expect(await reasonOf(open)).toMatch(why);
    }
    writeFileSync(path, whole);
    const database = new DatabaseSync(path);
    const swap = database.prepare("UPDATE blobs SET id = ? WHERE id = ?");
    const [one, other] = [Buffer.from("k5"), Buffer.from("k6")];
    swap.run(Buffer.of(1), one);
    swap.run(one, other);
    swap.run(other, Buffer.of(1));
    database.close();
    const store = await open();
    for (const id of ["k5", "k6"]) await expect(store.get(id)).rejects.toMatchObject({ code: "E_STORE" });
    expect(Buffer.compare((await store.get("k7")) as Uint8Array, contentOf("k7", 7))).toBe(0);
    await store.put("k5", Uint8Array.of(5));
    expect(await store.get("k5")).toEqual(Uint8Array.of(5));
  });
});

describe("a file that is no store", () => {
  test.each<[string, () => void, RegExp]>([
    ["a text", () => writeFileSync(path, "once upon a time, there was no store here at all".repeat(100)), /no store/],
    ["an empty file", () => writeFileSync(path, ""), /empty/],
    ["a directory", () => mkdirSync(path), /no file/],
    ["in no directory", () => (path = join(folder, "no/state.cordon")), /directory/],
    [
      "below a file",
      () => {
        writeFileSync(join(folder, "x"), "");
        path = join(folder, "x/y");
      },
      /ENOTDIR|directory/,
    ],
    ["somebody else's database", () => new DatabaseSync(path).exec("CREATE TABLE mine (a)"), /somebody else's/],
    ["lost, but for its journal", () => writeFileSync(`${path}-journal`, "x"), /journal/],
  ])("is refused, and not changed: %s", async (_what, prepare, why) => {
    prepare();
    const isFile = existsSync(path) && !readdirSync(folder, { withFileTypes: true }).some((e) => e.isDirectory());
    const before = isFile ? readFileSync(path) : undefined;
    const reason = await reasonOf(open);
    expect(reason).toMatch(/^E_STORE: /);
    expect(reason).toContain(path);
    expect(reason).toMatch(why);
    if (before !== undefined) expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("is somebody else's with a write-ahead log: not even its mode is changed", async () => {
    const theirs = new DatabaseSync(path);
    theirs.exec("PRAGMA journal_mode = WAL; CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
    expect(await reasonOf(open)).toMatch(/somebody else's/);
    expect(theirs.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    theirs.close();
  });

  test("leaves no open descriptor behind", async () => {
    if (process.platform !== "linux") return;
    const damaged = (await filled()).subarray(0, 9_000);
    writeFileSync(path, damaged);
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 20; round++) await reasonOf(open);
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });
});

test.skipIf(!canMount())("a full disk is told, loses nothing, and the store goes on when there is room", async () => {
  const found = onSmallDisk(
    folder,
    `import { fileStore } from ${JSON.stringify(LIBRARY)};`,
    `const store = await fileStore(disk + "/state.cordon");
     const said = (call) => call.then(() => "done", (error) => error.code + " " + error.message);
     const content = (n) => new Uint8Array(20_000).fill(n);
     let kept = 0, end = "done";
     for (; end === "done" && kept < 1000; kept++) end = await said(store.put("k" + kept, content(kept)));
     const found = { end, kept: --kept, ids: (await store.ids()).length };
     found.right = (await Promise.all(Array.from({ length: kept }, (_, n) => store.get("k" + n)))).every(
       (bytes, n) => bytes.length === 20_000 && bytes[7] === n);
     rmSync(disk + "/ballast");
     found.again = await said(store.put("k" + kept, content(kept)));
     await store.close();
     found.after = (await (await fileStore(disk + "/state.cordon")).ids()).length;
     console.log(JSON.stringify(found));`,
  );
  expect(found.kept).toBeGreaterThan(3);
  expect(found.end).toMatch(/^E_STORE .*disk is full: make room/);
  expect(found).toMatchObject({ ids: found.kept, right: true, again: "done", after: found.kept + 1 });
});

test("a store that is copied while nobody writes is the same store", async () => {
  await filled();
  copyFileSync(path, `${path}.copy`);
  path = `${path}.copy`;
  expect(await look()).toBe("all right");
});

test("a Node without node:sqlite is told so", () => {
  const script = join(folder, "without.ts");
  writeFileSync(
    script,
    `import { fileStore } from ${JSON.stringify(LIBRARY)};
     const real = process.getBuiltinModule;
     process.getBuiltinModule = (name) => (name === "node:sqlite" ? undefined : real(name));
     await fileStore(${JSON.stringify(path)}).catch((error) => console.log(error.code, error.message));`,
  );
  const { stdout } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  expect(stdout).toMatch(/^E_STORE .*this Node \(v[\d.]+\) has no node:sqlite/);
});
