// The contracts of http: one request and its answer, whose body is pulled.
import {
  arg,
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
import { MAX_TIMEOUT, MAX_TRANSFER } from "../net/contract.ts";

/** UTF-16 units of a URL. */
export const MAX_URL = 8192;
/** Headers of a request, and their bytes; an answer's are bounded by the bytes. */
export const MAX_HEADERS = 100;
export const MAX_HEADER_BYTES = 16_384;
/** Bytes of a body that `text` and `bytes` take without being told more. */
export const DEFAULT_WHOLE = 8 * 1024 * 1024;
/** Bytes of a body that they can be told: below the kernel's 64 MiB for one value, with room for its envelope. */
export const MAX_WHOLE = 32 * 1024 * 1024;

const READ_REFUSES = ["E_CLOSED", "E_CLOSED_REMOTE", "E_TIMEOUT", "E_TOO_LARGE", "E_PROTOCOL", "E_IO"] as const;
const MOST = arg("most", option(integer({ min: 1, max: MAX_WHOLE })));

/** The contract of an answer's body. */
export const BODY = contract({
  name: "http-body",
  allows: "reading the body of the one answer it was made for",
  never: "reads more ahead than its buffer has room for",
  calls: {
    read: {
      takes: [arg("most", integer({ min: 1, max: MAX_TRANSFER }))],
      gives: bytes({ max: MAX_TRANSFER }),
      refuses: READ_REFUSES,
      about: "waits for bytes, at least one; none at the end",
    },
    text: { takes: [MOST], gives: string(), refuses: READ_REFUSES, about: "the rest of the body as UTF-8 text" },
    bytes: { takes: [MOST], gives: bytes(), refuses: READ_REFUSES, about: "the rest of the body" },
    cancel: { takes: [], gives: nothing(), refuses: [], about: "ends the exchange: no more is read" },
  },
});

/** The contract of a body that a guest sends. */
export const SOURCE = contract({
  name: "http-source",
  allows: "reading the body that a guest sends, as fast as it can be sent",
  never: "learns anything of the request",
  calls: {
    read: {
      takes: [],
      gives: bytes({ max: MAX_TRANSFER }),
      refuses: "any",
      about: "the next piece of the body; no bytes at its end",
    },
  },
});

const HEADER = list(string(), { min: 2, max: 2 });

// biome-ignore format: a list
const FETCH_REFUSES = [
  "E_NOT_GRANTED", "E_URL", "E_METHOD", "E_HEADER", "E_NAME", "E_REFUSED", "E_UNREACHABLE", "E_TIMEOUT", "E_TLS",
  "E_REDIRECT", "E_PROTOCOL", "E_SOURCE", "E_TOO_LARGE", "E_MOST_OPEN", "E_CLOSED_REMOTE", "E_IO",
] as const;

/** The contract of HTTP requests. */
export const HTTP = contract({
  name: "http",
  allows: "HTTP requests to the hosts, ports and paths that were granted",
  never:
    "reaches a private, loopback or link-local address that was not granted by address, whatever name or redirect leads there; keeps cookies; uses credentials or a proxy of the host",
  calls: {
    fetch: {
      takes: [
        arg(
          "request",
          record({
            url: string({ max: MAX_URL, is: "url" }),
            method: option(string({ max: 32 })),
            headers: option(list(HEADER, { max: MAX_HEADERS })),
            body: option(union(string(), bytes(), handle(SOURCE))),
            redirect: option(oneOf("follow", "error", "manual")),
            timeout: option(number({ min: 0, max: MAX_TIMEOUT })),
          }),
        ),
      ],
      gives: record({
        status: integer({ min: 100, max: 999 }),
        statusText: string(),
        url: string({ is: "url" }),
        headers: list(HEADER),
        body: handle(BODY),
      }),
      refuses: FETCH_REFUSES,
      about:
        "sends a request and gives the answer once its headers are there; the timeout, in milliseconds, is for that, and for every wait for more of the body: 30,000 without one",
    },
  },
});

/** The body of an answer, as a capability. */
export type BodyGrant = GrantedOf<typeof BODY>;
/** A body that is sent, as a capability. */
export type SourceGrant = GrantedOf<typeof SOURCE>;
/** HTTP requests, as a capability. */
export type HttpGrant = GrantedOf<typeof HTTP>;
