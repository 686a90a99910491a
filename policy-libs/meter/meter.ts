// The tree of meters: what a tenant, a domain, a layer or a capability may use, does use, and owes.
//
//   const acme = meter({ name: "acme", limits: { fuel: 1e9 }, rates: { netSend: { perSecond: 1e6 } } });
//   await run({ source, meter: acme.child({ name: "report", share: 3 }) });
//   acme.bill({ fuel: 1e-9 });
//
// The kernel counts (kernel/meter.ts): limits hold there, at the charge. Rates are kept here (node.ts): a domain that
// has used more than its bucket holds stands still until it has drained; host functions wait by `account().wait`.
//
// Invariants
//   ME4  A meter takes back its own freezes only: neither ends the stop for a rate, nor one of somebody else.
import { type Account, frozenAt } from "../../kernel/index.ts";
import { type Bill, billOf, type Prices } from "./bill.ts";
import { freeze, thaw } from "./freeze.ts";
import { delayOf, levelOf, type Node, newNode, removeNode, totalOf } from "./node.ts";
import {
  type Amounts,
  type CheckedOptions,
  checkAmount,
  checkOptions,
  checkPrices,
  type MeterOptions,
  refuse,
} from "./options.ts";
import { type Metered, RESOURCES, recordOf } from "./resources.ts";
import type { StopRecord } from "./stop.ts";
import { hostTime, type Time } from "./time.ts";

/** An account in the tree, with what its owner may do with it. */
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
  /** Changes a limit; Infinity takes it away, but for what a rate of 0 allows. What is in use already stays so. */
  limit(resource: Metered, most: number): void;
  /** Milliseconds until the rates of this meter and those above let `resource` be used again. */
  delay(resource: Metered): number;
  /** What is in its buckets: of its own rates, and of its part of those above. */
  levels(): Amounts;
  /** Domains below stand still from the end of their slices on. Counts: as many thaws as freezes. */
  freeze(): void;
  thaw(): void;
  /** Domains below stand still: by `freeze` or for a rate, here or above. */
  readonly isFrozen: boolean;
  /** When rates stopped the domains below, and for how long: [ms since the meter was made, ms], the last 100. */
  stops(): readonly StopRecord[];
  bill(prices: Prices): Bill;
  /** Takes it out of its parent's bills and shares. What it has used stays counted above. */
  remove(): void;
}

interface Made {
  readonly node: Node;
  readonly meter: Meter;
}
const made = new WeakMap<Account, Made>();

/** A rate of 0 is a limit: what is in the bucket stays there. */
function setLimit({ account, rates }: Node, resource: Metered, most: number): void {
  const rate = rates.get(resource);
  const never = rate?.perSecond === 0 ? (rate.burst ?? 0) : Infinity;
  account.limit[RESOURCES.indexOf(resource)] = Math.min(most, never);
}

const finite = (amounts: Readonly<Record<Metered, number>>): Amounts =>
  Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== Infinity));

function levelsOf(node: Node): Amounts {
  const levels = RESOURCES.map((name, index) => [name, levelOf(node, index)] as const);
  return Object.fromEntries(levels.filter(([, level]) => level !== undefined));
}

const nodeBehind = ({ account }: Meter): Node => (made.get(account) as Made).node;

/** What every meter can do. One for all: there are as many as sandboxes. */
const METHODS: Omit<Meter, "name" | "account" | "time"> = {
  child(this: Meter, given) {
    return newMeter(given, nodeBehind(this));
  },
  usage(this: Meter) {
    return recordOf((index) => this.account.used[index] as number);
  },
  totals(this: Meter) {
    const node = nodeBehind(this);
    return recordOf((index) => totalOf(node, index));
  },
  limits(this: Meter) {
    return finite(recordOf((index) => this.account.limit[index] as number));
  },
  limit(this: Meter, resource, most) {
    setLimit(nodeBehind(this), resource, checkAmount(this.name, "limits", resource, most));
  },
  delay(this: Meter, resource) {
    return delayOf(nodeBehind(this), RESOURCES.indexOf(resource));
  },
  levels(this: Meter) {
    return levelsOf(nodeBehind(this));
  },
  freeze(this: Meter) {
    nodeBehind(this).freezes++;
    freeze(this.account);
  },
  thaw(this: Meter) {
    const node = nodeBehind(this);
    if (node.freezes === 0) return;
    node.freezes--;
    thaw(this.account);
  },
  get isFrozen() {
    const { account } = this as Meter;
    const { stop } = nodeBehind(this as Meter);
    if (stop.isOn) stop.look();
    return frozenAt(account) !== undefined;
  },
  stops(this: Meter) {
    return [...nodeBehind(this).stop.past];
  },
  bill(this: Meter, prices) {
    return billOf(nodeBehind(this), checkPrices(this.name, prices));
  },
  remove(this: Meter) {
    removeNode(nodeBehind(this));
  },
};

const facade = ({ name, account, time }: Node): Meter =>
  Object.freeze(Object.assign(Object.create(METHODS), { name, account, time }));

const newMeter = (given: MeterOptions, parent?: Node): Meter => openMeter(checkOptions(given), parent);

function openMeter(checked: CheckedOptions, parent: Node | undefined): Meter {
  const { name, share, priority, limits, rates, time = parent?.time ?? hostTime } = checked;
  const node = newNode({ name, share, priority, rates, time }, parent) ?? refuse(name, "too many meters above it");
  for (const resource of rates.keys()) setLimit(node, resource, Infinity);
  for (const [resource, most] of limits) setLimit(node, resource, most);
  const meter = facade(node);
  made.set(node.account, { node, meter });
  return meter;
}

/** A meter with none above it. Throws E_METER for limits, rates or shares that are none. */
export const meter = (options: MeterOptions): Meter => newMeter(options);

/** The meter that made an account. */
export const meterOf = (account: Account): Meter | undefined => made.get(account)?.meter;

/** The node of this account itself. */
export const ownNode = (account: Account): Node | undefined => made.get(account)?.node;

/** The nearest node that a charge to this account is counted at. */
export function nodeOf(account: Account): Node | undefined {
  let at: Account | undefined = account;
  while (at !== undefined && !made.has(at)) at = at.parent;
  return at === undefined ? undefined : made.get(at)?.node;
}

const PLAIN = { share: 1, priority: "normal", limits: new Map(), rates: new Map(), time: undefined } as const;

/** A meter of its own for a run or a domain under `above`, or under nothing. */
export const meterUnder = (above: Meter | undefined, name: string): Meter =>
  openMeter({ name, ...PLAIN }, above && made.get(above.account)?.node);
