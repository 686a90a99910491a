// The capability of files over any place where files are, and its attenuator.
import { type CallMode, capability, type Granted } from "../capability.ts";
import { FILES, FILES_WRITES } from "./contract.ts";
import { refuse } from "./refusal.ts";
import { checkBytes, decodeText, encodeText } from "./text.ts";
import type { FilesPlace } from "./types.ts";
import { type TreeContents, type TreeOptions, treePlace } from "./virtual.ts";

const isMissing = (error: unknown): boolean =>
  ["E_NOT_FOUND", "E_KIND"].includes((error as { readonly code?: string }).code ?? "");

async function exists(place: FilesPlace, path: unknown): Promise<boolean> {
  try {
    const { kind } = await place.stat(path);
    return kind === "file" || kind === "directory";
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

const contentsOf = (given: unknown): Uint8Array => (typeof given === "string" ? encodeText(given) : checkBytes(given));

const MODES = Object.fromEntries(FILES.calls.map(({ name }): [string, CallMode] => [name, "async"]));

/** Grants a place of files. */
export function filesOf(place: FilesPlace): Granted {
  const functions = {
    readText: async (path: unknown) => decodeText(await place.readBytes(path), path),
    readBytes: async (path: unknown) => await place.readBytes(path),
    list: async (path: unknown) => await place.list(path ?? "."),
    stat: async (path: unknown) => await place.stat(path),
    exists: async (path: unknown) => await exists(place, path),
    writeText: async (path: unknown, text: unknown) => await place.writeBytes(path, encodeText(text)),
    writeBytes: async (path: unknown, bytes: unknown) => await place.writeBytes(path, checkBytes(bytes)),
    append: async (path: unknown, contents: unknown) => await place.append(path, contentsOf(contents)),
    remove: async (path: unknown) => await place.remove(path),
    makeDirectory: async (path: unknown) => await place.makeDirectory(path),
    rename: async (from: unknown, to: unknown) => await place.rename(from, to),
  };
  return capability(FILES, functions, MODES);
}

/** The same files, for reading only: every call that would change something is refused with E_READ_ONLY. */
export function readOnly(files: Granted): Granted {
  if (files.contract.name !== FILES.name) throw new TypeError("readOnly takes files: directory(...) or tree(...)");
  const refusal = async (path: unknown): Promise<never> => refuse("E_READ_ONLY", String(path));
  const refusals = Object.fromEntries(FILES_WRITES.map((name) => [name, refusal]));
  return capability(files.contract, { ...files.functions, ...refusals }, files.modes);
}

/** Grants files in memory that begin with these contents: `tree({ "a.txt": "text", folder: {} })`. */
export const tree = (contents: TreeContents = {}, options: TreeOptions = {}): Granted =>
  filesOf(treePlace(contents, options));
