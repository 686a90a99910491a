// A network in memory: hosts, their addresses and names, and what each of them has open. The same calls in the same
// order give the same addresses, ports and answers.
import { type Address, address4, parseAddress } from "./address.ts";
import type { Later } from "./deadline.ts";
import { parseHost } from "./host.ts";
import type { VirtualStream } from "./pipe.ts";
import type { Acceptor, Mailbox, Pair } from "./place.ts";
import { isLoopback } from "./ranges.ts";

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const setTimeout: (task: () => void, ms: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/** How a virtual network behaves. */
export interface WorldOptions {
  /** Bytes of each way's buffer of a connection. Default: 65,536. */
  readonly buffer?: number;
  /** Milliseconds that everything takes from one host to another. Default: none, not even a later turn. */
  readonly latency?: number;
  /** Runs a task after so many milliseconds: for latencies and timeouts. Default: the host's timer. */
  readonly later?: Later;
  /** Connections that wait at one listener. Default: 64. */
  readonly maxPending?: number;
  /** Datagrams that wait at one mailbox; more are lost. Default: 64. */
  readonly maxLetters?: number;
}

export interface WorldHost {
  readonly addresses: readonly Address[];
  /** Gives no answer to anything. */
  readonly isSilent: boolean;
  /** By port, then by address. TCP and UDP have ports of their own. */
  readonly acceptors: Map<number, Map<string, VirtualAcceptor>>;
  readonly mailboxes: Map<number, Map<string, VirtualMailbox>>;
  /** Connections by both pairs. */
  readonly tuples: Set<string>;
  /** Open connections by local port. */
  readonly portsUsed: Map<number, number>;
  nextPort: number;
}

export interface VirtualAcceptor extends Acceptor {
  offer(stream: VirtualStream): boolean;
}

export interface VirtualMailbox extends Mailbox {
  deliver(bytes: Uint8Array, from: Pair): void;
}

/** A network in memory, with hosts that see each other. */
export interface World {
  readonly options: Required<WorldOptions>;
  readonly hosts: Map<string, WorldHost>;
  readonly names: Map<string, readonly string[]>;
  nextAddress: bigint;
}

/** The addresses and names of a virtual host. */
export interface HostOptions {
  /** Default: the next of 10.0.0.0/8. */
  readonly addresses?: readonly string[];
  readonly names?: readonly string[];
  /** A host that gives no answer: connecting to it waits for its timeout. */
  readonly silent?: boolean;
}

/** First of the ports that a host gives out by itself (RFC 6335 6). */
export const FIRST_FREE_PORT = 49_152;

const hostTimer: Later = (ms, task) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** A network without hosts. */
export function virtualWorld(options: WorldOptions = {}): World {
  const defaults = { buffer: 65_536, latency: 0, later: hostTimer, maxPending: 64, maxLetters: 64 };
  const nextAddress = (10n << 24n) + 1n; // 10.0.0.1
  return { options: { ...defaults, ...options }, hosts: new Map(), names: new Map(), nextAddress };
}

function wrong(what: string): never {
  throw new TypeError(what);
}

function freshAddress(world: World): Address {
  for (;;) {
    const address = address4(world.nextAddress++);
    if (!world.hosts.has(address.text)) return address;
  }
}

function addressesOf(world: World, texts: readonly string[]): readonly Address[] {
  return texts.map((text) => {
    const address = parseAddress(text) ?? wrong(`${text} is not an address`);
    if (isLoopback(address)) wrong(`${text} is the loopback address that every host has`);
    return world.hosts.has(text) ? wrong(`${text} is another host's`) : address;
  });
}

function addName(world: World, text: string, addresses: readonly Address[]): void {
  const host = parseHost(text);
  if (host?.kind !== "name") return wrong(`${text} is not a name`);
  const known = world.names.get(host.text) ?? [];
  world.names.set(host.text, [...known, ...addresses.map((address) => address.text)]);
}

/** Adds a host to a network. Throws a TypeError if an address is taken already. */
export function addHost(world: World, { addresses, names = [], silent = false }: HostOptions = {}): WorldHost {
  const own = addresses === undefined ? [freshAddress(world)] : addressesOf(world, addresses);
  const host: WorldHost = {
    ...{ addresses: own, isSilent: silent, acceptors: new Map(), mailboxes: new Map() },
    ...{ tuples: new Set<string>(), portsUsed: new Map<number, number>(), nextPort: FIRST_FREE_PORT },
  };
  for (const address of own) world.hosts.set(address.text, host);
  for (const name of names) addName(world, name, own);
  return host;
}
