// How http says no: an error with a stable code. Messages name what the guest asked for, never what the host knows.

/** Every code, with what it means to the guest's author. */
export const HTTP_ERRORS = {
  E_NOT_GRANTED: "this host, port, path or method was not granted",
  E_URL: "not an http: or https: URL, or one with a password, blanks or an address in an odd spelling",
  E_METHOD: "not a method, or one that has no body",
  E_HEADER: "not a header, or one that only the host may set",
  E_NAME: "the name does not resolve",
  E_REFUSED: "nobody listens there",
  E_UNREACHABLE: "there is no way to this address",
  E_TIMEOUT: "no answer in time",
  E_TLS: "the other end could not prove who it is",
  E_REDIRECT: "too many redirects, one that was not to be followed, or one that cannot be",
  E_PROTOCOL: "the answer is not HTTP",
  E_SOURCE: "the request's body could not be read",
  E_TOO_LARGE: "more bytes than the capability allows",
  E_MOST_OPEN: "as many requests are open as the capability allows",
  E_CLOSED: "the body was cancelled",
  E_CLOSED_REMOTE: "the other end closed before the answer was complete",
  E_IO: "the host could not do it",
} as const;

/** A code that http refuses with. */
export type HttpErrorCode = keyof typeof HTTP_ERRORS;

export interface HttpError extends Error {
  readonly code: HttpErrorCode;
}

/** An error for the guest. `what` is what the guest asked for. */
export function httpError(code: HttpErrorCode, what = ""): HttpError {
  const shown = what.length > 200 ? `${what.slice(0, 200)}...` : what;
  const error = new Error(shown === "" ? HTTP_ERRORS[code] : `${JSON.stringify(shown)}: ${HTTP_ERRORS[code]}`);
  return Object.assign(error, { name: "HttpError", code });
}

export function refuse(code: HttpErrorCode, what?: string): never {
  throw httpError(code, what);
}
