import { ARGUMENT, type Case, times } from "./case.ts";

const WOULD_BLOCK = "SocketWouldBlockError";
const FORBIDDEN = "ResourceForbiddenError";
const SILENT = { silent: ["10.9.9.9"] };

export const NETWORK_CASES: readonly Case[] = [
  { name: "B42 Listening with bad arguments is refused", profile: "FIXED", lines: times(13, ARGUMENT) },
  { name: "B43 Listening on a port that was not granted is forbidden", lines: [...times(5, FORBIDDEN), "0"] },
  {
    name: "B44 Listening on a foreign address fails to bind",
    profile: "FIXED",
    lines: [...times(3, "AddressBindingError"), "0"],
  },
  { name: "B45 One pair has one listener", profile: "FIXED", lines: ["AlreadyListeningError", "1"] },
  {
    name: "B46 A closed listener can be opened again",
    profile: "TWOPORTS",
    lines: ["127.0.0.1 12346", WOULD_BLOCK, "127.0.0.1 12346", "127.0.0.1 12346", "true false"],
  },
  { name: "B47 A listener occupies one insocket", profile: "FIXED", lines: ["0", "1", "0", "false 0"] },
  { name: "B48 TCP and UDP port numbers are separate", lines: ["2", "true true"] },
  {
    name: "B49 UDP listening names each mistake by its own error",
    profile: "TWOPORTS",
    lines: ["AlreadyListeningError", ...times(4, ARGUMENT), "AddressBindingError", FORBIDDEN, "1"],
  },
  {
    name: "B50 A UDP listener can be closed and opened again",
    profile: "FIXED",
    lines: ["true false", `${WOULD_BLOCK} SocketClosedLocal`],
  },
  { name: "B51 Accepting never blocks", profile: "FIXED", lines: [`${WOULD_BLOCK} 0`, "SocketClosedLocal"] },
  {
    name: "B52 Connecting from a listening pair is refused first",
    profile: "FIXED",
    lines: ["AlreadyListeningError"],
  },
  {
    name: "B53 The same four-tuple cannot be opened twice",
    profile: "TWOPORTS",
    lines: ["DuplicateTupleError 1", "no error"],
  },
  { name: "B54 Nobody listening means refused", profile: "FIXED", lines: ["ConnectionRefusedError", "0 0"] },
  {
    name: "B55 An ungranted local port is forbidden before anything is tried",
    network: SILENT,
    lines: [FORBIDDEN, `${FORBIDDEN} 0`],
  },
  {
    name: "B56 A foreign local address fails to bind before anything is tried",
    profile: "FIXED",
    network: SILENT,
    lines: ["AddressBindingError", "AddressBindingError 0 0"],
  },
  { name: "B57 Bad arguments of connecting are refused", lines: times(12, ARGUMENT) },
  {
    name: "B58 A connection that does not answer times out",
    network: SILENT,
    lines: ["TimeoutError", "true true 0", "TimeoutError"],
  },
  {
    name: "B59 Closing a connection twice is harmless and told apart",
    profile: "TWOPORTS",
    lines: ["2", "true false true false", "0"],
  },
  {
    name: "B60 The two kinds of closed are told apart",
    profile: "TWOPORTS",
    lines: [
      "SocketClosedLocal SocketClosedLocal",
      "SocketClosedRemote SocketClosedRemote",
      "SocketClosedLocal SocketClosedLocal",
      "SocketClosedRemote SocketClosedRemote",
      "still  there SocketClosedRemote",
    ],
  },
  {
    name: "B61 Reading with nothing there never blocks",
    profile: "TWOPORTS",
    lines: [WOULD_BLOCK, WOULD_BLOCK, `${WOULD_BLOCK} 0`, `${ARGUMENT} ${ARGUMENT}`],
  },
  {
    name: "B62 Sending never blocks, and the count sent is exact",
    profile: "WIDENET",
    lines: ["2", "2 2 abcd ef", ...times(2, `true true true ${WOULD_BLOCK} ${WOULD_BLOCK}`)],
  },
  {
    name: "B63 Closing the listener leaves accepted connections alone",
    profile: "TWOPORTS",
    lines: [`true true ${WOULD_BLOCK} ${WOULD_BLOCK}`],
  },
  {
    name: "B64 Two connections live side by side",
    profile: "THREEPORTS",
    lines: ["12346 12347", "a b", "12346 12347"],
  },
  {
    name: "B65 Datagrams arrive whole, within a fixed size",
    profile: "TWOPORTS",
    lines: [
      "16 127.0.0.1 12346 true",
      "5120 127.0.0.1 12346 true",
      ...times(5, ARGUMENT),
      ...["1000", "1600", "9216"],
      ...times(7, ARGUMENT),
      "AddressBindingError",
      FORBIDDEN,
      "1 0",
      ARGUMENT,
    ],
  },
];
