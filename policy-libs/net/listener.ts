// One TCP listener as a capability, over any place's acceptor.
//
// Invariants
//   L1  A connection is taken only when there is room for it: with too many open it keeps waiting where it is.

import { capability } from "../capability.ts";
import { whenUnused } from "../unused.ts";
import { type Charges, newToll } from "./charges.ts";
import { LISTENER, type ListenerGrant, type SocketGrant } from "./contract.ts";
import type { Holding, Holdings } from "./holdings.ts";
import { newLine } from "./line.ts";
import { caller, type Owner } from "./owner.ts";
import type { Acceptor, Stream } from "./place.ts";
import { refuse } from "./refusal.ts";
import { socketOf } from "./socket.ts";

export interface ListenerOptions {
  readonly acceptor: Acceptor;
  /** Ends when the listener is closed; not filled yet. */
  readonly holding: Holding;
  readonly holdings: Holdings;
  readonly charges: Charges;
}

interface Accepted {
  readonly socket: SocketGrant;
  readonly address: string;
  readonly port: number;
}

/** The next stream, held and paid for; undefined if none waits. */
function takeNow(options: ListenerOptions, owner: Owner): readonly [Stream, Holding] | undefined {
  const { acceptor, holding, holdings, charges } = options;
  if (!holding.isOpen) return refuse("E_CLOSED");
  if (!acceptor.isWaiting()) return undefined;
  const held = holdings.reserve("outSockets", owner);
  try {
    newToll(owner.spent, acceptor.local.address).pay(charges.accept.send, charges.accept.receive);
    return [acceptor.take() as Stream, held];
  } catch (error) {
    held.end();
    throw error;
  }
}

function acceptNow(options: ListenerOptions, owner: Owner): Accepted | undefined {
  const taken = takeNow(options, owner);
  if (taken === undefined) return undefined;
  const [stream, holding] = taken;
  const { charges } = options;
  const { address, port } = stream.remote;
  return { socket: socketOf({ stream, holding, charges }), address: address.text, port };
}

/** Grants one listener. */
export function listenerOf(options: ListenerOptions): ListenerGrant {
  const { acceptor, holding } = options;
  const line = newLine();
  const { address, port } = acceptor.local;
  acceptor.watch(line.changed);
  holding.fill(() => {
    acceptor.close();
    line.changed();
  });
  /** Null while another call waits for the next one, and while a rate would make the guest wait. */
  function tryAccept(): Accepted | null {
    const owner = caller();
    const isHeld = line.length > 0 || !newToll(owner.spent, address).isReady();
    return isHeld && holding.isOpen ? null : (acceptNow(options, owner) ?? null);
  }
  const granted = capability(LISTENER, {
    async accept() {
      const owner = caller();
      const toll = newToll(owner.spent, address);
      return await line.join({ ready: toll.ready, attempt: () => acceptNow(options, owner), gone: owner.gone });
    },
    tryAccept,
    close: () => holding.end(),
    info: () => ({ address: address.text, port }),
  });
  return whenUnused(granted, () => void holding.end());
}
