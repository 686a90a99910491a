// What files open: files, readers and writers, held against every place of files.
import { linkSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  FILE,
  FILE_WRITES,
  isChange,
  PATH_ARGUMENTS,
  READER,
  readOnly,
  unused,
  WRITER,
} from "../../policy-libs/index.ts";
import {
  BOUNDS,
  bytes,
  type Calls,
  callsOf,
  descriptors,
  namesOf,
  newWorld,
  opened,
  outcome,
  PLACES,
  REAL,
  text,
  type World,
} from "./files-kit.ts";

const WRITE = { write: true };
const MAKE = { write: true, create: true };

let world: World;
beforeEach(() => {
  world = newWorld();
});
afterEach(() => world.end());

describe.each(Object.keys(PLACES))("an open file %s", (kind) => {
  let files: Calls;
  beforeEach(() => {
    files = callsOf(PLACES[kind]!(world));
  });
  const open = (path: string, options?: unknown): Promise<Calls> => opened(files["open"]!(path, options));
  const content = async (path: string): Promise<unknown> => await outcome(files["readText"]!(path));

  test("has a function for every call of its contract", async () => {
    const file = await open("a.txt");
    expect(Object.keys(file).sort()).toEqual(FILE.calls.map(({ name }) => name).sort());
    await file["close"]!();
  });

  test("is read at offsets, as far as it goes", async () => {
    const file = await open("a.txt");
    expect(await file["size"]!()).toBe(5);
    expect(text(await file["readAt"]!(1, 3))).toBe("lph");
    expect(text(await file["readAt"]!(3, 100))).toBe("ha");
    expect(text(await file["readAt"]!(2))).toBe("pha");
    expect(await file["readAt"]!(5, 8)).toHaveLength(0);
    expect(await file["readAt"]!(0, 0)).toHaveLength(0);
    expect(await outcome(file["readAt"]!(6, 8))).toBe("E_PAST_END");
    expect(await outcome(file["readAt"]!(500_000, 8))).toBe("E_PAST_END");
    await file["close"]!();
  });

  test("is written over and on, leaving no hole", async () => {
    const file = await open("a.txt", WRITE);
    await file["writeAt"]!(1, bytes("LP"));
    expect(await content("a.txt")).toBe("aLPha");
    await file["writeAt"]!(4, bytes("tered"));
    expect(await content("a.txt")).toBe("aLPhtered");
    expect(await outcome(file["writeAt"]!(10, bytes("x")))).toBe("E_PAST_END");
    expect(await outcome(file["writeAt"]!(500_000, bytes("x")))).toBe("E_PAST_END");
    expect(await file["size"]!()).toBe(9);
    await file["truncate"]!(2);
    expect(await outcome(file["truncate"]!(3))).toBe("E_PAST_END");
    expect(await content("a.txt")).toBe("aL");
    await file["writeAt"]!(2, bytes(""));
    expect(await file["flush"]!()).toBeUndefined();
    expect(await file["close"]!()).toBeUndefined();
    expect(await content("a.txt")).toBe("aL");
  });

  test("is made, kept or emptied as its options say", async () => {
    expect(await outcome(files["open"]!("new.txt"))).toBe("E_NOT_FOUND");
    expect(await outcome(files["open"]!("new.txt", WRITE))).toBe("E_NOT_FOUND");
    expect(await outcome(files["exists"]!("new.txt"))).toBe(false);
    const made = await open("new.txt", { ...MAKE, exclusive: true });
    await made["writeAt"]!(0, bytes("new"));
    await made["close"]!();
    expect(await outcome(files["open"]!("new.txt", { ...MAKE, exclusive: true }))).toBe("E_EXISTS");
    await (await open("new.txt", MAKE))["close"]!();
    expect(await content("new.txt")).toBe("new");
    await (await open("new.txt", { ...WRITE, truncate: true }))["close"]!();
    expect(await content("new.txt")).toBe("");
  });

  test.each([
    [{ create: true }, "E_VALUE"],
    [{ truncate: true }, "E_VALUE"],
    [{ write: true, exclusive: true }, "E_VALUE"],
  ])("is not opened with %j, which mean nothing", async (options, code) => {
    expect(await outcome(files["open"]!("a.txt", options))).toBe(code);
    expect(await content("a.txt")).toBe("alpha");
  });

  test("that was opened for reading is not written", async () => {
    const file = await open("a.txt");
    expect(await outcome(file["writeAt"]!(0, bytes("x")))).toBe("E_READ_ONLY");
    expect(await outcome(file["truncate"]!(0))).toBe("E_READ_ONLY");
    expect(await content("a.txt")).toBe("alpha");
    await file["close"]!();
  });

  test.each(["../secret.txt", "/etc/passwd", "folder/../a.txt", "folder\\b.txt", "a.txt\0"])(
    "is not opened as %j",
    async (path) => {
      for (const call of ["open", "openReader", "openWriter", "watch"])
        expect([call, await outcome(files[call]!(path))]).toEqual([call, "E_PATH"]);
      for (const args of [
        [path, "x"],
        ["a.txt", path],
      ])
        expect(await outcome(files["copy"]!(...args))).toBe("E_PATH");
      expect(await outcome(files["open"]!(path, MAKE))).toBe("E_PATH");
    },
  );

  test("is no directory", async () => {
    for (const call of ["open", "openReader", "openWriter"])
      expect([call, await outcome(files[call]!("folder"))]).toEqual([call, "E_KIND"]);
    expect(await outcome(files["open"]!("folder", MAKE))).toBe("E_KIND");
    expect(await outcome(files["open"]!("."))).toBe("E_PATH");
  });

  test.each([[-1], [0.5], [Number.NaN], [Number.POSITIVE_INFINITY], [2 ** 53], ["1"], [undefined], [null]])(
    "takes no offset %s",
    async (offset) => {
      const file = await open("a.txt", WRITE);
      expect(await outcome(file["readAt"]!(offset, 1))).toBe("E_VALUE");
      expect(await outcome(file["writeAt"]!(offset, bytes("x")))).toBe("E_VALUE");
      expect(await outcome(file["truncate"]!(offset))).toBe("E_VALUE");
      expect(await content("a.txt")).toBe("alpha");
      await file["close"]!();
    },
  );

  test("does not become larger than files may be", async () => {
    const file = await open("big", MAKE);
    await file["writeAt"]!(0, new Uint8Array(BOUNDS.maxFileBytes));
    expect(await outcome(file["writeAt"]!(BOUNDS.maxFileBytes, bytes("x")))).toBe("E_TOO_LARGE");
    expect(await outcome(file["writeAt"]!(BOUNDS.maxFileBytes - 1, bytes("x")))).toBeUndefined();
    expect(await file["size"]!()).toBe(BOUNDS.maxFileBytes);
    await file["close"]!();
  });

  test("that was closed is dead, and closed once", async () => {
    const file = await open("a.txt", WRITE);
    await file["close"]!();
    const uses = [file["readAt"]!(0, 1), file["writeAt"]!(0, bytes("")), file["truncate"]!(0), file["size"]!()];
    for (const use of [...uses, file["flush"]!(), file["close"]!()]) expect(await outcome(use)).toBe("E_CLOSED");
    expect(await content("a.txt")).toBe("alpha");
  });

  test("finishes what was begun before it closes", async () => {
    const file = await open("a.txt", WRITE);
    const writes = Array.from({ length: 20 }, (_, at) => file["writeAt"]!(at * 1_000, new Uint8Array(1_000).fill(at)));
    const read = file["readAt"]!(0);
    const close = file["close"]!();
    expect(await outcome(file["size"]!())).toBe("E_CLOSED");
    await Promise.all(writes);
    expect(
      ((await read) as Uint8Array).map((byte, at) => byte - Math.floor(at / 1_000)).every((byte) => byte === 0),
    ).toBe(true);
    await close;
    expect(await files["stat"]!("a.txt")).toMatchObject({ size: 20_000 });
  });

  test("stays what was opened: replaced, moved and removed names change nothing", async () => {
    const file = await open("a.txt", WRITE);
    await files["writeText"]!("a.txt", "another");
    expect(text(await file["readAt"]!(0))).toBe("alpha");
    await file["writeAt"]!(0, bytes("A"));
    expect(await content("a.txt")).toBe("another");
    const moved = await open("a.txt", WRITE);
    await files["rename"]!("a.txt", "folder/c.txt");
    await moved["writeAt"]!(0, bytes("A"));
    expect(await content("folder/c.txt")).toBe("Another");
    await files["remove"]!("folder/c.txt");
    await moved["writeAt"]!(7, bytes("!"));
    expect(text(await moved["readAt"]!(0))).toBe("Another!");
    expect(await files["exists"]!("folder/c.txt")).toBe(false);
    for (const one of [file, moved]) await one["close"]!();
  });

  test("may be open as often as the bounds say, and is not made beyond", async () => {
    const all = await Promise.all(Array.from({ length: BOUNDS.maxOpen }, () => open("a.txt")));
    expect(await outcome(files["open"]!("beyond", MAKE))).toBe("E_QUOTA");
    for (const call of ["openReader", "openWriter", "watch"])
      expect([call, await outcome(files[call]!("a.txt"))]).toEqual([call, "E_QUOTA"]);
    expect(await files["exists"]!("beyond")).toBe(false);
    await all[0]!["close"]!();
    await outcome(all[0]!["close"]!());
    all[0] = await open("a.txt");
    expect(await outcome(files["open"]!("a.txt"))).toBe("E_QUOTA");
    for (const one of all) await one["close"]!();
    for (let round = 0; round < 3 * BOUNDS.maxOpen; round++) await outcome(files["open"]!("none"));
    await (await open("a.txt"))["close"]!();
  });

  test("that nobody can use any more is closed, once", async () => {
    const held = [];
    for (let at = 0; at < BOUNDS.maxOpen; at++) held.push(await files["open"]!("a.txt"));
    for (const one of held) {
      unused(one as object);
      unused(one as object);
    }
    expect(await outcome(callsOf(held[0])["size"]!())).toBe("E_CLOSED");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const again = await Promise.all(Array.from({ length: BOUNDS.maxOpen }, () => open("a.txt")));
    expect(await outcome(files["open"]!("a.txt"))).toBe("E_QUOTA");
    for (const one of again) await one["close"]!();
  });

  test("is narrowed by readOnly, and so is every way to it", async () => {
    const narrow = callsOf(readOnly(PLACES[kind]!(world)));
    for (const option of ["write", "create", "exclusive", "truncate"])
      expect([option, await outcome(narrow["open"]!("a.txt", { [option]: true }))]).toEqual([option, "E_READ_ONLY"]);
    expect(await outcome(narrow["openWriter"]!("a.txt"))).toBe("E_READ_ONLY");
    const file = await opened(narrow["open"]!("a.txt", { write: false }));
    for (const call of FILE_WRITES) expect(await outcome(file[call]!(0, bytes("x")))).toBe("E_READ_ONLY");
    expect(text(await file["readAt"]!(0))).toBe("alpha");
    await file["close"]!();
    expect(text(await (await opened(narrow["openReader"]!("a.txt")))["read"]!())).toBe("alpha");
  });
});

