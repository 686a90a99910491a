// The package as a stranger gets it: packed, installed in an empty folder without development dependencies, and used.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "./tree.ts";

const MUST_HOLD = ["README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "embed/cli/bin.cjs", "package.json"];
const BUILT = [
  "dist/cli/main.cjs",
  "dist/engine.wasm",
  "dist/browser/index.js",
  "dist/engine.segment.wasm",
  "dist/repy.json",
  "dist/THIRD-PARTY.md",
  "dist/kernel/index.d.ts",
];
const ENTRIES = ["cordon", "cordon/kernel", "cordon/policy-libs"];

describe("the packed package", () => {
  let folder = "";
  const inside = (...path: string[]) => join(folder, "node_modules/cordon", ...path);

  function command(file: string, args: readonly string[], cwd: string): string {
    const done = spawnSync(file, args, {
      cwd,
      encoding: "utf8",
      timeout: 120_000,
      shell: process.platform === "win32",
    });
    expect(done.status, `${file} ${args.join(" ")}\n${done.stdout}${done.stderr}`).toBe(0);
    return done.stdout;
  }

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "cordon-package-")));
    command("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], ROOT);
    const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "";
    writeFileSync(join(folder, "package.json"), `{"private": true, "type": "module"}`);
    command("npm", ["install", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`], folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("holds what was built, and its documents", () => {
    expect([...MUST_HOLD, ...BUILT].filter((file) => !existsSync(inside(file)))).toEqual([]);
  });

  test("holds no tests, no build state and no development dependency", () => {
    const present = ["node_modules", "tests", "build.ts", "dist/.stamps", "dist/kernel/.tsbuildinfo"];
    expect(present.filter((file) => existsSync(inside(file)))).toEqual([]);
    const installed = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."));
    expect(installed.toSorted()).toEqual(["acorn", "cordon", "tinypool"]);
  });

  test.for(ENTRIES)("gives the entry %s", (entry) => {
    const code = `const it = await import("${entry}"); console.log(Object.keys(it).length > 0);`;
    expect(command(process.execPath, ["--input-type=module", "-e", code], folder)).toBe("true\n");
  });

  test("runs the first sample by its command", () => {
    const args = [inside("embed/cli/bin.cjs"), "run", inside("samples/01-hello/guest.ts")];
    expect(command(process.execPath, args, folder)).not.toBe("");
  });
});
