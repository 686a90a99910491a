// What a grant of the network says: hosts and ports. One grammar for every option and attenuator that names them.
//
//   endpoint = host ":" ports          "api.example.com:443"  "*.example.com:443"
//   host     = name | "*." name | IPv4 | "[" IPv6 "]"         "127.0.0.1:8080"
//   ports    = port | port "-" port                           "[::1]:8080-8090"
//
// Invariants
//   G1  A name is reached by its own exact spelling, or lies below a "*." pattern; never the pattern's own name.
//   G2  An address that is not a plain public one (ranges.ts) is reached only where an endpoint names that address,
//       whichever name resolved to it.
// Trust
//   Trusts address.ts, host.ts and ranges.ts. Trusted by net.ts, http/ and attenuators.
import { type Address, isPort, parseAddress } from "./address.ts";
import { parseHost } from "./host.ts";
import { specialRange } from "./ranges.ts";

/** Hosts and ports that one text of a grant names. */
export interface Endpoint {
  readonly kind: "address" | "name" | "below";
  /** Canonical: of an address without brackets, of a pattern without "*.". */
  readonly host: string;
  readonly from: number;
  readonly to: number;
}

export interface GrantError extends Error {
  readonly code: "E_GRANT";
}

/** Endpoints in one grant. */
export const MAX_ENDPOINTS = 1000;

export function badGrant(text: unknown, why: string): never {
  const error = new Error(`grant ${JSON.stringify(String(text).slice(0, 300))}: ${why}`);
  throw Object.assign(error, { name: "GrantError", code: "E_GRANT" });
}

interface PortRange {
  readonly from: number;
  readonly to: number;
}

function parsePorts(grant: string, text: string, lowest: 0 | 1): PortRange {
  const match = /^(0|[1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?$/.exec(text);
  if (match === null) return badGrant(grant, "a port is a number, or two with a minus between: 443 or 8080-8090");
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (to > 65_535) return badGrant(grant, "a port is at most 65535");
  if (from > to) return badGrant(grant, "the first port of a range is above its last");
  if (from < lowest) return badGrant(grant, "port 0 has a meaning only for listening: any free port");
  return { from, to };
}

function parsePattern(grant: string, text: string): Pick<Endpoint, "kind" | "host"> {
  const host = parseHost(text.slice(2));
  if (host === undefined || host.kind === "address") return badGrant(grant, 'after "*." stands a name');
  return { kind: "below", host: host.text };
}

function parseGranted(grant: string, text: string): Pick<Endpoint, "kind" | "host"> {
  if (text.startsWith("*.")) return parsePattern(grant, text);
  if (text.includes("*")) return badGrant(grant, 'a star stands only at the beginning, as "*."');
  if (/^\[.*\]$/.test(text)) {
    const address = parseAddress(text.slice(1, -1));
    if (address?.family !== 6) return badGrant(grant, "between brackets stands an IPv6 address");
    return { kind: "address", host: address.text };
  }
  if (text.includes(":")) return badGrant(grant, "an IPv6 address stands in brackets: [::1]:443");
  const host = parseHost(text);
  if (host === undefined)
    return badGrant(grant, "the host is neither a name nor an address with four plain decimal parts");
  return { kind: host.kind, host: host.text };
}

function parseEndpoint(grant: unknown, lowest: 0 | 1): Endpoint {
  if (typeof grant !== "string") return badGrant(grant, 'a grant is a text such as "api.example.com:443"');
  if (grant.includes("://")) return badGrant(grant, 'not a URL: a host and a port, such as "api.example.com:443"');
  const at = grant.lastIndexOf(":");
  if (at < 0 || grant.endsWith("]")) return badGrant(grant, "the port is missing: host:443");
  return Object.freeze({
    ...parseGranted(grant, grant.slice(0, at)),
    ...parsePorts(grant, grant.slice(at + 1), lowest),
  });
}

/** How the texts of a grant are read. */
export interface EndpointOptions {
  /** Port 0, "any free port", may be granted: for listening. */
  readonly ephemeral?: boolean;
}

/** What these texts grant. Throws E_GRANT that says what is wrong with which of them. */
export function parseEndpoints(texts: readonly string[], { ephemeral = false }: EndpointOptions = {}): Endpoint[] {
  if (!Array.isArray(texts)) return badGrant(texts, "grants are a list of texts");
  if (texts.length > MAX_ENDPOINTS) return badGrant(texts.length, `more than ${MAX_ENDPOINTS} grants in one list`);
  return texts.map((text: unknown) => parseEndpoint(text, ephemeral ? 0 : 1));
}

/** What somebody wants to reach. */
export interface Target {
  /** As the guest named it: a name or an address (without brackets). */
  readonly host: string;
  /** What the name resolved to. Without it, the question is about the name only: somebody else checks the address. */
  readonly address?: string | undefined;
  readonly port: number;
}

const covers = ({ from, to }: Endpoint, port: number): boolean => port >= from && port <= to;

const names = ({ kind, host }: Endpoint, name: string): boolean =>
  kind === "name" ? host === name : kind === "below" && name.endsWith(`.${host}`);

const grantsAddress = (endpoints: readonly Endpoint[], { text }: Address, port: number): boolean =>
  endpoints.some((endpoint) => endpoint.kind === "address" && endpoint.host === text && covers(endpoint, port));

/** May this be reached? Everything that does not parse strictly may not. */
export function mayReach(endpoints: readonly Endpoint[], { host, address, port }: Target): boolean {
  const asked = parseHost(host);
  if (asked === undefined || !isPort(port)) return false;
  if (asked.kind === "address") {
    const isSame = address === undefined || parseAddress(address)?.text === asked.text;
    return isSame && grantsAddress(endpoints, asked.address, port);
  }
  if (!endpoints.some((endpoint) => covers(endpoint, port) && names(endpoint, asked.text))) return false;
  if (address === undefined) return true;
  const resolved = parseAddress(address);
  if (resolved === undefined) return false;
  return specialRange(resolved) === undefined || grantsAddress(endpoints, resolved, port);
}

/** May this name be looked up? Looking up tells the name's servers something, so only granted names are. */
export function mayResolve(endpoints: readonly Endpoint[], name: string): boolean {
  const asked = parseHost(name);
  return asked?.kind === "name" && endpoints.some((endpoint) => names(endpoint, asked.text));
}

/** May this local address and port be taken? Only addresses are granted for that; port 0 asks for any free port. */
export const mayBind = (endpoints: readonly Endpoint[], address: Address, port: number): boolean =>
  grantsAddress(endpoints, address, port);