describe.each(Object.keys(PLACES))("a reader %s", (kind) => {
  let files: Calls;
  beforeEach(() => {
    files = callsOf(PLACES[kind]!(world));
  });
  const open = (path: string, range?: unknown): Promise<Calls> => opened(files["openReader"]!(path, range));

  test("gives all bytes once, then none", async () => {
    const all = Uint8Array.from({ length: 90_000 }, (_, at) => at % 251);
    await files["writeBytes"]!("data", all);
    const reader = await open("data");
    expect(Object.keys(reader).sort()).toEqual(READER.calls.map(({ name }) => name).sort());
    const found: number[] = [];
    for (;;) {
      const piece = (await reader["read"]!()) as Uint8Array;
      if (piece.length === 0) break;
      found.push(...piece);
    }
    expect(Uint8Array.from(found)).toEqual(all);
    expect(await reader["read"]!(10)).toHaveLength(0);
    await reader["close"]!();
    expect(await outcome(reader["read"]!())).toBe("E_CLOSED");
    expect(await outcome(reader["close"]!())).toBe("E_CLOSED");
  });

  test("keeps to its range", async () => {
    const read = async (range: unknown): Promise<string> => {
      const reader = await open("a.txt", range);
      const found = text(await reader["read"]!(100));
      await reader["close"]!();
      return found;
    };
    expect(await read({ from: 1, to: 4 })).toBe("lph");
    expect(await read({ from: 3 })).toBe("ha");
    expect(await read({ to: 2 })).toBe("al");
    expect(await read({ from: 5 })).toBe("");
    expect(await read({ from: 2, to: 2 })).toBe("");
    expect(await read({ to: 1_000_000 })).toBe("alpha");
    expect(await outcome(open("a.txt", { from: 6 }))).toBe("E_PAST_END");
    expect(await outcome(open("a.txt", { from: 3, to: 2 }))).toBe("E_VALUE");
    expect(await outcome(open("a.txt", { from: -1 }))).toBe("E_VALUE");
  });

  test("gives pieces in the order in which they were asked for", async () => {
    const reader = await open("a.txt");
    const pieces = await Promise.all([1, 2, 1, 5].map((most) => reader["read"]!(most)));
    expect(pieces.map(text)).toEqual(["a", "lp", "h", "a"]);
    await reader["close"]!();
  });
});

