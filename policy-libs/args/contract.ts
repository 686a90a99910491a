// The contract of a program's arguments.
import { contract, list, string } from "../contract/index.ts";

/** The contract of a program's arguments. */
export const ARGS = contract({
  name: "args",
  allows: "reading the arguments that were granted",
  never: "tells of the host's own command line",
  calls: {
    all: { takes: [], gives: list(string()), refuses: [], about: "the arguments, in order", mode: "sync" },
  },
});
