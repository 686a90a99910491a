// The contract of files: what a guest may ask of the one tree that it was granted.

import { ANY } from "../../kernel/index.ts";
import type { DescribedCall, DescribedContract } from "../described.ts";

function call(name: string, params: readonly string[], result: string, about: string): DescribedCall {
  const takes = { shapes: params.map(() => ANY), least: 0 };
  return { name, takes, gives: ANY, refuses: "any", mode: "async", params, returns: `Promise<${result}>`, about };
}

const PATH = "path: string";

/** Calls that change the tree. What only reads refuses them with E_READ_ONLY. */
export const FILES_WRITES = ["writeText", "writeBytes", "append", "remove", "makeDirectory", "rename"] as const;

// biome-ignore format: a table
export const FILES: DescribedContract = {
  name: "files",
  form: "files",
  allows: "reading, and unless narrowed writing, the files below the one directory it was made for",
  never: "reaches anything outside that directory; follows a symbolic link; tells where on the host the directory lies",
  declarations: 'type FileKind = "file" | "directory" | "link" | "other";',
  calls: [
    call("readText", [PATH], "string", "the text of a file, which must be UTF-8"),
    call("readBytes", [PATH], "Uint8Array", "the bytes of a file"),
    call("list", ["path?: string"], "{ name: string; kind: FileKind }[]", "what a directory holds, by name; without a path the granted directory"),
    call("stat", [PATH], "{ kind: FileKind; size: number; modified: Date }", "facts about an entry"),
    call("exists", [PATH], "boolean", "is there a file or directory of this name?"),
    call("writeText", [PATH, "text: string"], "void", "makes or replaces a file"),
    call("writeBytes", [PATH, "bytes: Uint8Array"], "void", "makes or replaces a file"),
    call("append", [PATH, "contents: string | Uint8Array"], "void", "adds to the end of a file, which is made if there is none"),
    call("remove", [PATH], "void", "removes a file or an empty directory"),
    call("makeDirectory", [PATH], "void", "makes a directory and those above it; one that is there already is fine"),
    call("rename", ["from: string", "to: string"], "void", "moves an entry; a file of the new name is replaced"),
  ],
};