describe.each(Object.keys(PLACES))("a writer %s", (kind) => {
  let files: Calls;
  beforeEach(() => {
    files = callsOf(PLACES[kind]!(world));
  });
  const open = (path: string, mode?: string): Promise<Calls> => opened(files["openWriter"]!(path, mode && { mode }));
  const content = async (path: string): Promise<unknown> => await outcome(files["readText"]!(path));
  const names = async (): Promise<string[]> => ((await files["list"]!()) as { name: string }[]).map(({ name }) => name);

  test("shows nothing before it is closed, and then everything", async () => {
    for (const [path, before] of [
      ["a.txt", "alpha"],
      ["new.txt", "E_NOT_FOUND"],
    ] as const) {
      const writer = await open(path);
      expect(Object.keys(writer).sort()).toEqual(WRITER.calls.map(({ name }) => name).sort());
      await writer["write"]!("one, ");
      await writer["write"]!(bytes("two"));
      expect(await content(path)).toBe(before);
      expect(await names()).toEqual(["a.txt", "folder"]);
      await writer["close"]!();
      expect(await content(path)).toBe("one, two");
      for (const use of [writer["write"]!("x"), writer["close"]!(), writer["abort"]!()])
        expect(await outcome(use)).toBe("E_CLOSED");
    }
  });

  test("that is aborted has done nothing", async () => {
    for (const mode of ["create", "replace"]) {
      const path = mode === "create" ? "new.txt" : "a.txt";
      const writer = await open(path, mode);
      await writer["write"]!("half");
      await writer["abort"]!();
      expect(await outcome(writer["close"]!())).toBe("E_CLOSED");
    }
    expect(await content("a.txt")).toBe("alpha");
    expect(await names()).toEqual(["a.txt", "folder"]);
  });

  test("that nobody can use any more has done nothing", async () => {
    const granted = await files["openWriter"]!("a.txt");
    await callsOf(granted)["write"]!("half");
    unused(granted as object);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await content("a.txt")).toBe("alpha");
    expect(await names()).toEqual(["a.txt", "folder"]);
  });

  test("that creates takes nobody's place, also not of what came meanwhile", async () => {
    expect(await outcome(open("a.txt", "create"))).toBe("E_EXISTS");
    const writer = await open("new.txt", "create");
    await writer["write"]!("mine");
    await files["writeText"]!("new.txt", "theirs");
    expect(await outcome(writer["close"]!())).toBe("E_EXISTS");
    expect(await content("new.txt")).toBe("theirs");
    const both = [await open("one", "create"), await open("one", "create")];
    for (const [at, one] of both.entries()) await one["write"]!(String(at));
    const ends = await Promise.all(both.map((one) => outcome(one["close"]!())));
    expect(ends.toSorted()).toEqual(["E_EXISTS", undefined]);
    expect(await content("one")).toBe(String(ends.indexOf(undefined)));
  });

  test("that appends adds at once to what there is, or to nothing", async () => {
    for (const path of ["a.txt", "new.txt"]) {
      const before = path === "a.txt" ? "alpha" : "";
      const writer = await open(path, "append");
      await writer["write"]!(" and");
      expect(await content(path)).toBe(`${before} and`);
      await files["append"]!(path, " so");
      await writer["write"]!(" on");
      await writer["close"]!();
      expect(await content(path)).toBe(`${before} and so on`);
    }
  });

  test("writes no more than files may hold, and a refused piece is not in the file", async () => {
    const writer = await open("big");
    await writer["write"]!(new Uint8Array(BOUNDS.maxFileBytes - 1));
    expect(await outcome(writer["write"]!("xy"))).toBe("E_TOO_LARGE");
    await writer["write"]!("x");
    await writer["close"]!();
    expect(await files["stat"]!("big")).toMatchObject({ size: BOUNDS.maxFileBytes });
    const appender = await open("big", "append");
    expect(await outcome(appender["write"]!("x"))).toBe("E_TOO_LARGE");
    await appender["close"]!();
  });

  test("takes text that is text, and a mode that is one", async () => {
    const writer = await open("a.txt");
    expect(await outcome(writer["write"]!("\ud800"))).toBe("E_VALUE");
    expect(await outcome(writer["write"]!(7))).toBe("E_VALUE");
    await writer["abort"]!();
    expect(await outcome(open("a.txt", "overwrite"))).toBe("E_VALUE");
    expect(await outcome(open("no/new.txt"))).toBe("E_NOT_FOUND");
    expect(await outcome(open("folder", "create"))).toMatch(/E_KIND|E_EXISTS/);
  });

  test("copy copies, over itself too, and truncate cuts", async () => {
    await files["copy"]!("a.txt", "folder/copy.txt");
    await files["copy"]!("folder/b.txt", "a.txt");
    await files["copy"]!("a.txt", "a.txt");
    expect([await content("folder/copy.txt"), await content("a.txt")]).toEqual(["alpha", "beta"]);
    expect(await outcome(files["copy"]!("none", "x"))).toBe("E_NOT_FOUND");
    expect(await outcome(files["copy"]!("folder", "x"))).toBe("E_KIND");
    expect(await outcome(files["copy"]!("a.txt", "folder"))).toBe("E_KIND");
    expect(await files["truncate"]!("a.txt", 3)).toBeUndefined();
    expect(await content("a.txt")).toBe("bet");
    expect(await outcome(files["truncate"]!("a.txt", 4))).toBe("E_PAST_END");
    expect(await outcome(files["truncate"]!("a.txt", -1))).toBe("E_VALUE");
    expect(await outcome(files["truncate"]!("none", 0))).toBe("E_NOT_FOUND");
    expect(await names()).toEqual(["a.txt", "folder"]);
  });

  test("a recursive listing shows all below, each directory before what it holds, up to a bound", async () => {
    await files["makeDirectory"]!("folder/deep/er");
    await files["writeText"]!("folder/deep/x", "");
    const list = (await files["list"]!("folder", { recursive: true })) as { name: string; kind: string }[];
    expect(list.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "b.txt file",
      "deep directory",
      "deep/er directory",
      "deep/x file",
    ]);
    const all = (await files["list"]!(undefined, { recursive: true })) as { name: string }[];
    expect(all.map(({ name }) => name)).toContain("folder/deep/er");
    expect(await outcome(files["list"]!("folder", { recursive: true, most: 3 }))).toBe("E_TOO_LARGE");
    expect(await outcome(files["list"]!("folder", { recursive: true, most: 4 }))).toHaveLength(4);
    expect(await outcome(files["list"]!("folder", { most: 1 }))).toBe("E_TOO_LARGE");
  });
});

