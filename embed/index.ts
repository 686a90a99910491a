// The entry for browsers and bundlers: the engine is fetched from beside this file. Node has embed/node/index.ts.
import { createCordon } from "./cordon.ts";
import { newProgramRunner, type RunProgram } from "./program.ts";

export * from "./api.ts";

async function fetched(file: URL): Promise<ArrayBuffer> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file}: HTTP status ${response.status}`);
  return response.arrayBuffer();
}

/**
 * Where the files do not lie beside this one, make a Cordon of your own: `createCordon({ engine: () => bytes })`.
 * Each address is written out: so bundlers find the files, and take them along.
 */
export const { run, createSandbox, createTemplate, layer, stack, domains, runRepy, createPool, warmUp } = createCordon({
  engine: () => fetched(new URL("../engine.wasm", import.meta.url)),
  segmentEngine: () => fetched(new URL("../engine.segment.wasm", import.meta.url)),
  image: () => fetched(new URL("../engine.image", import.meta.url)).catch(() => undefined),
  stripper: () => fetched(new URL("../typescript.image", import.meta.url)),
  repy: () => fetched(new URL("../repy.json", import.meta.url)),
});

/** Runs a WebAssembly program that imports WASI preview 1 or gates. */
export const runProgram: RunProgram = newProgramRunner({
  library: () => fetched(new URL("../wasi.wasm", import.meta.url)),
});
