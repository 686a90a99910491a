// Headers, of requests as guests write them and of answers as servers do.
//
// Invariants
//   H1  No header ends a line or a message: names are tokens, values have no control characters (RFC 9110 5.5, 5.6.2).
//   H2  What says where a message goes or ends is set by the host alone: a guest cannot smuggle a second request.
import { MAX_HEADER_BYTES, MAX_HEADERS } from "./contract.ts";
import { refuse } from "./refusal.ts";

export type Header = readonly [name: string, value: string];

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Only the host sets these: how the message is cut, and by which connection it goes. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...["host", "connection", "content-length", "transfer-encoding", "keep-alive", "te", "trailer", "upgrade", "expect"],
  ...["via", "http2-settings", "alt-used", "upgrade-insecure-requests"],
]);

/** They are for the host that the guest named, not for another to which that one points (RFC 9110 15.4). */
const OF_ORIGIN: ReadonlySet<string> = new Set(["authorization", "cookie", "cookie2", "www-authenticate"]);

/** They describe a body. */
const OF_BODY = /^content-/;

const isForbidden = (name: string): boolean => FORBIDDEN.has(name) || /^(proxy|sec)-/.test(name);

/** A value, checked once more whenever the boundary has put something into it. */
export function checkValue(name: string, value: string): string {
  return VALUE.test(value) ? value.replace(/^[ \t]+|[ \t]+$/g, "") : refuse("E_HEADER", name);
}

function checkHeader([name, value]: readonly string[]): Header {
  if (typeof name !== "string" || !TOKEN.test(name)) return refuse("E_HEADER", String(name));
  const small = name.toLowerCase();
  if (typeof value !== "string" || isForbidden(small)) return refuse("E_HEADER", name);
  return [small, checkValue(small, value)];
}

export const sizeOf = (headers: readonly Header[]): number =>
  headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);

/** Headers of a request; names become small letters. */
export function checkHeaders(alleged: readonly (readonly string[])[]): readonly Header[] {
  if (alleged.length > MAX_HEADERS) refuse("E_HEADER", `${alleged.length} headers`);
  const headers = alleged.map(checkHeader);
  return sizeOf(headers) <= MAX_HEADER_BYTES ? headers : refuse("E_HEADER", "too many bytes");
}

export const withoutOrigin = (headers: readonly Header[]): readonly Header[] =>
  headers.filter(([name]) => !OF_ORIGIN.has(name));

export const withoutBody = (headers: readonly Header[]): readonly Header[] =>
  headers.filter(([name]) => !OF_BODY.test(name));

/** The value of the only header of this name; undefined if there is none, or more than one. */
export function only(headers: readonly Header[], name: string): string | undefined {
  const found = headers.filter(([other]) => other === name);
  return found.length === 1 ? found[0]?.[1] : undefined;
}
