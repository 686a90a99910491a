// What TCP and UDP share on a virtual host: its addresses, its ports, and the way to others.
import { type Address, address4, address6, sameAddress, showPair } from "./address.ts";
import type { Travel } from "./pipe.ts";
import type { Pair } from "./place.ts";
import { isLoopback } from "./ranges.ts";
import { refuse } from "./refusal.ts";
import { FIRST_FREE_PORT, type World, type WorldHost } from "./world.ts";

type Bound<T> = ReadonlyMap<number, ReadonlyMap<string, T>>;

const LOOPBACK = { 4: address4(0x7f00_0001n), 6: address6(1n) } as const;
const LAST_PORT = 65_535;

/** 0.0.0.0 and ::, which stand for all addresses of a host. */
export const isAny = ({ bits }: Address): boolean => bits === 0n;

export const isOwn = ({ addresses }: WorldHost, address: Address): boolean =>
  isLoopback(address) || addresses.some((own) => sameAddress(own, address));

export const canHave = (host: WorldHost, address: Address): boolean => isAny(address) || isOwn(host, address);

export const routeTo = (world: World, host: WorldHost, address: Address): WorldHost | undefined =>
  isOwn(host, address) ? host : world.hosts.get(address.text);

/** Nothing travels within one host. */
export function travelIn({ options: { latency, later } }: World, host: WorldHost, other: unknown): Travel {
  if (latency === 0 || host === other) return (arrive) => arrive();
  return (arrive) => void later(latency, arrive);
}

/** The address that traffic to this one comes from. */
export const sourceFor = (host: WorldHost, to: Address): Address | undefined =>
  isLoopback(to) ? LOOPBACK[to.family] : host.addresses.find(({ family }) => family === to.family);

/** What is bound to this pair, or to the port on all addresses of the family. */
export function boundAt<T>(bound: Bound<T>, { address, port }: Pair): T | undefined {
  const ports = bound.get(port);
  return ports?.get(address.text) ?? ports?.get((address.family === 4 ? address4(0n) : address6(0n)).text);
}

const isTaken = <T>(bound: Bound<T>, { address, port }: Pair): boolean =>
  boundAt(bound, { address, port }) !== undefined ||
  (isAny(address) &&
    [...(bound.get(port)?.keys() ?? [])].some((text) => text.includes(":") === (address.family === 6)));

/** The next port that nothing uses. */
export function freePort<T>(host: WorldHost, bound: Bound<T>): number {
  for (let tries = LAST_PORT - FIRST_FREE_PORT; tries >= 0; tries--) {
    const port = host.nextPort;
    host.nextPort = port === LAST_PORT ? FIRST_FREE_PORT : port + 1;
    if (!bound.has(port) && !host.portsUsed.has(port)) return port;
  }
  return refuse("E_MOST_OPEN");
}

/** The pair, with a port, if it is the host's and free. */
export function checkFree<T>(host: WorldHost, bound: Bound<T>, { address, port }: Pair): Pair {
  if (!canHave(host, address)) refuse("E_BIND", address.text);
  const local = { address, port: port || freePort(host, bound) };
  return isTaken(bound, local) ? refuse("E_IN_USE", showPair(address, local.port)) : local;
}
