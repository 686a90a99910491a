// Open files, held against every place of files.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  FILE,
  FILE_WRITES,
  type Granted,
  isChange,
  PATH_ARGUMENTS,
  readOnly,
  unused,
} from "../../policy-libs/index.ts";
import {
  BOUNDS,
  bytes,
  type Calls,
  callsOf,
  newWorld,
  opened,
  outcome,
  PLACES,
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
      unused(one as Granted);
      unused(one as Granted);
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
