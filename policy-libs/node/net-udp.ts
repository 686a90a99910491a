// UDP of the host, for addresses that were checked already.
import { createSocket, type Socket } from "node:dgram";
import { newLetters } from "../net/letters.ts";
import type { Mailbox, Pair } from "../net/place.ts";
import { refuse } from "../net/refusal.ts";
import { translate } from "./net-errors.ts";
import { pairOf } from "./net-stream.ts";

/** Datagrams that wait at one mailbox; more are lost. */
const MAX_LETTERS = 64;

type Found = (error: Error | null, address: string, family: number) => void;

/** An address is its own answer: whatever is sent to was an address already. */
const newLookup = (family: 4 | 6) => (address: string, _options: unknown, done: Found) => done(null, address, family);

function send(socket: Socket, bytes: Uint8Array, to: Pair): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = (error: Error | null): void => (error === null ? resolve() : reject(translate(error, "send")));
    try {
      socket.send(bytes, to.port, to.address.text, sent);
    } catch (error) {
      reject(translate(error, "send")); // Closed meanwhile.
    }
  });
}

function mailboxOf(socket: Socket, maxDatagram: number): Mailbox {
  const { address, port } = socket.address();
  const local = pairOf(address, port);
  const letters = newLetters(MAX_LETTERS);
  let changed = (): void => undefined;
  socket.on("error", () => undefined);
  socket.on("message", (data, from) => {
    if (data.length > maxDatagram) return;
    letters.add({ bytes: new Uint8Array(data), from: pairOf(from.address, from.port) });
    changed();
  });
  return {
    local,
    waiting: letters.first,
    take: letters.take,
    async post(bytes, to) {
      if (to.address.family !== local.address.family) refuse("E_UNREACHABLE", to.address.text);
      await send(socket, bytes, to);
    },
    close() {
      socket.close();
      letters.clear();
    },
    watch(task) {
      changed = task;
    },
  };
}

/** Takes an address and port for datagrams. */
export function bindTo({ address, port }: Pair, maxDatagram: number): Promise<Mailbox> {
  const { family } = address;
  const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6, lookup: newLookup(family) });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(translate(error, "bind"));
    });
    socket.once("listening", () => {
      socket.removeAllListeners("error");
      resolve(mailboxOf(socket, maxDatagram));
    });
    socket.bind({ address: address.text, port, exclusive: true });
  });
}
