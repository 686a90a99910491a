// The one text that a path, a host, an address or a URL has for policies: two spellings of one thing are one text, and
// what is spelled so that somebody else may read it differently is no text at all (then every test of it is unknown).
//
// Invariants
//   N1  A path is "/" or begins with "/": no part is empty, "." or "..", or holds "\\" or NUL. One that leaves its root
//       is none: whoever appends it to a directory would go above that directory.
//   N2  A host is ASCII: labels of small letters, digits, "-" and "_", or an address as N3 has it, without brackets. What
//       a URL parser or a resolver would read as an address in another spelling ("0x7f.1", "2130706433") is none.
//   N3  An address is dotted decimal, or as RFC 5952 has it; IPv4-mapped IPv6 is the IPv4 address.
//   N4  Every function is linear in what it is given, and gives its own results back unchanged.
// Trust
//   Trusts net/address.ts, net/host.ts. Trusted by data.ts.
import { type Address, parseAddress } from "../net/address.ts";
import { parseHost } from "../net/host.ts";

/** UTF-16 units. What is longer is no path that any file system would take. */
export const MOST_PATH = 65_536;
const MOST_URL = 65_536;
/** Characters of a name (RFC 1035 2.3.4), and of one of its labels. */
const MOST_HOST = 253;
const MOST_LABEL = 63;

/** An empty part, ".", "..", or a slash at the end. Matches in linear time: nothing in it repeats without bound. */
const NOT_NORMAL = /\/\.{0,2}(?:\/|$)/;

function joined(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return `/${parts.join("/")}`;
}

/** N1. A relative path begins at the root: "a/../b" is "/b". */
export function normalPath(path: string): string | undefined {
  if (path.length > MOST_PATH || path.includes("\0") || path.includes("\\") || !path.isWellFormed()) return undefined;
  return path === "/" || (path.startsWith("/") && !NOT_NORMAL.test(path)) ? path : joined(path);
}

const DOT = 0x2e;
const HYPHEN = 0x2d;

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
/** A small letter, a digit, "-" or "_". */
const isHostCode = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || isDigit(code) || code === HYPHEN || code === 0x5f;

/** Labels with dots between; no hyphen at either end of one. */
function isName(host: string): boolean {
  if (host.length > MOST_HOST) return false;
  let label = 0;
  for (let at = 0; at <= host.length; at++) {
    const code = at === host.length ? DOT : host.charCodeAt(at);
    if (code !== DOT) {
      if (!isHostCode(code) || (code === HYPHEN && at === label)) return false;
    } else {
      if (at === label || at - label > MOST_LABEL || host.charCodeAt(at - 1) === HYPHEN) return false;
      label = at + 1;
    }
  }
  return true;
}

/** The last label reads as a number: then URL parsers take the whole for an IPv4 address (WHATWG URL 3.5). */
const endsInNumber = (host: string): boolean => /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(host);

/** Dotted decimal in its one spelling. */
function isAddress4(text: string): boolean {
  let parts = 0;
  let value = -1;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? DOT : text.charCodeAt(at);
    if (code === DOT) {
      if (value < 0) return false;
      parts++;
      value = -1;
    } else {
      if (!isDigit(code) || value === 0) return false;
      value = Math.max(value, 0) * 10 + (code - 0x30);
      if (value > 255) return false;
    }
  }
  return parts === 4;
}

const MAPPED = 0xffffn;

/** IPv4-mapped IPv6 is printed as "::ffff:" and dotted decimal. */
const addressText = ({ family, bits, text }: Address): string =>
  family === 6 && bits >> 32n === MAPPED ? text.slice("::ffff:".length) : text;

/** N3. */
export function normalAddress(text: string): string | undefined {
  if (isAddress4(text)) return text;
  const address = parseAddress(text);
  return address === undefined ? undefined : addressText(address);
}

const withoutBrackets = (host: string): string =>
  host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;

/** What is not written plainly: an IPv6 address, or a name in other letters, which becomes the ASCII that is looked up. */
function unusualHost(host: string): string | undefined {
  const read = parseHost(withoutBrackets(host));
  if (read === undefined) return undefined;
  return read.kind === "address" ? addressText(read.address) : read.text;
}

/** N2. */
export function normalHost(host: string): string | undefined {
  // Beyond it not even a name in other letters, whose ASCII is never shorter by half.
  if (host.length > 2 * MOST_HOST) return undefined;
  const name = (host.endsWith(".") ? host.slice(0, -1) : host).toLowerCase();
  if (!isName(name)) return unusualHost(host);
  return endsInNumber(name) && !isAddress4(name) ? undefined : name;
}

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const URL: new (
  text: string,
) => {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly username: string;
  readonly password: string;
  readonly href: string;
};

export interface UrlParts {
  /** The whole as the URL parser prints it, without the fragment. */
  readonly url: string;
  readonly scheme: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string | undefined;
}

const PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
  ["ws", 80],
  ["wss", 443],
  ["ftp", 21],
]);

/** Blanks and control characters, which URL parsers drop; a backslash, which some turn into a slash and others do not. */
const FOREIGN = /[\0-\x20\x7f-\x9f\\]/;

function parsed(text: string): InstanceType<typeof URL> | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** "/", "\\" and NUL in disguise: whether a server takes them for what they stand for is its own affair. */
const DISGUISED = /%(?:2f|5c|00)/i;

/** The path that a server sees: escapes resolved once. One that a server may read in two ways is none. */
function pathOf(pathname: string): string | undefined {
  if (!pathname.startsWith("/") || DISGUISED.test(pathname)) return undefined;
  try {
    return normalPath(decodeURIComponent(pathname));
  } catch {
    return undefined;
  }
}

/** The parts of a whole URL. One with a name or password is none: it is written to be misread. */
export function normalUrl(text: string): UrlParts | undefined {
  if (text.length > MOST_URL || FOREIGN.test(text) || !text.isWellFormed()) return undefined;
  const url = parsed(text);
  if (url === undefined || url.username !== "" || url.password !== "") return undefined;
  const scheme = url.protocol.slice(0, -1);
  return {
    url: url.href.split("#", 1)[0] as string,
    scheme,
    host: url.hostname === "" ? undefined : normalHost(url.hostname),
    port: url.port === "" ? PORTS.get(scheme) : Number(url.port),
    path: pathOf(url.pathname),
  };
}
