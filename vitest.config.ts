// One seed for the whole run, printed first, so that any failure can be run again: CORDON_SEED=... npm test
import { defineConfig } from "vitest/config";

if (Number(process.versions.node.split(".")[0]) < 22) {
  throw new Error(`this is Node ${process.versions.node}: start the tests with \`npm test -- FILE\` or \`npx vitest\``);
}

const seed = Number(process.env["CORDON_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
if (!Number.isSafeInteger(seed)) throw new Error(`CORDON_SEED is not an integer: ${process.env["CORDON_SEED"]}`);
process.env["CORDON_SEED"] = String(seed);
process.stderr.write(`seed ${seed}  (again: CORDON_SEED=${seed} npm test)\n`);

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts", "samples/**/*.test.ts", "stdlib/**/*.test.build.ts"],
    exclude: ["tests/bench/**", "**/node_modules/**", "dist/**", "build/**"],
    setupFiles: ["tests/fences/setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    env: { CORDON_SEED: String(seed) },
  },
});
