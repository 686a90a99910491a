// Where the package lies: its root holds package.json, whether this file runs from sources, from dist/ or bundled.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The path of a file of the package. */
export function findPackage(file: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("the package's own package.json is missing");
    folder = parent;
  }
  return join(folder, file);
}
