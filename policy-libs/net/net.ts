// The capability of the network over any place, virtual or real: what a guest says is parsed, checked against the
// grants and charged here; a place only does.
//
// Invariants
//   E1  A place is asked for nothing that the endpoints do not grant.
//   E2  Whatever a place opened is held (holdings.ts): bounded in number, and closed when the guest is gone.
import { signal } from "../call.ts";
import { capability, type Granted } from "../capability.ts";
import { account } from "../meter/index.ts";
import { type Address, address4, address6, parseAddress, sameAddress, showPair } from "./address.ts";
import { type Charges, newToll, PAYLOAD_CHARGES } from "./charges.ts";
import { DEFAULT_TIMEOUT, MAX_TIMEOUT, NET } from "./contract.ts";
import { datagramOf, post } from "./datagram.ts";
import { type Deadline, newDeadline } from "./deadline.ts";
import { type Endpoint, mayBind } from "./grants.ts";
import { type Holding, type Holdings, newHoldings, type Owner } from "./holdings.ts";
import { listenerOf } from "./listener.ts";
import type { Acceptor, LocalWish, Mailbox, NetPlace, Pair, Stream } from "./place.ts";
import { isLoopback } from "./ranges.ts";
import { checkPort, type Endpoints, newReach, type Reach } from "./reach.ts";
import { refuse } from "./refusal.ts";
import { socketOf } from "./socket.ts";

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

export interface NetOptions extends NetGrants, Partial<NetBounds> {
  readonly charges?: Charges;
}

interface Net {
  readonly place: NetPlace;
  readonly grants: NetGrants;
  readonly bounds: NetBounds;
  readonly charges: Charges;
  readonly holdings: Holdings;
  readonly reach: Reach;
  /** Mailboxes that are open: `send` from their address and port goes through them. */
  readonly mailboxes: Set<Mailbox>;
}

