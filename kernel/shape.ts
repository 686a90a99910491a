// Shapes: what a contract says of one value, tried on bytes that checkValue has found well-formed.
//
// Invariants
//   SH1  Work is bounded: every look at an item is a step, and steps are a multiple of the items that checkValue
//        counted, shared ones each time. Unions cannot make it exponential; a shape without end ends at its depth.
//   SH2  What is not a shape of this file fits nothing.
// Trust
//   Trusts cbor.ts. Trusted by contract.ts.
import { type BadValue, placeOfShared, TAGGED } from "./cbor.ts";
import type { Contract } from "./contract.ts";
import { MAX_SHAPE_DEPTH } from "./limits.ts";

/** Bounds are those of the number, or of the length: UTF-16 units of text, bytes, items. Both included. */
export type Shape =
  | { readonly kind: "any" }
  /** CBOR of the values allowed. */
  | { readonly kind: "exact"; readonly of: readonly Uint8Array[] }
  | { readonly kind: "number" | "integer" | "text" | "bytes"; readonly least: number; readonly most: number }
  | { readonly kind: "date" }
  | { readonly kind: "list"; readonly each: Shape; readonly least: number; readonly most: number }
  | { readonly kind: "record"; readonly fields: readonly Field[] }
  | { readonly kind: "union"; readonly of: readonly Shape[] }
  /** A thunk, since contracts may name each other. */
  | { readonly kind: "handle"; readonly contract: () => Contract };

export interface Field {
  /** CBOR text. */
  readonly key: Uint8Array;
  readonly shape: Shape;
  /** It may be missing, or undefined. */
  readonly optional: boolean;
}

/** A handle in a value: where its number stands (4 bytes), what it must be, whether it is an object of the sender's. */
export interface Found {
  readonly at: number;
  readonly contract: Contract;
  readonly isOffer: boolean;
}

const [UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG] = [0, 1, 2, 3, 4, 5, 6];
const [DOUBLE, UNDEFINED, WIDE] = [0xfb, 0xf7, 0x1a];
const STEPS_PER_ITEM = 32;

let bytes: Uint8Array;
let at = 0;
let argument = 0;
let steps = 0;
let depth = 0;
let found: Found[] = [];
/** The shape that did not fit, for the message. */
let missed = "";

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

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
    else if (major === ARRAY) left += argument;
    else if (major === MAP) left += argument * 2;
    else if (major === TAG) {
      if (argument === TAGGED.HANDLE || argument === TAGGED.OFFER) return false;
      left++;
    }
  }
  return true;
}

