// Binaryen's linker, as a second opinion on ours.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TOOL = join(import.meta.dirname, "../../node_modules/binaryen/bin/wasm-merge");
const FEATURES = ["bulk-memory", "bulk-memory-opt", "sign-ext", "nontrapping-float-to-int", "mutable-globals"];

/** The program's imports of WASI become the library's exports; the library's memory becomes the program's. */
export function mergeWithBinaryen(program: Uint8Array, library: Uint8Array): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "cordon-merge-"));
  const at = (name: string): string => join(folder, `${name}.wasm`);
  try {
    writeFileSync(at("program"), program);
    writeFileSync(at("library"), library);
    const modules = [at("program"), "env", at("library"), "wasi_snapshot_preview1"];
    const features = FEATURES.map((name) => `--enable-${name}`);
    execFileSync(process.execPath, [TOOL, ...modules, "--rename-export-conflicts", ...features, "-o", at("out")]);
    return readFileSync(at("out"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
