// The contracts of what files open: a file, a reader, a writer, a watch. Each is one thing that was opened, and stays it.
import { arg, bytes, contract, integer, nothing, oneOf, option, record, string, union } from "../contract/index.ts";
import { MAX_PATH } from "./path.ts";
import { CHANGES, MAX_TRANSFER } from "./types.ts";

const MOST = integer({ min: 0, max: MAX_TRANSFER });
const OFFSET = integer({ min: 0 });
const CONTENTS = union(string(), bytes());

/** What the host may answer to any use of an open thing. */
const ALWAYS = ["E_CLOSED", "E_IO"] as const;
const WRITING = [...ALWAYS, "E_TOO_LARGE", "E_FULL"] as const;

/** The contract of an open file. */
// biome-ignore format: a table
export const FILE = contract({
  name: "open-file",
  allows: "reading, and if it was opened for that writing, the one file that it was opened on",
  never: "reaches another file, also when the file's name means another by now",
  calls: {
    size: { takes: [], gives: integer({ min: 0 }), refuses: ALWAYS, about: "how many bytes it has" },
    readAt: { takes: [arg("offset", OFFSET), arg("most", option(MOST))], gives: bytes(), refuses: [...ALWAYS, "E_PAST_END"], about: "the bytes from an offset on, at most so many; fewer where the file ends" },
    writeAt: { takes: [arg("offset", OFFSET), arg("bytes", bytes())], gives: nothing(), refuses: [...WRITING, "E_PAST_END", "E_READ_ONLY"], about: "writes over what is there, and on; it begins at most where the file ends" },
    truncate: { takes: [arg("size", OFFSET)], gives: nothing(), refuses: [...WRITING, "E_PAST_END", "E_READ_ONLY"], about: "cuts the file" },
    flush: { takes: [], gives: nothing(), refuses: [...WRITING, "E_READ_ONLY"], about: "comes back when what was written is on the disk" },
    close: { takes: [], gives: nothing(), refuses: ALWAYS, about: "ends it, after what was begun" },
  },
});

/** The contract of a stream out of a file. */
// biome-ignore format: a table
export const READER = contract({
  name: "open-reader",
  allows: "reading the one file that it was opened on, from its beginning to its end, once",
  never: "reaches another file; writes anything",
  calls: {
    read: { takes: [arg("most", option(integer({ min: 1, max: MAX_TRANSFER })))], gives: bytes(), refuses: ALWAYS, about: "the next bytes; none at the end" },
    close: { takes: [], gives: nothing(), refuses: ALWAYS, about: "ends it" },
  },
});

const FINISHING = [...WRITING, "E_EXISTS", "E_NOT_FOUND", "E_KIND", "E_PATH", "E_READ_ONLY"] as const;

/** The contract of a stream into a file. */
// biome-ignore format: a table
export const WRITER = contract({
  name: "open-writer",
  allows: "writing the one file that it was opened for",
  never: "shows a part of a file that it makes or replaces; reads anything",
  calls: {
    write: { takes: [arg("contents", CONTENTS)], gives: nothing(), refuses: WRITING, about: "adds bytes, or text as UTF-8" },
    close: { takes: [], gives: nothing(), refuses: FINISHING, about: "what was written becomes the file, all at once" },
    abort: { takes: [], gives: nothing(), refuses: ALWAYS, about: "nothing has happened; what was added to a file stays" },
  },
});

/** The contract of a watch. */
// biome-ignore format: a table
export const WATCH = contract({
  name: "open-watch",
  allows: "being told that something happened to the one file, or in the one directory, that it was made for",
  never: "tells what is in a file, or of any other place",
  calls: {
    next: { takes: [], gives: record({ kind: oneOf(...CHANGES), path: string({ max: MAX_PATH }) }), refuses: ALWAYS, about: "waits for the next change; its path is the name in the watched directory, or \".\" for what is watched" },
    close: { takes: [], gives: nothing(), refuses: ALWAYS, about: "ends it, and whoever waits" },
  },
});
