// A node of the tree of meters: what the kernel tells it of, and the rates that follow from it.
//
// Invariants
//   ME1  What a meter has used is at least what those below it have: the kernel counts every charge up to the root.
//   ME2  Totals of what is held (open files, memory) never fall. Totals of what is used up (fuel, bytes) are what was
//        used in the end: what was charged before and did not happen comes off again.
//   ME3  A rate of a meter holds for all below it together; each child has a part of it, by its share among those that
//        use it.
import { type Account, DOMAINS, newAccount } from "../../kernel/index.ts";
import { type Bucket, type Flow, flowOf, newBucket, type Rate } from "./bucket.ts";
import type { Priority } from "./options.ts";
import { IS_HELD, IS_OF_KERNEL, type Metered, RESOURCES } from "./resources.ts";
import { newSharing, type Sharer, type Sharing } from "./sharing.ts";
import { NO_STOP, newStop, type Stop } from "./stop.ts";
import type { Time } from "./time.ts";

export interface NodeParts {
  readonly name: string;
  readonly share: number;
  readonly priority: Priority;
  readonly rates: ReadonlyMap<Metered, Rate>;
  readonly time: Time;
}

/** What a node keeps of a resource that has a rate, here or above. */
interface Rated {
  /** To its siblings. */
  readonly self: Sharer;
  /** Its own rate's, and its part's of the rate above. */
  readonly buckets: readonly Bucket[];
  /** What is left for those below. */
  readonly flow: () => Flow;
  /** Those below that use it. */
  readonly sharing: Sharing;
  /** Host functions that wait for it. */
  waiting: number;
}

export interface Node extends NodeParts {
  readonly parent: Node | undefined;
  children: Set<Node> | undefined;
  /** What was held in all. Of what is used up it is what the account says. */
  readonly held: number[];
  /** Of its owner, who takes back no others. */
  freezes: number;
  /** By the index of RESOURCES; undefined where no rate is. */
  readonly rated: readonly (Rated | undefined)[];
  readonly account: Account;
  readonly stop: Stop;
}

const partOf = ({ perSecond, burst, resume }: Flow, part: number): Flow => ({
  perSecond: perSecond * part,
  burst: burst * part,
  resume: resume * part,
});

const least = (one: Flow, other: Flow): Flow => ({
  perSecond: Math.min(one.perSecond, other.perSecond),
  burst: Math.min(one.burst, other.burst),
  resume: Math.min(one.resume, other.resume),
});

function newRated(own: Rate | undefined, above: Rated | undefined, self: Sharer, time: Time): Rated | undefined {
  const flows: (() => Flow)[] = [];
  const fixed = own === undefined ? undefined : flowOf(own);
  if (fixed !== undefined) flows.push(() => fixed);
  if (above !== undefined) flows.push(() => partOf(above.flow(), above.sharing.partOf(self)));
  if (flows.length === 0) return undefined;
  return {
    self,
    buckets: flows.map((flow) => newBucket(flow, time.now)),
    flow: () => flows.map((flow) => flow()).reduce(least),
    sharing: newSharing(time.now),
    waiting: 0,
  };
}

const longest = (buckets: readonly Bucket[]): number => {
  let most = 0;
  for (const bucket of buckets) most = Math.max(most, bucket.delay());
  return most;
};

/** Milliseconds until its own buckets let a resource be used. */
const ownDelay = (node: Node, index: number): number => longest(node.rated[index]?.buckets ?? []);

/** Milliseconds until its buckets of what the kernel uses let it go on: `of` says how long one of them does not. */
function stopDelay({ rated }: Node, of: (bucket: Bucket) => number): number {
  let most = 0;
  rated.forEach((one, index) => {
    if (IS_OF_KERNEL[index]) for (const bucket of one?.buckets ?? []) most = Math.max(most, of(bucket));
  });
  return most;
}

