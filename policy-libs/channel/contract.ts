// The contracts of channels: pipes, mailboxes, shared bytes and semaphores.
import {
  any,
  arg,
  boolean,
  bytes,
  contract,
  integer,
  nothing,
  number,
  oneOf,
  option,
  record,
} from "../contract/index.ts";

/** Bytes of one write to a pipe, or one read. */
export const MOST_PIECE = 1024 * 1024;

/** The contract of a pipe's way out. */
export const PIPE_READER = contract({
  name: "pipe-reader",
  allows: "taking bytes out of the one pipe that it is an end of",
  never: "puts bytes into the pipe, or reads a byte twice",
  calls: {
    read: {
      takes: [arg("most", integer({ min: 1, max: MOST_PIECE }))],
      gives: option(bytes({ min: 1, max: MOST_PIECE })),
      refuses: ["E_ABORTED"],
      about: "waits for bytes and takes at least one of them; undefined at the end",
    },
    abort: {
      takes: [],
      gives: nothing(),
      refuses: [],
      about: "breaks the pipe: what is in it is thrown away, and writers are refused",
      mode: "sync",
    },
  },
});

/** The contract of a pipe's way in. */
export const PIPE_WRITER = contract({
  name: "pipe-writer",
  allows: "putting bytes into the one pipe that it is an end of",
  never: "takes bytes out of the pipe, or learns what was read",
  calls: {
    write: {
      takes: [arg("bytes", bytes({ max: MOST_PIECE }))],
      gives: nothing(),
      refuses: ["E_ABORTED", "E_CLOSED", "E_TOO_LARGE"],
      about: "waits until the pipe has taken all of the bytes",
    },
    end: {
      takes: [],
      gives: nothing(),
      refuses: ["E_ABORTED"],
      about: "nothing more comes: readers get what is there, then the end",
      mode: "sync",
    },
    abort: {
      takes: [],
      gives: nothing(),
      refuses: [],
      about: "breaks the pipe: what is in it is thrown away, and readers are refused",
      mode: "sync",
    },
  },
});

/** The contract of a mailbox's way in. */
export const MAILBOX_SENDER = contract({
  name: "mailbox-sender",
  allows: "putting values into the one mailbox that it was made for",
  never: "takes values out of the mailbox, or learns who does",
  calls: {
    send: {
      takes: [arg("value", any())],
      gives: nothing(),
      refuses: ["E_CLOSED", "E_TOO_LARGE"],
      about: "puts a value into the box; waits while it is full",
    },
    trySend: {
      takes: [arg("value", any())],
      gives: boolean(),
      refuses: ["E_CLOSED", "E_TOO_LARGE"],
      about: "puts a value into the box, unless it would have to wait",
      mode: "sync",
    },
    close: {
      takes: [],
      gives: nothing(),
      refuses: [],
      about: "nothing more comes: receivers get what is there, then E_CLOSED",
      mode: "sync",
    },
  },
});

/** The contract of a mailbox's way out. */
export const MAILBOX_RECEIVER = contract({
  name: "mailbox-receiver",
  allows: "taking values out of the one mailbox that it was made for",
  never: "puts values into the mailbox, or gets one that another receiver got",
  calls: {
    receive: { takes: [], gives: any(), refuses: ["E_CLOSED"], about: "waits for a value and takes it" },
    tryReceive: {
      takes: [],
      gives: option(record({ value: any() })),
      refuses: ["E_CLOSED"],
      about: "takes a value if one is there",
      mode: "sync",
    },
    close: {
      takes: [],
      gives: nothing(),
      refuses: [],
      about: "nothing more is wanted: what is in the box is thrown away, and senders are refused",
      mode: "sync",
    },
  },
});

/** Bytes of one read or write of shared bytes. */
export const MOST_ACCESS = 1024 * 1024;

const at = arg("at", integer({ min: 0 }));
const int32 = integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const CELL = ["E_RANGE", "E_ALIGN"] as const;

/** The contract of bytes that several share. */
export const SHARED_BYTES = contract({
  name: "shared-bytes",
  allows: "reading and changing a fixed number of bytes that others share, and waiting for a change",
  never: "touches anything outside those bytes; shows half of a change",
  calls: {
    length: { takes: [], gives: integer({ min: 0 }), refuses: [], about: "how many bytes there are", mode: "sync" },
    read: {
      takes: [at, arg("length", integer({ min: 0 }))],
      gives: bytes({ max: MOST_ACCESS }),
      refuses: ["E_RANGE", "E_TOO_LARGE"],
      about: "a copy of the bytes from here on",
      mode: "sync",
    },
    write: {
      takes: [at, arg("bytes", bytes())],
      gives: nothing(),
      refuses: ["E_RANGE", "E_TOO_LARGE"],
      about: "puts the bytes here",
      mode: "sync",
    },
    load: {
      takes: [at],
      gives: int32,
      refuses: CELL,
      about: "the 32-bit cell at this multiple of 4, little-endian",
      mode: "sync",
    },
    store: { takes: [at, arg("value", int32)], gives: nothing(), refuses: CELL, about: "sets a cell", mode: "sync" },
    add: {
      takes: [at, arg("value", int32)],
      gives: int32,
      refuses: CELL,
      about: "adds to a cell, around the corner of 32 bits; gives what was there",
      mode: "sync",
    },
    compareExchange: {
      takes: [at, arg("expected", int32), arg("replacement", int32)],
      gives: int32,
      refuses: CELL,
      about: "sets a cell if it is as expected; gives what was there",
      mode: "sync",
    },
    waitChange: {
      takes: [at, arg("expected", int32), arg("timeout", option(number({ min: 0 })))],
      gives: oneOf("ok", "not-equal", "timed-out"),
      refuses: CELL,
      about: "while a cell is as expected, waits for notify, or for so many milliseconds",
    },
    notify: {
      takes: [at, arg("count", option(integer({ min: 0 })))],
      gives: integer({ min: 0 }),
      refuses: CELL,
      about: "wakes all who wait for a cell, or so many, who waited longest; gives how many",
      mode: "sync",
    },
  },
});

/** The contract of a semaphore. */
export const SEMAPHORE = contract({
  name: "semaphore",
  allows: "taking and giving back permits of which there is a number",
  never: "has more permits taken than there are; lets one overtake who waited longer",
  calls: {
    acquire: { takes: [], gives: nothing(), refuses: [], about: "takes a permit; waits until one is free" },
    tryAcquire: {
      takes: [],
      gives: boolean(),
      refuses: [],
      about: "takes a permit if one is free",
      mode: "sync",
    },
    release: {
      takes: [],
      gives: nothing(),
      refuses: ["E_RELEASE"],
      about: "gives a permit back; E_RELEASE if none is held",
      mode: "sync",
    },
  },
});
