// A connection within a virtual network: two pipes, one each way.
//
// Invariants
//   P1  A pipe never holds more than its capacity, bytes on their way included.
//   P2  What was put before the writer closed is read before the end is seen.
//   P3  With a latency, everything arrives so much later, in order: bytes, ends and resets.
import { type ByteQueue, newByteQueue } from "./bytes.ts";
import type { Pair, Stream } from "./place.ts";

/** Runs a task when what is sent now arrives: at once, without a latency. */
export type Travel = (arrive: () => void) => void;

interface Pipe {
  readonly bytes: ByteQueue;
  readonly capacity: number;
  /** Bytes that have arrived. */
  arrived: number;
  /** What its reader knows of the writer. */
  state: "open" | "ended" | "broken";
  /** What its writer knows of the reader. */
  isCut: boolean;
  /** The reader is gone: what arrives is dropped. */
  isLeft: boolean;
}

interface End {
  readonly incoming: Pipe;
  readonly outgoing: Pipe;
  hasEnded: boolean;
  changed: () => void;
}

export interface VirtualStream extends Stream {
  /** Closes it, and the peer sees a connection that is lost. */
  reset(): void;
}

export interface Connection {
  readonly client: VirtualStream;
  readonly server: VirtualStream;
}

export interface ConnectionOptions {
  readonly from: Pair;
  readonly to: Pair;
  /** Bytes of each way's buffer. */
  readonly capacity: number;
  readonly travel: Travel;
  /** An end was closed. */
  readonly closed: (end: "client" | "server") => void;
}

const newPipe = (capacity: number): Pipe => ({
  ...{ bytes: newByteQueue(), capacity, arrived: 0 },
  state: "open",
  isCut: false,
  isLeft: false,
});

function put({ outgoing }: End, peer: End, bytes: Uint8Array, travel: Travel): void {
  outgoing.bytes.push(bytes);
  travel(() => {
    if (outgoing.isLeft) return;
    outgoing.arrived += bytes.length;
    peer.changed();
  });
}

function take({ incoming }: End, peer: End, most: number, travel: Travel): Uint8Array {
  const bytes = incoming.bytes.take(Math.min(most, incoming.arrived));
  incoming.arrived -= bytes.length;
  travel(() => peer.changed());
  return bytes;
}

function endWriting(end: End, peer: End, state: "ended" | "broken", travel: Travel): void {
  if (end.hasEnded) return;
  end.hasEnded = true;
  travel(() => {
    end.outgoing.state = state;
    peer.changed();
  });
}

function leave({ incoming }: End, peer: End, travel: Travel): void {
  incoming.isLeft = true;
  incoming.arrived = 0;
  incoming.bytes.clear();
  travel(() => {
    incoming.isCut = true;
    peer.changed();
  });
}

function streamOf(end: End, peer: End, local: Pair, remote: Pair, travel: Travel, closed: () => void): VirtualStream {
  const close = (state: "ended" | "broken"): void => {
    if (end.incoming.isLeft) return;
    endWriting(end, peer, state, travel);
    leave(end, peer, travel);
    closed();
  };
  return {
    local,
    remote,
    available: () => end.incoming.arrived,
    take: (most) => take(end, peer, most, travel),
    incoming: () => end.incoming.state,
    room: () => end.outgoing.capacity - end.outgoing.bytes.size,
    put: (bytes) => put(end, peer, bytes, travel),
    outgoing: () => (end.outgoing.isCut ? "broken" : "open"),
    endWriting: () => endWriting(end, peer, "ended", travel),
    close: () => close("ended"),
    reset: () => close("broken"),
    watch(changed) {
      end.changed = changed;
    },
  };
}

export function newConnection({ from, to, capacity, travel, closed }: ConnectionOptions): Connection {
  const [there, back] = [newPipe(capacity), newPipe(capacity)];
  const client: End = { incoming: back, outgoing: there, hasEnded: false, changed: () => undefined };
  const server: End = { incoming: there, outgoing: back, hasEnded: false, changed: () => undefined };
  return {
    client: streamOf(client, server, from, to, travel, () => closed("client")),
    server: streamOf(server, client, to, from, travel, () => closed("server")),
  };
}
