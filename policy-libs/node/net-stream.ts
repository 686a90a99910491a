// A TCP connection of the host as a stream of a place.
//
// Invariants
//   B1  Unread bytes are bounded: with a full buffer the socket is paused, and the peer's window closes. What the host
//       reads at once (64 KiB) may come on top, once in our buffer and once in Node's.
//   B2  Unsent bytes are bounded: no more is put than there is room for.
//   B3  A closed stream lingers no longer than LINGER to send what was put, then it is gone, whatever the peer does.
import type { Socket } from "node:net";
import type { Address } from "../net/address.ts";
import { parseAddress } from "../net/address.ts";
import { newByteQueue } from "../net/bytes.ts";
import type { Pair, Stream } from "../net/place.ts";
import { refuse } from "../net/refusal.ts";

/** Milliseconds that a closed connection may take to send what was written before. */
export const LINGER = 10_000;

export interface StreamOptions {
  readonly maxBuffer: number;
  /** May a closed connection linger? Its slot of the grant is free already, so others count these. */
  readonly linger: () => boolean;
  readonly gone: () => void;
}

export function pairOf(address: string | undefined, port: number | undefined): Pair {
  const parsed: Address = parseAddress(address?.replace(/%.*$/, "")) ?? refuse("E_CLOSED_REMOTE");
  return { address: parsed, port: port ?? 0 };
}

/** Sends the rest, then goes. Meanwhile nothing is read: nobody would pay for it. */
function leave(socket: Socket, { linger, gone }: StreamOptions): void {
  if (socket.destroyed) return;
  socket.pause();
  if (socket.writableLength === 0) return void socket.destroySoon();
  if (!linger()) return void socket.destroy();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => {
    clearTimeout(timer);
    gone();
  });
  socket.destroySoon();
}

/** Takes over a connected socket. */
export function streamOf(socket: Socket, options: StreamOptions): Stream {
  const local = pairOf(socket.localAddress, socket.localPort);
  const remote = pairOf(socket.remoteAddress, socket.remotePort);
  const { maxBuffer } = options;
  const unread = newByteQueue();
  let incoming: "open" | "ended" | "broken" = "open";
  let isBroken = false;
  let isClosed = false;
  let changed = (): void => undefined;

  socket.on("data", (chunk: Uint8Array) => {
    if (isClosed) return;
    unread.push(chunk);
    if (unread.size >= maxBuffer) socket.pause();
    changed();
  });
  socket.on("end", () => {
    incoming = "ended";
    changed();
  });
  // An error, or the host closed it: what was read before stays.
  const lose = (): void => {
    if (incoming === "open") incoming = "broken";
    isBroken = true;
    changed();
  };
  socket.on("error", lose);
  socket.on("close", lose);
  return {
    local,
    remote,
    available: () => unread.size,
    take(most) {
      const bytes = unread.take(most);
      if (socket.isPaused() && unread.size < maxBuffer) socket.resume();
      return bytes;
    },
    incoming: () => incoming,
    room: () => Math.max(0, maxBuffer - socket.writableLength),
    put(bytes) {
      socket.write(bytes.slice(), () => changed());
    },
    outgoing: () => (isBroken ? "broken" : "open"),
    endWriting: () => void socket.end(),
    close() {
      isClosed = true;
      unread.clear();
      leave(socket, options);
    },
    watch(task) {
      changed = task;
    },
  };
}
