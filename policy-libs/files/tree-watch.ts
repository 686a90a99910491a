// Watching a tree in memory: every change is told, by the change itself.
import { newChanges } from "./changes.ts";
import { parseEntry, parsePath } from "./path.ts";
import { type Directory, find, findDirectory, type Tree, type Watcher } from "./tree.ts";
import type { OpenWatch } from "./types.ts";

/** The directory at the path, if there is one. */
function directoryAt(tree: Tree, path: unknown): Directory | undefined {
  const parts = parsePath(path);
  if (parts.length === 0) return tree.root;
  const parent = findDirectory(tree, parts.slice(0, -1), path);
  return parent.entries.get(parts.at(-1) as string)?.kind === "directory"
    ? (find(tree, parts, path) as Directory)
    : undefined;
}

/** A directory tells of its entries, anything else (also what is not there yet) of itself. */
export function openWatch(tree: Tree, path: unknown): OpenWatch {
  const changes = newChanges(String(path));
  const itself = directoryAt(tree, path);
  const watched = itself ?? findDirectory(tree, parseEntry(path).parents, path);
  const name = itself === undefined ? parseEntry(path).name : undefined;
  const watcher: Watcher = (kind, entry) => {
    if (name === undefined) changes.tell(kind, entry);
    else if (entry === name) changes.tell(kind, ".");
  };
  watched.watchers.add(watcher);
  return {
    next: changes.next,
    close: async () => {
      watched.watchers.delete(watcher);
      changes.close();
    },
  };
}
