// TCP: connections and listeners. Nothing blocks but openconnection, and that no longer than its timeout.
//
// Invariants
//   C1  A pair has one listener and a four-tuple one connection, those that are being made included.
//   C2  Every outsocket and insocket is released with the socket it was taken for, exactly once.
import { raise } from "../errors.js";
import { checkAddress, checkPort, trafficOf } from "./address.js";
import { toBytes, toText } from "./bytes.js";
import { argument, checkInteger, checkNumber, checkString } from "./check.js";
import { checkLocal, NET_MEANINGS, pairOf } from "./network.js";
import { below } from "./refusals.js";

const PACKET = 64; // bytes
/** The send buffer of a RepyV2 socket is 10,000 bytes, and a message is cut to one byte less. */
export const MAX_SEND = 9_999; // bytes
const MAX_TIMEOUT = 600_000; // milliseconds that the network below can be asked for
const MAX_RECEIVE = 1_048_576; // bytes of one recv: what the gate carries in one value without pain

function createSocket({ stream, remote, nanny, end }) {
  const { send: sends, receive: receives } = trafficOf(remote);
  let isOpen = true;
  const checkOpen = () => isOpen || raise("SocketClosedLocal", "the socket is closed");
  const ready = async () => {
    checkOpen();
    await nanny.wait(receives, sends);
    checkOpen();
  };
  return {
    async recv(numbytes) {
      checkInteger(numbytes, 1, "numbytes");
      await ready();
      const bytes = await below(NET_MEANINGS, () => stream.tryRead(Math.min(numbytes, MAX_RECEIVE)));
      if (bytes === undefined || bytes === null) raise("SocketWouldBlockError", "nothing has come");
      if (bytes.length === 0) raise("SocketClosedRemote", "the other end closed");
      await nanny.charge(receives, PACKET + bytes.length);
      await nanny.charge(sends, PACKET);
      return toText(bytes);
    },
    async send(message) {
      checkString(message, "message");
      const bytes = toBytes(message.slice(0, MAX_SEND), "message");
      await ready();
      const sent = await below(NET_MEANINGS, () => stream.tryWrite(bytes));
      if (sent === 0 && bytes.length > 0) raise("SocketWouldBlockError", "the buffer is full");
      await nanny.charge(sends, PACKET + sent);
      await nanny.charge(receives, PACKET);
      return sent;
    },
    async close() {
      if (!isOpen) return false;
      isOpen = false;
      await stream.close();
      end();
      await nanny.charge(sends, 2 * PACKET);
      await nanny.charge(receives, PACKET);
      return true;
    },
  };
}

function createServer({ acceptor, traffic, nanny, end }) {
  let isOpen = true;
  /** Accepted below when no outsocket was free: it waits here, and is not lost. */
  let held;
  const checkOpen = () => isOpen || raise("SocketClosedLocal", "the socket is closed");
  return {
    async getconnection() {
      checkOpen();
      await nanny.wait(traffic.receive, traffic.send);
      checkOpen();
      const accepted = held ?? (await below(NET_MEANINGS, () => acceptor.tryAccept()));
      held = undefined;
      if (accepted === undefined || accepted === null) raise("SocketWouldBlockError", "no connection waits");
      held = accepted;
      const release = nanny.take("outsockets");
      held = undefined;
      const { address, port, socket: stream } = accepted;
      await nanny.charge(traffic.receive, 2 * PACKET);
      await nanny.charge(traffic.send, PACKET);
      return { ip: address, port, socket: createSocket({ stream, remote: address, nanny, end: release }) };
    },
    /** True the first time, then false (W11). */
    async close() {
      if (!isOpen) return false;
      isOpen = false;
      await held?.socket.close();
      await acceptor.close();
      end();
      return true;
    },
  };
}

/** Ends what was begun if it cannot be made. */
async function guarded(end, make) {
  try {
    return await make();
  } catch (error) {
    end();
    throw error;
  }
}

function checkConnection(destip, destport, localip, localport, timeout) {
  checkString(destip, "destip");
  checkString(localip, "localip");
  checkNumber(timeout, "timeout");
  checkAddress(destip, "destip");
  checkAddress(localip, "localip");
  checkPort(destport, "destport");
  checkPort(localport, "localport");
  if (timeout <= 0) argument("timeout must be above 0");
  if (destip === localip && destport === localport) argument("a connection to oneself");
}

export function createConnections({ net, nanny }) {
  const listening = new Set();
  const open = new Set();

  const checkNotListening = (pair) => {
    if (listening.has(pair)) raise("AlreadyListeningError", `${pair} is listened on`);
  };

  function hold(table, key, resource) {
    const release = nanny.take(resource);
    table.add(key);
    return () => {
      table.delete(key);
      release();
    };
  }

  async function openconnection(destip, destport, localip, localport, timeout) {
    checkConnection(destip, destport, localip, localport, timeout);
    nanny.usePort("connport", localport);
    const traffic = trafficOf(destip);
    await nanny.wait(traffic.send, traffic.receive);
    const local = pairOf(localip, localport);
    const tuple = `${local} ${pairOf(destip, destport)}`;
    checkNotListening(local);
    if (open.has(tuple)) raise("DuplicateTupleError", `${tuple} is connected`);
    const end = hold(open, tuple, "outsockets");
    const ms = Math.min(Math.ceil(timeout * 1000), MAX_TIMEOUT);
    const to = { host: destip, port: destport, localAddress: localip, localPort: localport, timeout: ms };
    const stream = await guarded(end, async () => {
      await checkLocal(net, localip);
      return below(NET_MEANINGS, () => net.connect(to));
    });
    await nanny.charge(traffic.send, 2 * PACKET);
    await nanny.charge(traffic.receive, PACKET);
    return createSocket({ stream, remote: destip, nanny, end });
  }

  async function listenforconnection(localip, localport) {
    checkAddress(localip, "localip");
    checkPort(localport, "localport");
    nanny.usePort("connport", localport);
    const pair = pairOf(localip, localport);
    checkNotListening(pair);
    const end = hold(listening, pair, "insockets");
    const acceptor = await guarded(end, async () => {
      await checkLocal(net, localip);
      return below(NET_MEANINGS, () => net.listen({ address: localip, port: localport }));
    });
    return createServer({ acceptor, traffic: trafficOf(localip), nanny, end });
  }

  return { openconnection, listenforconnection };
}
