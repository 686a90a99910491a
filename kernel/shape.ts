// Shapes: what a contract says of one value, tried on bytes that checkValue has found well-formed; short plain data before.
//
// Invariants
//   SH1  Work is bounded: every look at an item is a step, and steps are a multiple of the items that checkValue
//        counted, shared ones each time. Unions cannot make it exponential; a shape without end ends at its depth.
//   SH2  What is not a shape of this file fits nothing.
//   SH3  What fits though nobody has walked it is one well-formed value without tags, all of it: its shape has read every
//        head of it. A policy library's own bytes, keys and values, must be whole items for that.
// Trust
//   Trusts cbor.ts. Trusted by contract.ts.
import * as cbor from "./cbor.ts";
import type { Contract } from "./contract.ts";
import { MAX_SHAPE_DEPTH } from "./limits.ts";

/** Bounds, both included, are those of the number, or of the length: UTF-16 units of text, bytes, items. */
type Bounds = { readonly least: number; readonly most: number };

export type Shape =
  | { readonly kind: "any" | "date" }
  /** CBOR of the values allowed. */
  | { readonly kind: "exact"; readonly of: readonly Uint8Array[] }
  | ({ readonly kind: "number" | "integer" | "text" | "bytes" } & Bounds)
  | ({ readonly kind: "list"; readonly each: Shape } & Bounds)
  /** Arguments: one for each shape, then any number of `rest`. The last ones may be missing. */
  | { readonly kind: "tuple"; readonly of: readonly Shape[]; readonly least: number; readonly rest?: Shape | undefined }
  | { readonly kind: "record"; readonly fields: readonly Field[] }
  | { readonly kind: "union"; readonly of: readonly Shape[] }
  /** A thunk, since contracts may name each other. */
  | { readonly kind: "handle"; readonly contract: () => Contract };

/** `key`: CBOR text. An optional field may be missing, or undefined. */
export type Field = { readonly key: Uint8Array; readonly shape: Shape; readonly optional: boolean };

/** A handle in a value: where its number stands (4 bytes), what it must be, whether it is an object of the sender's. */
export type Found = { readonly at: number; readonly contract: Contract; readonly isOffer: boolean };

const { ARRAY, BYTES, MAP, NEGATIVE, REFERENCE, SHARED, TAG, TAGGED, TEXT, UINT } = cbor;
const [TAG_BYTE, DOUBLE, UNDEFINED, WIDE] = [0xd8, 0xfb, 0xf7, 0x1a];
/** Behind every value. */
const [STEPS_PER_ITEM, FAR] = [32, 2 ** 30];
/** Bytes of what is tried before it is walked: where it was no use, little was done twice. */
const SHORT = 1_024;
/** 1: a head that is no tag, of a length that 32 bits hold. Of simple values only doubles and what contracts spell out fit. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, head) =>
  Number(head >> 5 !== TAG && ((head & 31) < 27 || head === DOUBLE)),
);
const isOneItem = (item: Uint8Array): boolean => cbor.sizeAt(item, 0) === item.length;

let bytes: Uint8Array;
let [at, argument, steps, depth] = [0, 0, 0, 0];
let found: Found[] = [];
/** Where a value ends that nobody has walked: its bytes may be anything. */
let end = FAR;
/** The innermost shape that did not fit, and the argument in which it is. */
let [missed, place] = ["", 0];
const double = new DataView(new ArrayBuffer(8));

/** Reads a head (RFC 8949 3) and returns its major type. */
function head(): number {
  const first = bytes[at++] as number;
  argument = first & 31;
  if (argument >= 24) {
    const stop = at + (1 << (argument - 24));
    for (argument = 0; at < stop; at++) argument = argument * 256 + (bytes[at] as number);
  }
  steps--;
  return first >> 5;
}

/** Passes one item. False: a handle is in it. */
function skip(): boolean {
  for (let left = 1; left > 0; left--) {
    const major = head();
    if (major === BYTES || major === TEXT) at += argument;
    else if (major === ARRAY || major === MAP) left += argument * (major - 3);
    else if (major === TAG && argument !== TAGGED.HANDLE && argument !== TAGGED.OFFER) left++;
    else if (major === TAG) return false;
  }
  return true;
}

