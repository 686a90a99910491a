// What somebody may have meant whose script failed for want of a grant.
import { exampleOf, isKind } from "./grants/kinds.ts";

const HOST_NAMES = new Map([
  ["process", "a guest has no process; what follows -- is the global `args`"],
  ["require", "a guest has no require; `import` works with --modules DIR"],
  ["Buffer", "a guest has no Buffer; Uint8Array is there"],
  ["fetch", "--grant http=https://HOST/ gives http.fetch({ url })"],
  ["WebAssembly", "a guest cannot compile WebAssembly; `cordon run program.wasm` runs it"],
]);

/** A hint for an error of a guest, or undefined. */
export function hintFor({ message }: { readonly message: string }): string | undefined {
  const missing = /^'?([\w$]+)'? is not defined$/.exec(message)?.[1];
  if (missing !== undefined && isKind(missing)) return `--grant ${exampleOf(missing)}`;
  if (missing !== undefined)
    return HOST_NAMES.get(missing) ?? `--grant ${missing}=ro:DIR, if ${missing} is meant to be granted`;
  if (message.includes("no module loader is granted")) return "--modules DIR lets it import files below DIR";
  return undefined;
}
