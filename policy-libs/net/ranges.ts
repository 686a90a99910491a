// Addresses that are not plain public ones: a name that resolves to one of these is not followed there.
//
// Invariants
//   R1  Every address that the IANA registries (iana-ipv4-special-registry, iana-ipv6-special-registry,
//       ipv6-address-space) do not call globally reachable unicast lies in a row.
//   R2  An address that carries another one (mapped, NAT64, 6to4, Teredo) lies in a row, whatever it carries: else
//       [64:ff9b::7f00:1] would be another spelling of 127.0.0.1.
// Trust
//   Trusts address.ts. Trusted by grants.ts.
import { type Address, parseAddress } from "./address.ts";

export interface SpecialRange {
  readonly range: string;
  readonly is: string;
  readonly source: string;
}

// biome-ignore format: a table
/** The first row that holds an address names it. */
export const SPECIAL_RANGES: readonly SpecialRange[] = [
  { range: "0.0.0.0/8",          is: "this network, unspecified",    source: "RFC 791 3.2, RFC 1122 3.2.1.3" },
  { range: "10.0.0.0/8",         is: "private",                      source: "RFC 1918" },
  { range: "100.64.0.0/10",      is: "carrier-grade NAT",            source: "RFC 6598" },
  { range: "127.0.0.0/8",        is: "loopback",                     source: "RFC 1122 3.2.1.3" },
  { range: "168.63.129.16/32",   is: "Azure host services",          source: "public space, answered by the hypervisor" },
  { range: "169.254.0.0/16",     is: "link-local, cloud metadata",   source: "RFC 3927" },
  { range: "172.16.0.0/12",      is: "private",                      source: "RFC 1918" },
  { range: "192.0.0.0/24",       is: "IETF protocol assignments",    source: "RFC 6890 2.1" },
  { range: "192.0.2.0/24",       is: "documentation",                source: "RFC 5737" },
  { range: "192.88.99.0/24",     is: "6to4 relay, deprecated",       source: "RFC 7526" },
  { range: "192.168.0.0/16",     is: "private",                      source: "RFC 1918" },
  { range: "198.18.0.0/15",      is: "benchmarking",                 source: "RFC 2544" },
  { range: "198.51.100.0/24",    is: "documentation",                source: "RFC 5737" },
  { range: "203.0.113.0/24",     is: "documentation",                source: "RFC 5737" },
  { range: "224.0.0.0/4",        is: "multicast",                    source: "RFC 5771" },
  { range: "255.255.255.255/32", is: "broadcast",                    source: "RFC 8190, RFC 919 7" },
  { range: "240.0.0.0/4",        is: "reserved",                     source: "RFC 1112 4" },
  { range: "::/128",             is: "unspecified",                  source: "RFC 4291 2.5.2" },
  { range: "::1/128",            is: "loopback",                     source: "RFC 4291 2.5.3" },
  { range: "::ffff:0:0/96",      is: "IPv4-mapped",                  source: "RFC 4291 2.5.5.2" },
  { range: "::/96",              is: "IPv4-compatible, deprecated",  source: "RFC 4291 2.5.5.1" },
  { range: "64:ff9b::/96",       is: "NAT64",                        source: "RFC 6052 2.1" },
  { range: "64:ff9b:1::/48",     is: "NAT64, local use",             source: "RFC 8215" },
  { range: "100::/64",           is: "discard only",                 source: "RFC 6666" },
  { range: "100:0:0:1::/64",     is: "dummy prefix",                 source: "RFC 9780" },
  { range: "2001::/32",          is: "Teredo",                       source: "RFC 4380" },
  { range: "2001:2::/48",        is: "benchmarking",                 source: "RFC 5180" },
  { range: "2001::/23",          is: "IETF protocol assignments",    source: "RFC 2928" },
  { range: "2001:db8::/32",      is: "documentation",                source: "RFC 3849" },
  { range: "2002::/16",          is: "6to4",                         source: "RFC 3056" },
  { range: "3fff::/20",          is: "documentation",                source: "RFC 9637" },
  { range: "5f00::/16",          is: "segment routing identifiers",  source: "RFC 9602" },
  { range: "fc00::/7",           is: "unique local",                 source: "RFC 4193" },
  { range: "fe80::/10",          is: "link-local",                   source: "RFC 4291 2.5.6" },
  { range: "fec0::/10",          is: "site-local, deprecated",       source: "RFC 3879" },
  { range: "ff00::/8",           is: "multicast",                    source: "RFC 4291 2.7" },
  // Global unicast is 2000::/3 and nothing else (RFC 4291 2.4, ipv6-address-space): the rest is not assigned.
  { range: "::/3",               is: "reserved",                     source: "RFC 4291 2.4" },
  { range: "4000::/2",           is: "reserved",                     source: "RFC 4291 2.4" },
  { range: "8000::/1",           is: "reserved",                     source: "RFC 4291 2.4" },
];

interface Span {
  readonly family: 4 | 6;
  readonly drop: bigint;
  readonly prefix: bigint;
}

function spanOf(range: string): Span {
  const [text, length] = range.split("/");
  const { family, bits } = parseAddress(text) as Address;
  const drop = BigInt((family === 4 ? 32 : 128) - Number(length));
  return { family, drop, prefix: bits >> drop };
}

const holds = ({ family, drop, prefix }: Span, address: Address): boolean =>
  address.family === family && address.bits >> drop === prefix;

const SPANS = SPECIAL_RANGES.map((row) => [spanOf(row.range), row] as const);

/** The row that holds the address, or undefined if it is a plain public one. */
export const specialRange = (address: Address): SpecialRange | undefined =>
  SPANS.find(([span]) => holds(span, address))?.[1];

const LOOPBACK = ["127.0.0.0/8", "::1/128", "::ffff:127.0.0.0/104"].map(spanOf);

/** Traffic with these is charged as loopSend and loopReceive. */
export const isLoopback = (address: Address): boolean => LOOPBACK.some((span) => holds(span, address));
