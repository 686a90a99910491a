// One host on a virtual network: connections to itself, and hosts that never answer.
import type { FakeClock } from "./clock.ts";
import { refused } from "./refused.ts";

/** What a connection holds under way, in one direction. */
const BUFFER = 100_000; // bytes

interface Side {
  incoming: number[];
  isClosed: boolean;
  peer: Side | undefined;
}

interface Waiting {
  readonly address: string;
  readonly port: number;
  readonly stream: Stream;
}

type Stream = ReturnType<typeof streamOf>;

interface Letter {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
}

interface Local {
  readonly localAddress: string;
  readonly localPort: number;
  readonly timeout: number;
}

export interface FakeNetOptions {
  /** Addresses of this host besides 127.0.0.0/8. */
  readonly addresses?: readonly string[];
  readonly names?: Readonly<Record<string, readonly string[]>>;
  /** Hosts that swallow everything. */
  readonly silent?: readonly string[];
}

function streamOf(side: Side, onClose: () => void) {
  return {
    async tryRead(most: number) {
      if (side.isClosed) throw refused("E_CLOSED");
      if (side.incoming.length === 0 && side.peer?.isClosed) return new Uint8Array();
      return side.incoming.length === 0 ? undefined : Uint8Array.from(side.incoming.splice(0, most));
    },
    async tryWrite(bytes: Uint8Array) {
      if (side.isClosed) throw refused("E_CLOSED");
      if (side.peer === undefined || side.peer.isClosed) throw refused("E_CLOSED_REMOTE");
      const taken = Math.min(bytes.length, BUFFER - side.peer.incoming.length);
      for (const byte of bytes.subarray(0, taken)) side.peer.incoming.push(byte);
      return taken;
    },
    async close() {
      side.isClosed = true;
      onClose();
    },
  };
}

function pairOfSides(): [Side, Side] {
  const [a, b]: [Side, Side] = [
    { incoming: [], isClosed: false, peer: undefined },
    { incoming: [], isClosed: false, peer: undefined },
  ];
  a.peer = b;
  b.peer = a;
  return [a, b];
}

export function fakeNet(clock: FakeClock, { addresses = ["10.0.0.5"], names = {}, silent = [] }: FakeNetOptions = {}) {
  const listeners = new Map<string, Waiting[]>();
  const mailboxes = new Map<string, Letter[]>();
  const tuples = new Set<string>();
  const pair = (address: string, port: number): string => `${address}:${port}`;
  const checkLocal = (address: string): void => {
    if (!address.startsWith("127.") && !addresses.includes(address)) throw refused("E_BIND");
  };
  const drop =
    (...ends: readonly Waiting[]) =>
    () => {
      for (const { stream } of ends) void stream.close();
    };

  return {
    async resolve(name: string) {
      const found = names[name];
      if (found === undefined) throw refused("E_NAME");
      return found;
    },
    async addresses() {
      return ["127.0.0.1", ...addresses];
    },
    async connect(host: string, port: number, { localAddress, localPort, timeout }: Local) {
      checkLocal(localAddress);
      const tuple = `${pair(localAddress, localPort)} ${pair(host, port)}`;
      if (tuples.has(tuple)) throw refused("E_DUPLICATE");
      if (silent.includes(host)) {
        await clock.sleep(timeout);
        throw refused("E_TIMEOUT");
      }
      const queue = listeners.get(pair(host, port));
      if (queue === undefined) throw refused("E_REFUSED");
      tuples.add(tuple);
      const [here, there] = pairOfSides();
      queue.push({ address: localAddress, port: localPort, stream: streamOf(there, () => undefined) });
      return streamOf(here, () => tuples.delete(tuple));
    },
    async listen(address: string, port: number) {
      checkLocal(address);
      if (listeners.has(pair(address, port))) throw refused("E_IN_USE");
      const queue: Waiting[] = [];
      listeners.set(pair(address, port), queue);
      return {
        tryAccept: async () => queue.shift(),
        close: async () => {
          listeners.delete(pair(address, port));
          drop(...queue)();
        },
      };
    },
    async bind(address: string, port: number) {
      checkLocal(address);
      if (mailboxes.has(pair(address, port))) throw refused("E_IN_USE");
      const letters: Letter[] = [];
      mailboxes.set(pair(address, port), letters);
      return {
        async send(bytes: Uint8Array, to: string, toPort: number) {
          mailboxes.get(pair(to, toPort))?.push({ bytes: bytes.slice(), address, port });
        },
        tryReceive: async () => letters.shift(),
        close: async () => void mailboxes.delete(pair(address, port)),
      };
    },
  };
}
