// The contract of files, held by every place of files: in memory, a real directory, and the portable kind of it.
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FILES, FILES_WRITES, filesOf, type Granted, readOnly, tree, treePlace } from "../../policy-libs/index.ts";
import { checkedPlace } from "../../policy-libs/node/directory-checked.ts";
import { directory, directoryPlace } from "../../policy-libs/node/index.ts";

type Call = (...args: unknown[]) => Promise<unknown>;
type Files = Readonly<Record<string, Call>>;

const BOUNDS = { maxFileBytes: 100_000, maxEntries: 50, maxOpen: 20 };
const functionsOf = (granted: Granted): Files => granted.functions as unknown as Files;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** "E_NOT_FOUND" if the call is refused so, else what it gave. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  return await call.catch((error: { readonly code?: string }) => error.code ?? error);
}

let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "cordon-files-")));
  mkdirSync(join(root, "inside/folder"), { recursive: true });
  writeFileSync(join(root, "inside/a.txt"), "alpha");
  writeFileSync(join(root, "inside/folder/b.txt"), "beta");
  writeFileSync(join(root, "secret.txt"), "secret");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const inside = (...names: string[]): string => join(root, "inside", ...names);
const CONTENTS = { "a.txt": "alpha", folder: { "b.txt": "beta" } };

const PLACES: Readonly<Record<string, () => Files>> = {
  "in memory": () => functionsOf(tree(CONTENTS, BOUNDS)),
  "of a directory": () => functionsOf(directory(inside(), BOUNDS)),
  "of a directory, checked": () => functionsOf(filesOf(checkedPlace(inside(), BOUNDS, true))),
};

