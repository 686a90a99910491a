// URLs as guests and servers write them, parsed once by the host's URL parser; from then on only the parsed one is used.
//
// Invariants
//   U1  The host is written as an address or a name in a way that net/host.ts takes: what a URL parser reads more
//       kindly ("http://2130706433/", "http://0x7f.1/", "http://127.1/") is refused, in redirects too.
//   U2  No password, no blank, no control character, no backslash: what the parser would drop or turn is refused.
import { parseHost } from "../net/host.ts";
import { refuse } from "./refusal.ts";

/** A host's URL, as far as every host has it. */
interface HostUrl {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly origin: string;
  readonly username: string;
  readonly password: string;
}
declare const URL: new (text: string, base?: string) => HostUrl;

export interface HttpUrl {
  readonly isSecure: boolean;
  /** Canonical; an IPv6 address without brackets. */
  readonly host: string;
  /** As URLs have it: an IPv6 address in brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly path: string;
  readonly query: string;
  readonly origin: string;
  /** The whole, without a fragment. */
  readonly text: string;
}

const MAX_URL = 8192;
/** Blanks and control characters, which a URL parser would drop; a backslash, which it would turn. */
const FOREIGN = /[\0-\x20\x7f-\x9f\\]/;

function parse(text: string, base?: string): HostUrl {
  try {
    return new URL(text, base);
  } catch {
    return refuse("E_URL", text);
  }
}

/** The host as it stands in the text, after "//" and before what ends it. */
function writtenHost(text: string): string {
  const authority = /^(?:https?:)?\/\/([^/?#]+)/i.exec(text)?.[1] ?? refuse("E_URL", text);
  const bracketed = /^\[([^\]]*)\](?::[0-9]*)?$/.exec(authority);
  return bracketed?.[1] ?? authority.replace(/:[0-9]*$/, "");
}

const unbracketed = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");

function checked(text: string, url: HostUrl): HttpUrl {
  const isSecure = url.protocol === "https:";
  if (!isSecure && url.protocol !== "http:") refuse("E_URL", text);
  if (url.username !== "" || url.password !== "") refuse("E_URL", "with a name or password");
  const host = parseHost(unbracketed(url.hostname))?.text ?? refuse("E_URL", text);
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  if (port === 0) refuse("E_URL", text);
  const hostname = host.includes(":") ? `[${host}]` : host;
  const origin = `${url.protocol}//${hostname}${url.port === "" ? "" : `:${url.port}`}`;
  const { pathname: path, search: query } = url;
  const whole = `${origin}${path}${query}`;
  // Escaping makes it longer.
  if (whole.length > MAX_URL) refuse("E_URL", text);
  return { isSecure, host, hostname, port, path, query, origin, text: whole };
}

/** A whole URL. */
export function parseUrl(alleged: string): HttpUrl {
  if (typeof alleged !== "string" || alleged.length > MAX_URL || FOREIGN.test(alleged))
    return refuse("E_URL", String(alleged));
  if (!/^https?:\/\//i.test(alleged) || !alleged.isWellFormed()) return refuse("E_URL", alleged);
  const written = parseHost(writtenHost(alleged))?.text;
  const url = checked(alleged, parse(alleged));
  return written === url.host ? url : refuse("E_URL", alleged);
}

/** Where a redirect leads, whole or seen from here. */
export function parseLocation(location: string, here: HttpUrl): HttpUrl {
  if (location.length > MAX_URL || FOREIGN.test(location)) return refuse("E_URL", location);
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return parseUrl(location);
  if (location.startsWith("//")) return parseUrl(`${here.isSecure ? "https:" : "http:"}${location}`);
  return checked(location, parse(location, here.text));
}