interface LocalOptions {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

const LOOPBACK = { 4: address4(0x7f00_0001n), 6: address6(1n) } as const;
const ANY = { 4: address4(0n), 6: address6(0n) } as const;

const caller = (): Owner => ({ spent: account(), gone: signal() });

function checkAddress(alleged: unknown): Address {
  return parseAddress(alleged) ?? refuse("E_ADDRESS", String(alleged));
}

/** A port to take: 0 is any free one. */
const checkLocalPort = (alleged: unknown): number => (alleged === 0 ? 0 : checkPort(alleged));

function checkBind(endpoints: Endpoints, { address, port }: Pair): void {
  if (endpoints !== undefined && !mayBind(endpoints, address, port)) refuse("E_NOT_GRANTED", showPair(address, port));
}

/** What of the local end is asked for, parsed; an address without a port is one with any free port. */
function checkLocal({ localAddress, localPort }: LocalOptions): LocalWish {
  const address = localAddress === undefined ? undefined : checkAddress(localAddress);
  return { address, port: localPort === undefined ? undefined : checkLocalPort(localPort) };
}

/** Granted, and fit for this other end. */
function checkWish({ address, port = 0 }: LocalWish, to: Pair, endpoints: Endpoints): LocalWish {
  const { family } = to.address;
  if (address === undefined && port === 0) return {};
  const own = address ?? (isLoopback(to.address) ? LOOPBACK : ANY)[family];
  if (own.family !== family) refuse("E_ADDRESS", own.text);
  checkBind(endpoints, { address: own, port });
  if (port === to.port && sameAddress(own, to.address)) refuse("E_ADDRESS", `${showPair(own, port)} to itself`);
  return { address, port };
}

function checkTimeout(alleged: number): number {
  return alleged >= 0 && alleged <= MAX_TIMEOUT ? alleged : refuse("E_TIMEOUT", String(alleged));
}

async function within<T>(net: Net, ms: number, { gone }: Owner, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const deadline = newDeadline(net.place.later, ms, gone);
  try {
    return await work(deadline);
  } finally {
    deadline.done();
  }
}

/** Opens something under a holding, which ends if that fails. */
async function held<T>(net: Net, resource: "inSockets" | "outSockets", owner: Owner, open: (holding: Holding) => Promise<T>) {
  const holding = net.holdings.reserve(resource, owner);
  try {
    return await open(holding);
  } catch (error) {
    holding.end();
    throw error;
  }
}

/** The first of the addresses that answers. */
async function connectAny(
  net: Net,
  addresses: readonly Address[],
  port: number,
  wish: LocalWish,
  deadline: Deadline,
): Promise<Stream> {
  let failure: unknown;
  for (const address of addresses) {
    const to = { address, port };
    const from = checkWish(wish, to, net.grants.listen);
    const { made, cancel } = net.place.connect(to, from);
    try {
      return await deadline.race(made, cancel);
    } catch (error) {
      failure = error;
      if (["E_TIMEOUT", "E_ENDED"].includes((error as { readonly code?: string }).code ?? "")) break;
    }
  }
  throw failure;
}

interface ConnectOptions extends LocalOptions {
  readonly host: string;
  readonly port: number;
  readonly timeout?: number | undefined;
}

async function connect(net: Net, options: ConnectOptions): Promise<Granted> {
  const owner = caller();
  const { charges } = net;
  const wish = checkLocal(options);
  const timeout = checkTimeout(options.timeout ?? DEFAULT_TIMEOUT);
  return await within(net, timeout, owner, async (deadline) => {
    const { addresses, port } = await net.reach.find(options.host, options.port, net.grants.allow, deadline);
    checkWish(wish, { address: addresses[0] as Address, port }, net.grants.listen);
    return await held(net, "outSockets", owner, async (holding) => {
      const toll = newToll(owner.spent, addresses[0]);
      await deadline.race(toll.ready());
      const stream = await connectAny(net, addresses, port, wish, deadline);
      // Filled first: should the account say no, the holding closes the stream.
      holding.fill(() => stream.close());
      toll.pay(charges.connect.send, charges.connect.receive);
      return socketOf({ stream, holding, caller, charges });
    });
  });
}

interface PlaceOptions {
  readonly address?: string | undefined;
  readonly port: number;
}

function checkPlace({ address, port }: PlaceOptions, endpoints: Endpoints): Pair {
  const at = { address: address === undefined ? LOOPBACK[4] : checkAddress(address), port: checkLocalPort(port) };
  checkBind(endpoints, at);
  return at;
}

/** Whatever the place opened meanwhile is closed if the guest is gone. */
function keep<T extends Acceptor | Mailbox>(holding: Holding, opened: T): T {
  holding.fill(() => opened.close());
  return holding.isOpen ? opened : refuse("E_ENDED");
}

async function listen(net: Net, options: PlaceOptions): Promise<Granted> {
  const owner = caller();
  const at = checkPlace(options, net.grants.listen);
  return await held(net, "inSockets", owner, async (holding) => {
    const acceptor = keep(holding, await net.place.listen(at));
    const { holdings, charges } = net;
    return listenerOf({ acceptor, holding, holdings, caller, charges });
  });
}

/** Where a datagram goes: the first address of the family. */
async function target(net: Net, host: unknown, port: unknown, family: 4 | 6 | undefined, owner: Owner): Promise<Pair> {
  const found = await within(net, DEFAULT_TIMEOUT, owner, (deadline) =>
    net.reach.find(host, port, net.grants.udp, deadline),
  );
  const address = found.addresses.find((one) => family === undefined || one.family === family);
  return address === undefined ? refuse("E_UNREACHABLE", String(host)) : { address, port: found.port };
}

async function bind(net: Net, options: PlaceOptions): Promise<Granted> {
  const owner = caller();
  const at = checkPlace(options, net.grants.bind);
  return await held(net, "inSockets", owner, async (holding) => {
    const mailbox = keep(holding, await net.place.bind(at));
    net.mailboxes.add(mailbox);
    const closed = { ...mailbox, close: () => void (net.mailboxes.delete(mailbox), mailbox.close()) };
    const { charges, bounds } = net;
    return datagramOf({
      ...{ mailbox: closed, holding, caller, charges, maxDatagram: bounds.maxDatagram },
      target: (host, port, family, asker) => target(net, host, port, family, asker),
    });
  });
}

interface SendOptions extends LocalOptions {
  readonly host: string;
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** The guest's own open mailbox at this address and port. */
const ownMailbox = (net: Net, { address, port }: LocalWish, to: Pair): Mailbox | undefined =>
  [...net.mailboxes].find(
    ({ local }) =>
      local.port === port && sameAddress(local.address, address ?? (isLoopback(to.address) ? LOOPBACK : ANY)[local.address.family]),
  );

async function send(net: Net, options: SendOptions): Promise<number> {
  const owner = caller();
  const wish = checkLocal(options);
  if (options.bytes.length > net.bounds.maxDatagram) refuse("E_TOO_LARGE");
  const to = await target(net, options.host, options.port, wish.address?.family, owner);
  const from = checkWish(wish, to, net.grants.bind);
  const { charges } = net;
  const own = ownMailbox(net, from, to);
  if (own !== undefined) return await post({ mailbox: own, charges }, options.bytes, to, owner);
  return await held(net, "outSockets", owner, async (holding) => {
    const at = { address: from.address ?? ANY[to.address.family], port: from.port ?? 0 };
    const mailbox = keep(holding, await net.place.bind(at));
    const sent = await post({ mailbox, charges }, options.bytes, to, owner);
    holding.end();
    return sent;
  });
}

async function resolve(net: Net, name: string): Promise<readonly string[]> {
  const owner = caller();
  const { send: sent, receive } = net.charges.resolve;
  const { allow, udp } = net.grants;
  const endpoints = allow === undefined || udp === undefined ? undefined : [...allow, ...udp];
  return await within(net, DEFAULT_TIMEOUT, owner, async (deadline) => {
    const toll = newToll(owner.spent, undefined);
    await deadline.race(toll.ready());
    toll.pay(sent, receive);
    return await net.reach.resolve(name, endpoints, deadline);
  });
}

/** Own addresses that may be taken; all of them where the unspecified address may. */
function addresses(net: Net): readonly string[] {
  const { send: sent, receive } = net.charges.addresses;
  newToll(account(), undefined).pay(sent, receive);
  const { listen: l, bind: b } = net.grants;
  if (l === undefined || b === undefined) return net.place.addresses();
  const granted = new Set([...l, ...b].map(({ host }) => host));
  const isAll = granted.has(ANY[4].text) || granted.has(ANY[6].text);
  return net.place.addresses().filter((address) => isAll || granted.has(address));
}

/** Grants the network of a place. */
export function netOf(place: NetPlace, options: NetOptions = {}): Granted {
  const { charges = PAYLOAD_CHARGES, ...given } = options;
  const { allow, listen: at, udp, bind: own, ...bounds } = { ...DEFAULT_NET_BOUNDS, ...given };
  const net: Net = {
    place,
    grants: { allow, listen: at, udp, bind: own },
    bounds,
    charges,
    holdings: newHoldings(bounds.maxSockets),
    reach: newReach((name) => place.lookup(name)),
    mailboxes: new Set(),
  };
  return capability(NET, {
    resolve: (name) => resolve(net, name),
    connect: (to) => connect(net, to),
    listen: (where) => listen(net, where),
    bind: (where) => bind(net, where),
    send: (datagram) => send(net, datagram),
    addresses: async () => addresses(net),
  });
}
