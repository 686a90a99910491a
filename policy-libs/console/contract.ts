// The contract of a console.
import { arg, contract, nothing, oneOf, string } from "../contract/index.ts";

export const LEVELS = ["debug", "log", "info", "warn", "error"] as const;
/** How important a line is. */
export type Level = (typeof LEVELS)[number];

/** UTF-16 units of one write. */
export const MOST_TEXT = 65_536;

/** The contract of a console. */
export const CONSOLE = contract({
  name: "console",
  allows: "saying lines of text",
  never: "reads anything back; changes a line that was said",
  calls: {
    write: {
      takes: [arg("level", oneOf(...LEVELS)), arg("text", string({ max: MOST_TEXT }))],
      gives: nothing(),
      refuses: ["E_TOO_LARGE", "E_IO"],
      about: "says each line of the text",
    },
  },
});
