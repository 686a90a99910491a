// One TCP connection as a capability, over any place's stream.
//
// Invariants
//   S1  Every byte is charged before it is handed on: with no account left, nothing moves and nothing is lost.
//   S2  After close() nothing is read or written, and who still waits is told E_CLOSED.

import { capability } from "../capability.ts";
import { account } from "../meter/index.ts";
import { whenUnused } from "../unused.ts";
import { type Charges, newToll, type Toll } from "./charges.ts";
import { MAX_TRANSFER, SOCKET, type SocketGrant } from "./contract.ts";
import type { Holding } from "./holdings.ts";
import { type Line, newLine } from "./line.ts";
import { caller } from "./owner.ts";
import type { Stream } from "./place.ts";
import { refuse } from "./refusal.ts";

interface Socket {
  readonly stream: Stream;
  readonly holding: Holding;
  readonly charges: Charges;
  readonly reads: Line;
  readonly writes: Line;
  isWriting: boolean;
}

const NO_BYTES = new Uint8Array(0);

function readNow({ stream, holding, charges }: Socket, most: number, toll: Toll): Uint8Array | undefined {
  if (!holding.isOpen) return refuse("E_CLOSED");
  const length = Math.min(most, stream.available());
  if (length > 0) {
    toll.pay(charges.read.send, charges.read.receive + length);
    return stream.take(length);
  }
  if (stream.incoming() === "ended") return NO_BYTES;
  return stream.incoming() === "broken" ? refuse("E_CLOSED_REMOTE") : undefined;
}

/** How many of the bytes went out. */
function writeNow(socket: Socket, bytes: Uint8Array, toll: Toll): number {
  const { stream, holding, charges } = socket;
  if (!holding.isOpen || !socket.isWriting) return refuse("E_CLOSED");
  if (stream.outgoing() === "broken") return refuse("E_CLOSED_REMOTE");
  const length = Math.min(bytes.length, stream.room());
  if (length === 0) return 0;
  toll.pay(charges.write.send + length, charges.write.receive);
  stream.put(bytes.subarray(0, length));
  return length;
}

function checkMost(alleged: number): number {
  return Number.isInteger(alleged) && alleged >= 1 ? Math.min(alleged, MAX_TRANSFER) : refuse("E_TOO_LARGE");
}

function checkData(bytes: Uint8Array): Uint8Array {
  return bytes.length <= MAX_TRANSFER ? bytes : refuse("E_TOO_LARGE");
}

const tollOf = (socket: Socket): Toll => newToll(account(), socket.stream.remote.address);

async function read(socket: Socket, alleged: number): Promise<Uint8Array> {
  const [toll, { gone }, most] = [tollOf(socket), caller(), checkMost(alleged)];
  return await socket.reads.join({ ready: toll.ready, attempt: () => readNow(socket, most, toll), gone });
}

async function write(socket: Socket, alleged: Uint8Array): Promise<void> {
  const [toll, { gone }] = [tollOf(socket), caller()];
  let left = checkData(alleged);
  const attempt = (): true | undefined => {
    left = left.subarray(writeNow(socket, left, toll));
    return left.length === 0 ? true : undefined;
  };
  await socket.writes.join({ ready: toll.ready, attempt, gone });
}

/** Null while another call waits to read, whose bytes these are, and while a rate would make the guest wait. */
function tryRead(socket: Socket, alleged: number): Uint8Array | null {
  const [most, toll] = [checkMost(alleged), tollOf(socket)];
  const isHeld = socket.reads.length > 0 || !toll.isReady();
  return isHeld && socket.holding.isOpen ? null : (readNow(socket, most, toll) ?? null);
}

/** Nothing goes out while another call waits to write, whose bytes would be torn, and while a rate would make it wait. */
function tryWrite(socket: Socket, alleged: Uint8Array): number {
  const [bytes, toll] = [checkData(alleged), tollOf(socket)];
  const isHeld = socket.writes.length > 0 || !toll.isReady();
  return isHeld && socket.holding.isOpen ? 0 : writeNow(socket, bytes, toll);
}

/** In turn with what is being written. */
async function closeWrite(socket: Socket): Promise<void> {
  const { gone } = caller();
  const attempt = (): true => {
    if (!socket.holding.isOpen) refuse("E_CLOSED");
    if (socket.isWriting) socket.stream.endWriting();
    socket.isWriting = false;
    return true;
  };
  await socket.writes.join({ ready: async () => undefined, attempt, gone });
}

/** An account without enough left does not keep a socket open. */
function close(socket: Socket): boolean {
  const toll = tollOf(socket);
  if (!socket.holding.end()) return false;
  try {
    toll.pay(socket.charges.close.send, socket.charges.close.receive);
  } catch {
    // The account's limit is reached; the next act will say so.
  }
  return true;
}

function info({ stream: { local, remote } }: Socket) {
  return {
    localAddress: local.address.text,
    localPort: local.port,
    remoteAddress: remote.address.text,
    remotePort: remote.port,
  };
}

export interface SocketOptions {
  readonly stream: Stream;
  /** Ends when the socket is closed; not filled yet. */
  readonly holding: Holding;
  readonly charges: Charges;
}

/** Grants one connection. */
export function socketOf({ stream, holding, charges }: SocketOptions): SocketGrant {
  const socket: Socket = {
    ...{ stream, holding, charges },
    reads: newLine(),
    writes: newLine(),
    isWriting: true,
  };
  const changed = (): void => {
    socket.reads.changed();
    socket.writes.changed();
  };
  stream.watch(changed);
  holding.fill(() => {
    stream.close();
    changed();
  });
  const granted = capability(SOCKET, {
    read: (most) => read(socket, most),
    tryRead: (most) => tryRead(socket, most),
    write: (bytes) => write(socket, bytes),
    tryWrite: (bytes) => tryWrite(socket, bytes),
    closeWrite: () => closeWrite(socket),
    close: () => close(socket),
    info: () => info(socket),
  });
  return whenUnused(granted, () => void holding.end());
}
