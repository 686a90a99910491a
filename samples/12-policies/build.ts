// Compiles assembly/ to division.wasm: `node samples/12-policies/build.ts [OUTPUT]`.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const OPTIONS = ["-O3", "--runtime", "stub", "--use", "abort=", "--initialMemory", "1"];

const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
const source = join(import.meta.dirname, "assembly/division.ts");
const output = process.argv[2] ?? join(import.meta.dirname, "division.wasm");
execFileSync(process.execPath, [compiler, source, "--outFile", output, ...OPTIONS], { stdio: "inherit" });
