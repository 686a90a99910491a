// CBOR to host values. Only plain data is made: records with Object.prototype, arrays, Map, Set, Date, Error, bytes.
//
// Properties are defined, never assigned, where an assignment could meet a setter or a frozen prototype, so that
// "__proto__", "constructor" and "then" are names like any other and no code of the host runs.
import { type Capability, MAX_VALUE_DEPTH, MAX_VALUE_NODES } from "../kernel/index.ts";
import { TAG } from "../stdlib/abi.ts";
import { decodeBigint } from "./bigint.ts";
import { makeError } from "./guest-error.ts";
import {
  input,
  malformed,
  takeArgument,
  takeByte,
  takeBytes,
  takeCount,
  takeDouble,
  takeKey,
  takeText,
  takeWtf8,
} from "./reader.ts";

let depth = 0;
/** Values under tag 28, in order; undefined where one is not made yet. */
let shared: unknown[] = [];
/** The number under which the next value is to be remembered; -1: none. */
let share = -1;

/** What handles in the value stand for, by their numbers. */
let carried: readonly Capability[] = [];
let toObject: (capability: Capability) => unknown;

/** As decodeValue, with capabilities in the value. */
export function decodeParcel(
  bytes: Uint8Array,
  length: number,
  capabilities: readonly Capability[],
  make: (capability: Capability) => unknown,
): unknown {
  carried = capabilities;
  toObject = make;
  try {
    return decodeValue(bytes, length);
  } finally {
    carried = [];
  }
}

/** Builds the value of the one CBOR item in [0, length). Throws Malformed for what is none. */
export function decodeValue(bytes: Uint8Array, length: number = bytes.length): unknown {
  input.bytes = bytes;
  input.at = 0;
  input.end = Math.min(length, bytes.length);
  depth = 0;
  share = -1;
  if (shared.length > 0) shared = [];
  const isFew = (bytes[0] as number) > 0x80 && (bytes[0] as number) < 0x84; // most arguments
  const value = isFew ? decodeFew(takeByte() & 31) : decodeItem();
  if (input.at !== input.end) malformed("more than one value");
  if (shared.length > 0) shared = [];
  return value;
}

function decodeItem(): unknown {
  const head = takeByte();
  if (head < 24) return head;
  const info = head & 31;
  switch (head >> 5) {
    case 0:
      return takeArgument(info);
    case 1:
      return -1 - takeArgument(info);
    case 2:
      return keep(takeShare(), takeBytes(takeCount(info)));
    case 3:
      return keep(takeShare(), takeText(takeCount(info)));
    case 7:
      return decodeSimple(info);
    default:
      return decodeDeeper(head >> 5, info);
  }
}

function decodeSimple(info: number): unknown {
  if (info === 27) return takeDouble();
  if (info === 20) return false;
  if (info === 21) return true;
  if (info === 22) return null;
  return info === 23 ? undefined : malformed("an unknown simple value");
}

function decodeDeeper(major: number, info: number): unknown {
  // A container and its tag are two calls deep.
  if (++depth > MAX_VALUE_DEPTH * 2) malformed("nested too deep");
  const value = major === 4 ? decodeArray(info) : major === 5 ? decodeRecord(info) : decodeTagged(takeArgument(info));
  depth--;
  return value;
}

function takeShare(): number {
  const mine = share;
  share = -1;
  return mine;
}

function keep<T>(mine: number, value: T): T {
  if (mine >= 0) shared[mine] = value;
  return value;
}

function decodeArray(info: number): unknown[] {
  const mine = takeShare();
  const count = takeCount(info);
  if (mine < 0 && count <= 3) return decodeFew(count);
  const array: unknown[] = keep(mine, count < 64 ? [] : new Array<unknown>(count));
  if (count < 64) for (let i = 0; i < count; i++) array.push(decodeItem());
  else for (let i = 0; i < count; i++) array[i] = decodeItem();
  return array;
}

