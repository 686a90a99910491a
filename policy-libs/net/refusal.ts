// How the network says no: an error with a stable code. Messages name what the guest asked for, never what the host knows.

/** Every code, with what it means to the guest's author. */
export const NET_ERRORS = {
  E_NOT_GRANTED: "this host, address or port was not granted",
  E_ADDRESS: "not a valid address or port",
  E_NAME: "the name does not resolve",
  E_REFUSED: "nobody listens there",
  E_UNREACHABLE: "there is no way to this address",
  E_TIMEOUT: "no answer in time",
  E_IN_USE: "something listens on this address and port already",
  E_DUPLICATE: "there is a connection between these two addresses and ports already",
  E_BIND: "the local address is not one of this host's",
  E_CLOSED: "closed at this end",
  E_CLOSED_REMOTE: "closed or reset at the other end",
  E_TOO_LARGE: "more bytes than the capability allows",
  E_MOST_OPEN: "as many sockets are open as the capability allows",
  E_IO: "the host could not do it",
} as const;

/** A code that the network refuses with. */
export type NetErrorCode = keyof typeof NET_ERRORS;

/** Codes that every capability may answer with. */
const COMMON = { E_ENDED: "the caller has ended", E_BUSY: "too many calls wait for this already" } as const;

type Code = NetErrorCode | keyof typeof COMMON;

export interface NetError extends Error {
  readonly code: Code;
}

/** An error for the guest. `what` is what the guest asked for. */
export function netError(code: Code, what = ""): NetError {
  const meaning = { ...NET_ERRORS, ...COMMON }[code];
  const shown = what.length > 200 ? `${what.slice(0, 200)}...` : what;
  const error = new Error(shown === "" ? meaning : `${JSON.stringify(shown)}: ${meaning}`);
  return Object.assign(error, { name: "NetError", code });
}

export function refuse(code: Code, what?: string): never {
  throw netError(code, what);
}
