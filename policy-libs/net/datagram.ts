// One local address and port for datagrams as a capability, over any place's mailbox.

import { capability } from "../capability.ts";
import { whenUnused } from "../unused.ts";
import type { Address } from "./address.ts";
import { type Charges, newToll } from "./charges.ts";
import { DATAGRAM, type DatagramGrant } from "./contract.ts";
import type { Holding } from "./holdings.ts";
import { newLine } from "./line.ts";
import { caller, type Owner } from "./owner.ts";
import type { Letter, Mailbox, Pair } from "./place.ts";
import { refuse } from "./refusal.ts";

export interface DatagramOptions {
  readonly mailbox: Mailbox;
  /** Ends when the mailbox is closed; not filled yet. */
  readonly holding: Holding;
  readonly charges: Charges;
  readonly maxDatagram: number;
  /** Where the guest means, as far as it was granted; of the family of the mailbox. */
  readonly target: (host: unknown, port: unknown, family: Address["family"], owner: Owner) => Promise<Pair>;
}

const shown = ({ bytes, from }: Letter) => ({ bytes, address: from.address.text, port: from.port });

/** The first letter, paid for; undefined if there is none. */
function takeNow({ mailbox, holding, charges }: DatagramOptions, { spent }: Owner): Letter | undefined {
  if (!holding.isOpen) return refuse("E_CLOSED");
  const size = mailbox.waiting();
  if (size === undefined) return undefined;
  newToll(spent, mailbox.local.address).pay(charges.datagramIn.send, charges.datagramIn.receive + size);
  return mailbox.take();
}

/** Sends one datagram from a mailbox, and pays for it. */
export async function post(
  { mailbox, charges }: Pick<DatagramOptions, "mailbox" | "charges">,
  bytes: Uint8Array,
  to: Pair,
  { spent }: Owner,
): Promise<number> {
  const toll = newToll(spent, to.address);
  await toll.ready();
  toll.pay(charges.datagramOut.send + bytes.length, charges.datagramOut.receive);
  await mailbox.post(bytes, to);
  return bytes.length;
}

async function send(options: DatagramOptions, bytes: Uint8Array, host: unknown, port: unknown): Promise<number> {
  const { mailbox, holding, maxDatagram, target } = options;
  const owner = caller();
  if (!holding.isOpen) refuse("E_CLOSED");
  if (bytes.length > maxDatagram) refuse("E_TOO_LARGE");
  const to = await target(host, port, mailbox.local.address.family, owner);
  if (!holding.isOpen) refuse("E_CLOSED");
  return await post(options, bytes, to, owner);
}

/** Grants one mailbox. */
export function datagramOf(options: DatagramOptions): DatagramGrant {
  const { mailbox, holding } = options;
  const line = newLine();
  const { address, port } = mailbox.local;
  mailbox.watch(line.changed);
  holding.fill(() => {
    mailbox.close();
    line.changed();
  });
  const receiveNow = (owner: Owner) => {
    const letter = takeNow(options, owner);
    return letter && shown(letter);
  };
  /** Null while another call waits for the next one, and while a rate would make the guest wait. */
  const tryReceive = () => {
    const owner = caller();
    const isHeld = line.length > 0 || !newToll(owner.spent, address).isReady();
    return isHeld && holding.isOpen ? null : (receiveNow(owner) ?? null);
  };
  const granted = capability(DATAGRAM, {
    send: (bytes, host, to) => send(options, bytes, host, to),
    async receive() {
      const owner = caller();
      const { ready } = newToll(owner.spent, address);
      return await line.join({ ready, attempt: () => receiveNow(owner), gone: owner.gone });
    },
    tryReceive,
    close: () => holding.end(),
    info: () => ({ address: address.text, port }),
  });
  return whenUnused(granted, () => void holding.end());
}
