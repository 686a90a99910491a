// TCP within a virtual network.
import { showPair } from "./address.ts";
import { newConnection, type VirtualStream } from "./pipe.ts";
import type { Attempt, LocalWish, Pair, Stream } from "./place.ts";
import { refuse } from "./refusal.ts";
import { boundAt, canHave, checkFree, freePort, isAny, routeTo, sourceFor, travelIn } from "./virtual-host.ts";
import type { VirtualAcceptor, World, WorldHost } from "./world.ts";

const tupleOf = (local: Pair, remote: Pair): string =>
  `${showPair(local.address, local.port)} ${showPair(remote.address, remote.port)}`;

function occupy(host: WorldHost, local: Pair, remote: Pair): void {
  host.tuples.add(tupleOf(local, remote));
  host.portsUsed.set(local.port, (host.portsUsed.get(local.port) ?? 0) + 1);
}

function vacate(host: WorldHost, local: Pair, remote: Pair): void {
  host.tuples.delete(tupleOf(local, remote));
  const left = (host.portsUsed.get(local.port) ?? 1) - 1;
  if (left > 0) host.portsUsed.set(local.port, left);
  else host.portsUsed.delete(local.port);
}

/** What is wrong at this end is said before anything goes out. */
function takeLocal(host: WorldHost, to: Pair, wish: LocalWish): Pair {
  const address = wish.address ?? sourceFor(host, to.address) ?? refuse("E_UNREACHABLE", to.address.text);
  if (!canHave(host, address) || isAny(address)) refuse("E_BIND", address.text);
  const local = { address, port: wish.port || freePort(host, host.acceptors) };
  if (boundAt(host.acceptors, local) !== undefined) refuse("E_IN_USE", showPair(address, local.port));
  if (host.tuples.has(tupleOf(local, to))) refuse("E_DUPLICATE", showPair(to.address, to.port));
  occupy(host, local, to);
  return local;
}

function arrive(world: World, host: WorldHost, other: WorldHost | undefined, from: Pair, to: Pair): Stream {
  if (other === undefined) return refuse("E_UNREACHABLE", to.address.text);
  const acceptor = boundAt(other.acceptors, to) ?? refuse("E_REFUSED", showPair(to.address, to.port));
  const { client, server } = newConnection({
    ...{ from, to, capacity: world.options.buffer, travel: travelIn(world, host, other) },
    closed: (end) => (end === "client" ? vacate(host, from, to) : vacate(other, to, from)),
  });
  if (!acceptor.offer(server)) return refuse("E_REFUSED", showPair(to.address, to.port));
  occupy(other, to, from);
  return client;
}

/** Connects one host to another, or to itself. */
export function connectIn(world: World, host: WorldHost, to: Pair, wish: LocalWish): Attempt<Stream> {
  let isCancelled = false;
  let free = (): void => undefined;
  let reject = (_error: Error): void => undefined;
  const made = new Promise<Stream>((resolve, fail) => {
    reject = fail;
    const from = takeLocal(host, to, wish);
    free = () => vacate(host, from, to);
    const other = routeTo(world, host, to.address);
    if (other?.isSilent === true) return;
    travelIn(
      world,
      host,
      other,
    )(() => {
      if (isCancelled) return;
      try {
        resolve(arrive(world, host, other, from, to));
      } catch (error) {
        free();
        fail(error);
      }
      free = () => undefined;
    });
  });
  const cancel = (): void => {
    isCancelled = true;
    free();
    free = () => undefined;
    reject(new Error("cancelled"));
    made.then(
      (stream) => stream.close(),
      () => undefined,
    );
  };
  return { made, cancel };
}

/** Listens on a host's address and port. */
export function listenIn(world: World, host: WorldHost, at: Pair): VirtualAcceptor {
  const local = checkFree(host, host.acceptors, at);
  const waiting: VirtualStream[] = [];
  let changed = (): void => undefined;
  const ports = host.acceptors.get(local.port) ?? new Map<string, VirtualAcceptor>();
  const acceptor: VirtualAcceptor = {
    local,
    isWaiting: () => waiting.length > 0,
    take: () => waiting.shift(),
    offer(stream) {
      if (waiting.length >= world.options.maxPending) return false;
      waiting.push(stream);
      changed();
      return true;
    },
    close() {
      ports.delete(local.address.text);
      if (ports.size === 0) host.acceptors.delete(local.port);
      for (const stream of waiting.splice(0)) stream.reset();
    },
    watch(task) {
      changed = task;
    },
  };
  host.acceptors.set(local.port, ports.set(local.address.text, acceptor));
  return acceptor;
}
