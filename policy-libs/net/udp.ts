// Sending and receiving datagrams.
import { sameAddress } from "./address.ts";
import { type DatagramGrant, DEFAULT_TIMEOUT } from "./contract.ts";
import {
  ANY,
  checkLocal,
  checkPlace,
  checkWish,
  held,
  keep,
  LOOPBACK,
  type LocalOptions,
  type Net,
  type PlaceOptions,
  within,
} from "./core.ts";
import { datagramOf, post } from "./datagram.ts";
import { caller, type Owner } from "./owner.ts";
import type { LocalWish, Mailbox, Pair } from "./place.ts";
import { isLoopback } from "./ranges.ts";
import { refuse } from "./refusal.ts";

/** Where a datagram goes: the first address of the family. */
async function target(net: Net, host: unknown, port: unknown, family: 4 | 6 | undefined, owner: Owner): Promise<Pair> {
  const found = await within(net, DEFAULT_TIMEOUT, owner, (deadline) =>
    net.reach.find(host, port, net.grants.udp, deadline),
  );
  const address = found.addresses.find((one) => family === undefined || one.family === family);
  return address === undefined ? refuse("E_UNREACHABLE", String(host)) : { address, port: found.port };
}

/** Call `bind`. */
export async function bind(net: Net, options: PlaceOptions): Promise<DatagramGrant> {
  const owner = caller();
  const at = checkPlace(options, net.grants.bind);
  return await held(net, "inSockets", owner, async (holding) => {
    const mailbox = keep(holding, await net.place.bind(at));
    net.mailboxes.add(mailbox);
    const close = (): void => {
      net.mailboxes.delete(mailbox);
      mailbox.close();
    };
    const { charges, bounds } = net;
    return datagramOf({
      ...{ mailbox: { ...mailbox, close }, holding, charges, maxDatagram: bounds.maxDatagram },
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
      local.port === port &&
      sameAddress(local.address, address ?? (isLoopback(to.address) ? LOOPBACK : ANY)[local.address.family]),
  );

/** Call `send`. */
export async function send(net: Net, options: SendOptions): Promise<number> {
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
