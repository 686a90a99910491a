// Capabilities and c-lists. A handle is a small integer that means nothing in another domain.
//
// Invariants
//   H1  A handle finds what was granted to this domain under it, or nothing: a slot that is used again has another
//       generation, so a number that was dropped stays dead.
//   H2  What is revoked is never called again, by whatever handle, nor is anything derived from it: `cut` reaches all
//       of it before it returns, and ends what is in flight.
//   H3  Deriving cannot widen: a derived capability has its source's contract and target, and dies with every parent.
// Trust
//   Trusted by gate.ts, domain.ts.
import type { Contract } from "./contract.ts";
import { MAX_DERIVED, MAX_HANDLES } from "./limits.ts";
import type { Account } from "./meter.ts";
import type { Monitor } from "./monitor.ts";
import type { Target } from "./types.ts";

/** Opaque outside the kernel. */
export interface Capability {
  readonly contract: Contract;
  readonly target: Target;
  /** Who pays for its calls, instead of the caller's own account. */
  readonly account: Account | undefined;
  /** Why calls are refused: `revoked` by its owner, `broken` by its target's own fault. */
  state: "live" | "revoked" | "broken";
  readonly parents: readonly Capability[];
  /** Those that judge its calls. */
  readonly monitors: readonly Monitor[];
  derived: Set<Capability> | undefined;
  /** Somebody can call it. What nobody holds stays only as long as something derived from it does. */
  isHeld: boolean;
  /** Called when nothing that was derived from it is left. */
  onUnused: (() => void) | undefined;
  /** What ends its calls in flight. */
  inFlight: Set<() => void> | undefined;
}

type Parents = readonly Capability[];
/** One for all: there are very many capabilities. */
export const NONE: readonly never[] = Object.freeze([]);
/** Who pays and who judges: nobody, if it is not said. */
type Terms = Partial<Pick<Capability, "account" | "monitors">>;

/** A capability that dies with each of its parents. Born dead if one is dead, or has too many children. */
export function newCapability(contract: Contract, target: Target, parents: Parents = NONE, by: Terms = {}): Capability {
  const { account, monitors = NONE } = by;
  const isFull = parents.some(({ derived }) => (derived?.size ?? 0) >= MAX_DERIVED);
  const state = isFull ? "revoked" : (parents.find((parent) => parent.state !== "live")?.state ?? "live");
  const capability: Capability = {
    ...{ contract, target, account, state, parents, monitors, derived: undefined },
    ...{ isHeld: true, onUnused: undefined, inFlight: undefined },
  };
  if (state === "live") for (const parent of parents) parent.derived = (parent.derived ?? new Set()).add(capability);
  return capability;
}

/** Another reference to the same, to be given away. */
export const derive = (source: Capability, ...more: readonly Capability[]): Capability =>
  newCapability(source.contract, source.target, [source, ...more], source);

/** Revokes a capability and all that was derived from it; their calls in flight answer at once. Cannot fail. */
export function cut(capability: Capability | undefined, state: "revoked" | "broken" = "revoked"): void {
  const doomed = capability === undefined ? [] : [capability];
  const calls: (() => void)[] = [];
  for (let next = doomed.pop(); next !== undefined; next = doomed.pop()) {
    if (next.state !== "live") continue;
    next.state = state;
    forget(next);
    for (const child of next.derived ?? []) doomed.push(child);
    for (const end of next.inFlight ?? []) calls.push(end);
    if (next.onUnused !== undefined && next.derived !== undefined) calls.push(next.onUnused);
    next.derived = next.inFlight = undefined;
  }
  // Only now, when nothing is left alive: whoever hears of it finds all of it dead.
  for (const end of calls) end();
}

/** Takes a dead or unused capability from its parents, and those that were kept for it alone from theirs. */
function forget(capability: Capability): void {
  const unused = [capability];
  for (let next = unused.pop(); next !== undefined; next = unused.pop()) {
    for (const parent of next.parents) {
      if (parent.derived?.delete(next) !== true || parent.derived.size > 0) continue;
      parent.onUnused?.();
      if (!parent.isHeld && !isBusy(parent)) unused.push(parent);
    }
  }
}

const isBusy = ({ inFlight }: Capability): boolean => inFlight !== undefined && inFlight.size > 0;

/**
 * Its holder lets it go. What was derived from it lives on, and is still reached by cutting what is above; a call in
 * flight goes on as well, unless its caller has ended.
 */
export function release(capability: Capability, hasEnded = false): void {
  capability.isHeld = false;
  if ((capability.derived?.size ?? 0) === 0 && (hasEnded || !isBusy(capability))) forget(capability);
}

type Slot = { generation: number; capability: Capability | undefined };
export type Clist = { readonly slots: Slot[]; readonly free: number[] };
export const newClist = (): Clist => ({ slots: [], free: [] });

const [SLOT_BITS, SLOT_MASK, MAX_GENERATION] = [14, 2 ** 14 - 1, 2 ** 17 - 1];

/** Adds a capability and returns its handle; undefined when the list is full. */
export function grant(clist: Clist, capability: Capability): number | undefined {
  const reused = clist.free.pop();
  if (reused === undefined && clist.slots.length >= MAX_HANDLES) return undefined;
  const index = reused ?? clist.slots.push({ generation: 0, capability: undefined }) - 1;
  const slot = clist.slots[index] as Slot;
  slot.capability = capability;
  return slot.generation * 2 ** SLOT_BITS + index;
}

function slotOf(clist: Clist, allegedHandle: number): Slot | undefined {
  const handle = allegedHandle >>> 0;
  const slot = clist.slots[handle & SLOT_MASK];
  return slot?.generation === handle >>> SLOT_BITS ? slot : undefined;
}

export const lookUp = (clist: Clist, allegedHandle: number): Capability | undefined =>
  slotOf(clist, allegedHandle)?.capability;

/** Empties the slot of a handle for the next one. A slot that has had all its generations is not used again. */
export function drop(clist: Clist, allegedHandle: number): boolean {
  const slot = slotOf(clist, allegedHandle);
  if (slot?.capability === undefined) return false;
  release(slot.capability);
  slot.capability = undefined;
  if (slot.generation++ < MAX_GENERATION) clist.free.push(allegedHandle & SLOT_MASK);
  return true;
}

/** Of a copy: slots that the original had beyond these are not used again under numbers that it may remember. */
export function retire({ slots, free }: Clist, generations: readonly number[]): void {
  for (let index = slots.length; index < Math.min(generations.length, MAX_HANDLES); index++) {
    const next = (generations[index] as number) + 1;
    const isUsable = Number.isInteger(next) && next > 0 && next <= MAX_GENERATION;
    slots.push({ generation: isUsable ? next : MAX_GENERATION, capability: undefined });
    if (isUsable) free.push(index);
  }
}