function startsWith(expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function exact(of: readonly Uint8Array[]): boolean {
  const match = of.find(startsWith);
  at += match?.length ?? 0;
  return match !== undefined;
}

/** Not a number is NaN, and is told from it by its head. */
function numberHere(): number {
  if (bytes[at] === DOUBLE) {
    for (let i = 0; i < 8; i++) doubleBytes[7 - i] = bytes[at + 1 + i] as number;
    at += 9;
    return double[0] as number;
  }
  const major = head();
  return major === UINT ? argument : -1 - argument;
}

function number(least: number, most: number, isWhole: boolean): boolean {
  const first = bytes[at] as number;
  if (first !== DOUBLE && first >> 5 !== UINT && first >> 5 !== NEGATIVE) return false;
  const value = numberHere();
  if (Number.isNaN(value)) return !isWhole && least === -Infinity && most === Infinity;
  return value >= least && value <= most && (!isWhole || Number.isSafeInteger(value));
}

/** UTF-16 units of UTF-8, or of WTF-8: one for each character, two for those of four bytes. */
function units(): number {
  let count = 0;
  const stop = at + argument;
  for (; at < stop; at++) {
    const byte = bytes[at] as number;
    count += Number((byte & 0xc0) !== 0x80) + Number(byte >= 0xf0);
  }
  return count;
}

function text(least: number, most: number): boolean {
  const major = head();
  const isText = major === TEXT || (major === TAG && argument === TAGGED.WTF8 && head() === BYTES);
  // A unit is at most three bytes: what is too long is not walked.
  if (!isText || argument > most * 3) return false;
  steps -= argument >>> 5;
  const count = units();
  return count >= least && count <= most;
}

function list(each: Shape, least: number, most: number): boolean {
  if (head() !== ARRAY || argument < least || argument > most) return false;
  for (let left = argument; left > 0; left--) if (!fits(each)) return false;
  return true;
}

function record(fields: readonly Field[]): boolean {
  if (head() !== MAP || argument > fields.length) return false;
  const seen = new Uint8Array(fields.length);
  let next = 0;
  for (let left = argument; left > 0; left--) {
    const index = fieldHere(fields, next);
    if (index < 0 || seen[index] === 1 || !field(fields[index] as Field)) return false;
    seen[index] = 1;
    next = index + 1;
  }
  return fields.every(({ optional }, i) => optional || seen[i] === 1);
}

/** Most writers keep the order of the contract, so the search begins where the last field was. */
function fieldHere(fields: readonly Field[], from: number): number {
  for (let i = 0; i < fields.length; i++) {
    const index = (from + i) % fields.length;
    if (startsWith((fields[index] as Field).key)) return index;
  }
  return -1;
}

function field({ key, shape, optional }: Field): boolean {
  at += key.length;
  if (!optional || bytes[at] !== UNDEFINED) return fits(shape);
  at++;
  return true;
}

function union(of: readonly Shape[]): boolean {
  const [start, known] = [at, found.length];
  for (const shape of of) {
    if (fits(shape)) return true;
    at = start;
    found.length = known;
  }
  return false;
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

function tryShape(shape: Shape): boolean {
  switch (shape.kind) {
    case "any":
      return skip();
    case "exact":
      return exact(shape.of);
    case "number":
    case "integer":
      return number(shape.least, shape.most, shape.kind === "integer");
    case "text":
      return text(shape.least, shape.most);
    case "bytes":
      if (head() !== BYTES || argument < shape.least || argument > shape.most) return false;
      at += argument;
      return true;
    case "date":
      return head() === TAG && argument === TAGGED.DATE && skip();
    case "list":
      return list(shape.each, shape.least, shape.most);
    case "record":
      return record(shape.fields);
    case "union":
      return union(shape.of);
    case "handle":
      return handle(shape.contract());
    default:
      return false;
  }
}

/** A shared item is what it is wherever it is referred to; only where nothing is asked does it stay a reference. */
function fits(shape: Shape): boolean {
  if (steps-- <= 0 || depth >= MAX_SHAPE_DEPTH) return false;
  depth++;
  const fit = shape.kind !== "any" && bytes[at] === 0xd8 ? viaSharing(shape) : tryShape(shape);
  depth--;
  if (!fit && missed === "") missed = expected(shape);
  return fit;
}

const [SHARED, REFERENCE] = [28, 29];

function viaSharing(shape: Shape): boolean {
  if (bytes[at + 1] === SHARED) at += 2;
  if (bytes[at] !== 0xd8 || bytes[at + 1] !== REFERENCE) return tryShape(shape);
  at += 2;
  head();
  const behind = at;
  at = placeOfShared(argument);
  const fit = fits(shape);
  at = behind;
  return fit;
}

function expected(shape: Shape): string {
  if (shape.kind === "handle") return `a capability of contract ${shape.contract().name} expected`;
  if (!("least" in shape)) return `${shape.kind === "exact" ? "one of certain values" : shape.kind} expected`;
  return `${shape.kind} of ${shape.least} to ${shape.most} expected`;
}

function begin(given: Uint8Array, items: number): void {
  bytes = given;
  at = depth = 0;
  steps = items * STEPS_PER_ITEM + STEPS_PER_ITEM;
  found = [];
  missed = "";
}

const NO_FOUND: readonly Found[] = Object.freeze([]);

/** The handles of a value that fits, or why it does not. */
export function fitsOne(shape: Shape, given: Uint8Array, items: number): readonly Found[] | BadValue {
  begin(given, items);
  if (fits(shape)) return found.length === 0 ? NO_FOUND : found;
  return { why: missed || "a handle where the contract has none", at };
}

/** The same of an argument list: an array of one value for each shape. */
export function fitsAll(
  shapes: readonly Shape[],
  least: number,
  rest: Shape | undefined,
  given: Uint8Array,
  items: number,
): readonly Found[] | BadValue {
  begin(given, items);
  head();
  const count = argument;
  if (count < least) return { why: `${least} arguments are needed, not ${count}`, at: 0 };
  if (count > shapes.length && rest === undefined)
    return { why: `at most ${shapes.length} arguments are taken`, at: 0 };
  for (let i = 0; i < count; i++) {
    if (fits(shapes[i] ?? (rest as Shape))) continue;
    return { why: `argument ${i + 1} does not fit its contract: ${missed || "no handle is taken there"}`, at };
  }
  return found.length === 0 ? NO_FOUND : found;
}

const CODE = Uint8Array.from([0x64, 0x63, 0x6f, 0x64, 0x65]); // "code"

/** Does an error value (tag 27) have one of these codes? One that says two has none. */
export function fitsCode(codes: readonly Uint8Array[], given: Uint8Array): boolean {
  begin(given, given.length);
  for (let tags = 0; bytes[at] === 0xd8 && tags < 2; tags++) at += 2;
  if (head() !== ARRAY || !skip() || head() !== MAP) return false;
  let codesSeen = 0;
  let fit = false;
  for (let left = argument; left > 0; left--) {
    const isCode = startsWith(CODE);
    skip();
    if (isCode) fit = ++codesSeen === 1 && codes.some(startsWith);
    skip();
  }
  return fit;
}
