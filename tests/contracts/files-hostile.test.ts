// What is opened of a real directory: links, pipes, names exchanged meanwhile, and ten thousand calls in flight.
import { linkSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Granted, unused } from "../../policy-libs/index.ts";
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
  type World,
} from "./files-kit.ts";

const WRITE = { write: true };
const MAKE = { write: true, create: true };

let world: World;
beforeEach(() => {
  world = newWorld();
});
afterEach(() => world.end());

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
    unused(dropped as Granted);
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
