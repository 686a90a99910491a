// The real network of `cordon repy --net`: the ports of the restrictions at 127.0.0.1, and whatever --net-allow names.
//
// Invariants
//   RN1  Nothing is received from outside of this host but answers: listeners and mailboxes are at 127.0.0.1 alone.
//   RN2  Nothing outside of 127.0.0.1 is reached that --net-allow does not name.
import { networkInterfaces } from "node:os";
import { capability, type Granted, type HostFunction, wrapping } from "../../policy-libs/index.ts";
import type { RepyRestrictions } from "../node/index.ts";
import { UsageError } from "./exit.ts";
import { network } from "./grants/libraries.ts";

const LOOP = "127.0.0.1";

/** "5-7" and "9" for 5, 6, 7, 9: a grant has so many endpoints only. */
export function rangesOf(ports: readonly number[]): string[] {
  const sorted = [...new Set(ports)].sort((a, b) => a - b);
  const starts = sorted.filter((port, at) => sorted[at - 1] !== port - 1);
  const ends = sorted.filter((port, at) => sorted[at + 1] !== port + 1);
  return starts.map((from, at) => (from === ends[at] ? `${from}` : `${from}-${ends[at]}`));
}

const at = (address: string, ports: readonly string[]): string[] => ports.map((range) => `${address}:${range}`);

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address),
  );

interface Place {
  readonly address?: unknown;
}

/** Where an own address is needed to go out from, nobody may come in by it. */
function onlyFromHere(net: Granted): Granted {
  const guarded = (call: HostFunction) => (place: Place) => {
    if (place.address === LOOP) return call(place as never);
    throw Object.assign(new Error(`listening at ${String(place.address)}`), { code: "E_NOT_GRANTED" });
  };
  const { listen, bind } = net.functions as Readonly<Record<"listen" | "bind", HostFunction>>;
  const functions = { ...net.functions, listen: guarded(listen), bind: guarded(bind) };
  return wrapping(capability(net.contract as never, functions, net.modes) as Granted, net);
}

export function restrictedNet({ connport, messport }: RepyRestrictions, allowed: readonly string[]): Granted {
  const [tcp, udp] = [rangesOf(connport), rangesOf(messport)];
  // Whoever goes out does so from an address of this host, and a port of the restrictions.
  const from = allowed.length === 0 ? [LOOP] : [LOOP, ...ownAddresses()];
  try {
    const net = network({
      allow: [...at(LOOP, tcp), ...allowed],
      listen: from.flatMap((address) => at(address, tcp)),
      udp: [...at(LOOP, udp), ...allowed],
      bind: from.flatMap((address) => at(address, udp)),
    });
    return onlyFromHere(net);
  } catch (error) {
    throw new UsageError(`--net: ${(error as Error).message}`, "--net-allow api.example.com:443");
  }
}
