// Are two values the same? By what crosses of them: kinds, contents, order of keys in a Map but not in a record.
//
// Invariants
//   E1  Work is linear in the smaller value: a pair that is being compared is not compared again, so cycles end.
import { MAX_VALUE_DEPTH } from "../../kernel/index.ts";
import { type Granted, isGranted } from "../capability.ts";
import { deny } from "./refusal.ts";
import { isSameForm } from "./same-form.ts";
import { type Fields, type Kind, kindOf } from "./values.ts";

/** Are two capabilities at the same place the same? Default: of the same contract. */
export type SameGranted = (a: Granted, b: Granted) => boolean;

type Pairs = Map<unknown, Set<unknown>>;
interface Comparing {
  readonly granted: SameGranted;
  readonly met: Pairs;
  depth: number;
}

export const isEqual = (a: unknown, b: unknown, granted: SameGranted = isSameForm): boolean =>
  compare({ granted, met: new Map(), depth: 0 }, a, b);

function isMet({ met }: Comparing, a: unknown, b: unknown): boolean {
  const partners = met.get(a) ?? new Set();
  if (partners.has(b)) return true;
  partners.add(b);
  met.set(a, partners);
  return false;
}

function compare(comparing: Comparing, a: unknown, b: unknown): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return false;
  if (kind === "leaf") return compareLeaves(comparing, a, b);
  if (isMet(comparing, a, b)) return true;
  if (++comparing.depth > MAX_VALUE_DEPTH) deny("E_VALUE", "nested too deep");
  const isSame = compareInside(comparing, kind, a, b);
  comparing.depth--;
  return isSame;
}

function compareInside(comparing: Comparing, kind: Kind, a: unknown, b: unknown): boolean {
  if (kind === "list") return compareLists(comparing, a as unknown[], b as unknown[]);
  if (kind === "record") return compareRecords(comparing, a as Fields, b as Fields);
  return compareLists(comparing, [...(a as Set<unknown>)], [...(b as Set<unknown>)]);
}

const compareLists = (comparing: Comparing, a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => compare(comparing, item, b[index]));

function compareRecords(comparing: Comparing, a: Fields, b: Fields): boolean {
  const keys = Object.keys(a);
  const isSame = (key: string): boolean => Object.hasOwn(b, key) && compare(comparing, a[key], b[key]);
  return keys.length === Object.keys(b).length && keys.every(isSame);
}

function compareLeaves(comparing: Comparing, a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (isGranted(a) || isGranted(b)) return isGranted(a) && isGranted(b) && comparing.granted(a, b);
  if (a instanceof Date) return b instanceof Date && Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp) return b instanceof RegExp && String(a) === String(b);
  if (a instanceof Error) return b instanceof Error && compareErrors(comparing, a, b);
  return compareBytes(a, b);
}

type Coded = Error & { readonly code?: unknown };

const compareErrors = (comparing: Comparing, a: Coded, b: Coded): boolean =>
  compare(comparing, [a.name, a.message, a.code], [b.name, b.message, b.code]);

function compareBytes(a: object, b: object): boolean {
  const [left, right] = [bytesOf(a), bytesOf(b)];
  if (left === undefined || right === undefined || a.constructor !== b.constructor) return false;
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** The bytes behind a view or a buffer. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}
