// Host values to CBOR (stdlib/abi.ts lists the kinds). Everything is copied; what is live is refused with its path.
//
// Own enumerable string-keyed data properties cross, each read once through its descriptor, so that a getter is seen
// and never run. No code of the embedder runs but the traps of a proxy where the host cannot tell one.
// Sharing and cycles survive: a value that is met again becomes tag 29, and its first place is marked afterwards.
import { type Capability, MAX_VALUE_BYTES, MAX_VALUE_DEPTH, MAX_VALUE_NODES, type Parcel } from "../kernel/index.ts";
import { type Granted, isGranted } from "../policy-libs/index.ts";
import { TAG } from "../stdlib/abi.ts";
import { encodeBigint } from "./bigint.ts";
import { CordonError } from "./errors.ts";
import { isProxy } from "./host.ts";
import * as kinds from "./kinds.ts";
import { redact } from "./redact.ts";
import { out, putByte, putBytes, putHead, putNumber, putText, reserve, restart, TOO_BIG } from "./writer.ts";

// The value at hand. `path[0, depth)` are the keys that lead to it. Lists are not cut but counted: what lies beyond the
// count is of an earlier value.
let depth = 0;
let nodes = 0;
const path: unknown[] = [];

// Objects in the order of their first places. `sizes` are expanded: 0 while an object is open, that is for a cycle.
let met = 0;
const [objects, places, sizes]: [(object | undefined)[], number[], number[]] = [[], [], []];
const isMarked: boolean[] = [];
let index: Map<object, number> | undefined;
/** Where a reference's number is to be written, and to which object. */
const [referencePlaces, referenceTargets]: [number[], number[]] = [[], []];

/** Set while an error is written, with all that it holds: texts that go from its texts, beside the host's paths. */
let secrets: readonly string[] | undefined;

/** Capabilities in the value at hand, where they may be. */
let carried: Capability[] | undefined;
let toCapability: (granted: Granted) => Capability;

/** Objects up to which a look through the list beats a Map. */
const FEW = 12;

class Refusal extends Error {}
const refuse = (what: string): never => {
  throw new Refusal(what);
};

