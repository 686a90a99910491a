// runProgram for Node, Bun and Deno: the WASI library is read from the package's own dist/.
import { readFileSync } from "node:fs";
import { newProgramRunner, type RunProgram } from "../program.ts";
import type { ArtifactNaming } from "../program-cache.ts";
import { findAsset } from "./assets.ts";
import { nodeCrypto } from "./builtin.ts";
import { toolchainHash } from "./toolchain-hash.ts";

function readLibrary(): Uint8Array {
  const path = findAsset("wasi.wasm");
  if (path === undefined) throw new Error("wasi.wasm is missing from dist/");
  return readFileSync(path);
}

const naming: ArtifactNaming = {
  toolchain: toolchainHash,
  sha256: (bytes) => nodeCrypto().createHash("sha256").update(bytes).digest(),
};

/** Runs a WebAssembly program that imports WASI preview 1 or gates. See ProgramRequest in ../program-options.ts. */
export const runProgram: RunProgram = newProgramRunner({ library: readLibrary, naming });
