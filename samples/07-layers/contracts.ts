// What the layers offer upwards, where it is more, or less, than all of files.
import {
  arg,
  boolean,
  bytes,
  contract,
  FILE,
  handle,
  integer,
  list,
  nothing,
  option,
  record,
  string,
} from "cordon/policy-libs";

const NAME = arg("name", string({ min: 1, max: 100 }));
const OFFSET = arg("offset", integer({ min: 0 }));
const MAKE = arg("options", option(record({ create: option(boolean()) })));
const FAILS = ["E_PATH", "E_NOT_FOUND", "E_KIND", "E_IO", "E_FULL", "E_TOO_LARGE", "E_CLOSED", "E_PAST_END"];

export const SEALED_FILE = contract({
  name: "sealed-file",
  allows: "reading and writing one file, and writing what nobody reads back",
  never: "gives back a byte that was written by writePrivate and not overwritten since",
  calls: {
    size: { takes: [], gives: integer({ min: 0 }), refuses: FAILS, about: "how many bytes it has" },
    readAt: {
      takes: [OFFSET, arg("most", integer({ min: 0, max: 1 << 20 }))],
      gives: bytes(),
      refuses: [...FAILS, "E_PRIVATE"],
      about: "bytes from an offset on; refused if one of them is private",
    },
    writeAt: {
      takes: [OFFSET, arg("bytes", bytes())],
      gives: nothing(),
      refuses: FAILS,
      about: "writes what can be read",
    },
    writePrivate: {
      takes: [OFFSET, arg("bytes", bytes())],
      gives: nothing(),
      refuses: FAILS,
      about: "writes what cannot",
    },
    close: { takes: [], gives: nothing(), refuses: FAILS, about: "ends it" },
  },
});

export const SEALED_FILES = contract({
  name: "sealed-files",
  allows: "files in which some bytes can be written and overwritten, but not read",
  never: "gives back what was written by writePrivate",
  calls: {
    open: { takes: [NAME, MAKE], gives: handle(SEALED_FILE), refuses: FAILS, about: "opens a file; create makes it" },
  },
});

export const VOTED_FILES = contract({
  name: "voted-files",
  allows: "files that change as a whole, when they are closed, if what was written is right",
  never: "shows a part of a change; keeps one that does not start with S and end with E",
  calls: {
    open: { takes: [NAME, MAKE], gives: handle(FILE), refuses: FAILS, about: "opens a file; create makes one: SE" },
    list: { takes: [], gives: list(string()), refuses: FAILS, about: "the names of the files" },
  },
});
