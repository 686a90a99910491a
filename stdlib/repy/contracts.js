// The contracts of RepyV2's calls, as data for `contract()` of policy-libs/contract: what a layer offers upwards.
//
// `refuses` lists the errors in the order in which they are looked for (W10): where several apply, the first one is
// raised. Refusals that every charge may give stand last, in RESOURCES. A contract is JSON: a layer can send its own.
import { codeOf } from "./errors.js";
import { RESOURCES as RESOURCE_TABLE } from "./restrictions.js";

const integer = (min, max) => ({
  type: "integer",
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
});
const string = (max) => ({ type: "string", ...(max === undefined ? {} : { max }) });
const number = { type: "number" };
const boolean = { type: "boolean" };
const nothing = { type: "nothing" };
const any = { type: "any" };
const option = (of) => ({ type: "option", of });
const list = (of) => ({ type: "list", of });
const union = (...of) => ({ type: "union", of });
const record = (fields) => ({ type: "record", fields });
const handle = (of) => ({ type: "handle", of });
const arg = (name, of) => ({ type: "arg", name, of });
const rest = (name, of) => ({ type: "rest", name, of });

/** Any charge may find a resource that is not granted (limit 0), or used up by somebody further down. */
const RESOURCES = ["ResourceForbiddenError", "ResourceExhaustedError"];

function call(takes, gives, refuses, about) {
  const all = ["RepyArgumentError", ...refuses, ...RESOURCES];
  return { takes, gives, refuses: [...new Set(all)].map(codeOf), about };
}

const port = integer(1, 65_535);
/** Checked by the emulation, which says RepyArgumentError; the kernel only keeps out what is no such value at all. */
const anyInteger = integer();

/** A byte is a character from 0 to 255. */
const bytes = string();

export const FILE = {
  name: "repy-file",
  allows: "reading and writing one file at any offset up to its end",
  never: "truncates; leaves a hole; tells where the file lies",
  calls: {
    readat: call(
      [arg("sizelimit", union(anyInteger, { type: "oneOf", values: [null] })), arg("offset", anyInteger)],
      bytes,
      ["FileClosedError", "SeekPastEndOfFileError"],
      "at most sizelimit bytes from offset on; null: up to the end",
    ),
    writeat: call(
      [arg("data", bytes), arg("offset", anyInteger)],
      nothing,
      ["FileClosedError", "SeekPastEndOfFileError"],
      "writes all of data at offset",
    ),
    close: call([], nothing, ["FileClosedError"], "gives the handle back"),
  },
};

export const SOCKET = {
  name: "repy-socket",
  allows: "receiving and sending on one connection, without waiting",
  never: "blocks; reaches another address",
  calls: {
    recv: call(
      [arg("numbytes", anyInteger)],
      bytes,
      ["SocketClosedLocal", "SocketWouldBlockError", "SocketClosedRemote"],
      "what has come, at most numbytes",
    ),
    send: call(
      [arg("message", bytes)],
      integer(0),
      ["SocketClosedLocal", "SocketClosedRemote", "SocketWouldBlockError"],
      "how many bytes were taken: from the front, and maybe not all",
    ),
    close: call([], boolean, [], "true the first time"),
  },
};

export const TCP_SERVER = {
  name: "repy-tcp-server",
  allows: "accepting connections to one address and port",
  never: "blocks",
  calls: {
    getconnection: call(
      [],
      record({ ip: string(), port, socket: handle(SOCKET) }),
      ["SocketClosedLocal", "SocketWouldBlockError", "ResourceExhaustedError"],
      "the next connection; the program gets [ip, port, socket]",
    ),
    close: call([], boolean, [], "true the first time"),
  },
};

export const UDP_SERVER = {
  name: "repy-udp-server",
  allows: "receiving datagrams to one address and port",
  never: "blocks",
  calls: {
    getmessage: call(
      [],
      record({ ip: string(), port, message: bytes }),
      ["SocketClosedLocal", "SocketWouldBlockError"],
      "the next datagram; the program gets [ip, port, message]",
    ),
    close: call([], boolean, [], "true the first time"),
  },
};

export const LOCK = {
  name: "repy-lock",
  allows: "holding a lock that others cannot hold meanwhile",
  never: "tells who holds it",
  calls: {
    acquire: call([arg("blocking", boolean)], boolean, [], "true when it is held by the caller now"),
    release: call([], nothing, ["LockDoubleReleaseError"], "lets the next one have it"),
  },
};

