// The network as a capability without a network: a host of a world in memory.

import type { Signal } from "../call.ts";
import type { Charges } from "./charges.ts";
import type { NetGrant } from "./contract.ts";
import type { NetBounds } from "./core.ts";
import { parseEndpoints } from "./grants.ts";
import { netOf } from "./net.ts";
import type { NetPlace } from "./place.ts";
import { refuse } from "./refusal.ts";
import { connectIn, listenIn } from "./virtual-tcp.ts";
import { bindIn } from "./virtual-udp.ts";
import { addHost, type HostOptions, virtualWorld, type World, type WorldHost } from "./world.ts";

/** What is left out is granted whole: nothing of a virtual network is worth protecting by itself. */
export interface VirtualNetOptions extends HostOptions, Partial<NetBounds> {
  readonly allow?: readonly string[];
  readonly listen?: readonly string[];
  readonly udp?: readonly string[];
  readonly bind?: readonly string[];
  readonly charges?: Charges;
  /** Closes all that is open when it fires; nothing is opened after that. */
  readonly signal?: Signal;
}

const LOCALHOST = ["127.0.0.1", "::1"];

/** RFC 6761 6.3: localhost and the names below it are this host, and never asked of anybody. */
export const isLocalhost = (name: string): boolean => name === "localhost" || name.endsWith(".localhost");

/** One host of a world as a place. */
export function virtualPlace(world: World, host: WorldHost): NetPlace {
  return {
    async lookup(name) {
      return isLocalhost(name) ? LOCALHOST : (world.names.get(name) ?? refuse("E_NAME", name));
    },
    connect: (to, from) => connectIn(world, host, to, from),
    listen: async (at) => listenIn(world, host, at),
    bind: async (at) => bindIn(world, host, at),
    addresses: () => [...host.addresses.map(({ text }) => text), ...LOCALHOST],
    later: world.options.later,
  };
}

/** Grants the network of a new host in a virtual world: one of its own, or one that others share. */
export function virtualNet(world: World = virtualWorld(), options: VirtualNetOptions = {}): NetGrant {
  const { allow, listen, udp, bind, addresses, names, silent, ...rest } = options;
  const host = addHost(world, {
    ...(addresses && { addresses }),
    ...(names && { names }),
    ...(silent !== undefined && { silent }),
  });
  return netOf(virtualPlace(world, host), {
    ...rest,
    allow: allow && parseEndpoints(allow),
    listen: listen && parseEndpoints(listen, { ephemeral: true }),
    udp: udp && parseEndpoints(udp),
    bind: bind && parseEndpoints(bind, { ephemeral: true }),
  });
}
