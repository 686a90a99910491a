// Watching files: what happened is told, in every place of files, and nothing else is.
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MAX_CHANGES, newChanges } from "../../policy-libs/files/changes.ts";
import { type Change, type Granted, unused, WATCH } from "../../policy-libs/index.ts";
import { directory } from "../../policy-libs/node/index.ts";
import {
  BOUNDS,
  type Calls,
  callsOf,
  descriptors,
  newWorld,
  opened,
  outcome,
  PLACES,
  REAL,
  type World,
} from "./files-kit.ts";

let world: World;
beforeEach(() => {
  world = newWorld("cordon-watch-");
});
afterEach(() => world.end());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** All changes until nothing has happened for a while. */
async function changesOf(watch: Calls, quiet = 60): Promise<string[]> {
  const found: string[] = [];
  const next = async (): Promise<void> => {
    for (;;) {
      const { kind, path } = (await watch["next"]!()) as Change;
      found.push(`${kind} ${path}`);
    }
  };
  const end = next().catch((error: { readonly code?: string }) => expect(error.code).toBe("E_CLOSED"));
  for (let before = -1; before !== found.length; ) {
    before = found.length;
    await pause(quiet);
  }
  await watch["close"]!();
  await end;
  return found;
}

describe.each(Object.keys(PLACES))("a watch %s", (kind) => {
  let files: Calls;
  beforeEach(() => {
    files = callsOf(PLACES[kind]!(world));
  });
  const watch = (path: string): Promise<Calls> => opened(files["watch"]!(path));
  /** One change at a time: what comes together may be told together. */
  async function told(path: string, work: () => Promise<unknown>): Promise<string[]> {
    const one = await watch(path);
    await work();
    return await changesOf(one);
  }

  test("has a function for every call of its contract", async () => {
    const one = await watch(".");
    expect(Object.keys(one).sort()).toEqual(WATCH.calls.map(({ name }) => name).sort());
    await one["close"]!();
  });

  test("tells what appears, changes and goes in a directory", async () => {
    expect(await told("folder", () => files["writeText"]!("folder/new", "x"))).toEqual(["appeared new"]);
    expect(await told("folder", () => files["writeText"]!("folder/new", "y"))).toEqual(["changed new"]);
    expect(await told("folder", () => files["append"]!("folder/new", "z"))).toEqual(["changed new"]);
    expect(await told("folder", () => files["copy"]!("a.txt", "folder/copy"))).toEqual(["appeared copy"]);
    expect(await told("folder", () => files["truncate"]!("folder/copy", 1))).toEqual(["changed copy"]);
    expect(await told("folder", () => files["remove"]!("folder/copy"))).toEqual(["removed copy"]);
    const moved = await told("folder", () => files["rename"]!("folder/new", "folder/moved"));
    expect(moved.toSorted()).toEqual(["appeared moved", "removed new"]);
    expect(await told(".", () => files["makeDirectory"]!("made"))).toEqual(["appeared made"]);
  });

  test("of a directory tells nothing of what lies deeper or beside it", async () => {
    await files["makeDirectory"]!("folder/deep");
    expect(await told("folder", () => files["writeText"]!("folder/deep/x", "x"))).not.toContain("appeared x");
    expect(await told("folder", () => files["writeText"]!("a.txt", "x"))).toEqual([]);
    expect(await told("folder", () => files["readText"]!("folder/b.txt"))).toEqual([]);
  });

  test('of a file tells of this file alone, as of ".", also before it is there', async () => {
    expect(await told("a.txt", () => files["writeText"]!("other", "x"))).toEqual([]);
    expect(await told("a.txt", () => files["writeText"]!("a.txt", "x"))).toEqual(["changed ."]);
    expect(await told("a.txt", () => files["remove"]!("a.txt"))).toEqual(["removed ."]);
    expect(await told("a.txt", () => files["writeText"]!("a.txt", "y"))).toEqual(["appeared ."]);
    expect(await told("folder/no", () => files["rename"]!("a.txt", "folder/no"))).toEqual(["appeared ."]);
    expect(await outcome(files["watch"]!("no/such"))).toBe("E_NOT_FOUND");
    expect(await outcome(files["watch"]!("folder/b.txt/x"))).toBe("E_KIND");
  });

  test("of a writer tells when it is finished, and never its temporary name", async () => {
    const one = await watch(".");
    const writer = await opened(files["openWriter"]!("a.txt"));
    await writer["write"]!("x");
    const dropped = await opened(files["openWriter"]!("b.txt"));
    await dropped["abort"]!();
    await pause(40);
    await writer["close"]!();
    expect(await changesOf(one)).toEqual(["changed a.txt"]);
  });

  test("tells that the directory itself is gone", async () => {
    await files["remove"]!("folder/b.txt");
    const one = await watch("folder");
    await files["remove"]!("folder");
    expect(await one["next"]!()).toEqual({ kind: "removed", path: "." });
    expect(await changesOf(one)).toEqual([]);
  });

  test("keeps what happened until it is asked for, each name once", async () => {
    const one = await watch(".");
    for (let round = 0; round < 50; round++) await files["writeText"]!("a.txt", `${round}`);
    await files["writeText"]!("b.txt", "");
    await pause(50);
    const found = await changesOf(one);
    expect(found.filter((change) => change === "changed a.txt").length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(10);
    expect(found).toContain("appeared b.txt");
  });

  test("is closed once, and whoever waits hears of it", async () => {
    const one = await watch(".");
    const waits = [one["next"]!(), one["next"]!()];
    const ends = waits.map(outcome);
    await one["close"]!();
    expect(await Promise.all(ends)).toEqual(["E_CLOSED", "E_CLOSED"]);
    expect(await outcome(one["next"]!())).toBe("E_CLOSED");
    expect(await outcome(one["close"]!())).toBe("E_CLOSED");
  });

  test("that nobody can use any more is closed", async () => {
    for (let round = 0; round < 3 * BOUNDS.maxOpen; round++) {
      const granted = await files["watch"]!(".");
      const wait = outcome(callsOf(granted)["next"]!());
      unused(granted as Granted);
      expect(await wait).toBe("E_CLOSED");
    }
  });
});

/** The entries of folder after what was told; undefined if it was told to look again. Nothing is told that cannot be. */
function stateAfter(changes: readonly string[]): string[] | undefined {
  const state = new Set(["b.txt"]);
  for (const [what, name] of changes.map((change) => change.split(" ") as [string, string])) {
    if (name === ".") return undefined;
    expect(what === "appeared" ? !state.has(name) : state.has(name)).toBe(true);
    if (what === "removed") state.delete(name);
    else state.add(name);
  }
  return [...state].sort();
}

/** Makes all files, then removes some, so often. */
function storm(rounds: number, files: number, isLeft: (round: number, at: number) => boolean): void {
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < files; at++) writeFileSync(world.inside("folder", `n${at}`), "x");
    for (let at = 0; at < files; at++) if (!isLeft(round, at)) rmSync(world.inside("folder", `n${at}`));
  }
}

