// One seed for the whole run, printed first, so that any failure can be run again: CORDON_SEED=... npm test
//
// And three ways to confine a domain's memory, of which every guarantee has to hold in each: the project "frame" is every
// test there is, "segment" and "arena" are those that look at what a confinement could break, once more. One of them:
// `npx vitest run --project arena PATH`.
import { defineConfig } from "vitest/config";

if (Number(process.versions.node.split(".")[0]) < 22) {
  throw new Error(`this is Node ${process.versions.node}: start the tests with \`npm test -- FILE\` or \`npx vitest\``);
}

if (process.env["CORDON_CONFINEMENT"] !== undefined)
  throw new Error("CORDON_CONFINEMENT is a project's: --project arena");

const seed = Number(process.env["CORDON_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
if (!Number.isSafeInteger(seed)) throw new Error(`CORDON_SEED is not an integer: ${process.env["CORDON_SEED"]}`);
process.env["CORDON_SEED"] = String(seed);
process.stderr.write(`seed ${seed}  (again: CORDON_SEED=${seed} npm test)\n`);

const EVERYTHING = ["tests/**/*.test.ts", "samples/**/*.test.ts", "stdlib/**/*.test.build.ts"];

// Of embed/: what runs guests, whose values cross, who wait, re-enter and are stopped. Not those that hold more than the
// 4 MiB of a segment (`domains`, `passing`, forks of many), nor those that have confinements of their own (pools, sleep).
const AGAIN = [
  "tests/guarantees/*.test.ts",
  "tests/transparency/*.test.ts",
  "tests/embed/{crossing,domains,interrupt,layer,left-alone,policy-hostile,run,sandbox}.test.ts",
];

const NOT_AGAIN = [
  // In all three by themselves, side by side.
  "tests/guarantees/{g1-arenas,g1-neighbours,g1-segments,g8-arenas,g8-host-memory,g8-turns,residence}.test.ts",
  // Of bytes, in modes that they name, or of capabilities that functions of the test call: no domain lives there.
  "tests/guarantees/{kit,self,g6-attenuation,g7-revocation}.test.ts",
];

/** Not inherited (`extends`), for which this file would be read again by every project. */
const COMMON = {
  setupFiles: ["tests/fences/setup.ts"],
  pool: "forks" as const,
  maxWorkers: 2,
  testTimeout: 60_000,
  hookTimeout: 120_000,
};
const NEVER = ["tests/bench/**", "**/node_modules/**", "dist/**", "build/**"];

/** A project with its own confinement, which tests/kit/confinement.ts reads. */
const project = (name: "frame" | "segment" | "arena", include: string[], exclude: readonly string[] = []) => ({
  test: {
    ...{ ...COMMON, name, include, exclude: [...NEVER, ...exclude] },
    env: { CORDON_SEED: String(seed), CORDON_CONFINEMENT: name },
  },
});

export default defineConfig({
  test: {
    maxWorkers: COMMON.maxWorkers,
    projects: [project("frame", EVERYTHING), project("segment", AGAIN, NOT_AGAIN), project("arena", AGAIN, NOT_AGAIN)],
  },
});
