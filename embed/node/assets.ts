// Where the built engine lies. The same code runs from the sources, from dist/ and from the bundle of the command.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CordonPowers } from "../engine.ts";
import { newStolen } from "./stolen.ts";

const MOST_LEVELS = 5;

/** The path of a built file: in `dist/` of a folder above this one, or in such a folder itself. */
export function findAsset(name: string, from: string = import.meta.url): string | undefined {
  let folder = dirname(fileURLToPath(from));
  for (let level = 0; level < MOST_LEVELS; level++) {
    const found = [join(folder, "dist", name), join(folder, name)].find((path) => existsSync(path));
    if (found !== undefined) return found;
    folder = dirname(folder);
  }
  return undefined;
}

function readAsset(name: string): Uint8Array {
  const path = findAsset(name);
  if (path === undefined) throw new Error(`${name} is missing from dist/`);
  return readFileSync(path);
}

/** The engine and its images, from the package's own dist/. */
export const nodePowers: CordonPowers = {
  engine: () => readAsset("engine.wasm"),
  segmentEngine: () => readAsset("engine.segment.wasm"),
  image: () => (findAsset("engine.image") === undefined ? undefined : readAsset("engine.image")),
  stripper: () => readAsset("typescript.image"),
  repy: () => readAsset("repy.json"),
  hiring: async () => (await import("./workers/hire.ts")).hiring,
  stolen: newStolen(),
};