/** Tells its siblings that it uses a resource. */
function touch(node: Node, index: number): void {
  const [self, parent] = [node.rated[index]?.self, node.parent];
  if (self !== undefined && parent?.children?.has(node) === true) parent.rated[index]?.sharing.touch(self);
}

function onCharge(node: Node, index: number, amount: number): void {
  // What is held and given back was held all the same.
  if (amount > 0 || !IS_HELD[index]) count(node, index, amount);
  if (index === DOMAINS) node.stop.domainsChanged();
}

function count(node: Node, index: number, amount: number): void {
  if (IS_HELD[index]) node.held[index] = (node.held[index] as number) + amount;
  const rated = node.rated[index];
  if (rated === undefined) return;
  if (amount > 0) touch(node, index);
  for (const bucket of rated.buckets) bucket.add(amount);
  if (IS_OF_KERNEL[index]) node.stop.lookAfterCharge(longest(rated.buckets));
}

/** It stands still for a rate, or host functions of it wait. */
const wants = ({ account, stop, rated }: Node, index: number): boolean =>
  (IS_OF_KERNEL[index] === true && stop.isOn && (account.used[DOMAINS] as number) > 0) ||
  (rated[index]?.waiting ?? 0) > 0;

const stopsOf = (node: () => Node) => ({
  begin: () => stopDelay(node(), (bucket) => bucket.delay()),
  finish: () => stopDelay(node(), (bucket) => bucket.rest()),
});

/** What most nodes have: no rate, neither here nor above. */
const UNRATED: readonly (Rated | undefined)[] = Object.freeze(RESOURCES.map(() => undefined));

/** What the kernel tells of: everything where there are rates, else what is held alone. */
const ALL = -1;
const HELD_ONES = IS_HELD.reduce((bits, isHeld, index) => bits | (Number(isHeld) << index), 0);

/** What was used in all. */
export const totalOf = ({ held, account }: Node, index: number): number =>
  (IS_HELD[index] ? held[index] : account.used[index]) as number;

/** Undefined if too many are above it. */
export function newNode(parts: NodeParts, parent?: Node): Node | undefined {
  const isRated = parts.rates.size > 0 || (parent !== undefined && parent.rated !== UNRATED);
  const told = (index: number, amount: number): void => onCharge(node, index, amount);
  const account = newAccount(parent?.account, told, isRated ? ALL : HELD_ONES);
  if (account === undefined) return undefined;
  const ratedOf = (name: Metered, index: number): Rated | undefined => {
    const self = { share: parts.share, wants: () => wants(node, index) };
    return newRated(parts.rates.get(name), parent?.rated[index], self, parts.time);
  };
  const delays = stopsOf(() => node);
  const node: Node = {
    ...{ ...parts, parent, children: undefined, account, held: RESOURCES.map(() => 0), freezes: 0 },
    rated: isRated ? RESOURCES.map(ratedOf) : UNRATED,
    stop: isRated ? newStop(account, parts.time, delays) : NO_STOP,
  };
  if (parent !== undefined) parent.children = (parent.children ?? new Set()).add(node);
  return node;
}

/** Milliseconds until the rates of a node and those above let a resource be used. */
export function delayOf(node: Node, index: number): number {
  let most = 0;
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) most = Math.max(most, ownDelay(at, index));
  return most;
}

/** Host functions wait for a resource here (1), or do no longer (-1). */
export function countWaiting(node: Node, index: number, change: 1 | -1): void {
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    const rated = at.rated[index];
    if (rated === undefined) continue;
    rated.waiting += change;
    touch(at, index);
  }
}

export function levelOf(node: Node, index: number): number | undefined {
  const levels = node.rated[index]?.buckets.map((bucket) => bucket.level());
  return levels === undefined ? undefined : Math.max(...levels);
}

/** Takes it from its parent: it has no part of the rates above any more, and is in no bill. */
export function removeNode(node: Node): void {
  const { parent, rated } = node;
  parent?.children?.delete(node);
  rated.forEach((one, index) => {
    if (one !== undefined) parent?.rated[index]?.sharing.forget(one.self);
  });
}
