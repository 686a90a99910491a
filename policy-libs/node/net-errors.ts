// Errors of the host's network become refusals of the capability; their messages, which name the host's ends, are lost.
import { DATAGRAM, NET } from "../net/contract.ts";
import { type NetErrorCode, netError } from "../net/refusal.ts";

const DECLARED = {
  connect: NET.data.calls.connect.refuses,
  listen: NET.data.calls.listen.refuses,
  bind: NET.data.calls.bind.refuses,
  /** Both calls of this name: this one declares less. */
  send: DATAGRAM.data.calls.send.refuses,
} as const;

export type NetCall = keyof typeof DECLARED;

const CODES = new Map<unknown, NetErrorCode>([
  ["ECONNREFUSED", "E_REFUSED"],
  ["ECONNRESET", "E_CLOSED_REMOTE"],
  ["EPIPE", "E_CLOSED_REMOTE"],
  ["ETIMEDOUT", "E_TIMEOUT"],
  ["EHOSTUNREACH", "E_UNREACHABLE"],
  ["ENETUNREACH", "E_UNREACHABLE"],
  ["EHOSTDOWN", "E_UNREACHABLE"],
  ["ENETDOWN", "E_UNREACHABLE"],
  ["EAFNOSUPPORT", "E_UNREACHABLE"],
  // What the host's own firewall says, and what broadcasting without leave gets.
  ["EACCES", "E_UNREACHABLE"],
  ["EPERM", "E_UNREACHABLE"],
  ["EINVAL", "E_UNREACHABLE"],
  ["EADDRINUSE", "E_IN_USE"],
  ["EADDRNOTAVAIL", "E_BIND"],
  ["EMSGSIZE", "E_TOO_LARGE"],
  ["EMFILE", "E_MOST_OPEN"],
  ["ENFILE", "E_MOST_OPEN"],
  ["ENOBUFS", "E_MOST_OPEN"],
]);

/** Of a local end, each of these means that it cannot be taken. */
const LOCAL: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EINVAL", "EAFNOSUPPORT", "EADDRNOTAVAIL"]);

interface HostError {
  readonly code?: unknown;
  readonly syscall?: unknown;
}

function codeOf({ code, syscall }: HostError, call: NetCall): NetErrorCode {
  if ((call === "listen" || call === "bind") && LOCAL.has(code)) return "E_BIND";
  // Binding worked, and the pair of pairs is taken: Linux says it in the words for a foreign address.
  if (code === "EADDRNOTAVAIL" && syscall === "connect") return "E_DUPLICATE";
  return CODES.get(code) ?? "E_IO";
}

/** What the guest is told of an error of the host: a code that its call declares, or a capability would seem broken. */
export function translate(error: unknown, call: NetCall): Error {
  const code = codeOf((error ?? {}) as HostError, call);
  const declared: readonly string[] = DECLARED[call];
  return netError(declared.includes(code) ? code : "E_IO");
}
