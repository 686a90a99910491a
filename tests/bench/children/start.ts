// `node start.ts FILE`: the command `cordon run FILE` in this process, and then, on standard error, where its time went.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { watch } from "./watch.ts";

const launcher = join(import.meta.dirname, "../../../embed/cli/bin.cjs");
const times = watch();
const begun = performance.now();

process.on("exit", () => {
  const { first, ...parts } = times;
  const whole = performance.now() - begun;
  const load = first - begun;
  const rest = whole - load - Object.values(parts).reduce((sum, ms) => sum + ms, 0);
  process.stderr.write(`\n${JSON.stringify({ load, ...parts, rest })}\n`);
});
process.argv = [process.execPath, launcher, "run", process.argv[2]!];
await import(pathToFileURL(launcher).href);