describe.each(Object.keys(PLACES))("files %s", (kind) => {
  let files: Files;
  beforeEach(() => {
    files = PLACES[kind]!();
  });
  const call = (name: string, ...args: unknown[]): Promise<unknown> => outcome(files[name]!(...args));

  test("read text and bytes, list, stat and exists tell what is there", async () => {
    expect(await call("readText", "a.txt")).toBe("alpha");
    expect(await call("readBytes", "folder/b.txt")).toEqual(bytes("beta"));
    expect(await call("list")).toEqual([
      { name: "a.txt", kind: "file" },
      { name: "folder", kind: "directory" },
    ]);
    expect(await call("stat", "a.txt")).toMatchObject({ kind: "file", size: 5, modified: expect.any(Date) });
    expect(await call("stat", ".")).toMatchObject({ kind: "directory", size: 0 });
    expect([await call("exists", "a.txt"), await call("exists", "folder/"), await call("exists", "no")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("what is written is read again, replaced, added to, moved and removed", async () => {
    await call("writeText", "new.txt", "one, and more");
    await call("writeBytes", "new.txt", bytes("two"));
    await call("append", "new.txt", " and ");
    await call("append", "new.txt", bytes("three"));
    expect(await call("readText", "new.txt")).toBe("two and three");
    await call("rename", "new.txt", "folder/moved.txt");
    expect(await call("readText", "new.txt")).toBe("E_NOT_FOUND");
    expect(await call("readText", "folder/moved.txt")).toBe("two and three");
    expect(await call("remove", "folder/moved.txt")).toBeUndefined();
    expect(await call("exists", "folder/moved.txt")).toBe(false);
    await call("append", "fresh.txt", "made by append");
    expect(await call("readText", "fresh.txt")).toBe("made by append");
  });

  test("directories are made with those above them, and removed when empty", async () => {
    expect(await call("makeDirectory", "x/y/z")).toBeUndefined();
    expect(await call("makeDirectory", "x/y/z")).toBeUndefined();
    expect(await call("remove", "x/y")).toBe("E_NOT_EMPTY");
    for (const name of ["x/y/z", "x/y", "x"]) expect(await call("remove", name)).toBeUndefined();
    expect(await call("exists", "x")).toBe(false);
    expect(await call("rename", "folder", "folder/inner")).toBe("E_PATH");
  });

  test.each([
    ["../secret.txt", "E_PATH"],
    ["folder/../../secret.txt", "E_PATH"],
    ["folder/../a.txt", "E_PATH"],
    ["/etc/passwd", "E_PATH"],
    ["folder//b.txt", "E_PATH"],
    ["folder\\b.txt", "E_PATH"],
    ["a.txt\0.png", "E_PATH"],
    ["\ud800", "E_PATH"],
    ["x".repeat(300), "E_PATH"],
    ["d/".repeat(100), "E_PATH"],
    ["nothing", "E_NOT_FOUND"],
    ["folder", "E_KIND"],
    ["a.txt/b", "E_KIND"],
    ["", "E_PATH"],
    [undefined, "E_VALUE"],
    [{ toString: (): string => "a.txt" }, "E_VALUE"],
  ])("reading %j is refused: %s", async (path, code) => {
    expect(await call("readText", path)).toBe(code);
  });

  test("writing where something else is, or nothing can be, is refused", async () => {
    expect(await call("writeText", "folder", "x")).toBe("E_KIND");
    expect(await call("writeText", "a.txt/x", "x")).toBe("E_KIND");
    expect(await call("writeText", "no/x", "x")).toBe("E_NOT_FOUND");
    expect(await call("writeText", "../x", "x")).toBe("E_PATH");
    expect(await call("rename", "a.txt", "../a.txt")).toBe("E_PATH");
    expect(await call("rename", "a.txt", "folder")).toBe("E_KIND");
    expect(await call("makeDirectory", "a.txt/x")).toBe("E_KIND");
    expect(await call("remove", ".")).toBe("E_PATH");
    expect(await call("readText", "a.txt")).toBe("alpha");
  });

  test("text is UTF-8, both ways: nothing is silently repaired", async () => {
    await call("writeBytes", "bad", new Uint8Array([0xff, 0xfe]));
    expect(await call("readText", "bad")).toBe("E_TEXT");
    expect(await call("writeText", "half", "\ud800")).toBe("E_VALUE");
    expect(await call("writeText", "no text", 5)).toBe("E_VALUE");
    expect(await call("writeBytes", "no bytes", [1, 2])).toBe("E_VALUE");
  });

  test("one file and one directory are bounded", async () => {
    expect(await call("writeBytes", "big", new Uint8Array(BOUNDS.maxFileBytes))).toBeUndefined();
    expect(await call("append", "big", "x")).toBe("E_TOO_LARGE");
    expect(await call("writeBytes", "bigger", new Uint8Array(BOUNDS.maxFileBytes + 1))).toBe("E_TOO_LARGE");
    expect((await call("readBytes", "big")) as Uint8Array).toHaveLength(BOUNDS.maxFileBytes);
  });

  test("names that mean something to JavaScript are names", async () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(await call("exists", name)).toBe(false);
      await call("writeText", name, name);
      expect(await call("readText", name)).toBe(name);
    }
  });

  test("an error tells the guest's path and no other", async () => {
    for (const path of ["nothing", "folder", "../secret.txt"]) {
      const error = await files["readText"]!(path).catch((thrown: Error) => thrown);
      expect((error as Error).message).toContain(path);
      expect((error as Error).message).not.toContain(root);
    }
  });
});

describe.each(["of a directory", "of a directory, checked"])("links in files %s", (kind) => {
  let files: Files;
  beforeEach(() => {
    symlinkSync(join(root, "secret.txt"), inside("link.txt"));
    symlinkSync(root, inside("up"));
    symlinkSync("folder", inside("near"));
    symlinkSync(join(root, "planted.txt"), inside("dangling"));
    files = PLACES[kind]!();
  });
  const call = (name: string, ...args: unknown[]): Promise<unknown> => outcome(files[name]!(...args));

  test("no link is followed: not to a file, through a directory, or to what is not there yet", async () => {
    for (const path of ["link.txt", "up/secret.txt", "near/b.txt", "dangling"]) {
      expect([path, await call("readText", path)]).toEqual([path, "E_PATH"]);
      expect([path, await call("writeText", path, "x")]).toEqual([path, "E_PATH"]);
      expect([path, await call("append", path, "x")]).toEqual([path, "E_PATH"]);
    }
    expect(await call("list", "up")).toBe("E_PATH");
    expect(await call("makeDirectory", "up/made")).toBe("E_PATH");
    expect(await call("rename", "a.txt", "up/a.txt")).toBe("E_PATH");
    expect(readFileSync(join(root, "secret.txt"), "utf8")).toBe("secret");
    expect([existsSync(join(root, "planted.txt")), existsSync(join(root, "made"))]).toEqual([false, false]);
  });

  test("a link is seen as a link, and removing it leaves what it points to", async () => {
    expect(await call("stat", "link.txt")).toMatchObject({ kind: "link", size: 0 });
    expect(await call("exists", "link.txt")).toBe(false);
    expect(await call("remove", "link.txt")).toBeUndefined();
    expect(readFileSync(join(root, "secret.txt"), "utf8")).toBe("secret");
  });
});

describe("a directory", () => {
  test("stays the directory that was granted, whatever becomes of its name", async () => {
    if (process.platform !== "linux") return;
    const files = functionsOf(directory(inside()));
    rmSync(inside("a.txt"));
    writeFileSync(inside("a.txt"), "new alpha");
    expect(await files["readText"]!("a.txt")).toBe("new alpha");
    mkdirSync(join(root, "other"));
    writeFileSync(join(root, "other/a.txt"), "other");
    const { renameSync } = await import("node:fs");
    renameSync(inside(), join(root, "moved"));
    renameSync(join(root, "other"), inside());
    expect(await files["readText"]!("a.txt")).toBe("new alpha");
  });

  test("is thrown out when it is none", () => {
    expect(() => directory(join(root, "no"))).toThrow("ENOENT");
    expect(() => directory(inside("a.txt"))).toThrow("ENOTDIR");
  });

  test("does not wait for a pipe, and opens no device", async () => {
    if (process.platform === "win32") return;
    const { execFileSync } = await import("node:child_process");
    execFileSync("mkfifo", [inside("pipe")]);
    const files = functionsOf(directory(inside()));
    expect(await outcome(files["readText"]!("pipe"))).toBe("E_KIND");
    expect(await outcome(files["writeText"]!("pipe", "x"))).toBe("E_KIND");
    expect(await files["stat"]!("pipe")).toMatchObject({ kind: "other" });
  });

  test("a hundred calls at once need few descriptors, and give all back", async () => {
    if (process.platform !== "linux") return;
    const { readdirSync } = await import("node:fs");
    const open = (): number => readdirSync("/proc/self/fd").length;
    const place = directoryPlace(inside());
    const before = open();
    let most = 0;
    const calls = Array.from({ length: 100 }, () => place.readBytes("folder/b.txt"));
    const watch = setInterval(() => {
      most = Math.max(most, open());
    }, 0);
    await Promise.all(calls);
    await Promise.all(Array.from({ length: 100 }, () => place.readBytes("folder/none").catch(() => undefined)));
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(before + 3 * 16 + 4);
    expect(open()).toBeLessThanOrEqual(before + 1);
  });

  test("a hard link inside is a file inside: who made it could read it", async () => {
    linkSync(join(root, "secret.txt"), inside("hard.txt"));
    expect(await functionsOf(directory(inside()))["readText"]!("hard.txt")).toBe("secret");
  });

  test("without a race-free way it only reads, unless the embedder says otherwise", async () => {
    const files = functionsOf(filesOf(checkedPlace(inside(), BOUNDS, false)));
    expect(await files["readText"]!("a.txt")).toBe("alpha");
    for (const name of ["writeText", "append", "remove", "makeDirectory", "rename"]) {
      expect(await outcome(files[name]!("a.txt", "b"))).toBe("E_READ_ONLY");
    }
    expect(readFileSync(inside("a.txt"), "utf8")).toBe("alpha");
  });
});

describe("readOnly", () => {
  test("refuses every call that changes something, and changes nothing", async () => {
    const place = treePlace(CONTENTS);
    const files = functionsOf(readOnly(filesOf(place)));
    const contents = async (): Promise<string> => JSON.stringify([await place.list("."), await place.list("folder")]);
    const before = await contents();
    const reads = ["readText", "readBytes", "list", "stat", "exists", "open", "openReader", "watch"];
    for (const { name } of FILES.calls.filter((one) => !reads.includes(one.name))) {
      const given = name === "writeBytes" ? bytes("x") : "x";
      expect([name, await outcome(files[name]!("a.txt", given))]).toEqual([name, "E_READ_ONLY"]);
    }
    expect(FILES_WRITES).toEqual(FILES.calls.map(({ name }) => name).filter((name) => !reads.includes(name)));
    expect(await contents()).toBe(before);
    expect(await files["readText"]!("a.txt")).toBe("alpha");
  });

  test("takes files and nothing else", async () => {
    const { capability } = await import("../../policy-libs/index.ts");
    const other = capability({ name: "clock", form: "clock", calls: [] }, {});
    expect(() => readOnly(other)).toThrow("readOnly takes files");
  });
});

describe("a tree", () => {
  test("is bounded as a whole, in bytes and in entries", async () => {
    const files = functionsOf(tree({}, { maxFileBytes: 40 * 1024 * 1024, maxEntries: 3 }));
    await files["writeBytes"]!("a", new Uint8Array(40 * 1024 * 1024));
    expect(await outcome(files["writeBytes"]!("b", new Uint8Array(40 * 1024 * 1024)))).toBe("E_TOO_LARGE");
    for (const name of ["c", "d", "e"]) await outcome(files["writeText"]!(name, "x"));
    expect(((await files["list"]!()) as unknown[]).length).toBeLessThanOrEqual(3);
    await files["remove"]!("a");
    expect(await outcome(files["writeBytes"]!("c", new Uint8Array(40 * 1024 * 1024)))).toBeUndefined();
  });

  test("gives and takes copies", async () => {
    const place = treePlace({ a: bytes("abc") });
    (await place.readBytes("a"))[0] = 0;
    const mine = bytes("def");
    await place.writeBytes("b", mine);
    mine[0] = 0;
    expect([await place.readBytes("a"), await place.readBytes("b")]).toEqual([bytes("abc"), bytes("def")]);
  });
});
