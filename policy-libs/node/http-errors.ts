// Errors of the host's HTTP and TLS become refusals of the capability; their messages are lost.
import { BODY, HTTP } from "../http/contract.ts";
import { type HttpErrorCode, httpError } from "../http/refusal.ts";
import { translate } from "./net-errors.ts";

const CODES = new Map<unknown, HttpErrorCode>([
  ["HPE_HEADER_OVERFLOW", "E_TOO_LARGE"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "E_TOO_LARGE"],
  // The other end closed in the middle, or before it answered.
  ["HPE_INVALID_EOF_STATE", "E_CLOSED_REMOTE"],
  ["ECONNRESET", "E_CLOSED_REMOTE"],
  ["EPIPE", "E_CLOSED_REMOTE"],
  // Not TLS at all, or no version of it that we take.
  ["EPROTO", "E_TLS"],
]);

const PATTERNS: readonly (readonly [RegExp, HttpErrorCode])[] = [
  [/^HPE_/, "E_PROTOCOL"],
  [
    /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH|PATH_LENGTH)/,
    "E_TLS",
  ],
];

const declaredBy = {
  fetch: HTTP.data.calls.fetch.refuses,
  read: BODY.data.calls.read.refuses,
} as const;

function codeOf(error: unknown): string {
  const code = String((error as { readonly code?: unknown } | null)?.code);
  const known = CODES.get(code) ?? PATTERNS.find(([pattern]) => pattern.test(code))?.[1];
  return known ?? String((translate(error, "connect") as { readonly code?: string }).code);
}

/** What the guest is told of an error of the host's client: a code that its call declares. */
export function translateHttp(error: unknown, call: keyof typeof declaredBy): Error {
  const code = codeOf(error);
  const declared: readonly string[] = declaredBy[call];
  return httpError(declared.includes(code) ? (code as HttpErrorCode) : "E_IO");
}