/** Arguments, mostly. A literal is as large as it has to be; what is pushed to grows first. */
function decodeFew(count: number): unknown[] {
  if (count === 0) return [];
  const first = decodeItem();
  if (count === 1) return [first];
  const second = decodeItem();
  return count === 2 ? [first, second] : [first, second, decodeItem()];
}

const ROOT: object = Object.prototype;

/** Gives `target` an own data property, whatever its prototype says about the name. */
export function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function decodeRecord(info: number): Record<string, unknown> {
  const mine = takeShare();
  const count = takeCount(info);
  const record: Record<string, unknown> = keep(mine, {});
  for (let i = 0; i < count; i++) {
    const key = decodeKey();
    const value = decodeItem();
    if (key in ROOT) define(record, key, value);
    else record[key] = value;
  }
  return record;
}

function decodeKey(): string {
  const head = takeByte();
  if (head >> 5 === 3) return takeKey(takeCount(head & 31));
  if (head >> 5 === 6 && takeArgument(head & 31) === TAG.WTF8) return decodeWtf8();
  return malformed("a key that is no text");
}

function decodeWtf8(): string {
  return takeWtf8(takeLength());
}

/** The length of the byte string that must follow. */
function takeLength(): number {
  const head = takeByte();
  return head >> 5 === 2 ? takeCount(head & 31) : malformed("a tag over something else");
}

function takeItems(major: number): number {
  const head = takeByte();
  return head >> 5 === major ? takeCount(head & 31) : malformed("a tag over something else");
}

type Bytes = Uint8Array<ArrayBuffer>;
// biome-ignore format: a table
const TYPED: ReadonlyMap<number, readonly [width: number, make: (bytes: Bytes) => ArrayBufferView]> = new Map([
  [TAG.U8_CLAMPED, [1, (b: Bytes) => new Uint8ClampedArray(b.buffer)]],
  [TAG.U16, [2, (b: Bytes) => new Uint16Array(b.buffer)]], [TAG.U32, [4, (b: Bytes) => new Uint32Array(b.buffer)]],
  [TAG.U64, [8, (b: Bytes) => new BigUint64Array(b.buffer)]], [TAG.I8, [1, (b: Bytes) => new Int8Array(b.buffer)]],
  [TAG.I16, [2, (b: Bytes) => new Int16Array(b.buffer)]], [TAG.I32, [4, (b: Bytes) => new Int32Array(b.buffer)]],
  [TAG.I64, [8, (b: Bytes) => new BigInt64Array(b.buffer)]], [TAG.F32, [4, (b: Bytes) => new Float32Array(b.buffer)]],
  [TAG.F64, [8, (b: Bytes) => new Float64Array(b.buffer)]],
] as const);

function decodeTagged(tag: number): unknown {
  if (tag === TAG.SHARED) return decodeShared();
  if (tag === TAG.REFERENCE) return decodeReference();
  const mine = takeShare();
  switch (tag) {
    case TAG.BIGINT:
    case TAG.NEGATIVE_BIGINT:
      return keep(mine, decodeBigint(takeBytes(takeLength()), tag === TAG.NEGATIVE_BIGINT));
    case TAG.WTF8:
      return keep(mine, decodeWtf8());
    case TAG.DATE:
      return keep(mine, decodeDate());
    case TAG.BUFFER:
      return keep(mine, takeBytes(takeLength()).buffer);
    case TAG.SPARSE:
      return decodeSparse(mine);
    case TAG.HANDLE:
      return keep(mine, decodeHandle());
    case TAG.SET:
      return decodeSet(mine);
    case TAG.MAP:
      return decodeMap(mine);
    case TAG.ERROR:
      return decodeError(mine);
    case TAG.REGEXP:
      return decodeExpression(mine);
    default:
      return decodeTyped(tag, mine);
  }
}

function decodeShared(): unknown {
  if (share >= 0) malformed("a value marked twice");
  share = shared.push(undefined) - 1;
  const mine = share;
  const value = decodeItem();
  if (share === mine) share = -1; // a number or the like: nothing took it
  shared[mine] = value;
  return value;
}

