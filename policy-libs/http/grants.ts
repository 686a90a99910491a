// What a grant of http says: a host and port, as for the network, or a URL whose path bounds what may be asked for.
//
//   "api.example.com:443"            any path, by https or http
//   "https://api.example.com/v1/"    by https alone, what lies below /v1/
//   "https://api.example.com/v1"     by https alone, this path alone; any query
//
// Invariants
//   P1  A path that a server could read as another one (with an escaped slash, backslash, dot or percent sign, or an
//       empty part) is not below a path that was granted.
import { badGrant, type Endpoint, parseEndpoints } from "../net/grants.ts";
import type { HttpUrl } from "./url.ts";

/** What one text of a grant allows. */
export interface HttpEndpoint {
  readonly endpoint: Endpoint;
  /** Undefined: both. */
  readonly isSecure: boolean | undefined;
  /** Undefined: every path. With "/" at its end: all below. */
  readonly path: string | undefined;
}

/** What may mean another path to a server than to us. */
const AMBIGUOUS = /%(2f|5c|2e|25|00)|\/\/|;/i;

function parsePath(grant: string, path: string): string {
  if (/[?#]/.test(path)) return badGrant(grant, "a query or fragment is not granted; a path is");
  const isPlain = /^\/[\x21-\x7e]*$/.test(path) && !/(^|\/)\.{1,2}(\/|$)|[\\"<>^`{|}]/.test(path);
  return isPlain && !AMBIGUOUS.test(path)
    ? path
    : badGrant(grant, "the path is not plain: no dots, blanks or escapes of them");
}

function parseOne(grant: unknown): HttpEndpoint {
  const url = typeof grant === "string" ? /^(https?):\/\/([^/]*)(\/.*)?$/.exec(grant) : null;
  if (url === null) {
    const [endpoint] = parseEndpoints([grant as string]);
    return { endpoint: endpoint as Endpoint, isSecure: undefined, path: undefined };
  }
  const [, scheme, authority = "", path = "/"] = url;
  if (authority.includes("@")) return badGrant(grant, "a name or password is not granted");
  const port = /:[^\]]*$/.test(authority) ? "" : scheme === "https" ? ":443" : ":80";
  const [endpoint] = parseEndpoints([`${authority}${port}`]);
  const isSecure = scheme === "https";
  return { endpoint: endpoint as Endpoint, isSecure, path: parsePath(grant as string, path) };
}

/** What these texts grant. Throws E_GRANT that says what is wrong with which of them. */
export function parseHttpGrants(texts: readonly string[]): readonly HttpEndpoint[] {
  return Array.isArray(texts) ? texts.map(parseOne) : badGrant(texts, "grants are a list of texts");
}

function coversPath(granted: string | undefined, path: string): boolean {
  if (granted === undefined || granted === "/") return true;
  if (!granted.endsWith("/")) return path === granted;
  return path.startsWith(granted) && !AMBIGUOUS.test(path);
}

/** The endpoints that hold for this URL; which of them reach its host, net/grants.ts says. */
export const endpointsFor = (grants: readonly HttpEndpoint[], { isSecure, path }: HttpUrl): readonly Endpoint[] =>
  grants
    .filter((grant) => (grant.isSecure ?? isSecure) === isSecure && coversPath(grant.path, path))
    .map(({ endpoint }) => endpoint);

/** Methods that are granted if nothing else is said. */
export const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** CONNECT makes a tunnel of a request, TRACE gives back what the boundary added. */
const NEVER = ["CONNECT", "TRACE", "TRACK"];

export function parseMethods(methods: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(methods)) return badGrant(methods, "methods are a list of texts");
  for (const method of methods as readonly unknown[]) {
    if (typeof method !== "string" || !/^[A-Z]{1,32}$/.test(method))
      return badGrant(method, "a method has capital letters");
    if (NEVER.includes(method)) return badGrant(method, "this method is never granted");
  }
  return new Set(methods);
}
