// embed/cli/bin.cjs, the command's first file: which Node runs it, and what becomes of exit codes and signals.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "./tree.ts";

const CLI = `
  exports.main = async function main(args) {
    console.log("node " + process.versions.node);
    if (args[0] === "throw") throw new Error("mistake of ours");
    if (args[0] === "wait") await new Promise((resolve) => setTimeout(resolve, 30_000));
    return Number(args[0] ?? 0);
  };`;

describe("the launcher", () => {
  let root = "";
  const bin = () => join(root, "embed/cli/bin.cjs");
  const asNode = (version: string) => ["--require", join(root, `as-${version}.cjs`)];
  const run = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 });

  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "cordon-launcher-")));
    mkdirSync(join(root, "embed/cli"), { recursive: true });
    mkdirSync(join(root, "dist/cli"), { recursive: true });
    copyFileSync(join(ROOT, "embed/cli/bin.cjs"), bin());
    writeFileSync(join(root, "dist/cli/main.cjs"), CLI);
    for (const version of ["20.19.0", "22.12.0", "22.13.0"]) {
      const fake = `Object.defineProperty(process.versions, "node", { value: "${version}" });`;
      writeFileSync(join(root, `as-${version}.cjs`), fake);
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const installNode = () => {
    mkdirSync(join(root, "node_modules/node/bin"), { recursive: true });
    symlinkSync(process.execPath, join(root, "node_modules/node/bin/node"));
  };

  test("runs the command in this process where Node is new enough, and its number is the exit code", () => {
    expect(run(bin(), "7")).toMatchObject({ status: 7, stdout: `node ${process.versions.node}\n` });
    expect(run(...asNode("22.13.0"), bin(), "0")).toMatchObject({ status: 0, stdout: "node 22.13.0\n" });
  });

  test.for(["20.19.0", "22.12.0"])(
    "says what to do and exits 2 under Node %s with no other Node at hand",
    (version) => {
      const { status, stderr, stdout } = run(...asNode(version), bin(), "0");
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toContain(`Node 22.13 or later is needed, this is ${version}`);
    },
  );

  test("a mistake of the command itself is printed, with exit code 2", () => {
    const { status, stderr } = run(bin(), "throw");
    expect(status).toBe(2);
    expect(stderr).toContain("mistake of ours");
  });

  describe("under an old Node, beside the development dependency `node`", () => {
    beforeAll(installNode);

    test("starts itself again under that one and passes its exit code on", () => {
      const { status, stdout } = run(...asNode("20.19.0"), bin(), "9");
      expect({ status, stdout }).toEqual({ status: 9, stdout: `node ${process.versions.node}\n` });
    });

    test.skipIf(process.platform === "win32").for(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
      "dies of %s with its child",
      async (signal) => {
        const child = spawn(process.execPath, [...asNode("20.19.0"), bin(), "wait"], {
          stdio: ["ignore", "pipe", "ignore"],
        });
        await new Promise((resolve) => child.stdout.once("data", resolve));
        child.kill(signal);
        // The pipe closes only when the grandchild has ended too.
        expect(await new Promise((resolve) => child.once("close", (_code, by) => resolve(by)))).toBe(signal);
      },
    );
  });
});
