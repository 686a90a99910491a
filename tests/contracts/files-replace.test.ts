// Replacing files: whoever looks sees the old file or the new one, also when the writer is killed or the disk is full.
import { execFileSync, fork, spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { directory } from "../../policy-libs/node/index.ts";
import { type Calls, callsOf, namesOf, newWorld, opened, outcome, type World } from "./files-kit.ts";

let world: World;
beforeEach(() => {
  world = newWorld("cordon-replace-");
});
afterEach(() => world.end());

/** Version n is 1,000 times n bytes of one letter: a part of it, or a mixture, is none. */
const version = (n: number): string => String.fromCharCode(97 + n).repeat(1_000 * (n + 1));

/** Reads the file as fast as it can, and tells which versions it saw, or what else. */
const OBSERVER = `
  const fs = require("node:fs");
  const seen = {};
  let stop = false;
  process.on("message", () => { stop = true; });
  const note = (what) => { seen[what] = (seen[what] ?? 0) + 1; };
  function look() {
    let text;
    try { text = fs.readFileSync(process.argv[2], "latin1"); } catch (error) { return note(error.code); }
    const n = text.charCodeAt(0) - 97;
    note(text === String.fromCharCode(97 + n).repeat(1000 * (n + 1)) ? "whole " + n : "torn");
  }
  process.send("ready");
  (function round() {
    for (let i = 0; i < 50; i++) look();
    if (stop) { process.send(seen); process.disconnect(); } else setImmediate(round);
  })();
`;

async function observed(path: string, work: () => Promise<void>): Promise<Record<string, number>> {
  writeFileSync(join(world.root, "observer.cjs"), OBSERVER);
  const child = fork(join(world.root, "observer.cjs"), [path]);
  const message = (): Promise<unknown> => new Promise((resolve) => child.once("message", resolve));
  try {
    await message();
    await work();
    const seen = message();
    child.send("stop");
    return (await seen) as Record<string, number>;
  } finally {
    child.kill("SIGKILL");
  }
}

async function replaceBy(files: Calls, way: string, n: number): Promise<void> {
  if (way === "writeText") return void (await files["writeText"]!("file", version(n)));
  if (way === "copy") return void (await files["copy"]!(`v${n}`, "file"));
  const writer = await opened(files["openWriter"]!("file"));
  const text = version(n);
  for (let at = 0; at < text.length; at += 700) await writer["write"]!(text.slice(at, at + 700));
  await writer["close"]!();
}

describe("replacing a file of a directory", () => {
  test.each(["writeText", "copy", "writer"])("by %s is never seen half done", async (way) => {
    const files = callsOf(directory(world.inside()));
    for (let n = 0; n < 8; n++) writeFileSync(world.inside(`v${n}`), version(n));
    writeFileSync(world.inside("file"), version(0));
    const stop = Date.now() + 1_500;
    const seen = await observed(world.inside("file"), async () => {
      for (let n = 1; Date.now() < stop; n = (n + 1) % 8) await replaceBy(files, way, n);
    });
    expect(Object.keys(seen).filter((what) => !what.startsWith("whole"))).toEqual([]);
    expect(Object.keys(seen).length).toBeGreaterThan(4);
    expect(namesOf(world.inside()).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("writing in place would have been seen: the observer can tell", async () => {
    writeFileSync(world.inside("file"), version(0));
    const stop = Date.now() + 1_000;
    const seen = await observed(world.inside("file"), async () => {
      for (let n = 1; Date.now() < stop; n = (n + 1) % 8) {
        writeFileSync(world.inside("file"), version(n));
        if (n === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect(seen["torn"] ?? 0).toBeGreaterThan(0);
  });

  test("by a process that is killed leaves the old file or a new one, whole", async () => {
    const script = join(world.root, "writer.ts");
    const library = join(import.meta.dirname, "../../policy-libs/node/directory.ts");
    writeFileSync(
      script,
      `import { directory } from ${JSON.stringify(library)};
       const files = directory(${JSON.stringify(world.inside())}).functions;
       for (let n = 0; ; n = (n + 1) % 8) {
         await files.writeText("file", String.fromCharCode(97 + n).repeat(1_000 * (n + 1)));
         if (n === 7) process.stdout.write("all of them\\n");
       }`,
    );
    const seen = new Set<string>();
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
      const gone = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await new Promise((resolve) => setTimeout(resolve, 3 * round));
      child.kill("SIGKILL");
      await gone;
      const text = readFileSync(world.inside("file"), "latin1");
      expect(text === version(text.charCodeAt(0) - 97)).toBe(true);
      seen.add(text.slice(0, 1));
    }
    expect(seen.size).toBeGreaterThan(1);
  });
});

const canMount =
  process.platform === "linux" && spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

/** Runs in a mount namespace of its own, on a disk of 256 KiB. */
const ON_A_SMALL_DISK = (library: string): string => `
  import { readdirSync, readFileSync } from "node:fs";
  import { directory } from ${JSON.stringify(library)};
  const files = directory(process.argv[2]).functions;
  const code = (call) => call.then(() => "done", (error) => error.code + (error.message.includes(process.argv[2]) ? " leaks" : ""));
  await files.writeText("a", "alpha");
  const big = new Uint8Array(400_000);
  const found = { write: await code(files.writeBytes("a", big)), append: await code(files.append("log", big)) };
  await files.remove("log");
  const writer = (await files.openWriter("a")).functions;
  found.piece = await code(writer.write(big));
  found.close = await code(writer.close());
  const file = (await files.open("b", { write: true, create: true })).functions;
  found.writeAt = await code(file.writeAt(0, big));
  await file.close();
  await files.remove("b");
  found.again = await code(files.writeBytes("c", new Uint8Array(150_000)));
  found.a = readFileSync(process.argv[2] + "/a", "latin1");
  found.names = readdirSync(process.argv[2]).sort();
  console.log(JSON.stringify(found));
`;

describe.skipIf(!canMount)("a full disk", () => {
  test("refuses with E_FULL, keeps the old file and leaves nothing behind", () => {
    const script = join(world.root, "full.mjs");
    writeFileSync(script, ON_A_SMALL_DISK(join(import.meta.dirname, "../../policy-libs/node/index.ts")));
    const disk = world.inside("folder");
    const command = `mount -t tmpfs -o size=256k none '${disk}' && exec '${process.execPath}' '${script}' '${disk}'`;
    const out = execFileSync("unshare", ["-rm", "sh", "-c", command], { encoding: "utf8" });
    expect(JSON.parse(out)).toEqual({
      write: "E_FULL",
      append: "E_FULL",
      piece: "E_FULL",
      close: "E_IO",
      writeAt: "E_FULL",
      again: "done",
      a: "alpha",
      names: ["a", "c"],
    });
  });

  test("is told from one with room", async () => {
    const files = callsOf(directory(world.inside()));
    expect(await outcome(files["writeBytes"]!("a", new Uint8Array(400_000)))).toBeUndefined();
  });
});
