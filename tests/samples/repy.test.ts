// Sample 11 does what its README says.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cordon } from "../cli/command.ts";

const RUN = ["samples/11-repy/restrictions", "samples/11-repy/program.repy"];

describe("sample 11, RepyV2", () => {
  test("gets its own arguments, keeps a diary in memory, and talks to itself over the loop", () => {
    const { code, out, err } = cordon(["repy", ...RUN, "one", "--two"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [args, diary, key, name, heard, last] = out.split("\n");
    expect([args, diary, key, name, heard]).toEqual([
      'arguments: ["one","--two"]',
      "diary: run 1",
      "private.key: opened",
      "UPPER CASE: RepyArgumentError",
      "heard: hello 127.0.0.1",
    ]);
    expect(last).toMatch(/^threads: [12] of 5, files open: 0 of 3$/);
  });

  test("with the layer no keys are there", () => {
    const { code, out } = cordon(["repy", "--layer", "samples/11-repy/no-keys.repy", ...RUN]);
    expect(code).toBe(0);
    expect(out).toContain("diary: run 1\nprivate.key: ResourceForbiddenError\n");
  });

  test("in a real directory the diary stays", () => {
    const folder = mkdtempSync(join(tmpdir(), "cordon-sample-"));
    try {
      for (const run of [1, 2])
        expect(cordon(["repy", "--files", folder, "--net", ...RUN]).out).toContain(`diary: run ${run}\n`);
      expect(readFileSync(join(folder, "diary.txt"), "utf8")).toBe("run 1\nrun 2\n");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
