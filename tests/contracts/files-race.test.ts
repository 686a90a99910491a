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
import { directoryPlace } from "../../policy-libs/node/index.ts";

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
});