function startsWith(expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function exact(of: readonly Uint8Array[]): boolean {
  const found = of.find(startsWith);
  at += found?.length ?? 0;
  return found !== undefined && (end === FAR || isOneItem(found));
}

const within = (value: number, { least, most }: Bounds): boolean => value >= least && value <= most;

function number(bounds: Bounds, isWhole: boolean): boolean {
  const isDouble = bytes[at] === DOUBLE;
  if (isDouble) for (let i = 0; i < 8; i++) double.setUint8(i, bytes[at + 1 + i] as number);
  const major = head();
  if (!isDouble && major !== UINT && major !== NEGATIVE) return false;
  const value = isDouble ? double.getFloat64(0) : major === UINT ? argument : -1 - argument;
  if (Number.isNaN(value)) return !isWhole && bounds.least === -Infinity && bounds.most === Infinity;
  return within(value, bounds) && (!isWhole || Number.isSafeInteger(value));
}

/** Counts UTF-16 units of UTF-8, or of WTF-8: one for each character, two for those of four bytes. */
function text(bounds: Bounds): boolean {
  const major = head();
  const isText = major === TEXT || (major === TAG && argument === TAGGED.WTF8 && head() === BYTES);
  // A unit is at most three bytes: what is too long is not walked.
  if (!isText || argument > bounds.most * 3 || argument > end - at) return false;
  steps -= argument >>> 5;
  let units = 0;
  for (const stop = at + argument; at < stop; at++) {
    const byte = bytes[at] as number;
    units += Number((byte & 0xc0) !== 0x80) + Number(byte >= 0xf0);
  }
  return within(units, bounds);
}

function blob(bounds: Bounds): boolean {
  if (head() !== BYTES) return false;
  at += argument;
  return within(argument, bounds);
}

function list(each: Shape, bounds: Bounds): boolean {
  if (head() !== ARRAY || !within(argument, bounds)) return false;
  for (let left = argument; left > 0; left--) if (!fits(each)) return false;
  return true;
}

function tuple({ of, least, rest }: Shape & { kind: "tuple" }): boolean {
  if (head() !== ARRAY) return false;
  const count = argument;
  const isCount = count >= least && (count <= of.length || rest !== undefined);
  if (!isCount) missed = `${count} arguments where there are ${least} to ${rest === undefined ? of.length : "any"}`;
  for (place = 1; isCount && place <= count; place++) if (!fits(of[place - 1] ?? (rest as Shape))) return false;
  return isCount;
}

/** Most writers keep the order of the contract, so the search begins where the last field was. */
function fieldHere(fields: readonly Field[], from: number): number {
  for (let i = from; i < fields.length; i++) if (startsWith((fields[i] as Field).key)) return i;
  return from === 0 ? -1 : fieldHere(fields, 0);
}

function record(fields: readonly Field[]): boolean {
  if (head() !== MAP || argument > fields.length) return false;
  const seen: boolean[] = [];
  let index = -1;
  for (let left = argument; left > 0; left--) {
    index = fieldHere(fields, index + 1);
    if (index < 0 || seen[index]) return false;
    seen[index] = true;
    const { key, shape, optional } = fields[index] as Field;
    if (end < FAR && !(isOneItem(key) && (key[0] as number) >> 5 === TEXT)) return false;
    at += key.length;
    if (optional && bytes[at] === UNDEFINED) at++;
    else if (!fits(shape)) return false;
  }
  for (let i = 0; i < fields.length; i++) if (!seen[i] && !(fields[i] as Field).optional) return false;
  return true;
}

function union(of: readonly Shape[]): boolean {
  const [start, known] = [at, found.length];
  return of.some((shape) => {
    at = start;
    found.length = known;
    return fits(shape);
  });
}

/** The number takes four bytes, so that it can be written over in its place. */
function handle(contract: Contract): boolean {
  if (head() !== TAG || (argument !== TAGGED.HANDLE && argument !== TAGGED.OFFER) || bytes[at] !== WIDE) return false;
  const isOffer = argument === TAGGED.OFFER;
  at += 5;
  // Two references to one shared item find it twice.
  if (!found.some((other) => other.at === at - 4)) found.push({ at: at - 4, contract, isOffer });
  return true;
}

// biome-ignore format: a table
function tryShape(shape: Shape): boolean {
  switch (shape.kind) {
    case "any": return skip();
    case "exact": return exact(shape.of);
    case "number": return number(shape, false);
    case "integer": return number(shape, true);
    case "text": return text(shape);
    case "bytes": return blob(shape);
    case "date": return head() === TAG && argument === TAGGED.DATE && skip();
    case "list": return list(shape.each, shape);
    case "tuple": return tuple(shape);
    case "record": return record(shape.fields);
    case "union": return union(shape.of);
    case "handle": return handle(shape.contract());
    default: return false;
  }
}

/** A shared item is what it is wherever it is referred to; only where nothing is asked does it stay a reference. */
function fits(shape: Shape): boolean {
  if (steps-- <= 0 || depth >= MAX_SHAPE_DEPTH) return false;
  if (end < FAR && (shape.kind === "any" || PLAIN[bytes[at] as number] !== 1)) return false;
  depth++;
  const fit = shape.kind !== "any" && bytes[at] === TAG_BYTE ? viaSharing(shape) : tryShape(shape);
  depth--;
  if (!fit && missed === "") missed = expected(shape);
  return fit;
}

function viaSharing(shape: Shape): boolean {
  if (bytes[at + 1] === SHARED) at += 2;
  if (bytes[at] !== TAG_BYTE || bytes[at + 1] !== REFERENCE) return tryShape(shape);
  at += 2;
  head();
  const behind = at;
  at = cbor.placeOfShared(argument);
  const fit = fits(shape);
  at = behind;
  return fit;
}

function expected(shape: Shape): string {
  if (shape.kind === "handle") return `a capability of contract ${shape.contract().name} expected`;
  if (shape.kind === "any") return "a handle where the contract has none";
  if ("most" in shape) return `${shape.kind} of ${shape.least} to ${shape.most} expected`;
  return `${shape.kind === "exact" ? "one of certain values" : shape.kind} expected`;
}

function begin(given: Uint8Array, items: number, unwalked = FAR): void {
  bytes = given;
  end = unwalked;
  at = depth = place = 0;
  if (found.length > 0) found = [];
  missed = "";
  steps = items * STEPS_PER_ITEM + STEPS_PER_ITEM;
}

/** About how many items it has if it is short plain data, well-formed, that fits. 0: whether it does is for the walk to say. */
export function countFitting(shape: Shape, given: Uint8Array, length: number): number {
  if (length > SHORT) return 0;
  begin(given, length, length);
  const most = steps;
  return fits(shape) && at === length ? most - steps : 0;
}

/** The handles of a value of so many items that fits, or why it does not. Where there are none the list is scratch space. */
export function tryFit(shape: Shape, given: Uint8Array, items: number): readonly Found[] | cbor.BadValue {
  begin(given, items);
  if (fits(shape)) return found;
  return { why: place === 0 ? missed : `argument ${place} does not fit its contract: ${missed}`, at };
}

const CODE = Uint8Array.from([0x64, 0x63, 0x6f, 0x64, 0x65]); // "code"

/** Does an error value (tag 27) have one of these codes? One that says two has none. */
export function fitsCode(codes: readonly Uint8Array[], given: Uint8Array): boolean {
  begin(given, given.length);
  for (let tags = 0; bytes[at] === TAG_BYTE && tags < 2; tags++) at += 2;
  if (head() !== ARRAY || !skip() || head() !== MAP) return false;
  let [seen, fit] = [0, false];
  for (let left = argument; left > 0; left--) {
    const isCode = startsWith(CODE);
    skip();
    if (isCode) fit = ++seen === 1 && codes.some(startsWith);
    skip();
  }
  return fit;
}
