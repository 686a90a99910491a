// TCP of the host: connecting to and listening on addresses that were checked already. No name is ever looked up here.
import { createServer, type LookupFunction, type Server, Socket } from "node:net";
import type { Acceptor, Attempt, LocalWish, Pair, Stream } from "../net/place.ts";
import { translate } from "./net-errors.ts";
import { pairOf, type StreamOptions, streamOf } from "./net-stream.ts";

/** Connections that wait at one listener for the guest; more are reset. */
const MAX_PENDING = 64;
/** Connections that wait in the host's own system for us. With fewer, a burst waits a second and tries again. */
const BACKLOG = 511;

/** `lookup` is never asked for an address; should it be, it knows none. */
const lookup: LookupFunction = (_name, _options, done) => done(new Error("no names here"), []);

const streamSettings = ({ maxBuffer }: StreamOptions) => ({
  allowHalfOpen: true,
  readableHighWaterMark: maxBuffer,
  writableHighWaterMark: maxBuffer,
});

/** Connects to an address. */
export function connectTo(to: Pair, from: LocalWish, options: StreamOptions): Attempt<Stream> {
  const socket = new Socket(streamSettings(options) as ConstructorParameters<typeof Socket>[0]);
  const made = new Promise<Stream>((resolve, reject) => {
    const fail = (error: Error): void => reject(translate(error, "connect"));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.removeListener("error", fail);
      try {
        resolve(streamOf(socket, options));
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    });
    socket.once("close", () => fail(Object.assign(new Error(), { code: "ECONNRESET" })));
    socket.connect({
      ...{ host: to.address.text, port: to.port, family: to.address.family, autoSelectFamily: false, lookup },
      ...(from.address && { localAddress: from.address.text }),
      ...(from.port && { localPort: from.port }),
    });
  });
  return { made, cancel: () => void socket.destroy() };
}

interface Pending {
  readonly stream: Stream;
  readonly socket: Socket;
}

/** What the acceptor's server tells. */
function acceptorOf(server: Server, options: StreamOptions): Acceptor {
  const { address, port } = server.address() as { readonly address: string; readonly port: number };
  let waiting: Pending[] = [];
  let changed = (): void => undefined;
  server.on("connection", (socket) => {
    // A socket without a listener for its errors would end the process.
    socket.on("error", () => undefined);
    if (waiting.length >= MAX_PENDING) return void socket.resetAndDestroy();
    try {
      waiting.push({ stream: streamOf(socket, options), socket });
    } catch {
      socket.destroy(); // Gone already: it has no address any more.
    }
    changed();
  });
  server.on("error", () => undefined);
  return {
    local: pairOf(address, port),
    isWaiting: () => waiting.length > 0,
    take() {
      const pending = waiting.shift();
      pending?.socket.resume();
      return pending?.stream;
    },
    close() {
      server.close();
      for (const { socket } of waiting) socket.resetAndDestroy();
      waiting = [];
    },
    watch(task) {
      changed = task;
    },
  };
}

/** Listens on an address and port. */
export function listenOn({ address, port }: Pair, options: StreamOptions): Promise<Acceptor> {
  // Nothing is read before somebody accepts: pauseOnConnect. Nobody shares the port: exclusive.
  const { maxBuffer } = options;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, highWaterMark: maxBuffer });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(translate(error, "listen")));
    server.once("listening", () => resolve(acceptorOf(server, options)));
    server.listen({ host: address.text, port, exclusive: true, ipv6Only: true, backlog: BACKLOG });
  });
}
