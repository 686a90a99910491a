// The entry for browsers and bundlers: the engine is fetched from beside this file. Node has embed/node/index.ts.
import { createCordon } from "./cordon.ts";

export * from "./api.ts";

async function fetched(name: string): Promise<ArrayBuffer> {
  const response = await fetch(new URL(`../${name}`, import.meta.url));
  if (!response.ok) throw new Error(`${name}: HTTP status ${response.status}`);
  return response.arrayBuffer();
}

/** Where the files do not lie beside this one, make a Cordon of your own: `createCordon({ engine: () => bytes })`. */
export const { run, createSandbox, layer, stack, domains, runRepy, createPool, warmUp } = createCordon({
  engine: () => fetched("engine.wasm"),
  image: () => fetched("engine.image").catch(() => undefined),
  stripper: () => fetched("typescript.image"),
  repy: () => fetched("repy.json"),
});
