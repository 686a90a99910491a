// Which toolchain this is: a hash of the code that it consists of, so that what another one made is not taken for its own.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nodeCrypto } from "./builtin.ts";

const MOST_LEVELS = 4;
const FOLDERS = ["kernel", "stdlib/toolchain"];
const ENTRIES = ["stdlib/toolchain/instrument.js", "stdlib/toolchain/instrument.ts"];

const isCode = (name: string): boolean => /\.[cm]?[jt]s$/.test(name) && !name.endsWith(".d.ts");

/** The folder that holds kernel/ and stdlib/: the root of the sources, or dist/. */
function treeAbove(start: string): string | undefined {
  let folder = start;
  for (let level = 0; level < MOST_LEVELS; level++) {
    if (ENTRIES.some((entry) => existsSync(join(folder, entry)))) return folder;
    folder = dirname(folder);
  }
  return undefined;
}

/** In the bundle of the command the toolchain is one of the files beside this one; else it has folders of its own. */
function foldersOf(file: string): string[] {
  if (file.endsWith(".cjs")) return [dirname(file)];
  const tree = treeAbove(dirname(file));
  return tree === undefined ? [] : FOLDERS.map((folder) => join(tree, folder));
}

export function hashToolchain(file: string): string | undefined {
  const hash = nodeCrypto().createHash("sha256");
  const folders = foldersOf(file);
  for (const folder of folders) {
    for (const name of readdirSync(folder).filter(isCode).sort()) {
      const bytes = readFileSync(join(folder, name));
      hash.update(`${name}\0${bytes.length}\0`).update(bytes);
    }
  }
  return folders.length === 0 ? undefined : hash.digest("hex");
}

let known: { readonly hash: string | undefined } | undefined;

/** Undefined where the code cannot be found, as when somebody else's bundler has moved it. */
export function toolchainHash(): string | undefined {
  if (known === undefined) {
    try {
      known = { hash: hashToolchain(import.meta.filename) };
    } catch {
      known = { hash: undefined };
    }
  }
  return known.hash;
}
