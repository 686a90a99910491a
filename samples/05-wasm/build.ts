// Compiles assembly/ to program.wasm: `node samples/05-wasm/build.ts [OUTPUT]`.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const OPTIONS = ["-O3", "--runtime", "stub", "--use", "abort=", "--initialMemory", "4", "--noExportMemory"];

const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
const source = join(import.meta.dirname, "assembly/program.ts");
const output = process.argv[2] ?? join(import.meta.dirname, "program.wasm");
execFileSync(process.execPath, [compiler, source, "--outFile", output, ...OPTIONS], { stdio: "inherit" });
