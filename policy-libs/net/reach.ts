// Who may be reached, and at which addresses: what a guest says becomes addresses that were checked, once.
//
// Invariants
//   N1  A name is looked up once for each call; what that gave and was checked is what is used. A name whose answer
//       changes between two look-ups (DNS rebinding) gains nothing: there is no second look-up.
//   N2  Only granted names are looked up: looking up tells the name's servers something.
// Trust
//   Trusts grants.ts, host.ts and ranges.ts. Trusted by net.ts and http/.
import { type Address, isPort, parseAddress } from "./address.ts";
import type { Deadline } from "./deadline.ts";
import { type Endpoint, mayReach, mayResolve } from "./grants.ts";
import { type Host, parseHost } from "./host.ts";
import { specialRange } from "./ranges.ts";
import { refuse } from "./refusal.ts";

/** Addresses of one name that are looked at. */
export const MAX_ADDRESSES = 16;
/** Addresses that `resolve` gave, remembered as those of a granted name. */
const MAX_REMEMBERED = 1000;
/** Names of one such address. */
const MAX_NAMES = 8;

export type Lookup = (name: string) => Promise<readonly unknown[]>;

/** Undefined endpoints: everything may be reached. For virtual networks only. */
export type Endpoints = readonly Endpoint[] | undefined;

export interface Reach {
  /** The addresses at which the host may be reached at this port; at least one. */
  find(allegedHost: unknown, allegedPort: unknown, endpoints: Endpoints, deadline: Deadline): Promise<Found>;
  /** The addresses of a name that any of the endpoints allows. */
  resolve(allegedName: unknown, endpoints: Endpoints, deadline: Deadline): Promise<readonly string[]>;
}

export interface Found {
  readonly addresses: readonly Address[];
  readonly port: number;
}

export function checkHost(alleged: unknown): Host {
  return parseHost(alleged) ?? refuse("E_ADDRESS", String(alleged));
}

export function checkPort(alleged: unknown): number {
  return isPort(alleged) ? alleged : refuse("E_ADDRESS", `port ${String(alleged)}`);
}

/** The answers that are addresses; a resolver's text is trusted no more than a guest's. */
async function lookUp(lookup: Lookup, name: string, deadline: Deadline): Promise<readonly Address[]> {
  const answers = await deadline.race(lookup(name));
  const addresses = answers
    .slice(0, MAX_ADDRESSES)
    .map(parseAddress)
    .filter((address) => address !== undefined);
  return addresses.length > 0 ? addresses : refuse("E_NAME", name);
}

const plainOrGranted = (endpoints: Endpoints, address: Address): boolean =>
  endpoints === undefined ||
  specialRange(address) === undefined ||
  endpoints.some(({ kind, host }) => kind === "address" && host === address.text);

export function newReach(lookup: Lookup): Reach {
  // What a granted name resolved to may be reached by its address too, as far as the name may be: a program that
  // resolves first and connects then (RepyV2's do) is no wider than one that connects by name.
  const remembered = new Map<string, readonly string[]>();

  function remember(address: Address, name: string): void {
    const others = (remembered.get(address.text) ?? []).filter((other) => other !== name);
    remembered.delete(address.text);
    remembered.set(address.text, [name, ...others].slice(0, MAX_NAMES));
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
  }
  function findAddress(address: Address, port: number, endpoints: Endpoints): Found {
    const hosts = [address.text, ...(remembered.get(address.text) ?? [])];
    const isGranted =
      endpoints === undefined || hosts.some((host) => mayReach(endpoints, { host, address: address.text, port }));
    return isGranted ? { addresses: [address], port } : refuse("E_NOT_GRANTED", address.text);
  }
  async function findName(name: string, port: number, endpoints: Endpoints, deadline: Deadline): Promise<Found> {
    if (endpoints !== undefined && !mayReach(endpoints, { host: name, port })) return refuse("E_NOT_GRANTED", name);
    const all = await lookUp(lookup, name, deadline);
    if (endpoints === undefined) return { addresses: all, port };
    const addresses = all.filter(({ text }) => mayReach(endpoints, { host: name, address: text, port }));
    return addresses.length > 0 ? { addresses, port } : refuse("E_NOT_GRANTED", name);
  }
  return {
    async find(allegedHost, allegedPort, endpoints, deadline) {
      const [host, port] = [checkHost(allegedHost), checkPort(allegedPort)];
      if (host.kind === "address") return findAddress(host.address, port, endpoints);
      return await findName(host.text, port, endpoints, deadline);
    },
    async resolve(allegedName, endpoints, deadline) {
      const host = checkHost(allegedName);
      if (host.kind === "address") return [host.text];
      if (endpoints !== undefined && !mayResolve(endpoints, host.text)) return refuse("E_NOT_GRANTED", host.text);
      const all = await lookUp(lookup, host.text, deadline);
      const addresses = all.filter((address) => plainOrGranted(endpoints, address));
      if (addresses.length === 0) return refuse("E_NOT_GRANTED", host.text);
      for (const address of addresses) remember(address, host.text);
      return addresses.map(({ text }) => text);
    },
  };
}
