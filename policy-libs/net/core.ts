// What the calls of one granted network share: its grants, its bounds, and what it holds open.
//
// Invariants
//   E1  A place is asked for nothing that the endpoints do not grant.
//   E2  Whatever a place opened is held (holdings.ts): bounded in number, and closed when the guest is gone.
import { type Address, address4, address6, parseAddress, sameAddress, showPair } from "./address.ts";
import type { Charges } from "./charges.ts";
import { type Deadline, newDeadline } from "./deadline.ts";
import { type Endpoint, mayBind } from "./grants.ts";
import type { Holding, Holdings } from "./holdings.ts";
import type { Owner } from "./owner.ts";
import type { Acceptor, LocalWish, Mailbox, NetPlace, Pair } from "./place.ts";
import { isLoopback } from "./ranges.ts";
import { checkPort, type Endpoints, type Reach } from "./reach.ts";
import { refuse } from "./refusal.ts";

/** What may be reached and taken; undefined is everything, for virtual networks. */
export interface NetGrants {
  /** TCP connections to. */
  readonly allow?: readonly Endpoint[] | undefined;
  /** TCP listeners at, and local ports of connections. */
  readonly listen?: readonly Endpoint[] | undefined;
  /** Datagrams to. */
  readonly udp?: readonly Endpoint[] | undefined;
  /** Local ports of datagrams. */
  readonly bind?: readonly Endpoint[] | undefined;
}

export interface NetBounds {
  /** Connections, listeners and mailboxes open at once. */
  readonly maxSockets: number;
  /** Bytes of one datagram. The default is the least that all systems RepyV2 ran on can send. */
  readonly maxDatagram: number;
}

export const DEFAULT_NET_BOUNDS: NetBounds = { maxSockets: 256, maxDatagram: 9216 };

export interface Net {
  readonly place: NetPlace;
  readonly grants: NetGrants;
  readonly bounds: NetBounds;
  readonly charges: Charges;
  readonly holdings: Holdings;
  readonly reach: Reach;
  /** Mailboxes that are open: `send` from their address and port goes through them. */
  readonly mailboxes: Set<Mailbox>;
}

export interface LocalOptions {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

export const LOOPBACK = { 4: address4(0x7f00_0001n), 6: address6(1n) } as const;
export const ANY = { 4: address4(0n), 6: address6(0n) } as const;

function checkAddress(alleged: unknown): Address {
  return parseAddress(alleged) ?? refuse("E_ADDRESS", String(alleged));
}

/** A port to take: 0 is any free one. */
const checkLocalPort = (alleged: unknown): number => (alleged === 0 ? 0 : checkPort(alleged));

function checkBind(endpoints: Endpoints, { address, port }: Pair): void {
  if (endpoints !== undefined && !mayBind(endpoints, address, port)) refuse("E_NOT_GRANTED", showPair(address, port));
}

/** What of the local end is asked for, parsed; an address without a port is one with any free port. */
export function checkLocal({ localAddress, localPort }: LocalOptions): LocalWish {
  const address = localAddress === undefined ? undefined : checkAddress(localAddress);
  return { address, port: localPort === undefined ? undefined : checkLocalPort(localPort) };
}

/** Granted, and fit for this other end. */
export function checkWish({ address, port = 0 }: LocalWish, to: Pair, endpoints: Endpoints): LocalWish {
  const { family } = to.address;
  if (address === undefined && port === 0) return {};
  const own = address ?? (isLoopback(to.address) ? LOOPBACK : ANY)[family];
  if (own.family !== family) refuse("E_ADDRESS", own.text);
  checkBind(endpoints, { address: own, port });
  if (port === to.port && sameAddress(own, to.address)) refuse("E_ADDRESS", `${showPair(own, port)} to itself`);
  return { address, port };
}

export async function within<T>(
  net: Net,
  ms: number,
  { gone }: Owner,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const deadline = newDeadline(net.place.later, ms, gone);
  try {
    return await work(deadline);
  } finally {
    deadline.done();
  }
}

/** Opens something under a holding, which ends if that fails. */
export async function held<T>(
  net: Net,
  resource: "inSockets" | "outSockets",
  owner: Owner,
  open: (holding: Holding) => Promise<T>,
) {
  const holding = net.holdings.reserve(resource, owner);
  try {
    return await open(holding);
  } catch (error) {
    holding.end();
    throw error;
  }
}

export interface PlaceOptions {
  readonly address?: string | undefined;
  readonly port: number;
}

export function checkPlace({ address, port }: PlaceOptions, endpoints: Endpoints): Pair {
  const at = { address: address === undefined ? LOOPBACK[4] : checkAddress(address), port: checkLocalPort(port) };
  checkBind(endpoints, at);
  return at;
}

/** Whatever the place opened meanwhile is closed if the guest is gone. */
export function keep<T extends Acceptor | Mailbox>(holding: Holding, opened: T): T {
  holding.fill(() => opened.close());
  return holding.isOpen ? opened : refuse("E_ENDED");
}
