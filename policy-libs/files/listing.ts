// Listings of a directory and, if asked, of all below it.
import { pathInside } from "./path.ts";
import { refuse } from "./refusal.ts";
import { type Entry, type FilesPlace, MOST_LISTED } from "./types.ts";

export interface ListOptions {
  readonly recursive?: boolean | undefined;
  /** Entries; more are refused. */
  readonly most?: number | undefined;
}

/**
 * Entries with their paths as seen from `path`, each directory before what it holds. Links are shown and not followed.
 * A directory that is removed or exchanged meanwhile is as if it were empty.
 */
async function listAll(place: FilesPlace, path: unknown, most: number): Promise<Entry[]> {
  const root = String(path);
  const found: Entry[] = [];
  const toDo = (await place.list(path)).toReversed();
  for (let next = toDo.pop(); next !== undefined; next = toDo.pop()) {
    if (found.length + toDo.length >= most) refuse("E_TOO_LARGE", root);
    found.push(next);
    if (next.kind !== "directory") continue;
    const { name } = next;
    const inner = await place.list(pathInside(root, name)).catch(ifMissing);
    for (const entry of inner.toReversed()) toDo.push({ ...entry, name: `${name}/${entry.name}` });
  }
  return found;
}

function ifMissing(error: unknown): readonly Entry[] {
  if (["E_NOT_FOUND", "E_KIND", "E_PATH"].includes((error as { readonly code?: string }).code ?? "")) return [];
  throw error;
}

export async function list(place: FilesPlace, path: unknown, options: ListOptions = {}): Promise<readonly Entry[]> {
  const { recursive = false, most = place.bounds.maxEntries } = options;
  const bound = Math.min(most, MOST_LISTED);
  if (recursive) return await listAll(place, path, bound);
  const entries = await place.list(path);
  return entries.length <= bound ? entries : refuse("E_TOO_LARGE", String(path));
}
