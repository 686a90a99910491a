// Values of a guest as JSON, for machines. What JSON cannot say becomes { "$type": ..., ... }.

const MOST_DEPTH = 600; // beyond the kernel's bound for values that cross

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const tagged = (type: string, more: { [key: string]: Json }): Json => ({ $type: type, ...more });

// A record made so that a key "__proto__" is a key.
function record(entries: readonly (readonly [string, Json])[]): Json {
  const out: { [key: string]: Json } = {};
  for (const [key, value] of entries) {
    Object.defineProperty(out, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return out;
}

function number(value: number): Json {
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : tagged("number", { value: Object.is(value, -0) ? "-0" : String(value) });
}

/** In pieces: a function takes so many arguments and no more. */
function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(binary);
}

function view(value: ArrayBufferView | ArrayBuffer): Json {
  const bytes =
    value instanceof ArrayBuffer
      ? new Uint8Array(value)
      : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return tagged(value.constructor.name, { base64: toBase64(bytes) });
}

interface Walk {
  /** Objects on the way down from the root: meeting one again is a cycle. */
  readonly open: unknown[];
}

function errorJson(error: Error, walk: Walk): Json {
  const own = Object.entries(error).map(([key, value]): [string, Json] => [key, convert(value, walk)]);
  const cause: [string, Json][] = error.cause === undefined ? [] : [["cause", convert(error.cause, walk)]];
  const stack: [string, Json][] = typeof error.stack === "string" && error.stack !== "" ? [["stack", error.stack]] : [];
  return record([["$type", "error"], ["name", error.name], ["message", error.message], ...own, ...cause, ...stack]);
}

function object(value: object, walk: Walk): Json {
  const inner = (item: unknown): Json => convert(item, walk);
  if (Array.isArray(value)) return Array.from(value, inner);
  if (value instanceof Date)
    return tagged("Date", { value: Number.isNaN(value.getTime()) ? null : value.toISOString() });
  if (value instanceof RegExp) return tagged("RegExp", { source: value.source, flags: value.flags });
  if (value instanceof Map) return tagged("Map", { entries: [...value].map(([k, v]) => [inner(k), inner(v)]) });
  if (value instanceof Set) return tagged("Set", { values: [...value].map(inner) });
  if (value instanceof Error) return errorJson(value, walk);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return view(value);
  const entries = Object.entries(value).map(([key, item]): [string, Json] => [key, inner(item)]);
  return Object.hasOwn(value, "$type")
    ? tagged("record", { entries: entries.map(([k, v]) => [k, v]) })
    : record(entries);
}

function convert(value: unknown, walk: Walk): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return number(value);
  if (typeof value === "bigint") return tagged("bigint", { value: String(value) });
  if (typeof value !== "object") return tagged("undefined", {});
  const up = walk.open.lastIndexOf(value);
  if (up >= 0) return tagged("cycle", { up: walk.open.length - up });
  if (walk.open.length > MOST_DEPTH) return tagged("cut", {});
  walk.open.push(value);
  const json = object(value, walk);
  walk.open.pop();
  return json;
}

/** A value of a guest, or a result that holds one, as JSON data. */
export const toJson = (value: unknown): Json => convert(value, { open: [] });
