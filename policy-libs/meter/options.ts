// What a meter is made of, checked: a limit that is no number must not be no limit.

import type { Prices } from "./bill.ts";
import type { Rate } from "./bucket.ts";
import { indexOf, type Metered, RESOURCES } from "./resources.ts";
import type { Time } from "./time.ts";

/** So much of some resources. */
export type Amounts = Readonly<Partial<Record<Metered, number>>>;

/**
 * The order of siblings that want the thread at once. Not strict, or a lower one could starve: all those of one priority
 * together have a hundredth of what those of the next higher have together.
 */
export type Priority = "interactive" | "normal" | "batch";

/** Of the thread's time. */
export const SHARE_OF: Readonly<Record<Priority, number>> = { interactive: 10_000, normal: 100, batch: 1 };

/** What a meter allows, and its name. */
export interface MeterOptions {
  /** For messages and bills. */
  readonly name: string;
  /** The most that may be in use at once, or in all for what is not given back. */
  readonly limits?: Amounts | undefined;
  /** A number is so many units a second. */
  readonly rates?: Readonly<Partial<Record<Metered, number | Rate>>> | undefined;
  /**
   * Its part of the rates above and of the thread's time, among the siblings that use them at the moment: 0.001 to 1000.
   * Default: 1.
   */
  readonly share?: number | undefined;
  /** Before which siblings it has the thread. Default: "normal". */
  readonly priority?: Priority | undefined;
  /** Where time comes from. Default: the host's, or the parent's. */
  readonly time?: Time | undefined;
}

export interface CheckedOptions {
  readonly name: string;
  readonly limits: ReadonlyMap<Metered, number>;
  readonly rates: ReadonlyMap<Metered, Rate>;
  readonly share: number;
  readonly priority: Priority;
  readonly time: Time | undefined;
}

export function refuse(name: unknown, what: string): never {
  throw Object.assign(new Error(`meter ${String(name)}: ${what}`), { name: "MeterError", code: "E_METER" });
}

const isAmount = (value: unknown): value is number => typeof value === "number" && value >= 0;
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** The amount, if it is one of a resource that there is. */
export function checkAmount(name: string, what: string, resource: string, amount: unknown): number {
  if (indexOf(resource as Metered) === undefined)
    refuse(name, `${what} names ${JSON.stringify(resource)}: there are ${RESOURCES.join(", ")}`);
  return isAmount(amount) ? amount : refuse(name, `${what}.${resource} must be a number of 0 or more`);
}

function checkRate(name: string, resource: string, given: unknown): Rate {
  const { perSecond, burst, resume } = isObject(given) ? (given as Rate) : ({ perSecond: given } as Partial<Rate>);
  if (checkAmount(name, "rates", resource, perSecond) === Infinity)
    refuse(name, `rates.${resource} must be finite: without a rate there is none`);
  if (burst !== undefined) checkAmount(name, "rates", resource, burst);
  if (resume !== undefined && checkAmount(name, "rates", resource, resume) > (burst ?? (perSecond as number)))
    refuse(name, `rates.${resource}.resume must be at most the burst`);
  return { perSecond: perSecond as number, burst, resume };
}

/** A table by resource, each value read once. */
function checkTable<T>(
  name: string,
  what: string,
  given: unknown,
  check: (resource: string, value: unknown) => T,
): Map<Metered, T> {
  if (given === undefined) return new Map();
  if (!isObject(given)) return refuse(name, `${what} must be an object of resources`);
  const entries: [string, unknown][] = Object.entries(given);
  return new Map(entries.map(([resource, value]) => [resource as Metered, check(resource, value)]));
}

function checkTime(name: string, time: Partial<Time> | undefined): Time | undefined {
  if (time === undefined) return undefined;
  const isTime = isObject(time) && typeof time.now === "function" && typeof time.after === "function";
  return isTime ? (time as Time) : refuse(name, "time must be { now, after }");
}

/** A copy that was checked. Throws E_METER. */
export function checkOptions(given: MeterOptions): CheckedOptions {
  if (!isObject(given)) refuse(undefined, "it needs a name");
  const { name, limits, rates, share = 1, priority = "normal", time } = given;
  if (typeof name !== "string" || name === "") refuse(name, "it needs a name");
  // Sums of shares must stay exact enough that the smallest of them counts.
  if (!(share >= 1e-3 && share <= 1e3)) refuse(name, "share must be a number from 0.001 to 1000");
  if (!Object.hasOwn(SHARE_OF, priority)) refuse(name, `priority must be ${Object.keys(SHARE_OF).join(", ")}`);
  return {
    ...{ name, share, priority, time: checkTime(name, time) },
    limits: checkTable(name, "limits", limits, (resource, most) => checkAmount(name, "limits", resource, most)),
    rates: checkTable(name, "rates", rates, (resource, rate) => checkRate(name, resource, rate)),
  };
}

/** A copy that was checked. Throws E_METER. */
export function checkPrices(name: string, prices: Prices): ReadonlyMap<Metered, number> {
  return checkTable(name, "prices", prices, (resource, price) => {
    const checked = checkAmount(name, "prices", resource, price);
    return checked === Infinity ? refuse(name, `prices.${resource} must be finite`) : checked;
  });
}
