// Readers and writers, copies and listings, held against every place of files.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Granted, READER, unused, WRITER } from "../../policy-libs/index.ts";
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

let world: World;
beforeEach(() => {
  world = newWorld();
});
afterEach(() => world.end());

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
    unused(granted as Granted);
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
