// Paths as guests write them: relative, of plain names, with "/" between. The same on every host.
//
// Invariants
//   P1  No part is empty, "." or "..", or contains "/", "\\" or NUL: so a part, appended to a directory, names an entry
//       of that directory and nothing else. (Windows has more such names: policy-libs/node/ refuses them there.)
//   P2  No part is the name of a temporary file: what is half written has no name that a guest can say.
// Trust
//   Trusted by virtual.ts and policy-libs/node/.
import { refuse } from "./refusal.ts";

/** Names inside names. Bounds the walk and the number of directories it opens. */
export const MAX_PARTS = 64;
/** UTF-16 units of one name: what common file systems hold is less. */
export const MAX_NAME = 255;

/** UTF-16 units of one path. */
export const MAX_PATH = MAX_PARTS * (MAX_NAME + 1);

// Some file systems take upper for lower case.
const TEMPORARY = /^\.cordon-[0-9a-f]{32}\.tmp$/i;

/** The name under which a file is written before it takes its place. `id` is 32 random hexadecimal digits. */
export const temporaryName = (id: string): string => `.cordon-${id}.tmp`;

/** May a guest see and say this name? */
export const isPlainName = (name: string): boolean =>
  name !== "" &&
  name !== "." &&
  name !== ".." &&
  !TEMPORARY.test(name) &&
  name.length <= MAX_NAME &&
  !/[\\\0]/.test(name) &&
  name.isWellFormed();

/** The names in a path; none for "." and "", the directory itself. Refuses everything that is not a plain path. */
export function parsePath(allegedPath: unknown): readonly string[] {
  if (typeof allegedPath !== "string") return refuse("E_VALUE", `a path of type ${typeof allegedPath}`);
  if (allegedPath === "" || allegedPath === ".") return [];
  if (allegedPath.length > MAX_PATH) return refuse("E_PATH", allegedPath);
  const parts = allegedPath.replace(/^\.\//, "").replace(/\/$/, "").split("/");
  if (parts.length > MAX_PARTS || !parts.every(isPlainName)) return refuse("E_PATH", allegedPath);
  return parts;
}

export interface EntryPath {
  readonly parents: readonly string[];
  readonly name: string;
}

/** A path that names an entry, not the directory itself. */
export function parseEntry(allegedPath: unknown): EntryPath {
  const parts = parsePath(allegedPath);
  const name = parts.at(-1);
  if (name === undefined) return refuse("E_PATH", String(allegedPath));
  return { parents: parts.slice(0, -1), name };
}

/** The path of the entry `name` in the directory `path`. */
export const pathInside = (path: string, name: string): string =>
  path === "" || path === "." ? name : `${path.replace(/\/$/, "")}/${name}`;
