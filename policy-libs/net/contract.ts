// The contracts of the network: connections, listeners, datagrams and names.
//
// Errors come in one order: what is no address (E_ADDRESS), what was not granted (E_NOT_GRANTED), what is open already
// (E_MOST_OPEN), then what the network says: of this end (E_BIND, E_IN_USE, E_DUPLICATE) before the other end.
import {
  arg,
  boolean,
  bytes,
  contract,
  type GrantedOf,
  handle,
  integer,
  list,
  nothing,
  number,
  oneOf,
  option,
  record,
  string,
  union,
} from "../contract/index.ts";

/** Bytes of one read or write. */
export const MAX_TRANSFER = 1 << 20;
/** Milliseconds that connecting may be given. */
export const MAX_TIMEOUT = 600_000;
/** Milliseconds, where the guest names no number. */
export const DEFAULT_TIMEOUT = 30_000;
/** A name has 253 characters at most; a text that is longer is refused as a bad argument. */
const MAX_HOST = 300;

const HOST = string({ max: MAX_HOST, is: "host" });
const ADDRESS = string({ is: "ip" });
// Any number: what is no port is refused with E_ADDRESS and not as a breach of the contract.
const PORT = number();
const MOST = arg("most", integer({ min: 1, max: MAX_TRANSFER }));
const DATA = arg("bytes", bytes({ max: MAX_TRANSFER }));
const PAIR = { address: ADDRESS, port: integer() };

const CLOSE = { takes: [], gives: boolean(), refuses: [], about: "true the first time, then false" } as const;
const INFO = { takes: [], gives: record(PAIR), refuses: [], about: "the local address and port" } as const;

const READ_REFUSES = ["E_CLOSED", "E_CLOSED_REMOTE", "E_TOO_LARGE"] as const;
const WRITE_REFUSES = ["E_CLOSED", "E_CLOSED_REMOTE", "E_TOO_LARGE"] as const;

/** The contract of a connection. */
export const SOCKET = contract({
  name: "socket",
  allows: "reading from and writing to the one connection it was made for",
  never: "reaches another address or port; holds more unread bytes than its buffer has room for",
  calls: {
    read: {
      takes: [MOST],
      gives: bytes({ max: MAX_TRANSFER }),
      refuses: READ_REFUSES,
      about: "waits for bytes, at least one; none at the end of what the peer sends",
    },
    tryRead: {
      takes: [MOST],
      gives: union(bytes({ max: MAX_TRANSFER }), oneOf(null)),
      refuses: READ_REFUSES,
      about: "the bytes that are there; null if there are none yet, no bytes at the end",
      mode: "sync",
    },
    write: { takes: [DATA], gives: nothing(), refuses: WRITE_REFUSES, about: "waits until all bytes were accepted" },
    tryWrite: {
      takes: [DATA],
      gives: integer({ min: 0 }),
      refuses: WRITE_REFUSES,
      about: "how many of the bytes were accepted at once: 0 if writing would have to wait",
      mode: "sync",
    },
    closeWrite: { takes: [], gives: nothing(), refuses: ["E_CLOSED"], about: "tells the peer that no more will come" },
    close: { ...CLOSE, mode: "sync" },
    info: {
      takes: [],
      gives: record({ localAddress: ADDRESS, localPort: integer(), remoteAddress: ADDRESS, remotePort: integer() }),
      refuses: [],
      about: "addresses and ports of both ends",
      mode: "sync",
    },
  },
});

const ACCEPTED = record({ socket: handle(SOCKET), ...PAIR });

/** The contract of a listener for connections. */
export const LISTENER = contract({
  name: "listener",
  allows: "accepting connections to the one address and port it was made for",
  never: "listens on anything else; holds more connections that nobody accepts than it was made for",
  calls: {
    accept: {
      takes: [],
      gives: ACCEPTED,
      refuses: ["E_CLOSED", "E_MOST_OPEN"],
      about: "waits for the next connection; with the address and port that it comes from",
    },
    tryAccept: {
      takes: [],
      gives: union(ACCEPTED, oneOf(null)),
      refuses: ["E_CLOSED", "E_MOST_OPEN"],
      about: "the next connection, or null if none waits",
      mode: "sync",
    },
    close: { ...CLOSE, mode: "sync" },
    info: { ...INFO, mode: "sync" },
  },
});

