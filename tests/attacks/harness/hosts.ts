// The host functions that attacks may call, as the catalogue describes them, and a ledger of what the host saw.
import { whatIsLive } from "./inert.ts";
import type { HostView } from "./view.ts";

export interface Ledger {
  /** Host calls since the guest's end. */
  late: number;
  inFlight: number;
  maxInFlight: number;
  /** Characters that the host was given to show. */
  shown: number;
  /** What a guest managed to hand to the host that is more than data. */
  readonly live: Set<string>;
  ended: boolean;
}

export interface Hosts {
  readonly grants: Readonly<Record<string, unknown>>;
  readonly ledger: Ledger;
}

export const newLedger = (): Ledger => ({
  late: 0,
  inFlight: 0,
  maxInFlight: 0,
  shown: 0,
  live: new Set(),
  ended: false,
});

function note(ledger: Ledger, values: readonly unknown[], view: HostView): void {
  if (ledger.ended) ledger.late++;
  for (const value of values) {
    const live = whatIsLive(value, view);
    if (live !== undefined) ledger.live.add(live);
  }
}

async function later(ledger: Ledger, value: unknown, view: HostView): Promise<unknown> {
  ledger.maxInFlight = Math.max(ledger.maxInFlight, ++ledger.inFlight);
  await view.turn();
  ledger.inFlight--;
  if ((value as { reject?: unknown } | undefined)?.reject === true) throw new Error("host-reject");
  return value;
}

function sum(list: readonly number[]): number {
  if (list.length > 4) throw new Error("too long");
  let total = 0;
  for (let i = 0; i < list.length; i++) total += Number(list[i]);
  return total;
}

function checkThenUse(order: { path: unknown }): string {
  if (!String(order.path).startsWith("/safe/")) throw new Error("refused");
  return `USED ${order.path}`;
}

function fail(message: unknown): never {
  throw new TypeError(String(message), { cause: new RangeError("inner") });
}

function show(ledger: Ledger, value: unknown, view: HostView): void {
  ledger.shown += view.inspect(value).length;
}

/** Each function says HOSTSRC in its own text, which no guest may read. */
export function makeHosts(view: HostView, ledger = newLedger()): Hosts {
  const grants = {
    hostEcho(value: unknown) {
      /* HOSTSRC */ note(ledger, [value], view);
      return value;
    },
    hostCall(f: unknown, a: unknown) {
      /* HOSTSRC */ note(ledger, [], view);
      return typeof f === "function" ? f(a) : undefined;
    },
    hostAsync(value: unknown) {
      /* HOSTSRC */ note(ledger, [value], view);
      return later(ledger, value, view);
    },
    hostThrow: (message: unknown) => /* HOSTSRC */ fail(message),
    hostInspect(value: unknown) {
      /* HOSTSRC */ note(ledger, [], view);
      show(ledger, value, view);
    },
    hostCap: { read: (path: unknown) => /* HOSTSRC */ `contents of ${path}`, tag: () => /* HOSTSRC */ "tag" },
    hostCheckThenUse: (order: { path: unknown }) => /* HOSTSRC */ checkThenUse(order),
    hostSum: (list: number[]) => /* HOSTSRC */ sum(list),
  };
  return { grants, ledger };
}