describe.each(REAL)("a watch %s", (kind) => {
  test("follows no link and tells no name of the host", async () => {
    mkdirSync(join(world.root, "outside"));
    symlinkSync(join(world.root, "outside"), world.inside("up"));
    const files = callsOf(PLACES[kind]!(world));
    const one = await opened(files["watch"]!("up"));
    expect(await outcome(files["watch"]!("up/x"))).toBe("E_PATH");
    writeFileSync(join(world.root, "outside/x"), "x");
    utimesSync(join(world.root, "outside"), 1, 1);
    expect(await changesOf(one)).toEqual([]);
    const whole = await opened(files["watch"]!("."));
    renameSync(world.inside(), join(world.root, "renamed"));
    renameSync(join(world.root, "renamed"), world.inside());
    for (const change of await changesOf(whole)) expect(change).toMatch(/ (a\.txt|folder|up|\.)$/);
  });

  test("after a storm on few names has told exactly what is so, though the host has dropped much of it", async () => {
    const files = callsOf(PLACES[kind]!(world));
    const one = await opened(files["watch"]!("folder"));
    // 40 names, 32,000 events and more: the host keeps 16,384.
    storm(200, 40, (round, at) => round === 199 && at < 20);
    const found = await changesOf(one, 300);
    const real = ((await files["list"]!("folder")) as { name: string }[]).map(({ name }) => name);
    expect(stateAfter(found)).toEqual(real);
    expect(real).toHaveLength(21);
  }, 60_000);

  test("after a storm of changes tells what is so in the end", async () => {
    const files = callsOf(directory(world.inside(), { maxOpen: 8 }));
    const one = await opened(files["watch"]!("folder"));
    storm(8, 1_200, (round, at) => at % 3 === round % 3);
    const found = await changesOf(one, 300);
    const real = ((await files["list"]!("folder")) as { name: string }[]).map(({ name }) => name);
    // Who is told to look at everything again does so; else what was told adds up to what is there.
    expect(stateAfter(found) ?? real).toEqual(real);
    const after = await opened(files["watch"]!("folder"));
    await files["writeText"]!("folder/after", "x");
    expect(await changesOf(after)).toEqual(["appeared after"]);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(20_000);
  }, 60_000);
});

test("watches keep no descriptors when they are closed", async () => {
  if (process.platform !== "linux") return;
  const files = callsOf(PLACES["of a directory"]!(world));
  await (await opened(files["watch"]!(".")))["close"]!();
  const before = descriptors();
  for (let round = 0; round < 50; round++) {
    const one = await opened(files["watch"]!(round % 2 === 0 ? "folder" : "a.txt"));
    await files["writeText"]!("a.txt", "x");
    await one["close"]!();
  }
  await pause(50);
  expect(descriptors()).toBe(before);
});

describe("changes that wait", () => {
  const all = async (changes: ReturnType<typeof newChanges>, count: number): Promise<string[]> => {
    const found: string[] = [];
    for (let at = 0; at < count; at++) {
      const { kind, path } = await changes.next();
      found.push(`${kind} ${path}`);
    }
    return found;
  };

  test("of one name become one that says the same", async () => {
    const rows: [string, string][] = [
      ["appeared changed", "appeared"],
      ["changed changed changed", "changed"],
      ["changed removed", "removed"],
      ["removed appeared", "changed"],
      ["appeared removed", ""],
      ["removed appeared removed", "removed"],
      ["appeared removed appeared", "appeared"],
    ];
    for (const [happened, together] of rows) {
      const changes = newChanges("x");
      for (const kind of happened.split(" ")) changes.tell(kind as Change["kind"], "a");
      changes.tell("changed", "end");
      expect(await all(changes, together === "" ? 1 : 2)).toEqual([
        ...(together === "" ? [] : [`${together} a`]),
        "changed end",
      ]);
    }
  });

  test("that are too many become one that says: look again", async () => {
    const changes = newChanges("x");
    for (let at = 0; at <= MAX_CHANGES; at++) changes.tell("appeared", `n${at}`);
    changes.tell("removed", "n0");
    expect(await all(changes, 2)).toEqual(["changed .", "removed n0"]);
  });

  test("are told in order, to those who wait in theirs", async () => {
    const changes = newChanges("x");
    const waits = [changes.next(), changes.next(), changes.next()];
    for (const name of ["a", "b", "c"]) changes.tell("changed", name);
    expect((await Promise.all(waits)).map(({ path }) => path)).toEqual(["a", "b", "c"]);
  });
});
