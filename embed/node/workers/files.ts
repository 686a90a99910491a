// Which files of the package a worker runs, and which of them it has to read. The same from the sources, from dist/ and
// from the bundle of the command.
import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);
const extension = here.endsWith(".ts") ? "ts" : "js";

/** The folder above this one that is the package. */
function findRoot(): string {
  let folder = dirname(here);
  while (!existsSync(join(folder, "package.json")) || folder.includes(`${sep}dist`)) {
    const above = dirname(folder);
    if (above === folder) throw new Error("the package's own folder is not found");
    folder = above;
  }
  return folder;
}

const SOURCES = ["kernel", "policy-libs", "stdlib", "embed"];

export interface PackageFiles {
  /** A file of this folder, as this one is: source or built. */
  entry(name: string): string;
  /** What has to be readable to run it. */
  readonly readable: readonly string[];
}

export function packageFiles(): PackageFiles {
  const root = findRoot();
  const base = extension === "ts" ? dirname(here) : join(root, "dist", "embed", "node", "workers");
  const code = extension === "ts" ? SOURCES.map((name) => join(root, name, "*")) : [];
  return {
    entry: (name) => join(base, `${name}.${extension}`),
    readable: [join(root, "package.json"), join(root, "dist", "*"), ...code],
  };
}
