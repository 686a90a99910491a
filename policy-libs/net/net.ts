// The capability of the network over any place, virtual or real: what a guest says is parsed, checked against the
// grants and charged here; a place only does.
import type { Signal } from "../call.ts";
import { capability } from "../capability.ts";
import { account } from "../meter/index.ts";
import { type Charges, newToll, PAYLOAD_CHARGES } from "./charges.ts";
import { connect } from "./connect.ts";
import { DEFAULT_TIMEOUT, type ListenerGrant, NET, type NetGrant } from "./contract.ts";
import {
  ANY,
  checkPlace,
  DEFAULT_NET_BOUNDS,
  held,
  keep,
  type Net,
  type NetBounds,
  type NetGrants,
  type PlaceOptions,
  within,
} from "./core.ts";
import { newHoldings } from "./holdings.ts";
import { listenerOf } from "./listener.ts";
import { caller } from "./owner.ts";
import type { NetPlace } from "./place.ts";
import { newReach } from "./reach.ts";
import { bind, send } from "./udp.ts";

export interface NetOptions extends NetGrants, Partial<NetBounds> {
  readonly charges?: Charges;
  /** Closes all that is open when it fires; nothing is opened after that. */
  readonly signal?: Signal;
}

async function listen(net: Net, options: PlaceOptions): Promise<ListenerGrant> {
  const owner = caller();
  const at = checkPlace(options, net.grants.listen);
  return await held(net, "inSockets", owner, async (holding) => {
    const acceptor = keep(holding, await net.place.listen(at));
    const { holdings, charges } = net;
    return listenerOf({ acceptor, holding, holdings, charges });
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
export function netOf(place: NetPlace, options: NetOptions = {}): NetGrant {
  const { charges = PAYLOAD_CHARGES, signal, ...given } = options;
  const { allow, listen: at, udp, bind: own, ...bounds } = { ...DEFAULT_NET_BOUNDS, ...given };
  const net: Net = {
    place,
    grants: { allow, listen: at, udp, bind: own },
    bounds,
    charges,
    holdings: newHoldings(bounds.maxSockets, signal),
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
