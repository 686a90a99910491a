// `npm test`: types, lint, then every test. Prints one line `N passed, N failed` last; .ci/run counts on it.
// Arguments go to vitest: `npm test -- tests/fences`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const report = join(root, "dist/test-report.json");

interface Count {
  readonly passed: number;
  readonly failed: number;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

function tool(file: string, ...args: string[]): boolean {
  const command = [join(root, "node_modules", file), ...args];
  return spawnSync(process.execPath, command, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status === 0;
}

const once = (ok: boolean): Count => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

function types(): Count {
  return once(tool("typescript/bin/tsc", "-b"));
}

const colors = `--colors=${process.stdout.isTTY ? "force" : "off"}`;

function lint(): Count {
  return once(tool("@biomejs/biome/bin/biome", "ci", "--max-diagnostics=200", colors));
}

/** A file that fails before its first test counts as one failure; so does a run that leaves no report. */
function tests(args: readonly string[]): Count {
  mkdirSync(join(root, "dist"), { recursive: true });
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const ok = tool("vitest/vitest.mjs", "run", ...reporters, ...args);
  if (!existsSync(report)) return once(false);
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
  const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
  const failed = numFailedTests + broken;
  return { passed: numPassedTests, failed: ok ? failed : Math.max(failed, 1) };
}

const phases = { types: types(), lint: lint(), tests: tests(process.argv.slice(2)) };
for (const [name, { passed, failed }] of Object.entries(phases))
  console.log(`${name}: ${passed} passed, ${failed} failed`);
const sum = (key: keyof Count): number => Object.values(phases).reduce((total, count) => total + count[key], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
