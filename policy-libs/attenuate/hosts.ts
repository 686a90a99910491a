// The network or http, to some of the hosts and ports that were granted. The grammar of hosts and the rules of addresses
// are those of net/grants.ts: what this list and the base's own both allow is allowed, and nothing else. What is done to
// http is in hosts-http.ts; this is the network:
//
// Invariants
//   O1  A name is resolved by the base, once; the addresses are checked against this list, and the base is asked for an
//       address. So a name of the list that leads to a private address leads nowhere, unless the list names the address,
//       also where the base's own grants do.
//   O2  What is not listed for listening or binding is not listened on or bound.
//   O3  A call of the network that is not in the table below is refused.
// The base must let `resolve` through: hosts(only(net, ["connect"]), ...) connects to addresses alone.
import type { Granted } from "../capability.ts";
import { HTTP, type HttpGrant } from "../http/contract.ts";
import type { Address } from "../net/address.ts";
import { DATAGRAM, NET } from "../net/contract.ts";
import { ANY, checkLocal, checkPlace, checkWish, type LocalOptions, type PlaceOptions } from "../net/core.ts";
import type { Deadline } from "../net/deadline.ts";
import { type Endpoint, parseEndpoints } from "../net/grants.ts";
import { newReach, type Reach } from "../net/reach.ts";
import { httpWithin } from "./hosts-http.ts";
import { type Args, type Around, type Crossing, membrane, type Next } from "./membrane.ts";
import { deny } from "./refusal.ts";
import { scope } from "./scope.ts";

/** Hosts and ports by what is done with them. What is not there is refused. */
export interface Hosts {
  /** TCP connections to. */
  readonly allow?: readonly string[];
  /** TCP listeners at, and local ports of connections. */
  readonly listen?: readonly string[];
  /** Datagrams to. */
  readonly udp?: readonly string[];
  /** Local ports of datagrams. */
  readonly bind?: readonly string[];
}

interface Limits {
  readonly allow: readonly Endpoint[];
  readonly listen: readonly Endpoint[];
  readonly udp: readonly Endpoint[];
  readonly bind: readonly Endpoint[];
  readonly reach: Reach;
}

type Call = (...args: unknown[]) => Promise<unknown>;
type To = LocalOptions & { readonly host: unknown; readonly port: unknown };

/** The base has its own limit of time for looking up. */
const NO_DEADLINE: Deadline = { race: (work) => work, done: () => undefined };

/** Calls the base with one checked address after the other, until one answers. */
async function eachAddress(
  { reach }: Limits,
  { host, port, ...local }: To,
  endpoints: { readonly to: readonly Endpoint[]; readonly own: readonly Endpoint[] },
  attempt: (address: Address) => unknown,
): Promise<unknown> {
  const { run } = scope();
  const wish = checkLocal(local);
  const { addresses, port: checked } = await run(() => reach.find(host, port, endpoints.to, NO_DEADLINE));
  let failure: unknown;
  for (const address of addresses) {
    checkWish(wish, { address, port: checked }, endpoints.own);
    try {
      return await run(() => attempt(address));
    } catch (error) {
      failure = error;
      if (!ELSEWHERE.includes((error as { readonly code?: string } | null)?.code ?? "")) break;
    }
  }
  throw failure;
}

/** Who waits for nobody at an address may be found at the next one. */
const ELSEWHERE: readonly string[] = ["E_REFUSED", "E_UNREACHABLE"];

type Handler = (limits: Limits, args: Args, next: Next) => unknown;

function connectTo(limits: Limits, args: Args, next: Next): Promise<unknown> {
  const to = { ...(args[0] as To) };
  const endpoints = { to: limits.allow, own: limits.listen };
  return eachAddress(limits, to, endpoints, ({ text }) => next([{ ...to, host: text }]));
}

function sendTo(limits: Limits, args: Args, next: Next): Promise<unknown> {
  const to = { ...(args[0] as To) };
  const endpoints = { to: limits.udp, own: limits.bind };
  return eachAddress(limits, to, endpoints, ({ text }) => next([{ ...to, host: text }]));
}

const takePlace =
  (which: "listen" | "bind"): Handler =>
  (limits, args, next) => {
    const at = { ...(args[0] as PlaceOptions) };
    checkPlace(at, limits[which]);
    return next([at]);
  };

async function ownAddresses(limits: Limits, args: Args, next: Next): Promise<unknown> {
  const granted = new Set([...limits.listen, ...limits.bind].map(({ host }) => host));
  const isAll = granted.has(ANY[4].text) || granted.has(ANY[6].text);
  const all = (await next(args)) as readonly string[];
  return all.filter((address) => isAll || granted.has(address));
}

/** A bound socket sends to those whom the list allows. */
function sendFrom(limits: Limits, [bytes, host, port]: Args, next: Next): Promise<unknown> {
  const endpoints = { to: limits.udp, own: [] };
  return eachAddress(limits, { host, port }, endpoints, ({ text }) => next([bytes, text, port]));
}

const NET_CALLS: Readonly<Record<keyof typeof NET.data.calls, Handler>> = {
  resolve: ({ reach, allow, udp }, [name]) => reach.resolve(name, [...allow, ...udp], NO_DEADLINE),
  connect: connectTo,
  listen: takePlace("listen"),
  bind: takePlace("bind"),
  send: sendTo,
  addresses: ownAddresses,
};

function handlerOf({ contract, call }: Crossing): Handler | undefined {
  if (contract.form === NET.form) return Object.hasOwn(NET_CALLS, call) ? NET_CALLS[call as "connect"] : refuseCall;
  return contract.form === DATAGRAM.form && call === "send" ? sendFrom : undefined;
}

const refuseCall: Handler = () => deny("E_DENIED");

function readLimits(net: Granted, hosts: readonly string[] | Hosts): Limits {
  const given: Hosts = Array.isArray(hosts) ? { allow: hosts, udp: hosts } : (hosts as Hosts);
  const { allow = [], listen = [], udp = [], bind = [] } = given;
  const lookup = (name: string): Promise<readonly unknown[]> =>
    (net.functions["resolve"] as unknown as Call)(name) as Promise<readonly unknown[]>;
  return {
    ...{ allow: parseEndpoints(allow), udp: parseEndpoints(udp) },
    ...{ listen: parseEndpoints(listen, { ephemeral: true }), bind: parseEndpoints(bind, { ephemeral: true }) },
    reach: newReach(lookup),
  };
}

function netWithin(net: Granted, allowed: readonly string[] | Hosts): Around {
  const limits = readLimits(net, allowed);
  return (crossing, next) => {
    const handler = handlerOf(crossing);
    return handler === undefined ? next(crossing.args) : handler(limits, crossing.args, next);
  };
}

/** HTTP requests to these hosts, ports and paths: `hosts(http, ["https://api.example.com/v1/"])`. */
export function hosts<G extends HttpGrant>(http: G, allowed: readonly string[]): G;
/** The network to these hosts and ports: `hosts(net, ["api.example.com:443"])`. A list is of whom may be reached. */
export function hosts<G extends Granted>(net: G, allowed: readonly string[] | Hosts): G;
export function hosts(granted: Granted, allowed: readonly string[] | Hosts): Granted {
  const { form } = granted.contract;
  // Of what is no list, the parser of grants says so.
  if (form === HTTP.form) return membrane(granted, { around: httpWithin(allowed as readonly string[]) });
  if (form !== NET.form) throw new TypeError("hosts takes a network or http");
  return membrane(granted, { around: netWithin(granted, allowed) });
}
