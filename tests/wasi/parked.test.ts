// Hosts whose engine cannot suspend: the same programs, as far as they need not wait.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const here = import.meta.dirname;

/** Runs in a process without WebAssembly.Suspending, as Node 22 is. */
function without(code: string): string {
  const script = `delete WebAssembly.Suspending;
    const { runTool } = await import(${JSON.stringify(join(here, "programs.ts"))});
    const seen = await ${code};
    console.log(JSON.stringify([seen.status, seen.exitCode, seen.out, seen.err]));`;
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(done.stderr).toBe("");
  return done.stdout.trim();
}

test("streams, arguments and exits need no suspension", () => {
  expect(without(`runTool(["input"], undefined, { stdin: "a\\n" })`)).toBe(
    '["returned",0,"A\\n","1 lines, 2 bytes\\n"]',
  );
  expect(without(`runTool(["leave", "exit", "3"])`)).toBe('["returned",3,"leavinglast words\\n",""]');
});

test("files whose functions wait are refused as not supported, and those that do not wait are read", () => {
  const files = (modifier: string): string => `{ grant: { files: {
    stat: ${modifier} (path) => ({ kind: path === "" ? "directory" : "file", size: 4, modified: new Date(0) }),
    readBytes: ${modifier} () => new TextEncoder().encode("b\\na\\n") } } }`;
  expect(without(`runTool(["sort", "f"], undefined, ${files("async")})`)).toMatch(/^\["returned",1,""/);
  expect(without(`runTool(["sort", "f"], undefined, ${files("")})`)).toBe('["returned",0,"a\\nb\\n",""]');
});