describe.each(REAL)("what is opened %s", (kind) => {
  let files: Calls;
  beforeEach(() => {
    symlinkSync(join(world.root, "secret.txt"), world.inside("link.txt"));
    symlinkSync(world.root, world.inside("up"));
    symlinkSync("folder", world.inside("near"));
    symlinkSync(join(world.root, "planted.txt"), world.inside("dangling"));
    files = callsOf(PLACES[kind]!(world));
  });

  test("is never reached over a link", async () => {
    for (const path of ["link.txt", "up/secret.txt", "near/b.txt", "dangling", "up/planted.txt"]) {
      const calls: [string, unknown?][] = [
        ["open"],
        ["open", WRITE],
        ["open", MAKE],
        ["open", { ...WRITE, truncate: true }],
        ["openReader"],
        ["openWriter"],
        ["openWriter", { mode: "append" }],
        ["truncate", 0],
        ["copy", "x"],
      ];
      for (const [call, ...args] of calls)
        expect([path, call, await outcome(files[call]!(path, ...args))]).toEqual([path, call, "E_PATH"]);
      expect([path, await outcome(files["copy"]!("a.txt", path))]).toEqual([path, "E_PATH"]);
      expect(["E_PATH", "E_EXISTS"]).toContain(await outcome(files["openWriter"]!(path, { mode: "create" })));
      expect(["E_PATH", "E_EXISTS"]).toContain(await outcome(files["open"]!(path, { ...MAKE, exclusive: true })));
    }
    expect(namesOf(world.root)).toEqual(["inside", "secret.txt"]);
    expect(readFileSync(join(world.root, "secret.txt"), "utf8")).toBe("secret");
    const listed = (await files["list"]!(".", { recursive: true })) as { name: string }[];
    expect(listed.map(({ name }) => name)).toEqual([
      "a.txt",
      "dangling",
      "folder",
      "folder/b.txt",
      "link.txt",
      "near",
      "up",
    ]);
  });

  test("is no pipe, and nothing waits for one", async () => {
    const { execFileSync } = await import("node:child_process");
    execFileSync("mkfifo", [world.inside("pipe")]);
    for (const [call, ...args] of [["open"], ["open", WRITE], ["openReader"], ["openWriter"], ["truncate", 0]] as const)
      expect([call, await outcome(files[call]!("pipe", ...args))]).toEqual([call, "E_KIND"]);
    expect(await outcome(files["copy"]!("pipe", "x"))).toBe("E_KIND");
    expect(await outcome(files["copy"]!("a.txt", "pipe"))).toBe("E_KIND");
  });

  test("a link that takes the place of a writer's target meanwhile is not followed", async () => {
    const writer = await opened(files["openWriter"]!("a.txt"));
    await writer["write"]!("mine");
    rmSync(world.inside("a.txt"));
    symlinkSync(join(world.root, "secret.txt"), world.inside("a.txt"));
    expect(await outcome(writer["close"]!())).toBe("E_PATH");
    expect(readFileSync(join(world.root, "secret.txt"), "utf8")).toBe("secret");
    expect(namesOf(world.inside()).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("a name of a temporary file is not shown and cannot be said", async () => {
    const name = `.cordon-${"0".repeat(32)}.tmp`;
    writeFileSync(world.inside(name), "half");
    expect(((await files["list"]!()) as { name: string }[]).map((entry) => entry.name)).not.toContain(name);
    for (const call of ["readText", "open", "stat", "remove", "openWriter", "watch"])
      expect([call, await outcome(files[call]!(name))]).toEqual([call, "E_PATH"]);
    expect(await outcome(files["open"]!(name.toUpperCase()))).toBe("E_PATH");
    expect(await outcome(files["rename"]!("a.txt", name))).toBe("E_PATH");
  });

  test("a writer's temporary file is there while it writes and gone however it ends", async () => {
    const hidden = (): number => namesOf(world.inside()).filter((name) => name.startsWith(".cordon-")).length;
    for (const end of ["close", "abort"]) {
      const writer = await opened(files["openWriter"]!("a.txt"));
      await writer["write"]!("x");
      expect(hidden()).toBe(1);
      await writer[end]!();
      expect(hidden()).toBe(0);
    }
    const failing = await opened(files["openWriter"]!("new.txt", { mode: "create" }));
    writeFileSync(world.inside("new.txt"), "theirs");
    expect(await outcome(failing["close"]!())).toBe("E_EXISTS");
    const dropped = await files["openWriter"]!("a.txt");
    unused(dropped as object);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hidden()).toBe(0);
  });

  test("a replaced file keeps its permissions, and its other name the old bytes", async () => {
    if (process.platform === "win32") return;
    const { chmodSync, statSync } = await import("node:fs");
    chmodSync(world.inside("a.txt"), 0o640);
    linkSync(world.inside("a.txt"), join(world.root, "other"));
    await files["writeText"]!("a.txt", "new");
    expect(statSync(world.inside("a.txt")).mode & 0o777).toBe(0o640);
    expect(readFileSync(join(world.root, "other"), "utf8")).toBe("alpha");
  });
});

describe("what is opened of a directory", () => {
  test("stays in the directory in which it was begun", async () => {
    if (process.platform !== "linux") return;
    const files = callsOf(PLACES["of a directory"]!(world));
    const writer = await opened(files["openWriter"]!("folder/new.txt"));
    await writer["write"]!("here");
    renameSync(world.inside("folder"), world.inside("moved"));
    symlinkSync(world.root, world.inside("folder"));
    await writer["close"]!();
    expect(readFileSync(world.inside("moved/new.txt"), "utf8")).toBe("here");
    expect(namesOf(world.root)).toEqual(["inside", "secret.txt"]);
  });

  test("keeps few descriptors and gives them back", async () => {
    if (process.platform !== "linux") return;
    const files = callsOf(PLACES["of a directory"]!(world));
    await files["list"]!();
    const before = descriptors();
    const open = [
      await opened(files["open"]!("a.txt")),
      await opened(files["openReader"]!("a.txt")),
      await opened(files["openWriter"]!("folder/a.txt")),
      await opened(files["openWriter"]!("a.txt", { mode: "append" })),
    ];
    expect(descriptors()).toBeLessThanOrEqual(before + 5);
    for (const one of open) await one["close"]!();
    for (const call of ["open", "openReader", "watch"]) await outcome(files[call]!("no/such"));
    await outcome(files["openWriter"]!("no/such"));
    await outcome(files["openWriter"]!("folder"));
    expect(descriptors()).toBe(before);
  });

  test("10,000 calls in flight are all answered, within the bounds", async () => {
    const files = callsOf(PLACES["of a directory"]!(world));
    const file = await opened(files["open"]!("shared", MAKE));
    await file["writeAt"]!(0, new Uint8Array(1_000));
    const before = process.platform === "linux" ? descriptors() : 0;
    let most = 0;
    const timer = setInterval(() => {
      if (process.platform === "linux") most = Math.max(most, descriptors());
    }, 1);
    const kinds: ((at: number) => Promise<unknown>)[] = [
      (at) => files["writeText"]!(`f${at % 7}`, `text ${at}`),
      (at) => files["readText"]!(`f${at % 7}`),
      (at) => file["readAt"]!(at % 1_000, 8),
      (at) => file["writeAt"]!(at % 1_000, bytes("x")),
      () => files["copy"]!("a.txt", "copy"),
      () => files["open"]!("a.txt"),
      () => files["stat"]!("a.txt"),
      () => files["append"]!("log", "line\n"),
    ];
    const ends = await Promise.all(Array.from({ length: 10_000 }, (_, at) => outcome(kinds[at % 8]!(at))));
    clearInterval(timer);
    const codes = new Set(ends.filter((end) => typeof end === "string" && end.startsWith("E_")));
    // Files are open until they are closed, and a name may be read before it is written.
    expect([...codes].sort()).toEqual(expect.arrayContaining(["E_QUOTA"]));
    expect([...codes].filter((code) => code !== "E_QUOTA" && code !== "E_NOT_FOUND")).toEqual([]);
    const handles = ends.filter((end) => typeof end === "object" && end !== null && "functions" in end);
    expect(handles).toHaveLength(BOUNDS.maxOpen - 1);
    for (const handle of handles) await callsOf(handle)["close"]!();
    expect(readFileSync(world.inside("log"), "utf8")).toBe("line\n".repeat(1_250));
    expect(namesOf(world.inside()).filter((name) => name.startsWith("."))).toEqual([]);
    if (process.platform === "linux") {
      expect(most).toBeLessThanOrEqual(before + BOUNDS.maxOpen + 16 * 4 + 16 * 3 + 4);
      expect(descriptors()).toBeLessThanOrEqual(before + 1);
    }
    await file["close"]!();
  });
});

test("the tables tell paths and changes of every call", () => {
  expect(PATH_ARGUMENTS["rename"]).toEqual([0, 1]);
  expect(PATH_ARGUMENTS["copy"]).toEqual([0, 1]);
  expect(Object.entries(PATH_ARGUMENTS).filter(([, places]) => places[0] !== 0)).toEqual([]);
  expect(isChange("open", undefined)).toBe(false);
  expect(isChange("open", { write: false })).toBe(false);
  expect(isChange("open", { truncate: true })).toBe(true);
  expect(isChange("openWriter", undefined)).toBe(true);
  expect(isChange("openReader", undefined)).toBe(false);
});
