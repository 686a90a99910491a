// The contract of a terminal.
import { arg, boolean, contract, integer, nothing, record, string } from "../contract/index.ts";

/** UTF-16 units of one write. */
export const MOST_TEXT = 65_536;
/** Columns and rows. */
export const MOST_SIZE = 10_000;

const count = integer({ min: 1, max: MOST_SIZE });
const size = record({ columns: count, rows: count });
const key = record({ name: string(), text: string(), ctrl: boolean(), alt: boolean(), shift: boolean() });
const CLOSED = ["E_CLOSED"] as const;

/** The contract of a terminal. */
export const TERMINAL = contract({
  name: "terminal",
  allows: "writing to one terminal and reading its keys",
  never: "makes the terminal answer, or changes anything but its screen; leaves it changed when the guest has ended",
  calls: {
    write: {
      takes: [arg("text", string({ max: MOST_TEXT }))],
      gives: nothing(),
      refuses: ["E_CLOSED", "E_TOO_LARGE", "E_IO"],
      about: "shows text; of escape sequences only those for colours and the cursor work",
    },
    readKey: { takes: [], gives: key, refuses: CLOSED, about: "waits for a key" },
    size: { takes: [], gives: size, refuses: CLOSED, about: "the size in characters", mode: "sync" },
    nextResize: { takes: [], gives: size, refuses: CLOSED, about: "waits for a size other than the last one told" },
    setRaw: {
      takes: [arg("on", boolean())],
      gives: nothing(),
      refuses: ["E_CLOSED", "E_NOT_GRANTED", "E_IO"],
      about: "keys come one by one and are not shown, or again line by line",
      mode: "sync",
    },
  },
});
