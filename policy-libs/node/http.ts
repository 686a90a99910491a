// HTTP of the host as a capability: what is not granted is not asked, whatever name or redirect leads there.
//
//   http({ allow: ["api.example.com:443", "https://api.example.org/v1/"], methods: ["GET"] })
//
// Invariants
//   X1  A connection goes to the one address that was checked: the look-up of Node's client is answered with it.
//   X2  Nothing of the host's environment goes along: no proxy, no cookies, no credentials, no connection that
//       another request left open, no leave to accept bad certificates or malformed answers.
//   X3  An answer's headers are bounded, and its body is read only as fast as somebody takes it.
// Not promised: bodies are not decompressed; an answer that was compressed unasked is handed on as it is.
import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request as plainRequest,
  type RequestOptions,
} from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { type HttpGrant, MAX_HEADER_BYTES } from "../http/contract.ts";
import { METHODS, parseHttpGrants, parseMethods } from "../http/grants.ts";
import type { Header } from "../http/headers.ts";
import type { HttpBounds } from "../http/hop.ts";
import { httpOf } from "../http/http.ts";
import { newFlow } from "../http/inflow.ts";
import type { HttpPlace, Incoming, Outgoing, Pull } from "../http/place.ts";
import { httpError } from "../http/refusal.ts";
import type { HttpSecrets } from "../http/secrets.ts";
import { type Address, parseAddress } from "../net/address.ts";
import type { Attempt } from "../net/place.ts";
import { translateHttp } from "./http-errors.ts";
import { hostTimer, newLookup, type Resolver } from "./net.ts";

/** Which URLs are granted, and what requests may carry. */
export interface HttpGrantOptions extends Partial<HttpBounds> {
  /** "api.example.com:443", "*.example.com:443", "127.0.0.1:8080", "https://api.example.com/v1/". */
  readonly allow: readonly string[];
  /** Default: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS. */
  readonly methods?: readonly string[];
  readonly secrets?: HttpSecrets;
  /** Put secrets into bodies that are text, too. */
  readonly secretsInBody?: boolean;
  /** Bytes buffered of one body. Default: 65,536. */
  readonly maxBuffer?: number;
  /** Default: the host's own, which knows its hosts file too. */
  readonly resolver?: Resolver;
  /** Certificates of authorities to trust instead of the host's own, as PEM. */
  readonly ca?: string | readonly string[];
  /** Closes all that is open when it fires; nothing is opened after that. */
  readonly signal?: AbortSignal;
}

interface Settings {
  readonly maxBuffer: number;
  readonly ca: string | readonly string[] | undefined;
}

const DEFAULT_BUFFER = 65_536;

/** Whatever is asked for, this address is the answer. */
const pinned =
  ({ text, family }: Address): LookupFunction =>
  (_name, { all }, done) =>
    all === true ? done(null, [{ address: text, family }]) : done(null, text, family);

function optionsFor({ url, address, method, body }: Outgoing, { ca }: Settings): RequestOptions {
  const secure = url.isSecure ? { ...(ca && { ca: [ca].flat() }), rejectUnauthorized: true } : {};
  const isName = parseAddress(url.host) === undefined;
  return {
    ...{ host: url.host, port: url.port, path: `${url.path}${url.query}`, method, family: address.family },
    ...{ lookup: pinned(address), autoSelectFamily: false, setHost: true },
    ...{ insecureHTTPParser: false, maxHeaderSize: MAX_HEADER_BYTES },
    // An agent of its own: no connection, no session of TLS and no proxy is shared.
    agent: url.isSecure ? new SecureAgent({ keepAlive: false, ...secure }) : new Agent({ keepAlive: false }),
    ...(url.isSecure && { ...secure, ...(isName && { servername: url.host }) }),
    ...(body instanceof Uint8Array && { headers: { "content-length": body.length } }),
  } as RequestOptions;
}

function headersOf({ rawHeaders }: IncomingMessage): readonly Header[] {
  const headers: Header[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.push([(rawHeaders[at] as string).toLowerCase(), rawHeaders[at + 1] as string]);
  }
  return headers;
}

function incomingOf(message: IncomingMessage, { maxBuffer }: Settings): Incoming {
  const { inflow, push, end } = newFlow({
    maxBuffer,
    pause: () => void message.pause(),
    resume: () => void message.resume(),
    cancel: () => void message.destroy(),
  });
  message.on("data", (chunk: Uint8Array) => push(chunk));
  message.on("end", () => end(message.complete ? "ended" : httpError("E_CLOSED_REMOTE")));
  message.on("error", (error) => end(translateHttp(error, "read")));
  message.on("close", () => end(httpError("E_CLOSED_REMOTE")));
  const { statusCode = 0, statusMessage = "" } = message;
  return { status: statusCode, statusText: statusMessage, headers: headersOf(message), body: inflow };
}

const drained = (request: ClientRequest): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      request.removeListener("drain", done);
      request.removeListener("close", done);
      resolve();
    };
    request.on("drain", done);
    request.on("close", done);
  });

/** Sends what the guest gives, as fast as it goes. */
async function pump(request: ClientRequest, pull: Pull): Promise<void> {
  while (!request.destroyed) {
    const piece = await pull();
    if (piece.length === 0) break;
    if (!request.destroyed && !request.write(piece)) await drained(request);
  }
  request.end();
}

function send(request: ClientRequest, { headers, body }: Outgoing, failed: (error: unknown) => void): void {
  for (const [name, value] of headers) request.appendHeader(name, value);
  if (!headers.some(([name]) => name === "accept-encoding")) request.setHeader("accept-encoding", "identity");
  if (typeof body !== "function") return void request.end(body);
  // Said aloud: for some methods Node would send the pieces without a word of where they end.
  request.setHeader("transfer-encoding", "chunked");
  request.flushHeaders();
  pump(request, body).catch((error: unknown) => {
    failed(error);
    request.destroy();
  });
}

function exchange(outgoing: Outgoing, settings: Settings): Attempt<Incoming> {
  const options = optionsFor(outgoing, settings);
  const request = (outgoing.url.isSecure ? secureRequest : plainRequest)(options);
  const made = new Promise<Incoming>((resolve, reject) => {
    request.on("response", (message) => {
      const isKnown = (message.statusCode ?? 0) >= 200;
      if (isKnown) return resolve(incomingOf(message, settings));
      message.destroy();
      reject(httpError("E_PROTOCOL"));
    });
    request.on("error", (error) => reject(translateHttp(error, "fetch")));
    request.on("close", () => reject(httpError("E_CLOSED_REMOTE")));
    send(request, outgoing, reject);
  });
  return { made, cancel: () => void request.destroy() };
}

/** Grants requests over the network of the host, as far as these options say. */
export function http(options: HttpGrantOptions): HttpGrant {
  const { allow, methods = METHODS, maxBuffer = DEFAULT_BUFFER, resolver, ca, ...rest } = options;
  const settings: Settings = { maxBuffer, ca };
  const place: HttpPlace = {
    lookup: newLookup(resolver),
    exchange: (outgoing) => exchange(outgoing, settings),
    later: hostTimer,
  };
  return httpOf(place, { ...rest, allow: parseHttpGrants(allow), methods: parseMethods(methods) });
}
