// What a process of a pool may do itself: Node's permission model holds where it reaches, and it is known where it does not.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processArguments } from "../../embed/node/workers/process.ts";

const [root, scratch] = [join(import.meta.dirname, "../.."), mkdtempSync("/tmp/cordon-process-")];
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const flags = processArguments().slice(0, -1);

type Probe = readonly [name: string, expression: string, expected: string];
const PROBES: readonly Probe[] = [
  ["reads no file but the package's own", 'get("fs").readFileSync("/etc/passwd").length', "ERR_ACCESS_DENIED"],
  ["lists no folder", 'get("fs").readdirSync("/")', "ERR_ACCESS_DENIED"],
  [
    "writes no file, in the package neither",
    `get("fs").writeFileSync(${JSON.stringify(join(root, "dist/x"))}, "")`,
    "ERR_ACCESS_DENIED",
  ],
  ["starts no process", 'get("child_process").spawnSync("true")', "ERR_ACCESS_DENIED"],
  ["starts no thread", 'new (get("worker_threads").Worker)("1", { eval: true })', "ERR_ACCESS_DENIED"],
  ["loads no add-on", 'process.dlopen({ exports: {} }, "/tmp/x.node")', "ERR_DLOPEN_DISABLED"],
  ["has no WASI", 'new (get("wasi").WASI)({ version: "preview1" })', "ERR_ACCESS_DENIED"],
  ["opens no inspector", 'get("inspector").open(0)', "ERR_ACCESS_DENIED"],
  ["makes no code of strings", '(0, eval)("1")', "EvalError"],
  ["has no database that writes files", 'get("node:sqlite") === undefined', "did true"],
  ["has no environment", "Object.keys(process.env).length", "did 0"],
  ["has no __proto__", '"__proto__" in {}', "did false"],
  [
    "reads the engine",
    `get("fs").readFileSync(${JSON.stringify(join(root, "dist/engine.wasm"))}).length > 1e5`,
    "did true",
  ],
  // Node 24 does not restrict these two: the README says so, and this test will tell when it changes.
  ["can still open sockets", 'get("net").connect(1, "127.0.0.1").on("error", () => 0) && 1', "did 1"],
  ["can still send signals", "process.kill(process.pid, 0)", "did true"],
];

/** What each probe came to, in a process under the very flags of a worker. It may read the script, and nothing else more. */
function probe(): Promise<string[]> {
  const file = join(scratch, "probe.mjs");
  const attempts = PROBES.map(([, expression]) => `attempt(() => ${expression})`);
  const attempt = "(run) => { try { return `did ${run()}` } catch (e) { return e.code ?? e.name } }";
  writeFileSync(
    file,
    `const get = process.getBuiltinModule, attempt = ${attempt};\nconsole.log(JSON.stringify([${attempts.join(", ")}]))`,
  );
  const child = spawn(process.execPath, [...flags, `--allow-fs-read=${file}`, file], {
    ...{ env: {}, stdio: ["ignore", "pipe", "inherit"] },
  });
  let said = "";
  child.stdout.on("data", (piece) => {
    said += String(piece);
  });
  return new Promise((resolve) => void child.on("close", () => resolve(JSON.parse(said) as string[])));
}

describe("a process of a pool", () => {
  let found: readonly string[];
  beforeAll(async () => {
    found = await probe();
  });

  test.for(PROBES.map(([name, , expected], at) => [name, expected, at] as const))("%s", ([, expected, at]) => {
    expect(found[at]).toBe(expected);
  });
});
