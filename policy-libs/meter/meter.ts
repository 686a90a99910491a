// The tree of meters: what a tenant, a domain, a layer or a capability may use, does use, and owes.
//
//   const acme = meter({ name: "acme", limits: { fuel: 1e9 }, rates: { netSend: { perSecond: 1e6 } } });
//   await run({ source, meter: acme.child({ name: "report", share: 3 }) });
//   acme.bill({ fuel: 1e-9 });
//
// The kernel counts (kernel/meter.ts): limits hold there, at the charge. Rates are kept here: a domain that has used
// more than its bucket holds stands still until it has drained; host functions wait for theirs by `account().wait`.
//
// Invariants
//   ME1  What a meter has used is at least what those below it have: the kernel counts every charge up to the root.
//   ME2  `total` never falls: what is given back (a closed file) was used all the same.
import { type Account, freeze, type Metered, newAccount, RESOURCES, thaw } from "../../kernel/index.ts";
import { type Bill, linesOf, type Prices } from "./bill.ts";
import { type Bucket, newBucket, type Rate } from "./bucket.ts";
import { checkOptions } from "./options.ts";
import { hostTime, type Time } from "./time.ts";

export type Amounts = Readonly<Partial<Record<Metered, number>>>;

export interface MeterOptions {
  /** For messages and bills. */
  readonly name: string;
  /** The most that may be in use at once, or in all for what is not given back. */
  readonly limits?: Amounts | undefined;
  /** A number is so many units a second. */
  readonly rates?: Readonly<Partial<Record<Metered, number | Rate>>> | undefined;
  /** Its part of the parent's rates, among the siblings that use them at the moment. Default: 1. */
  readonly share?: number | undefined;
  /** Where time comes from. Default: the host's, or the parent's. */
  readonly time?: Time | undefined;
}

export interface Meter {
  readonly name: string;
  readonly account: Account;
  readonly time: Time;
  child(options: MeterOptions): Meter;
  /** What is in use. */
  usage(): Readonly<Record<Metered, number>>;
  /** What was used in all. */
  totals(): Readonly<Record<Metered, number>>;
  limits(): Amounts;
  /** Changes a limit; Infinity takes it away. What is in use already stays so. */
  limit(resource: Metered, most: number): void;
  /** Milliseconds until the rates of this meter and those above let `resource` be used again. */
  delay(resource: Metered): number;
  /** Levels of its own buckets. */
  levels(): Amounts;
  /** Domains below stand still from the end of their slices on. Counts: as many thaws as freezes. */
  freeze(): void;
  thaw(): void;
  readonly isFrozen: boolean;
  /** When rates stopped the domains below, and for how long: [ms since the meter was made, ms], the last 100. */
  stops(): readonly (readonly [number, number])[];
  bill(prices: Prices): Bill;
  /** Takes it out of its parent's bills. What it has used stays counted above. */
  remove(): void;
}

/** What the kernel uses by itself, so that waiting means standing still. */
const RUNNING: ReadonlySet<Metered> = new Set(["fuel", "calls", "bytes"]);
const MOST_STOPS = 100;
/** A meter that used nothing for so long has no share of its parent's rates. */
const ACTIVE_MS = 1000;

interface Node {
  readonly options: MeterOptions;
  readonly parent: Node | undefined;
  readonly children: Set<Node>;
  readonly time: Time;
  readonly totals: Float64Array;
  readonly buckets: Map<Metered, Bucket>;
  readonly born: number;
  readonly stops: [number, number][];
  isStopped: boolean;
  lastUse: number;
  account: Account;
  meter: Meter;
}

const nodes = new WeakMap<Account, Node>();

/** The name of an account, if a meter made it. */
export const nameOf = (account: Account): string | undefined => nodes.get(account)?.options.name;

const shareOf = ({ options }: Node): number => options.share ?? 1;
const isActive = (node: Node): boolean => node.time.now() - node.lastUse < ACTIVE_MS;

/** The part of the parent's rate that a node has: its share among the siblings that use it. */
function partOf(node: Node): number {
  const { parent } = node;
  if (parent === undefined) return 1;
  const shares = [...parent.children].filter((one) => one === node || isActive(one)).map(shareOf);
  return shareOf(node) / shares.reduce((sum, share) => sum + share, 0);
}

const toRate = (rate: number | Rate): Rate => (typeof rate === "number" ? { perSecond: rate } : rate);

/** Its own buckets, and one for each of the parent's, with its part of that rate. */
function addBuckets(node: Node): void {
  const { time, parent } = node;
  for (const [resource, rate] of Object.entries(node.options.rates ?? {}))
    node.buckets.set(resource as Metered, newBucket(toRate(rate), time.now));
  for (const [resource, rate] of Object.entries(parent?.options.rates ?? {}))
    if (!node.buckets.has(resource as Metered))
      node.buckets.set(
        resource as Metered,
        newBucket(toRate(rate), time.now, () => partOf(node)),
      );
}

