// What accounts count, by name, and what kind of thing each is.

/** An account's numbers are in this order. The first six are the kernel's own (kernel/meter.ts). */
// biome-ignore format: a table
export const RESOURCES = [
  "fuel", "memory", "calls", "bytes", "inFlight", "domains",
  "fileRead", "fileWrite", "diskUsed", "filesOpened",
  "netSend", "netReceive", "loopSend", "loopReceive", "inSockets", "outSockets",
  "logBytes", "randomBytes", "events",
] as const;
export type Metered = (typeof RESOURCES)[number];

/** Held for a while, then given back. All others are used up: what comes back of those was never used. */
const HELD: readonly Metered[] = [
  ...(["memory", "inFlight", "domains", "diskUsed"] as const),
  ...(["filesOpened", "inSockets", "outSockets", "events"] as const),
];

/** Used by the kernel itself, so that nobody can wait before it: domains stand still after it. */
const OF_KERNEL: readonly Metered[] = ["fuel", "memory", "calls", "bytes", "inFlight", "domains"];

/** By the index of RESOURCES. */
export const IS_HELD: readonly boolean[] = RESOURCES.map((name) => HELD.includes(name));
export const IS_OF_KERNEL: readonly boolean[] = RESOURCES.map((name) => OF_KERNEL.includes(name));

/** Undefined if there is no such resource. */
export function indexOf(resource: Metered): number | undefined {
  const index = RESOURCES.indexOf(resource);
  return index < 0 ? undefined : index;
}

export const recordOf = (values: (index: number) => number): Record<Metered, number> =>
  Object.fromEntries(RESOURCES.map((name, index) => [name, values(index)])) as Record<Metered, number>;
