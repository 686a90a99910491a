// Races: another process swaps directories for links as fast as it can, while a guest reads and writes.
import { fork } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { directory, directoryPlace } from "../../policy-libs/node/index.ts";
import { bytes, type Calls, callsOf, opened, text as textOf } from "./files-kit.ts";

/** Swaps `inside/door` between a directory and a link to `outside`, and `inside/file` between a file and a link. */
const SWAPPER = `
  const fs = require("node:fs"), path = require("node:path");
  const [inside, outside] = process.argv.slice(2);
  const at = (name) => path.join(inside, name);
  const link = (target, name) => { fs.symlinkSync(target, at(name)); };
  function setUp() {
    for (const name of fs.readdirSync(inside)) fs.rmSync(at(name), { recursive: true, force: true });
    fs.mkdirSync(at("door")); fs.writeFileSync(at("door/x"), "inside"); link(outside, "trap");
    fs.writeFileSync(at("file"), "inside"); link(path.join(outside, "x"), "trapfile");
  }
  const swap = (a, b) => {
    fs.renameSync(at(a), at("spare")); fs.renameSync(at(b), at(a)); fs.renameSync(at("spare"), at(b));
  };
  setUp();
  process.send("ready");
  // What the other side makes may stand in the way of a swap: then begin anew.
  for (;;) { try { swap("door", "trap"); swap("file", "trapfile"); } catch { try { setUp(); } catch {} } }
`;

describe.skipIf(process.platform !== "linux")("a directory that somebody else changes meanwhile", () => {
  let root = "";
  let child: ReturnType<typeof fork>;
  const [inside, outside] = [() => join(root, "inside"), () => join(root, "outside")];

  beforeAll(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "cordon-race-")));
    for (const folder of [inside(), outside()]) mkdirSync(folder);
    writeFileSync(join(outside(), "x"), "secret");
    writeFileSync(join(root, "swapper.cjs"), SWAPPER);
    child = fork(join(root, "swapper.cjs"), [inside(), outside()]);
    await new Promise((resolve) => child.once("message", resolve));
  });
  afterAll(async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    rmSync(root, { recursive: true, force: true });
  });

  test("is never left: no secret is read, nothing outside is written, made, moved or removed", async () => {
    const place = directoryPlace(inside());
    const seen = new Map<string, number>();
    const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
    const codeOf = (error: { readonly code?: string }): string => error.code ?? "?";
    const text = async (path: string): Promise<string> => Buffer.from(await place.readBytes(path)).toString();
    const stop = Date.now() + 3_000;
    while (Date.now() < stop) {
      for (const path of ["door/x", "file"]) note(await text(path).catch(codeOf));
      await place.writeBytes("door/made", Buffer.from("m")).then(
        () => note("written"),
        () => undefined,
      );
      await place.append("file", Buffer.from("")).catch(() => undefined);
      await place.makeDirectory("door/folder").catch(() => undefined);
      await place.remove("door/made").catch(() => undefined);
      await place.rename("door/x", "door/x").catch(() => undefined);
    }
    // Both sides of the swap were met, or the test has tested nothing.
    expect([seen.get("inside") ?? 0, seen.get("E_PATH") ?? 0, seen.get("written") ?? 0].every((n) => n > 0)).toBe(true);
    expect(seen.has("secret")).toBe(false);
    expect(readdirSync(outside())).toEqual(["x"]);
    expect(readFileSync(join(outside(), "x"), "utf8")).toBe("secret");
    expect(existsSync(join(outside(), "made"))).toBe(false);
  });

  test("is never left by what is opened, written piece by piece, copied or watched", async () => {
    const files = callsOf(directory(inside()));
    const seen = new Map<string, number>();
    const note = (what: unknown): void => void seen.set(String(what), (seen.get(String(what)) ?? 0) + 1);
    const codeOf = (error: { readonly code?: string }): string => error.code ?? String(error);
    async function use(call: Promise<unknown>, work: (thing: Calls) => Promise<unknown>): Promise<void> {
      const thing = await opened(call).catch(codeOf);
      if (typeof thing === "string") return note(thing);
      note(await work(thing).catch(codeOf));
      note(await thing["close"]!().catch(codeOf));
    }
    const read = async (file: Calls): Promise<string> => textOf(await file["readAt"]!(0));
    const write = async (file: Calls): Promise<string> => {
      await file["writeAt"]!(0, bytes("inside"));
      return "written";
    };
    const add = async (writer: Calls): Promise<string> => {
      await writer["write"]!("inside");
      return "added";
    };
    const watched = new Set<string>();
    const stop = Date.now() + 4_000;
    while (Date.now() < stop) {
      for (const path of ["door/x", "file"]) {
        await use(files["open"]!(path), read);
        await use(files["open"]!(path, { write: true }), write);
        await use(files["openReader"]!(path), async (reader) => textOf(await reader["read"]!()));
        await use(files["openWriter"]!(path, { mode: "append" }), async () => "opened");
        await use(files["openWriter"]!(path), add);
        await files["truncate"]!(path, 6).catch(codeOf);
      }
      await use(files["open"]!("door/made", { write: true, create: true }), write);
      await use(files["openWriter"]!("door/made", { mode: "create" }), add);
      await files["copy"]!("door/x", "door/made").catch(codeOf);
      await files["copy"]!("file", "copied").catch(codeOf);
      note(await files["readText"]!("copied").catch(codeOf));
      await files["remove"]!("door/made").catch(codeOf);
      await use(files["watch"]!("door"), async (watch) => {
        await files["writeText"]!("door/told", "").catch(codeOf);
        const late = new Promise<undefined>((resolve) => setTimeout(resolve, 20));
        const change = (await Promise.race([watch["next"]!().catch(() => undefined), late])) as
          | { path: string }
          | undefined;
        watched.add(change?.path ?? "none");
        return "watched";
      });
    }
    expect(["inside", "E_PATH", "written", "added", "opened", "watched"].filter((what) => !seen.has(what))).toEqual([]);
    expect([...seen.keys()].filter((what) => what.includes("secret") || !/^(E_[A-Z_]+|[a-z]*)$/.test(what))).toEqual(
      [],
    );
    expect([...watched].filter((path) => !["x", "made", "told", ".", "none"].includes(path))).toEqual([]);
    expect(readdirSync(outside())).toEqual(["x"]);
    expect(readFileSync(join(outside(), "x"), "utf8")).toBe("secret");
  });
});
