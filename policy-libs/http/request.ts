// One request: what a guest says, checked; and what becomes of it when a server points elsewhere.

import type { SourceGrant } from "./contract.ts";
import { checkHeaders, type Header, only, withoutBody, withoutOrigin } from "./headers.ts";
import { refuse } from "./refusal.ts";
import { type HttpUrl, parseLocation, parseUrl } from "./url.ts";

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

export type RequestBody = string | Uint8Array | SourceGrant | undefined;

export interface HttpRequest {
  readonly url: HttpUrl;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: RequestBody;
}

export interface AllegedRequest {
  readonly url: string;
  readonly method?: string | undefined;
  readonly headers?: readonly (readonly string[])[] | undefined;
  readonly body?: RequestBody;
}

const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const NO_HEADERS: readonly Header[] = [];

export const isSource = (body: RequestBody): body is SourceGrant =>
  typeof body === "object" && !(body instanceof Uint8Array);

/** The bytes of a body that is no stream. */
export function bytesOf(body: string | Uint8Array): Uint8Array {
  if (typeof body !== "string") return body;
  return body.isWellFormed() ? new TextEncoder().encode(body) : refuse("E_SOURCE", "half a character");
}

export function checkRequest({ url, method = "GET", headers = [], body }: AllegedRequest): HttpRequest {
  if (!/^[A-Za-z]{1,32}$/.test(method)) refuse("E_METHOD", method);
  const name = method.toUpperCase();
  if (body !== undefined && BODILESS.has(name)) refuse("E_METHOD", `${name} with a body`);
  const checked = checkHeaders(headers);
  const isTyped = typeof body !== "string" || checked.some(([header]) => header === "content-type");
  const typed: readonly Header[] = isTyped ? NO_HEADERS : [["content-type", "text/plain;charset=UTF-8"]];
  return { url: parseUrl(url), method: name, headers: [...checked, ...typed], body };
}

/** Redirects that are followed, one after the other. */
export const MAX_REDIRECTS = 10;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** As fetch does it: 303 asks with GET, and so do 301 and 302 in answer to a POST (RFC 9110 15.4). */
const becomesGet = (status: number, method: string): boolean =>
  status === 303 ? method !== "HEAD" : status < 303 && method === "POST";

/** Where the answer points; undefined if it does not. */
export function locationOf(status: number, headers: readonly Header[]): string | undefined {
  if (!REDIRECTS.has(status)) return undefined;
  if (!headers.some(([name]) => name === "location")) return undefined;
  return only(headers, "location") ?? refuse("E_REDIRECT", "more than one location");
}

/** The request that a redirect asks for. Nothing that was meant for one origin goes to another. */
export function redirected(request: HttpRequest, status: number, location: string): HttpRequest {
  const url = parseLocation(location, request.url);
  const kept = url.origin === request.url.origin ? request.headers : withoutOrigin(request.headers);
  if (becomesGet(status, request.method)) return { url, method: "GET", headers: withoutBody(kept), body: undefined };
  if (isSource(request.body)) refuse("E_REDIRECT", "the body was sent already");
  return { ...request, url, headers: kept };
}
