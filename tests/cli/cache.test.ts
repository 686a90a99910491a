// cordon run program.wasm: its instrumented form stays on disk, unless that is not wanted or not possible.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cordon } from "./command.ts";

const HELLO = "tests/wasi/fixtures/hello.wasm";
let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "cordon-home-"));
});
afterEach(() => {
  chmodSync(home, 0o700);
  rmSync(home, { recursive: true, force: true });
});
const hello = (env: NodeJS.ProcessEnv = {}, ...more: string[]) =>
  cordon(["run", HELLO, ...more], "", { XDG_CACHE_HOME: home, CORDON_NO_CACHE: "", ...env });
const folder = (): string => join(home, "cordon");
const onlyFile = (): string => join(folder(), readdirSync(folder())[0] as string);
const WELL = { code: 0, err: "", out: expect.stringContaining("hello") };

describe("the cache of the command", () => {
  test("is filled by the first start and used by the second", () => {
    expect(hello()).toEqual(WELL);
    const [file, { ino }] = [onlyFile(), statSync(onlyFile())];
    expect(hello()).toEqual(WELL);
    expect([onlyFile(), statSync(onlyFile()).ino]).toEqual([file, ino]); // not written again
  });

  test("a damaged file is replaced", () => {
    hello();
    const good = readFileSync(onlyFile());
    for (const bad of [
      good.subarray(0, 100),
      Buffer.alloc(0),
      good.map((byte, at) => (at === 500 ? byte ^ 1 : byte)),
    ]) {
      writeFileSync(onlyFile(), bad);
      expect(hello()).toEqual(WELL);
      expect(readFileSync(onlyFile())).toEqual(good);
    }
  });

  test("--no-cache and CORDON_NO_CACHE do without", () => {
    expect(hello({}, "--no-cache")).toEqual(WELL);
    expect(hello({ CORDON_NO_CACHE: "1" })).toEqual(WELL);
    expect(existsSync(folder())).toBe(false);
  });

  test("lies in ~/.cache without XDG_CACHE_HOME", () => {
    expect(hello({ HOME: home, XDG_CACHE_HOME: "" })).toEqual(WELL);
    expect(readdirSync(join(home, ".cache/cordon"))).toHaveLength(1);
  });

  test("a home that nothing can be written to, or that is none, is no error", () => {
    writeFileSync(join(home, "file"), "");
    for (const XDG_CACHE_HOME of ["/proc", "/dev/null", join(home, "file"), "relative"]) {
      expect(hello({ HOME: "/proc/nix", XDG_CACHE_HOME })).toEqual(WELL);
    }
    mkdirSync(join(home, "locked"));
    chmodSync(join(home, "locked"), 0o500);
    expect(hello({ XDG_CACHE_HOME: join(home, "locked") })).toEqual(WELL);
  });

  test("nothing is kept in a folder that everybody may write to", () => {
    chmodSync(home, 0o1777);
    expect(hello()).toEqual(WELL);
    expect(existsSync(folder())).toBe(false);
  });
});
