// The build: `npm run build`, and what `npm install` runs last. Each step is skipped while its inputs are unchanged.
// To add a step, add a row to STEPS. `node build.ts NAME...` runs the named steps only; `--force` ignores the stamps.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Step {
  readonly name: string;
  /** Globs, relative to the root. A change in any of these files, or in their list, runs the step again. */
  readonly inputs: readonly string[];
  /** Files that must exist for the step to be skipped. */
  readonly outputs: readonly string[];
  run(): void | Promise<void>;
}

const root = import.meta.dirname;
const STAMPS = join(root, "dist/.stamps");

function tool(file: string, ...args: string[]): void {
  const done = spawnSync(process.execPath, [join(root, "node_modules", file), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (done.status !== 0) throw new Error(`${file} ended with ${done.status ?? done.signal}`);
}

const SOURCES = ["kernel", "policy-libs", "stdlib", "embed", "tests", "samples"];

const STEPS: readonly Step[] = [
  {
    name: "types",
    inputs: [...SOURCES.flatMap((dir) => [`${dir}/**/*.ts`, `${dir}/**/tsconfig*.json`]), "tsconfig*.json", "*.ts"],
    outputs: ["dist/kernel/.tsbuildinfo"],
    run: () => tool("typescript/bin/tsc", "-b"),
  },
];

function digest(step: Step): string {
  const hash = createHash("sha256");
  const files = globSync([...step.inputs], {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist)$/.test(String(path)),
  });
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}

async function build(step: Step, force: boolean): Promise<boolean> {
  const stamp = join(STAMPS, step.name);
  const now = digest(step);
  const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === now;
  if (!force && fresh && step.outputs.every((file) => existsSync(join(root, file)))) {
    console.log(`build ${step.name}: unchanged`);
    return true;
  }
  const start = performance.now();
  try {
    await step.run();
  } catch (error) {
    console.error(`build ${step.name}: FAILED: ${error instanceof Error ? error.message : error}`);
    return false;
  }
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, now);
  console.log(`build ${step.name}: done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return true;
}

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("--"));
for (const step of STEPS) {
  if (names.length > 0 && !names.includes(step.name)) continue;
  if (!(await build(step, args.includes("--force")))) process.exitCode = 1;
}
