// What a process of a pool may do itself: Node's permission model holds where it reaches, and it is known where it does not.
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { processArguments } from "../../embed/node/workers/process.ts";

const [root, scratch] = [join(import.meta.dirname, "../.."), mkdtempSync("/tmp/cordon-process-")];
const flags = processArguments().slice(0, -1);

/** Runs a script under the very flags of a worker; it is readable where the package is, so it is passed as data. */
function confined(expression: string): Promise<string> {
  // A worker may not make code of strings: the script is a file of the package's own, that does what its input says.
  const file = join(scratch, "probe.mjs");
  writeFileSync(
    file,
    `const get = process.getBuiltinModule; try { console.log("did", ${expression}) } catch (e) { console.log(e.code ?? e.name) }`,
  );
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...flags, `--allow-fs-read=${file}`, file], {
      env: {},
      stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    child.stdout.on("data", (piece) => {
      said += String(piece);
    });
    child.on("close", () => resolve(said.trim()));
  });
}

describe("a process of a pool", () => {
  test.for<readonly [string, string, string]>([
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
  ])("%s", async ([, expression, expected]) => {
    expect(await confined(expression)).toBe(expected);
  });

  test("can still open sockets and send signals: Node 24 does not restrict them", async () => {
    expect(await confined('get("net").connect(1, "127.0.0.1").on("error", () => 0) && 1')).toBe("did 1");
    expect(await confined("process.kill(process.pid, 0)")).toBe("did true");
  });
});
