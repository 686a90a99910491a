// The network of the host as a capability: what is not granted by host and port is not reached.
//
//   network({ allow: ["api.example.com:443", "127.0.0.1:8080"], listen: ["127.0.0.1:0"] })
//
// Invariants
//   W1  Only addresses that were parsed and granted (net/reach.ts) get here; the host never looks up a name of a guest
//       but in `lookup`, once for each call.
//   W2  No message names an end of the host that the guest did not name itself.
import { promises as dns } from "node:dns";
import { networkInterfaces } from "node:os";
import type { Charges } from "../net/charges.ts";
import type { NetGrant } from "../net/contract.ts";
import { DEFAULT_NET_BOUNDS, type NetBounds } from "../net/core.ts";
import type { Later } from "../net/deadline.ts";
import { parseEndpoints } from "../net/grants.ts";
import { netOf } from "../net/net.ts";
import type { NetPlace } from "../net/place.ts";
import { isLocalhost } from "../net/virtual.ts";
import { newQueue } from "../queue.ts";
import type { StreamOptions } from "./net-stream.ts";
import { connectTo, listenOn } from "./net-tcp.ts";
import { bindTo } from "./net-udp.ts";

/** Gives the addresses of a name, or rejects. */
export type Resolver = (name: string) => Promise<readonly string[]>;

/** What is granted: whom to reach, what to listen on, who resolves names. */
export interface NetworkOptions extends Partial<NetBounds> {
  /** TCP connections to these: "api.example.com:443", "*.example.com:443", "127.0.0.1:8080", "[::1]:8080-8090". */
  readonly allow?: readonly string[];
  /** TCP listeners on these, and local ports of connections: "127.0.0.1:0" is any free port. */
  readonly listen?: readonly string[];
  /** Datagrams to these. */
  readonly udp?: readonly string[];
  /** Datagrams received at these, from whoever sends them, and local ports of datagrams. */
  readonly bind?: readonly string[];
  /** Bytes buffered in each direction of a connection. Default: 65,536. */
  readonly maxBuffer?: number;
  /** Default: the host's own, which knows its hosts file too. */
  readonly resolver?: Resolver;
  readonly charges?: Charges;
  /** Closes all that is open when it fires; nothing is opened after that. */
  readonly signal?: AbortSignal;
}

const DEFAULT_BUFFER = 65_536;
/** Look-ups of one grant at once. Each occupies one of the few threads that the host has for files too. */
const LOOKUPS_AT_ONCE = 2;

const systemResolver: Resolver = async (name) =>
  (await dns.lookup(name, { all: true, order: "verbatim" })).map(({ address }) => address);

/** RFC 6761 6.4: these never resolve. */
const isInvalid = (name: string): boolean => /(^|\.)invalid$/.test(name);

/** A resolver as a place asks it. Names of this host are not asked of anybody (RFC 6761 6.3). */
export function newLookup(resolver: Resolver = systemResolver): (name: string) => Promise<readonly unknown[]> {
  const queue = newQueue(LOOKUPS_AT_ONCE);
  return async (name) => {
    if (isLocalhost(name)) return ["127.0.0.1", "::1"];
    if (isInvalid(name)) return [];
    // Whatever went wrong, there is no address; what it was is the host's business.
    const found: unknown = await queue(async () => resolver(name)).catch(() => undefined);
    return Array.isArray(found) ? found : [];
  };
}

export const hostTimer: Later = (ms, task) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** At most this many closed connections may still be sending; more are cut off. */
function newLingering(most: number): Pick<StreamOptions, "linger" | "gone"> {
  let count = 0;
  return {
    linger() {
      if (count >= most) return false;
      count++;
      return true;
    },
    gone: () => void count--,
  };
}

const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));

export interface NetworkPlaceOptions {
  readonly maxSockets: number;
  readonly maxDatagram: number;
  readonly maxBuffer: number;
  readonly resolver?: Resolver | undefined;
}

/** The host's network as a place. */
export function networkPlace({ maxSockets, maxDatagram, maxBuffer, resolver }: NetworkPlaceOptions): NetPlace {
  const options: StreamOptions = { maxBuffer, ...newLingering(maxSockets) };
  return {
    lookup: newLookup(resolver),
    connect: (to, from) => connectTo(to, from, options),
    listen: (at) => listenOn(at, options),
    bind: (at) => bindTo(at, maxDatagram),
    addresses: ownAddresses,
    later: hostTimer,
  };
}

/** Grants the network of the host, as far as these options say. What is left out is not granted. */
export function network(options: NetworkOptions): NetGrant {
  const { allow = [], listen = [], udp = [], bind = [], charges, signal, ...given } = options;
  const place = networkPlace({ ...DEFAULT_NET_BOUNDS, maxBuffer: DEFAULT_BUFFER, ...given });
  const { maxBuffer: _, resolver: __, ...bounds } = given;
  return netOf(place, {
    ...bounds,
    ...(charges && { charges }),
    ...(signal && { signal }),
    allow: parseEndpoints(allow),
    listen: parseEndpoints(listen, { ephemeral: true }),
    udp: parseEndpoints(udp),
    bind: parseEndpoints(bind, { ephemeral: true }),
  });
}
