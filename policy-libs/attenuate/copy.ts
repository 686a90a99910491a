// Copies of values, with something changed.
//
// Invariants
//   W3  A copy shares no bytes, lists or records with what it was made of, and keeps its sharing and cycles.
//   W4  As W1 of values.ts; depth is bounded too, since the walk recurses.
import { MAX_VALUE_DEPTH, MAX_VALUE_NODES } from "../../kernel/index.ts";
import { type Granted, isGranted } from "../capability.ts";
import { deny } from "./refusal.ts";
import { type Fields, holdsGranted, kindOf } from "./values.ts";

/** Keys and list positions that lead to a value. A Map's key is at "key", its value at the key if that is text. */
export type Path = readonly (string | number)[];

export interface Changes {
  /** Asked of every value before what it holds; another one than `value` takes its place as it is. */
  readonly value: (value: unknown, path: Path) => unknown;
  /** Asked of every key of a record. */
  readonly key?: (key: string) => string;
}

interface Copying {
  readonly changes: Changes;
  readonly made: Map<unknown, unknown>;
  readonly path: (string | number)[];
  nodes: number;
}

/** A copy with changes. */
export const rebuild = (root: unknown, changes: Changes): unknown =>
  visit({ changes, made: new Map(), path: [], nodes: 0 }, root);

/** A copy; the capabilities in it are the same ones. */
export const copyOf = <T>(value: T): T => rebuild(value, { value: (same) => same }) as T;

/** The same value if it holds no capability, else a copy in which each has become another. */
export function mapGranted(value: unknown, map: (granted: Granted) => Granted): unknown {
  if (typeof value !== "object" && typeof value !== "function") return value;
  if (!holdsGranted(value)) return value;
  return rebuild(value, { value: (item) => (isGranted(item) ? map(item) : item) });
}

function visit(copying: Copying, value: unknown): unknown {
  const tooMuch = ++copying.nodes > MAX_VALUE_NODES || copying.path.length > MAX_VALUE_DEPTH;
  if (tooMuch) deny("E_VALUE", "too many items, or too deep");
  const changed = copying.changes.value(value, copying.path);
  const kind = kindOf(changed);
  if (changed !== value) return changed;
  if (kind === "leaf") return copyLeaf(value);
  if (copying.made.has(value)) return copying.made.get(value);
  if (kind === "list") return copyList(copying, value as unknown[]);
  if (kind === "record") return copyRecord(copying, value as Fields);
  return kind === "set" ? copySet(copying, value as Set<unknown>) : copyMap(copying, value as Map<unknown, unknown>);
}

function at(copying: Copying, step: string | number, value: unknown): unknown {
  copying.path.push(step);
  const copy = visit(copying, value);
  copying.path.pop();
  return copy;
}

function copyList(copying: Copying, list: unknown[]): unknown {
  const copy: unknown[] = new Array(list.length);
  copying.made.set(list, copy);
  // forEach skips holes, which stay holes.
  list.forEach((item, index) => {
    copy[index] = at(copying, index, item);
  });
  return copy;
}

function copyRecord(copying: Copying, record: Fields): unknown {
  const copy: Fields = {};
  copying.made.set(record, copy);
  const { key: rename } = copying.changes;
  for (const [key, item] of Object.entries(record)) {
    const value = at(copying, key, item);
    // No assignment: to "__proto__" it would set the prototype.
    const name = rename?.(key) ?? key;
    Object.defineProperty(copy, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

function copySet(copying: Copying, set: Set<unknown>): unknown {
  const copy = new Set<unknown>();
  copying.made.set(set, copy);
  let index = 0;
  for (const item of set) copy.add(at(copying, index++, item));
  return copy;
}

function copyMap(copying: Copying, map: Map<unknown, unknown>): unknown {
  const copy = new Map<unknown, unknown>();
  copying.made.set(map, copy);
  for (const [key, item] of map) {
    const step = typeof key === "string" ? key : "value";
    copy.set(at(copying, "key", key), at(copying, step, item));
  }
  return copy;
}

function copyLeaf(value: unknown): unknown {
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof ArrayBuffer) return value.slice(0);
  // Not by the view's own slice(): a Buffer's shares its bytes.
  if (ArrayBuffer.isView(value)) return copyView(value);
  return value;
}

const TYPED_SLICE = (Object.getPrototypeOf(Uint8Array.prototype) as { slice: (this: unknown) => unknown }).slice;

function copyView(view: ArrayBufferView): unknown {
  if (!(view instanceof DataView)) return TYPED_SLICE.call(view);
  return new DataView(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}
