// A module loader over a place of files: relative imports, and packages in node_modules as npm lays them out.
//
// Invariants
//   M1  Nothing is read but files of the place: what a guest can import, it could have been granted to read.
import { decodeText } from "../files/text.ts";
import type { FilesPlace } from "../files/types.ts";
import { packageFile } from "./exports.ts";
import { folderOf, joinPaths, readSpecifier } from "./specifier.ts";

/** A module that was found: its name in full, and its source. */
export interface LoadedModule {
  /** The module's path in the place: its name, and the referrer of its own imports. */
  readonly name: string;
  readonly source: string;
}

/** Finds a module. A promise that is rejected says, in the guest's words, why there is none. */
export type ModuleLoader = (specifier: string, referrer: string) => Promise<LoadedModule>;

/** A place of files that modules are read from. */
export type ModuleReader = Pick<FilesPlace, "readBytes">;

function fail(specifier: string, why: string): never {
  throw Object.assign(new Error(`cannot import ${JSON.stringify(specifier)}: ${why}`), { code: "E_MODULE" });
}

const isMissing = (error: unknown): boolean =>
  ["E_NOT_FOUND", "E_KIND", "E_PATH"].includes((error as { readonly code?: string }).code ?? "");

async function readIfThere(place: ModuleReader, path: string): Promise<string | undefined> {
  try {
    return decodeText(await place.readBytes(path), path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The folders that may hold a package for a file in `folder`: its own node_modules, and those above. */
function* searched(folder: string, name: string): Generator<string> {
  for (let at = folder; ; at = folderOf(at)) {
    yield at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (at === "") return;
  }
}

function parseManifest(specifier: string, source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return fail(specifier, "its package.json is no JSON");
  }
}

interface Wanted {
  readonly specifier: string;
  readonly name: string;
  readonly subpath: string;
}

async function findInPackages(
  place: ModuleReader,
  { specifier, name, subpath }: Wanted,
  referrer: string,
): Promise<string> {
  for (const folder of searched(folderOf(referrer), name)) {
    const source = await readIfThere(place, `${folder}/package.json`);
    if (source === undefined) continue;
    const file = packageFile(parseManifest(specifier, source), subpath);
    if (file === undefined) return fail(specifier, "the package does not offer this to a module");
    return joinPaths(folder, file) ?? fail(specifier, "its file lies outside of the modules");
  }
  return fail(specifier, `no package ${name} in any node_modules of the modules' directory`);
}

/** JSON becomes a module; as data it is parsed, never run. */
const moduleText = (path: string, source: string): string =>
  path.endsWith(".json") ? `export default JSON.parse(${JSON.stringify(source)});` : source;

/** Loads modules from a place: `modulesFrom(directoryPlace("."))`. */
export function modulesFrom(place: ModuleReader): ModuleLoader {
  return async (specifier, referrer) => {
    const found = readSpecifier(specifier, referrer);
    if (found.kind === "none") return fail(specifier, found.why);
    const path = found.kind === "file" ? found.path : await findInPackages(place, { ...found, specifier }, referrer);
    const source = await readIfThere(place, path);
    return source === undefined
      ? fail(specifier, `there is no file ${path}`)
      : { name: path, source: moduleText(path, source) };
  };
}
