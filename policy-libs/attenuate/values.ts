// What values are, and a walk over all that one holds.
//
// Invariants
//   W1  Work is linear in the value and bounded by the kernel's own limits; what is beyond them is refused E_VALUE.
//   W2  What is neither data nor a capability is refused: a live thing that nobody looked into passes no membrane.
// Trust
//   Trusted by copy.ts, bytes.ts and membrane.ts, and through them by every attenuator.
// Not promised: what hangs on symbols, or on an error's own properties. Neither crosses a gate.
import { MAX_VALUE_NODES } from "../../kernel/index.ts";
import { type Granted, isGranted } from "../capability.ts";
import { deny } from "./refusal.ts";

export type Fields = Record<string, unknown>;
export type Kind = "leaf" | "list" | "record" | "map" | "set";

/** Another realm's Object.prototype, such as a `vm` context's. */
const isForeignRecord = (prototype: object): boolean =>
  Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "__lookupGetter__");

const isPlain = (prototype: object | null): boolean =>
  prototype === null || prototype === Object.prototype || isForeignRecord(prototype);

const isLeafObject = (value: object): boolean =>
  isGranted(value) ||
  ArrayBuffer.isView(value) ||
  value instanceof ArrayBuffer ||
  value instanceof Date ||
  value instanceof RegExp ||
  value instanceof Error;

/** Refuses what is live, with E_VALUE. */
export function kindOf(value: unknown): Kind {
  if (typeof value === "function" || typeof value === "symbol") return deny("E_VALUE", `a ${typeof value}`);
  if (typeof value !== "object" || value === null) return "leaf";
  if (Array.isArray(value)) return checkLength(value);
  if (isLeafObject(value)) return "leaf";
  if (value instanceof Map) return "map";
  if (value instanceof Set) return "set";
  return isPlain(Object.getPrototypeOf(value) as object | null) ? "record" : deny("E_VALUE", "a live object");
}

/** A sparse list of a thousand million holes is one item to make and a day to walk. */
const checkLength = (list: readonly unknown[]): Kind =>
  list.length > MAX_VALUE_NODES ? deny("E_VALUE", "too many items") : "list";

function childrenOf(value: unknown, kind: Kind): Iterable<unknown> {
  if (kind === "list") return value as unknown[];
  if (kind === "record") return Object.values(value as Fields);
  if (kind === "set") return value as Set<unknown>;
  return [...(value as Map<unknown, unknown>)].flat(1);
}

/** Looks at every value in `root`, into what it meets again not again, until `look` says true. */
export function someValue(root: unknown, look: (value: unknown, kind: Kind) => boolean): boolean {
  const todo: unknown[] = [root];
  const met = new Set<unknown>();
  let nodes = 0;
  while (todo.length > 0) {
    const value = todo.pop();
    if (++nodes > MAX_VALUE_NODES) deny("E_VALUE", "too many items");
    const kind = kindOf(value);
    if (look(value, kind)) return true;
    if (kind === "leaf" || met.has(value)) continue;
    met.add(value);
    for (const child of childrenOf(value, kind)) todo.push(child);
  }
  return false;
}

/** Is there a capability in it? Of one that is there, nothing is asked. */
export const holdsGranted = (value: unknown): boolean => someValue(value, (item): item is Granted => isGranted(item));
