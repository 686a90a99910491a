// The contract of files: what a guest may ask of the one tree that it was granted.
import {
  arg,
  boolean,
  bytes,
  contract,
  date,
  handle,
  integer,
  list,
  nothing,
  oneOf,
  option,
  record,
  string,
  union,
} from "../contract/index.ts";
import { FILE, READER, WATCH, WRITER } from "./handle-contract.ts";
import { MAX_PATH } from "./path.ts";
import { FILES_ERRORS } from "./refusal.ts";
import { KINDS, MODES, MOST_LISTED } from "./types.ts";

const PATH = arg("path", string({ max: MAX_PATH, is: "path" }));
const KIND = oneOf(...KINDS);
const OFFSET = option(integer({ min: 0 }));
const FLAG = option(boolean());
const LISTING = option(record({ recursive: FLAG, most: option(integer({ min: 1, max: MOST_LISTED })) }));
const HOW = option(record({ write: FLAG, create: FLAG, exclusive: FLAG, truncate: FLAG }));
const RANGE = option(record({ from: OFFSET, to: OFFSET }));

const refuses = Object.keys(FILES_ERRORS);

/** The contract of a directory of files. */
// biome-ignore format: a table
export const FILES = contract({
  name: "files",
  allows: "reading, and unless narrowed writing, the files below the one directory it was made for",
  never: "reaches anything outside that directory; follows a symbolic link; tells where on the host the directory lies",
  // A call's place is its number for programs: new ones go to the end.
  calls: {
    readText: { takes: [PATH], gives: string(), refuses, about: "the text of a file, which must be UTF-8" },
    readBytes: { takes: [PATH], gives: bytes(), refuses, about: "the bytes of a file" },
    list: { takes: [arg("path", option(string({ max: MAX_PATH, is: "path" }))), arg("options", LISTING)], gives: list(record({ name: string(), kind: KIND })), refuses, about: "what a directory holds, by name; without a path the granted directory; recursive: and what those directories hold, by paths from here" },
    stat: { takes: [PATH], gives: record({ kind: KIND, size: integer({ min: 0 }), modified: date() }), refuses, about: "facts about an entry" },
    exists: { takes: [PATH], gives: boolean(), refuses, about: "is there a file or directory of this name?" },
    writeText: { takes: [PATH, arg("text", string())], gives: nothing(), refuses, about: "makes or replaces a file; nobody ever sees half of it" },
    writeBytes: { takes: [PATH, arg("bytes", bytes())], gives: nothing(), refuses, about: "makes or replaces a file; nobody ever sees half of it" },
    append: { takes: [PATH, arg("contents", union(string(), bytes()))], gives: nothing(), refuses, about: "adds to the end of a file, which is made if there is none" },
    remove: { takes: [PATH], gives: nothing(), refuses, about: "removes a file or an empty directory" },
    makeDirectory: { takes: [PATH], gives: nothing(), refuses, about: "makes a directory and those above it; one that is there already is fine" },
    rename: { takes: [arg("from", string({ max: MAX_PATH, is: "path" })), arg("to", string({ max: MAX_PATH, is: "path" }))], gives: nothing(), refuses, about: "moves an entry; a file of the new name is replaced" },
    copy: { takes: [arg("from", string({ max: MAX_PATH, is: "path" })), arg("to", string({ max: MAX_PATH, is: "path" }))], gives: nothing(), refuses, about: "makes or replaces a file with the bytes of another" },
    truncate: { takes: [PATH, arg("size", integer({ min: 0 }))], gives: nothing(), refuses, about: "cuts a file" },
    open: { takes: [PATH, arg("options", HOW)], gives: handle(FILE), refuses, about: "opens a file for reading, and with write for writing; create makes it if there is none" },
    openReader: { takes: [PATH, arg("range", RANGE)], gives: handle(READER), refuses, about: "reads a file piece by piece, from an offset to before another" },
    openWriter: { takes: [PATH, arg("options", option(record({ mode: option(oneOf(...MODES)) })))], gives: handle(WRITER), refuses, about: "writes a file piece by piece; create: there must be none, replace: it takes the old one's place when it is closed, append: adds to it" },
    watch: { takes: [PATH], gives: handle(WATCH), refuses, about: "tells of changes of a file, or of the entries of a directory" },
  },
});