const LETTER = record({ bytes: bytes(), ...PAIR });

const SEND_REFUSES = [
  "E_ADDRESS",
  "E_NOT_GRANTED",
  "E_NAME",
  "E_TOO_LARGE",
  "E_UNREACHABLE",
  "E_TIMEOUT",
  "E_IO",
] as const;

/** The contract of a socket for datagrams. */
export const DATAGRAM = contract({
  name: "datagram",
  allows: "sending datagrams from and receiving them at the one address and port it was made for",
  never: "sends to a host or port that was not granted; keeps more unread datagrams than its buffer has room for",
  calls: {
    send: {
      takes: [arg("bytes", bytes()), arg("host", HOST), arg("port", PORT)],
      gives: integer({ min: 0 }),
      refuses: ["E_CLOSED", ...SEND_REFUSES],
      about: "sends one datagram; the number of its bytes",
    },
    receive: {
      takes: [],
      gives: LETTER,
      refuses: ["E_CLOSED"],
      about: "waits for the next datagram; with the address and port that it comes from",
    },
    tryReceive: {
      takes: [],
      gives: union(LETTER, oneOf(null)),
      refuses: ["E_CLOSED"],
      about: "the next datagram, or null if none is there",
      mode: "sync",
    },
    close: { ...CLOSE, mode: "sync" },
    info: { ...INFO, mode: "sync" },
  },
});

const LOCAL = { localAddress: option(HOST), localPort: option(PORT) };
const OPENING = ["E_ADDRESS", "E_NOT_GRANTED", "E_MOST_OPEN", "E_BIND", "E_IN_USE", "E_IO"] as const;

/** The contract of the network. */
export const NET = contract({
  name: "net",
  allows: "connecting to, sending to and listening on the hosts and ports that were granted",
  never: "reaches a private, loopback or link-local address that was not granted by address, whatever name leads there",
  calls: {
    resolve: {
      takes: [arg("name", HOST)],
      gives: list(string()),
      refuses: ["E_ADDRESS", "E_NOT_GRANTED", "E_NAME", "E_TIMEOUT"],
      about: "the addresses of a name that may be reached",
    },
    connect: {
      takes: [
        arg("to", record({ host: HOST, port: PORT, ...LOCAL, timeout: option(number({ min: 0, max: MAX_TIMEOUT })) })),
      ],
      gives: handle(SOCKET),
      refuses: [...OPENING, "E_NAME", "E_DUPLICATE", "E_REFUSED", "E_UNREACHABLE", "E_TIMEOUT", "E_CLOSED_REMOTE"],
      about: "opens a TCP connection; the timeout is in milliseconds, 30,000 without one",
    },
    listen: {
      takes: [arg("at", record({ address: option(HOST), port: PORT }))],
      gives: handle(LISTENER),
      refuses: OPENING,
      about: "listens for TCP connections, on 127.0.0.1 without an address; port 0 is any free port",
    },
    bind: {
      takes: [arg("at", record({ address: option(HOST), port: PORT }))],
      gives: handle(DATAGRAM),
      refuses: OPENING,
      about: "takes an address and port for datagrams (UDP), on 127.0.0.1 without an address",
    },
    send: {
      takes: [arg("datagram", record({ host: HOST, port: PORT, bytes: bytes(), ...LOCAL }))],
      gives: integer({ min: 0 }),
      refuses: [...SEND_REFUSES, "E_MOST_OPEN", "E_BIND", "E_IN_USE", "E_DUPLICATE"],
      about: "sends one datagram; the number of its bytes",
    },
    addresses: { takes: [], gives: list(string()), refuses: [], about: "this host's own addresses, as far as granted" },
  },
});

/** A connection, as a capability. */
export type SocketGrant = GrantedOf<typeof SOCKET>;
/** A listener for connections, as a capability. */
export type ListenerGrant = GrantedOf<typeof LISTENER>;
/** A socket for datagrams, as a capability. */
export type DatagramGrant = GrantedOf<typeof DATAGRAM>;
/** The network, as a capability. */
export type NetGrant = GrantedOf<typeof NET>;
