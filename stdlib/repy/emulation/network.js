// Names, addresses and datagrams; connections are in connections.js.
//
// Order of checks (W10): arguments, port granted, own tables (AlreadyListening, DuplicateTuple), sockets free, the
// network below. So ResourceForbiddenError comes before AddressBindingError in all four calls.
import { raise } from "../errors.js";
import { checkAddress, checkPort, isLoopback, trafficOf } from "./address.js";
import { toBytes, toText } from "./bytes.js";
import { argument, checkString } from "./check.js";
import { below } from "./refusals.js";

const HEADER = 64; // bytes charged for each packet on top of its data
/** The smallest limit of the systems that RepyV2 ran on: all behave alike. */
export const MAX_DATAGRAM = 9_216; // bytes

// biome-ignore format: a table
export const NET_MEANINGS = new Map([
  ["E_NAME",        "NetworkAddressError"],
  ["E_ADDRESS",     "NetworkAddressError"],
  ["E_REFUSED",     "ConnectionRefusedError"],
  ["E_UNREACHABLE", "InternetConnectivityError"],
  ["E_TIMEOUT",     "TimeoutError"],
  ["E_IN_USE",      "DuplicateTupleError"],
  ["E_DUPLICATE",   "DuplicateTupleError"],
  ["E_CLEANUP",     "CleanupInProgressError"],
  ["E_BIND",        "AddressBindingError"],
  ["E_CLOSED",      "SocketClosedLocal"],
  ["E_CLOSED_REMOTE", "SocketClosedRemote"],
  ["E_MOST_OPEN",   "ResourceExhaustedError"],
  ["E_NOT_GRANTED", "ResourceForbiddenError"],
]);

export const pairOf = (address, port) => `${address}:${port}`;

export async function checkLocal(net, address) {
  if (isLoopback(address)) return;
  const own = await below(NET_MEANINGS, () => net.addresses());
  if (!own.includes(address)) raise("AddressBindingError", `${address} is not an address of this host`);
}

export function createNames({ net, nanny }) {
  async function gethostbyname(name) {
    checkString(name, "name");
    await nanny.charge("netsend", 1_024);
    await nanny.charge("netrecv", 4_096);
    const found = await below(NET_MEANINGS, () => net.resolve(name));
    const address = found.find((one) => !one.includes(":"));
    return address ?? raise("NetworkAddressError", "the name does not resolve to an address of four parts");
  }

  async function getmyip() {
    await nanny.charge("netsend", 256);
    await nanny.charge("netrecv", 128);
    const own = await below(NET_MEANINGS, () => net.addresses());
    const address = own.find((one) => !one.includes(":") && !isLoopback(one));
    return address ?? raise("InternetConnectivityError", "this host has no address but its own loop");
  }

  return { gethostbyname, getmyip };
}

export function createMessages({ net, nanny }) {
  const listeners = new Map(); // pair to the mailbox below

  async function sendmessage(destip, destport, message, localip, localport) {
    checkString(destip, "destip");
    const bytes = toBytes(message, "message");
    checkString(localip, "localip");
    checkPort(destport, "destport");
    checkPort(localport, "localport");
    checkAddress(destip, "destip");
    checkAddress(localip, "localip");
    if (destip === localip && destport === localport) argument("a message to oneself");
    nanny.usePort("messport", localport);
    if (bytes.length > MAX_DATAGRAM) argument(`the message is longer than ${MAX_DATAGRAM} bytes`);
    const { send } = trafficOf(destip);
    await nanny.wait(send);
    const own = listeners.get(pairOf(localip, localport))?.mailbox;
    if (own !== undefined) await below(NET_MEANINGS, () => own.send(bytes, destip, destport));
    else await postOnce({ host: destip, port: destport, bytes, localAddress: localip, localPort: localport });
    await nanny.charge(send, HEADER + bytes.length);
    return bytes.length;
  }

  /** The item lives as long as the socket: for this call (W14). */
  async function postOnce(datagram) {
    const release = nanny.take("outsockets");
    try {
      await checkLocal(net, datagram.localAddress);
      await below(NET_MEANINGS, () => net.send(datagram));
    } finally {
      release();
    }
  }

  async function listenformessage(localip, localport) {
    checkAddress(localip, "localip");
    checkPort(localport, "localport");
    nanny.usePort("messport", localport);
    const pair = pairOf(localip, localport);
    if (listeners.has(pair)) raise("AlreadyListeningError", `${pair} is listened on`);
    const release = nanny.take("insockets");
    const entry = { mailbox: undefined };
    listeners.set(pair, entry);
    const end = () => {
      listeners.delete(pair);
      release();
    };
    try {
      await checkLocal(net, localip);
      entry.mailbox = await below(NET_MEANINGS, () => net.bind({ address: localip, port: localport }));
    } catch (error) {
      end();
      throw error;
    }
    return createMailbox({ mailbox: entry.mailbox, receive: trafficOf(localip).receive, nanny, end });
  }

  return { sendmessage, listenformessage };
}

function createMailbox({ mailbox, receive, nanny, end }) {
  let isOpen = true;
  const checkOpen = () => isOpen || raise("SocketClosedLocal", "the socket is closed");
  return {
    async getmessage() {
      checkOpen();
      await nanny.wait(receive);
      checkOpen();
      const letter = await below(NET_MEANINGS, () => mailbox.tryReceive());
      if (letter === undefined || letter === null) raise("SocketWouldBlockError", "no message waits");
      await nanny.charge(receive, HEADER + letter.bytes.length);
      return { ip: letter.address, port: letter.port, message: toText(letter.bytes) };
    },
    /** True the first time, then false (W11). */
    async close() {
      if (!isOpen) return false;
      isOpen = false;
      await mailbox.close();
      end();
      return true;
    },
  };
}
