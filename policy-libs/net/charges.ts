// What using the network costs an account, beside one item for each thing that is open.
import type { Account } from "../meter/index.ts";
import type { Address } from "./address.ts";
import { isLoopback } from "./ranges.ts";

/** Bytes charged for what an act sends and receives beside its payload. */
export interface Overhead {
  readonly send: number;
  readonly receive: number;
}

/** What each act costs beside the payload. */
export interface Charges {
  readonly resolve: Overhead;
  readonly addresses: Overhead;
  readonly connect: Overhead;
  readonly accept: Overhead;
  readonly close: Overhead;
  readonly write: Overhead;
  readonly read: Overhead;
  readonly datagramOut: Overhead;
  readonly datagramIn: Overhead;
}

const NOTHING: Overhead = Object.freeze({ send: 0, receive: 0 });

/** The payload alone. */
export const PAYLOAD_CHARGES: Charges = Object.freeze({
  resolve: NOTHING,
  addresses: NOTHING,
  connect: NOTHING,
  accept: NOTHING,
  close: NOTHING,
  write: NOTHING,
  read: NOTHING,
  datagramOut: NOTHING,
  datagramIn: NOTHING,
});

// biome-ignore format: a table
/** As RepyV2 charges (nanny and emulcomm): headers, handshakes and name servers cost something too. */
export const REPY_CHARGES: Charges = Object.freeze({
  resolve:     { send: 1024, receive: 4096 },
  addresses:   { send: 256,  receive: 128 },
  connect:     { send: 128,  receive: 64 },
  accept:      { send: 64,   receive: 128 },
  close:       { send: 128,  receive: 64 },
  write:       { send: 64,   receive: 64 },
  read:        { send: 64,   receive: 64 },
  datagramOut: { send: 64,   receive: 0 },
  datagramIn:  { send: 0,    receive: 64 },
});

/** Accounts for the traffic with one other end. */
export interface Toll {
  /** Throws E_QUOTA, having charged nothing, if the account has not that much. */
  pay(sent: number, received: number): void;
  /** Waits until the rates allow more traffic. */
  ready(): Promise<unknown>;
  /** Would `ready` be over at once? What must not wait asks this, and would block otherwise. */
  isReady(): boolean;
}

/** The resources that traffic with this address is charged to. */
export function newToll(spent: Account, address: Address | undefined): Toll {
  const isLoop = address !== undefined && isLoopback(address);
  const [send, receive] = isLoop ? (["loopSend", "loopReceive"] as const) : (["netSend", "netReceive"] as const);
  return {
    pay(sent, received) {
      if (sent > 0) spent.charge(send, sent);
      if (received === 0) return;
      try {
        spent.charge(receive, received);
      } catch (error) {
        if (sent > 0) spent.refund(send, sent);
        throw error;
      }
    },
    ready: () => Promise.all([spent.wait(send, 0), spent.wait(receive, 0)]),
    isReady: () => spent.isReady(send) && spent.isReady(receive),
  };
}
