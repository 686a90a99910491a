// The values of abi.ts as the tests' host sees them: JavaScript's own kinds, both ways. Written apart from the adapter
// and from the kernel, so that a mistake in one of them shows.

import { TAG } from "../../abi.ts";

/** An error as it crosses: its fields. */
export class ErrorValue {
  readonly fields: Record<string, unknown>;
  constructor(fields: Record<string, unknown>) {
    this.fields = fields;
  }
}

// biome-ignore format: a table
const ARRAYS = [
  [TAG.U8_CLAMPED, Uint8ClampedArray], [TAG.U16, Uint16Array], [TAG.U32, Uint32Array], [TAG.U64, BigUint64Array],
  [TAG.I8, Int8Array], [TAG.I16, Int16Array], [TAG.I32, Int32Array], [TAG.I64, BigInt64Array],
  [TAG.F32, Float32Array], [TAG.F64, Float64Array],
] as const;

class Writer {
  bytes = new Uint8Array(256);
  view = new DataView(this.bytes.buffer);
  at = 0;
  shared = new Map<object, number>();

  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.at + size));
    grown.set(this.bytes);
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  head(major: number, n: number): void {
    this.reserve(9);
    const first = major << 5;
    if (n < 24) this.bytes[this.at++] = first | n;
    else if (n < 0x100) {
      this.bytes[this.at++] = first | 24;
      this.bytes[this.at++] = n;
    } else if (n < 0x10000) {
      this.bytes[this.at] = first | 25;
      this.view.setUint16(this.at + 1, n);
      this.at += 3;
    } else if (n <= 0xffffffff) {
      this.bytes[this.at] = first | 26;
      this.view.setUint32(this.at + 1, n);
      this.at += 5;
    } else {
      this.bytes[this.at] = first | 27;
      this.view.setBigUint64(this.at + 1, BigInt(n));
      this.at += 9;
    }
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  blob(bytes: Uint8Array): void {
    this.head(2, bytes.length);
    this.raw(bytes);
  }

  value(v: unknown): void {
    this.reserve(16);
    if (typeof v === "number") this.number(v);
    else if (typeof v === "string") this.text(v);
    else if (typeof v === "bigint") this.bigint(v);
    else if (typeof v === "object" && v !== null) this.object(v);
    else this.bytes[this.at++] = v === undefined ? 0xf7 : v === null ? 0xf6 : v === true ? 0xf5 : 0xf4;
  }

  number(n: number): void {
    if (Number.isSafeInteger(n) && !Object.is(n, -0)) this.head(n < 0 ? 1 : 0, n < 0 ? -1 - n : n);
    else {
      this.bytes[this.at] = 0xfb;
      this.view.setFloat64(this.at + 1, n);
      this.at += 9;
    }
  }

  text(s: string): void {
    const bytes = s.isWellFormed() ? Buffer.from(s) : wtf8(s);
    if (!s.isWellFormed()) this.head(6, TAG.WTF8);
    this.head(s.isWellFormed() ? 3 : 2, bytes.length);
    this.raw(bytes);
  }

  bigint(n: bigint): void {
    const rest = n < 0n ? ~n : n;
    const hex = rest === 0n ? "" : rest.toString(16);
    this.head(6, n < 0n ? TAG.NEGATIVE_BIGINT : TAG.BIGINT);
    this.blob(Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex"));
  }

  object(v: object): void {
    const number = this.shared.get(v);
    if (number !== undefined && number >= 0) {
      this.head(6, TAG.REFERENCE);
      this.head(0, number);
      return;
    }
    if (number === -1) {
      this.shared.set(v, [...this.shared.values()].filter((n) => n >= 0).length);
      this.head(6, TAG.SHARED);
    }
    this.content(v);
  }

  content(v: object): void {
    if (Array.isArray(v)) this.array(v);
    else if (v instanceof Map) this.map(v);
    else if (v instanceof Set) this.tagged(TAG.SET, [...v]);
    else if (v instanceof Date) this.tagged(TAG.DATE, v.getTime());
    else if (v instanceof RegExp) this.tagged(TAG.REGEXP, [v.source, v.flags]);
    else if (v instanceof ErrorValue) this.tagged(TAG.ERROR, ["Error", v.fields]);
    else if (v instanceof Error)
      this.tagged(TAG.ERROR, ["Error", Object.assign({ name: v.name, message: v.message }, v)]);
    else if (v instanceof ArrayBuffer) this.tagged(TAG.BUFFER, new Uint8Array(v));
    else if (ArrayBuffer.isView(v)) this.typed(v);
    else this.record(v);
  }

  tagged(tag: number, v: unknown): void {
    this.head(6, tag);
    if (Array.isArray(v)) this.array(v);
    else this.value(v);
  }

  array(list: unknown[]): void {
    if (Object.keys(list).length < list.length) {
      this.tagged(TAG.SPARSE, [list.length, ...Object.entries(list).flatMap(([key, v]) => [Number(key), v])]);
      return;
    }
    this.head(4, list.length);
    for (const v of list) this.value(v);
  }

  map(map: Map<unknown, unknown>): void {
    this.head(6, TAG.MAP);
    this.head(5, map.size);
    for (const [key, v] of map) {
      this.value(key);
      this.value(v);
    }
  }

  typed(v: ArrayBufferView): void {
    const tag = ARRAYS.find(([, type]) => v instanceof type)?.[0];
    if (tag !== undefined) this.head(6, tag);
    this.blob(new Uint8Array(v.buffer, v.byteOffset, v.byteLength));
  }

  record(v: object): void {
    const entries = Object.entries(v);
    this.head(5, entries.length);
    for (const [key, field] of entries) {
      this.text(key);
      this.value(field);
    }
  }
}

function wtf8(s: string): Uint8Array {
  const out: number[] = [];
  for (const c of s) {
    const code = c.codePointAt(0) as number;
    if (code >= 0xd800 && code < 0xe000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else out.push(...Buffer.from(c));
  }
  return Uint8Array.from(out);
}

function fromWtf8(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; ) {
    const [a, b, c] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    const size = a < 0x80 ? 1 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : 4;
    if (a === 0xed && b >= 0xa0) out += String.fromCharCode(((a & 15) << 12) | ((b & 63) << 6) | (c & 63));
    else out += Buffer.from(bytes.subarray(at, at + size)).toString();
    at += size;
  }
  return out;
}

/** Notes with -1 every object that is met twice. */
function findShared(v: unknown, seen: Set<object>, shared: Map<object, number>): void {
  if (typeof v !== "object" || v === null) return;
  if (seen.has(v)) {
    shared.set(v, -1);
    return;
  }
  seen.add(v);
  const inner =
    v instanceof Map ? [...v].flat() : v instanceof Set ? [...v] : ArrayBuffer.isView(v) ? [] : Object.values(v);
  for (const child of inner) findShared(child, seen, shared);
}

export function encode(v: unknown): Uint8Array {
  const writer = new Writer();
  if (typeof v === "object") findShared(v, new Set(), writer.shared);
  writer.value(v);
  return writer.bytes.subarray(0, writer.at);
}

class Decoder {
  at = 0;
  shared: unknown[] = [];
  next = -1;
  readonly bytes: Buffer;
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  argument(low: number): number {
    const at = this.at;
    if (low < 24) return low;
    this.at += 1 << (low - 24);
    if (low === 24) return this.bytes[at] as number;
    if (low === 25) return this.bytes.readUInt16BE(at);
    if (low === 26) return this.bytes.readUInt32BE(at);
    if (low === 27) return Number(this.bytes.readBigUInt64BE(at));
    throw new Error(`indefinite length at ${at}`);
  }

  value(): unknown {
    const initial = this.bytes[this.at++];
    if (initial === undefined) throw new Error("cut off");
    if (initial >= 0xe0) return this.simple(initial);
    const n = this.argument(initial & 31);
    const major = initial >> 5;
    if (major === 0) return n;
    if (major === 1) return -1 - n;
    if (major === 2) return this.keep(Uint8Array.from(this.take(n)));
    if (major === 3) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(n));
    if (major === 4) return this.array(n);
    return major === 5 ? this.record(n) : this.tagged(n);
  }

  take(n: number): Uint8Array {
    this.at += n;
    if (this.at > this.bytes.length) throw new Error("cut off");
    return this.bytes.subarray(this.at - n, this.at);
  }

  simple(initial: number): unknown {
    if (initial === 0xfb) {
      this.at += 8;
      return this.bytes.readDoubleBE(this.at - 8);
    }
    const value = new Map<number, unknown>([
      [0xf4, false],
      [0xf5, true],
      [0xf6, null],
      [0xf7, undefined],
    ]);
    if (!value.has(initial)) throw new Error(`simple value ${initial}`);
    return value.get(initial);
  }

  keep<T>(v: T): T {
    if (this.next >= 0) this.shared[this.next] = v;
    this.next = -1;
    return v;
  }

  array(n: number): unknown[] {
    const list = this.keep([] as unknown[]);
    for (let i = 0; i < n; i++) list.push(this.value());
    return list;
  }

  record(n: number): object {
    const record = this.keep({});
    for (let i = 0; i < n; i++) {
      const key = this.value();
      if (typeof key !== "string") throw new Error("a key that is not text");
      Object.defineProperty(record, key, { value: this.value(), writable: true, enumerable: true, configurable: true });
    }
    return record;
  }

  tagged(tag: number): unknown {
    if (tag === TAG.SHARED) {
      this.next = this.shared.push(undefined) - 1;
      return this.value();
    }
    if (tag === TAG.REFERENCE) return this.shared[this.value() as number];
    if (tag === TAG.MAP) return this.map();
    if (tag === TAG.SET) return this.set();
    const slot = this.next;
    this.next = -1;
    const v = this.make(tag, this.value());
    this.next = slot;
    return this.keep(v);
  }

  map(): Map<unknown, unknown> {
    const map = this.keep(new Map());
    for (let n = this.argument((this.bytes[this.at++] as number) & 31); n > 0; n--) map.set(this.value(), this.value());
    return map;
  }

  set(): Set<unknown> {
    const set = this.keep(new Set());
    for (let n = this.argument((this.bytes[this.at++] as number) & 31); n > 0; n--) set.add(this.value());
    return set;
  }

  make(tag: number, v: unknown): unknown {
    const bytes = v as Uint8Array;
    if (tag === TAG.WTF8) return fromWtf8(bytes);
    if (tag === TAG.BIGINT) return BigInt(`0x0${Buffer.from(bytes).toString("hex")}`);
    if (tag === TAG.NEGATIVE_BIGINT) return ~BigInt(`0x0${Buffer.from(bytes).toString("hex")}`);
    if (tag === TAG.DATE) return new Date(v as number);
    if (tag === TAG.BUFFER) return bytes.buffer;
    const type = ARRAYS.find(([number]) => number === tag)?.[1];
    if (type) return new type(bytes.buffer as ArrayBuffer);
    const list = v as unknown[];
    if (tag === TAG.REGEXP) return new RegExp(list[0] as string, list[1] as string);
    if (tag === TAG.ERROR) return new ErrorValue(list[1] as Record<string, unknown>);
    if (tag === TAG.SPARSE) return sparse(list);
    throw new Error(`tag ${tag}`);
  }
}

function sparse(list: unknown[]): unknown[] {
  const array: unknown[] = [];
  array.length = list[0] as number;
  for (let i = 1; i < list.length; i += 2) array[list[i] as number] = list[i + 1];
  return array;
}

export function decode(bytes: Uint8Array): unknown {
  const decoder = new Decoder(bytes);
  const v = decoder.value();
  if (decoder.at !== bytes.length) throw new Error(`${bytes.length - decoder.at} bytes left over`);
  return v;
}
