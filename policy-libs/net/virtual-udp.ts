// UDP within a virtual network. A datagram that nobody waits for, or that finds no room, is lost without a word.
import { newLetters } from "./letters.ts";
import type { Pair } from "./place.ts";
import { refuse } from "./refusal.ts";
import { boundAt, checkFree, isAny, routeTo, sourceFor, travelIn } from "./virtual-host.ts";
import type { VirtualMailbox, World, WorldHost } from "./world.ts";

function post(world: World, host: WorldHost, local: Pair, bytes: Uint8Array, to: Pair): void {
  const source = isAny(local.address) ? sourceFor(host, to.address) : local.address;
  const other = routeTo(world, host, to.address);
  if (source === undefined || source.family !== to.address.family || other === undefined) {
    return refuse("E_UNREACHABLE", to.address.text);
  }
  const copy = bytes.slice();
  if (other.isSilent) return;
  travelIn(
    world,
    host,
    other,
  )(() => {
    boundAt(other.mailboxes, to)?.deliver(copy, { address: source, port: local.port });
  });
}

/** Takes an address and port of a host for datagrams. */
export function bindIn(world: World, host: WorldHost, at: Pair): VirtualMailbox {
  const local = checkFree(host, host.mailboxes, at);
  const letters = newLetters(world.options.maxLetters);
  let changed = (): void => undefined;
  const ports = host.mailboxes.get(local.port) ?? new Map<string, VirtualMailbox>();
  const mailbox: VirtualMailbox = {
    local,
    waiting: letters.first,
    take: letters.take,
    async post(bytes, to) {
      post(world, host, local, bytes, to);
    },
    deliver(bytes, from) {
      letters.add({ bytes, from });
      changed();
    },
    close() {
      ports.delete(local.address.text);
      if (ports.size === 0) host.mailboxes.delete(local.port);
      letters.clear();
    },
    watch(task) {
      changed = task;
    },
  };
  host.mailboxes.set(local.port, ports.set(local.address.text, mailbox));
  return mailbox;
}