function decodeReference(): unknown {
  const head = takeByte();
  const number = head >> 5 === 0 ? takeArgument(head & 31) : malformed("a reference to nothing");
  return number < shared.length ? shared[number] : malformed("a reference to nothing");
}

function decodeTyped(tag: number, mine: number): unknown {
  const [width, make] = TYPED.get(tag) ?? malformed("an unknown tag");
  const length = takeLength();
  if (length % width !== 0) malformed("a typed array cut in an element");
  return keep(mine, make(takeBytes(length)));
}

function decodeDate(): Date {
  const ms = decodeItem();
  return new Date(typeof ms === "number" ? ms : Number.NaN);
}

function takeIndex(): number {
  const head = takeByte();
  return head >> 5 === 0 ? takeArgument(head & 31) : malformed("an index that is no number");
}

function decodeSparse(mine: number): unknown[] {
  const count = takeItems(4);
  if (count % 2 !== 1) malformed("a sparse array without its length");
  const length = takeIndex();
  if (length > MAX_VALUE_NODES) malformed("too many items");
  const array: unknown[] = keep(mine, []);
  array.length = length;
  for (let i = 1; i < count; i += 2) {
    const at = takeIndex();
    if (at >= length) malformed("an index past the end");
    array[at] = decodeItem();
  }
  return array;
}

function decodeHandle(): unknown {
  const number = takeArgument(takeByte() & 31);
  const capability = carried[number];
  return capability === undefined ? malformed("a handle of nothing") : toObject(capability);
}

function decodeSet(mine: number): Set<unknown> {
  const set: Set<unknown> = keep(mine, new Set<unknown>());
  for (let left = takeItems(4); left > 0; left--) set.add(decodeItem());
  return set;
}

function decodeMap(mine: number): Map<unknown, unknown> {
  const map: Map<unknown, unknown> = keep(mine, new Map<unknown, unknown>());
  for (let left = takeItems(5); left > 0; left--) {
    const key = decodeItem();
    map.set(key, decodeItem());
  }
  return map;
}

/** Never a live RegExp: one that takes exponential time would run on the host's thread. */
function decodeExpression(mine: number): { source: unknown; flags: unknown } {
  const expression = keep(mine, { source: "" as unknown, flags: "" as unknown });
  if (takeItems(4) !== 2) malformed("an expression of two parts");
  expression.source = decodeItem();
  expression.flags = decodeItem();
  return expression;
}

function decodeError(mine: number): Error {
  if (takeItems(4) !== 2) malformed("an error of two parts");
  decodeItem();
  const error: Error = keep(mine, makeError());
  const count = takeItems(5);
  const parts = new Map<string, unknown>();
  for (let i = 0; i < count; i++) {
    const key = decodeKey();
    parts.set(key, decodeItem());
  }
  return fillError(error, parts);
}

/** Text fields of an error are text, or what would read them is surprised. */
function fillError(error: Error, parts: ReadonlyMap<string, unknown>): Error {
  const text = (key: string): string | undefined => {
    const value = parts.get(key);
    return typeof value === "string" ? value : undefined;
  };
  const [name, message, stack] = [text("name") ?? "Error", text("message") ?? "", text("stack") ?? ""];
  hide(error, "name", name);
  hide(error, "message", message);
  hide(error, "stack", stackText(name, message, stack));
  for (const [key, value] of parts) {
    if (key === "cause" || key === "errors") hide(error, key, value);
    // Whoever prints the error calls its `toString`: what the prototype has is not the guest's to replace.
    else if (!(key in Error.prototype) && key !== "stack") define(error, key, value);
  }
  return error;
}

/** As the language itself defines an error's parts: not enumerable. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}

/** As hosts print it: the message first. The rest is the guest's own text. */
function stackText(name: string, message: string, stack: string): string {
  const title = message === "" ? name : `${name}: ${message}`;
  if (stack === "") return title;
  return stack.startsWith(title) ? stack : `${title}\n${stack}`;
}