function onCharge(node: Node, index: number, amount: number): void {
  const resource = RESOURCES[index] as Metered;
  if (amount > 0) node.totals[index] = (node.totals[index] as number) + amount;
  if (amount < 0 && resource === "fuel") node.totals[index] = (node.totals[index] as number) + amount;
  node.lastUse = node.time.now();
  const bucket = node.buckets.get(resource);
  if (bucket === undefined) return;
  bucket.add(amount);
  if (RUNNING.has(resource)) stopWhileFull(node, bucket, isOwnRate(node, resource));
}

/** Below the host's own shortest timer there is nothing to wait for. */
const SHORTEST = 1; // ms

const isOwnRate = ({ options }: Node, resource: Metered): boolean => options.rates?.[resource] !== undefined;

function stopWhileFull(node: Node, bucket: Bucket, isOwn: boolean): void {
  if (node.isStopped || bucket.delay() < SHORTEST) return;
  node.isStopped = true;
  freeze(node.account);
  const since = node.time.now();
  const look = (): void => {
    const more = bucket.rest();
    if (more >= SHORTEST) return wait(more);
    node.isStopped = false;
    note(node, since);
    // It was stopped by its part of its parent's rate; where the whole of it was full, the parent notes that itself.
    if (!isOwn && node.parent?.isStopped === false) note(node.parent, since);
    thaw(node.account);
  };
  const wait = (ms: number): void => {
    if (ms !== Infinity) node.time.after(Math.min(ms, 2 ** 30), look);
  };
  wait(bucket.rest());
}

function note(node: Node, since: number): void {
  node.stops.push([since - node.born, node.time.now() - since]);
  if (node.stops.length > MOST_STOPS) node.stops.shift();
}

const recordOf = (values: (index: number) => number): Record<Metered, number> =>
  Object.fromEntries(RESOURCES.map((name, index) => [name, values(index)])) as Record<Metered, number>;

function delayOf(node: Node, resource: Metered): number {
  let longest = 0;
  for (let at: Node | undefined = node; at !== undefined; at = at.parent)
    longest = Math.max(longest, at.buckets.get(resource)?.delay() ?? 0);
  return longest;
}

function billOf(node: Node, prices: Prices): Bill {
  const lines = linesOf(node.meter.totals(), prices);
  const total = lines.reduce((sum, { cost }) => sum + cost, 0);
  return { name: node.options.name, lines, total, parts: [...node.children].map((child) => billOf(child, prices)) };
}

function limitsOf({ account }: Node): Amounts {
  const finite = Object.entries(recordOf((index) => account.limit[index] as number));
  return Object.fromEntries(finite.filter(([, most]) => most !== Infinity));
}

const indexOf = (resource: Metered): number => RESOURCES.indexOf(resource);

function facade(node: Node): Meter {
  const { account, totals, options } = node;
  return Object.freeze({
    name: options.name,
    ...{ account, time: node.time },
    child: (given: MeterOptions) => newMeter(given, node),
    usage: () => recordOf((index) => account.used[index] as number),
    totals: () => recordOf((index) => totals[index] as number),
    limits: () => limitsOf(node),
    limit: (resource: Metered, most: number) => setLimit(node, resource, most),
    delay: (resource: Metered) => delayOf(node, resource),
    levels: () => Object.fromEntries([...node.buckets].map(([name, bucket]) => [name, bucket.level()])),
    freeze: () => freeze(account),
    thaw: () => thaw(account),
    get isFrozen() {
      return account.frozen > 0;
    },
    stops: () => node.stops.map(([at, ms]) => [at, ms] as const),
    bill: (prices: Prices) => billOf(node, prices),
    remove: () => void node.parent?.children.delete(node),
  });
}

function setLimit({ account, options }: Node, resource: Metered, most: number): void {
  checkOptions({ ...options, limits: { [resource]: most } });
  account.limit[indexOf(resource)] = most;
}

function newMeter(given: MeterOptions, parent?: Node): Meter {
  const options = checkOptions(given);
  const time = options.time ?? parent?.time ?? hostTime;
  const node = {
    ...{ options, parent, children: new Set<Node>(), time, totals: new Float64Array(RESOURCES.length) },
    ...{ buckets: new Map<Metered, Bucket>(), born: time.now(), stops: [], isStopped: false, lastUse: -Infinity },
  } as unknown as Node;
  const account = newAccount(parent?.account, (index, amount) => onCharge(node, index, amount));
  if (account === undefined) throw new RangeError(`meter ${options.name}: too many meters above it`);
  node.account = account;
  addBuckets(node);
  for (const [resource, most] of Object.entries(options.limits ?? {}))
    account.limit[indexOf(resource as Metered)] = most;
  nodes.set(account, node);
  parent?.children.add(node);
  node.meter = facade(node);
  return node.meter;
}

/** A meter with none above it. Throws E_METER for limits, rates or shares that are none. */
export const meter = (options: MeterOptions): Meter => newMeter(options);

/** The meter that made an account. */
export const meterOf = (account: Account): Meter | undefined => nodes.get(account)?.meter;

/** A meter of its own for a run or a domain under `above`, or under nothing. */
export const meterUnder = (above: Meter | undefined, name: string): Meter =>
  above === undefined ? newMeter({ name }) : above.child({ name });