export const NAMESPACE = {
  name: "repy-namespace",
  allows: "evaluating one text",
  never: "runs it: a context cannot cross, so the caller does, in its own domain",
  calls: {
    evaluate: call([], record({ code: string(), name: string() }), [], "the text to be run"),
  },
};

export const THREAD = {
  name: "repy-thread",
  allows: "saying that the thread has ended",
  never: "stops it",
  calls: { ended: call([], nothing, [], "gives the event back") },
};

/** What the emulation needs to know of the machine: seconds, bytes, and when and how long the program was stopped. */
export const USAGE = {
  name: "repy-usage",
  allows: "knowing what the program has used of processor and memory",
  never: "tells of anything but this program",
  calls: {
    cpu: {
      takes: [],
      gives: record({ cpu: number, threadcpu: number, stops: list(list(number)) }),
      refuses: [],
      about: "seconds of processor time, and [time, duration] in seconds of each stop",
    },
    memory: { takes: [], gives: integer(0), refuses: [], about: "bytes" },
  },
};

/** What ends the program's domain. */
export const LIFE = {
  name: "repy-life",
  allows: "ending the run",
  never: "ends anything else",
  calls: {
    end: { takes: [arg("cause", any)], gives: nothing, refuses: [], about: "ends it, with { kind, ... }" },
  },
};

const ADDRESS_ERRORS = [
  "AlreadyListeningError",
  "DuplicateTupleError",
  "CleanupInProgressError",
  "AddressBindingError",
];
const limit = (kind) => (kind === "ports" ? list(port) : number);
const TABLE = Object.fromEntries(Object.entries(RESOURCE_TABLE).map(([name, kind]) => [name, limit(kind)]));

// biome-ignore format: a table
export const REPY = {
  name: "repy",
  allows: "RepyV2's 20 calls, within the restrictions that the layer was made with",
  never: "reaches a file, address or resource that the restrictions do not name",
  calls: {
    gethostbyname: call([arg("name", string())], string(), ["NetworkAddressError"], "the address of a name"),
    getmyip: call([], string(), ["InternetConnectivityError"], "an address of this host"),
    sendmessage: call([arg("destip", string()), arg("destport", anyInteger), arg("message", bytes), arg("localip", string()), arg("localport", anyInteger)], integer(0),
      ["ResourceForbiddenError", ...ADDRESS_ERRORS, "InternetConnectivityError"], "bytes sent in one datagram"),
    listenformessage: call([arg("localip", string()), arg("localport", anyInteger)], handle(UDP_SERVER), ["ResourceForbiddenError", ...ADDRESS_ERRORS], "receives datagrams"),
    openconnection: call([arg("destip", string()), arg("destport", anyInteger), arg("localip", string()), arg("localport", anyInteger), arg("timeout", number)], handle(SOCKET),
      ["ResourceForbiddenError", ...ADDRESS_ERRORS, "ConnectionRefusedError", "TimeoutError", "InternetConnectivityError"], "connects"),
    listenforconnection: call([arg("localip", string()), arg("localport", anyInteger)], handle(TCP_SERVER), ["ResourceForbiddenError", ...ADDRESS_ERRORS], "accepts connections"),
    openfile: call([arg("filename", string()), arg("create", boolean)], handle(FILE), ["FileInUseError", "ResourceExhaustedError", "FileNotFoundError"], "opens a file, which is made if create says so and there is none"),
    listfiles: call([], list(string()), [], "the names of all files"),
    removefile: call([arg("filename", string())], nothing, ["FileInUseError", "FileNotFoundError"], "removes a file"),
    exitall: call([], nothing, [], "ends the run; does not return"),
    createlock: call([], handle(LOCK), [], "a lock, not held"),
    getruntime: call([], number, [], "seconds since the start"),
    randombytes: call([], string(1_024), [], "1,024 random bytes"),
    createthread: call([], record({ name: string(), thread: handle(THREAD) }), ["ResourceExhaustedError"], "an event and a name for a thread; the program runs the function itself"),
    sleep: call([arg("seconds", number)], nothing, [], "waits, never less"),
    log: call([rest("items", any)], nothing, [], "writes to the program's output"),
    getthreadname: call([], string(), [], "the name of the main thread; the program knows the others"),
    createvirtualnamespace: call([arg("code", string()), arg("name", string())], handle(NAMESPACE), ["CodeUnsafeError"], "a text to evaluate"),
    getresources: call([], record({ limits: record(TABLE), usage: record({ ...TABLE, threadcpu: number }), stoptimes: list(list(number)) }), [], "limits, usage and the last stop times"),
    getlasterror: call([], option(string()), [], "nothing: the program knows its own errors"),
  },
};