function step(key: unknown): string {
  if (typeof key === "number") return `[${key}]`;
  const name = String(key);
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, 100))}]`;
}

const LONGEST_PATH = 40; // steps

function pathText(root: string): string {
  const steps = path.slice(0, Math.min(depth, LONGEST_PATH)).map(step).join("");
  const whole = root + steps + (depth > LONGEST_PATH ? "..." : "");
  return root === "" ? whole.replace(/^\./, "") : whole;
}

/** What is kept of the lists between values. */
const KEPT = 1000;

/** Lets go of the objects, which may be large. */
function reset(): void {
  if (met > KEPT) for (const list of [objects, places, sizes, isMarked, path]) list.length = 0;
  else for (let i = 0; i < met; i++) objects[i] = undefined;
  if (referencePlaces.length > 0) for (const list of [referencePlaces, referenceTargets]) list.length = 0;
  index = undefined;
  secrets = undefined;
  carried = undefined;
  met = 0;
  depth = 0;
  nodes = 0;
}

/** Short replies are most replies: their views are made once per buffer, for making one costs more than a number. */
const LONGEST_VIEW = 512; // bytes
const views = new Array<Uint8Array | undefined>(LONGEST_VIEW + 1).fill(undefined);
let viewed = out.bytes;

function view(): Uint8Array {
  const { bytes, at } = out;
  if (at > LONGEST_VIEW) return bytes.subarray(0, at);
  // Not by asking a view for its buffer: that is a call of the host.
  if (viewed !== bytes) views.fill(undefined);
  viewed = bytes;
  const known = views[at];
  if (known !== undefined) return known;
  const made = bytes.subarray(0, at);
  views[at] = made;
  return made;
}

let isBusy = false;

/**
 * One CBOR item. The bytes are valid until the next call: copy them to keep them.
 * Throws CordonError E_VALUE with the path of what cannot cross; `root` is how the path begins.
 */
export function encodeValue(value: unknown, root = "value"): Uint8Array {
  if (typeof value === "number" && !isBusy) {
    restart();
    putNumber(value);
    return view();
  }
  return encodeAny(value, root);
}

/** As encodeValue; no text in it tells of the host, as in an error. */
export const encodeThrown = (value: unknown): Uint8Array => encodeAny(value, "error", []);

/** As encodeValue; capabilities may be in it. The bytes are a copy. */
export function encodeParcel(value: unknown, root: string, make: (granted: Granted) => Capability): Parcel {
  const capabilities: Capability[] = [];
  toCapability = make;
  return { value: encodeAny(value, root, undefined, capabilities).slice(), capabilities };
}

function encodeAny(value: unknown, root: string, hidden?: readonly string[], carries?: Capability[]): Uint8Array {
  if (isBusy) throw new CordonError("E_VALUE", `${root} is a proxy that starts another crossing while it is read`);
  isBusy = true;
  secrets = hidden;
  carried = carries;
  restart();
  try {
    encodeItem(value);
    if (referencePlaces.length > 0) markShared();
    if (out.at > MAX_VALUE_BYTES) throw TOO_BIG;
    return view();
  } catch (thrown) {
    throw new CordonError("E_VALUE", `${pathText(root)} ${reason(thrown)}`);
  } finally {
    isBusy = false;
    reset();
  }
}

function reason(thrown: unknown): string {
  if (thrown === TOO_BIG) return "is more than 64 MiB";
  return thrown instanceof Refusal ? thrown.message : "threw while it was read";
}

function encodeItem(value: unknown): void {
  switch (typeof value) {
    case "number":
      return putNumber(value);
    case "string":
      return putText(secrets === undefined ? value : redact(value, secrets));
    case "boolean":
      return putByte(value ? 0xf5 : 0xf4);
    case "undefined":
      return putByte(0xf7);
    case "bigint":
      return void (encodeBigint(value) || refuse("is a bigint of more than 4 KiB"));
    case "object":
      return value === null ? putByte(0xf6) : encodeObject(value);
    default:
      return refuse(`is a ${typeof value}: only data crosses`);
  }
}

function count(items: number): void {
  nodes += items;
  if (nodes > MAX_VALUE_NODES) refuse(`makes more than ${MAX_VALUE_NODES} items`);
}

/** Under a key, for the path of a refusal. */
function encodeAt(key: unknown, value: unknown): void {
  path[depth++] = key;
  encodeItem(value);
  depth--;
}

function encodeObject(value: object): void {
  if (isProxy(value)) refuse("is a Proxy: only plain data crosses");
  if (carried !== undefined && isGranted(value)) return putCapability(carried.push(toCapability(value)) - 1);
  const number = find(value);
  if (number !== undefined) return encodeReference(number);
  if (depth >= MAX_VALUE_DEPTH - 1) refuse(`is nested deeper than ${MAX_VALUE_DEPTH}`);
  const mine = remember(value);
  const before = nodes; // its holder has counted the object itself
  encodeContent(value);
  sizes[mine] = nodes - before + 1;
}

/** Its place among those carried, in four bytes. */
function putCapability(place: number): void {
  putHead(0xc0, TAG.HANDLE);
  putByte(0x1a);
  for (const shift of [24, 16, 8, 0]) putByte((place >>> shift) & 0xff);
}

function find(value: object): number | undefined {
  if (index !== undefined) return index.get(value);
  for (let i = 0; i < met; i++) if (objects[i] === value) return i;
  return undefined;
}

function remember(value: object): number {
  const number = met++;
  objects[number] = value;
  places[number] = out.at;
  sizes[number] = 0;
  isMarked[number] = false;
  if (index !== undefined) index.set(value, number);
  else if (number === FEW) index = new Map(objects.slice(0, met).map((object, i) => [object as object, i]));
  return number;
}

/** The number is known only when all shared objects are: four bytes are kept for it. */
function encodeReference(target: number): void {
  count(sizes[target] as number);
  isMarked[target] = true;
  putHead(0xc0, TAG.REFERENCE);
  reserve(5);
  out.bytes[out.at++] = 0x1a;
  referencePlaces.push(out.at);
  referenceTargets.push(target);
  out.at += 4;
}

/** Writes the numbers, then puts a tag 28 before each shared object, last first. */
function markShared(): void {
  let shared = 0;
  const numbers = isMarked.slice(0, met).map((marked) => (marked ? shared++ : -1));
  const view = new DataView(out.bytes.buffer);
  referencePlaces.forEach((at, i) => {
    view.setUint32(at, numbers[referenceTargets[i] as number] as number);
  });
  reserve(shared * 2);
  const { bytes } = out;
  let [end, shift] = [out.at, shared * 2];
  out.at += shift;
  for (let i = met - 1; i >= 0; i--) {
    if (isMarked[i] !== true) continue;
    const at = places[i] as number;
    bytes.copyWithin(at + shift, at, end);
    shift -= 2;
    bytes[at + shift] = 0xc0 | 24;
    bytes[at + shift + 1] = TAG.SHARED;
    end = at;
  }
}

function encodeContent(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return encodeRecord(value);
  if (Array.isArray(value)) return encodeArray(value);
  return encodeRich(value, prototype as object);
}

function encodeRecord(record: object): void {
  const keys = Object.keys(record);
  putHead(0xa0, keys.length);
  count(keys.length * 2);
  for (const key of keys) {
    path[depth++] = key;
    const descriptor = Object.getOwnPropertyDescriptor(record, key) ?? refuse("went away while it was read");
    if (descriptor.get !== undefined || descriptor.set !== undefined) refuse("is a getter: only data crosses");
    putText(secrets === undefined ? key : redact(key, secrets));
    encodeItem(descriptor.value);
    depth--;
  }
}

function encodeArray(array: readonly unknown[]): void {
  const { length } = array;
  if (length > MAX_VALUE_NODES) refuse(`makes more than ${MAX_VALUE_NODES} items`);
  if (isSparse(array, length)) return encodeSparse(array, length);
  putHead(0x80, length);
  count(length);
  for (let i = 0; i < length; i++) {
    path[depth++] = i;
    encodeItem(elementOf(array, i));
    depth--;
  }
}

/** `in` is several times as fast, and asks the prototype too, which may be a proxy unless it is the usual one. */
function isSparse(array: readonly unknown[], length: number): boolean {
  if (Object.getPrototypeOf(array) === Array.prototype) {
    for (let i = 0; i < length; i++) if (!(i in array)) return true;
  } else for (let i = 0; i < length; i++) if (!Object.hasOwn(array, i)) return true;
  return false;
}

/** Is it a getter? So an index is asked without being read; a descriptor tells the same in five times the time. */
type Lookup = (this: object, key: PropertyKey) => unknown;
const { __lookupGetter__: getterAt, __lookupSetter__: setterAt } = Object.prototype as unknown as {
  readonly [name in "__lookupGetter__" | "__lookupSetter__"]: Lookup;
};

function elementOf(array: readonly unknown[], i: number): unknown {
  if (getterAt.call(array, i) !== undefined) refuse("is a getter: only data crosses");
  const value = array[i];
  if (value === undefined && setterAt.call(array, i) !== undefined) refuse("is a setter: only data crosses");
  return value;
}

/** [length, index, value, ...] */
function encodeSparse(array: readonly unknown[], length: number): void {
  const indices = Object.keys(array).filter((key) => isIndex(key, length));
  putHead(0xc0, TAG.SPARSE);
  putHead(0x80, 1 + indices.length * 2);
  putNumber(length);
  count(length + 1 + indices.length * 2);
  for (const key of indices) {
    const i = Number(key);
    putNumber(i);
    path[depth++] = i;
    encodeItem(elementOf(array, i));
    depth--;
  }
}

const isIndex = (key: string, length: number): boolean => /^(0|[1-9]\d*)$/.test(key) && Number(key) < length;

function encodeRich(value: object, prototype: object): void {
  if (ArrayBuffer.isView(value)) return encodeTyped(value);
  const kind = kinds.kindOf(value);
  if (kind === "Date") return encodeTagged(TAG.DATE, kinds.timeOf(value));
  if (kind === "Map") return encodeMap(kinds.entriesOf(value));
  if (kind === "Set") return encodeSet(kinds.membersOf(value));
  if (kind === "RegExp") return encodeTagged(TAG.REGEXP, kinds.expressionOf(value));
  if (kind === "Error") return encodeError(value as Error);
  if (kind === "ArrayBuffer") return encodeBuffer(value as ArrayBuffer);
  if (kinds.isForeignRecord(prototype)) return encodeRecord(value);
  return refuse(`is ${kinds.describe(value)}: only plain data crosses`);
}

function encodeTagged(tag: number, content: number | readonly string[]): void {
  putHead(0xc0, tag);
  if (typeof content === "number") return putNumber(content);
  putHead(0x80, content.length);
  count(content.length);
  for (const text of content) putText(text);
}

function encodeTyped(value: ArrayBufferView): void {
  const tag = kinds.elementTag(value);
  if (tag === undefined) return refuse(`is ${kinds.describe(value)}: use a Uint8Array`);
  if (tag !== 0) putHead(0xc0, tag);
  putBytes(kinds.bytesOf(value));
}

function encodeBuffer(buffer: ArrayBuffer): void {
  putHead(0xc0, TAG.BUFFER);
  putBytes(new Uint8Array(buffer));
}

function encodeMap(entries: readonly (readonly [unknown, unknown])[]): void {
  putHead(0xc0, TAG.MAP);
  putHead(0xa0, entries.length);
  count(entries.length * 2);
  entries.forEach(([key, value], i) => {
    encodeAt(`key ${i}`, key);
    encodeAt(typeof key === "string" ? key : `value ${i}`, value);
  });
}

function encodeSet(members: readonly unknown[]): void {
  putHead(0xc0, TAG.SET);
  putHead(0x80, members.length);
  count(members.length);
  members.forEach((member, i) => {
    encodeAt(i, member);
  });
}

/** name, message, code and cause: never a stack, never a path of the host, however deep in its cause. */
function encodeError(error: Error): void {
  const { fields, secrets: own } = kinds.errorParts(error);
  const outer = secrets;
  secrets = outer === undefined ? own : [...outer, ...own];
  putHead(0xc0, TAG.ERROR);
  putHead(0x80, 2);
  putText("Error");
  putHead(0xa0, fields.length);
  count(2 + fields.length * 2);
  for (const [key, value] of fields) {
    putText(key);
    encodeAt(key, value);
  }
  secrets = outer;
}
