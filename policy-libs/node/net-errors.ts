// Errors of the host's network become refusals of the capability; their messages, which name the host's ends, are lost.
import { type NetErrorCode, netError } from "../net/refusal.ts";

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
  ["ENOTFOUND", "E_NAME"],
  ["ENODATA", "E_NAME"],
  ["EAI_AGAIN", "E_NAME"],
]);

interface HostError {
  readonly code?: unknown;
  readonly syscall?: unknown;
}

/** What the guest is told of an error of the host. */
export function translate(error: unknown): Error {
  const { code, syscall } = (error ?? {}) as HostError;
  // Binding worked, and the pair of pairs is taken: Linux says it in the words for a foreign address.
  if (code === "EADDRNOTAVAIL" && syscall === "connect") return netError("E_DUPLICATE");
  if (code === "EACCES" && syscall === "listen") return netError("E_BIND");
  return netError(CODES.get(code) ?? "E_IO");
}
