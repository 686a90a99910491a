#!/usr/bin/env node
// The command `cordon`: finds a Node that can run it, and hands over. It is plain CommonJS that the oldest Node reads,
// because its first job is to notice an old Node, and its second is to start quickly (no ESM loader, cached bytecode).
"use strict";

const path = require("node:path");
const fs = require("node:fs");

const root = path.join(__dirname, "../..");
const NEEDS = [22, 13];

function isOldNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major < NEEDS[0] || (major === NEEDS[0] && minor < NEEDS[1]);
}

/** Runs this very command again under the development dependency `node`; its end becomes ours. */
function runAgainUnder(node) {
  const child = require("node:child_process").spawn(node, process.argv.slice(1), { stdio: "inherit" });
  // A terminal sends ^C to both of us: the child decides how it ends. Signals sent to us alone are passed on.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  process.stderr.write(`cordon: ${message}\n`);
  process.exit(2);
}

/** The built command, or its source in a checkout that is not built. Requiring CommonJS spares the ESM loader. */
function loadCommand() {
  const built = path.join(root, "dist/cli/main.cjs");
  if (fs.existsSync(built)) return Promise.resolve(require(built));
  const source = path.join(root, "embed/cli/main.ts");
  if (!fs.existsSync(source)) fail("this checkout is not built yet: run `npm install`");
  return import(require("node:url").pathToFileURL(source).href);
}

function start() {
  // V8 counts the bytes that loops run over, and an interpreter's loop has 100 KB: it would be optimised after a hundred
  // steps, for 50 ms of a second core, and no process ends before that. Measured: hello takes 4.6 times `node -e 0`, not
  // 5.9; a script of 0.3 s takes no longer.
  require("node:v8").setFlagsFromString("--wasm-tiering-budget=200000000");
  // Not Node's default below the shared /tmp, where another user could put bytecode for us to run.
  require("node:module").enableCompileCache?.(path.join(root, "dist/.compile-cache"));
  loadCommand()
    .then((cli) => cli.main(process.argv.slice(2)))
    .then((code) => {
      process.exitCode = code;
    })
    .catch((error) => fail(error?.stack ?? String(error)));
}

function findNode() {
  const local = path.join(root, "node_modules/node/bin/node");
  return [local, `${local}.exe`].find((file) => fs.existsSync(file));
}

if (isOldNode()) {
  const node = findNode();
  if (node === undefined) {
    fail(
      `Node ${NEEDS.join(".")} or later is needed, this is ${process.versions.node}. Install a newer Node, or run \`npm install\` in a checkout of cordon.`,
    );
  }
  runAgainUnder(node);
} else {
  start();
}
