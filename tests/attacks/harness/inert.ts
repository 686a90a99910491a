// Is a value plain data? Nothing live may cross to the host: no function, proxy, accessor, thenable or foreign prototype.
import type { HostView } from "./view.ts";

const { Buffer } = globalThis as { Buffer?: { readonly prototype: unknown } };

const PLAIN: ReadonlySet<unknown> = new Set([
  null,
  Object.prototype,
  Array.prototype,
  Date.prototype,
  RegExp.prototype,
  Map.prototype,
  Set.prototype,
  ArrayBuffer.prototype,
  ...[Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError].map(
    (error) => error.prototype,
  ),
  ...[Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
    (array) => array.prototype,
  ),
  ...[BigInt64Array, BigUint64Array, Float32Array, Float64Array].map((array) => array.prototype),
  ...(Buffer === undefined ? [] : [Buffer.prototype]),
]);

/** The first thing found in `value` that is more than data. Looks at 10,000 objects and 30 properties of each. */
export function whatIsLive(value: unknown, view: HostView): string | undefined {
  const queue: unknown[] = [value];
  const seen = new Set<unknown>();
  for (let at = 0; at < queue.length && at < 10_000; at++) {
    const found = look(queue[at], queue, seen, view);
    if (found !== undefined) return found;
  }
  return undefined;
}

function look(value: unknown, queue: unknown[], seen: Set<unknown>, view: HostView): string | undefined {
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  if (view.isProxy(value)) return "a proxy";
  seen.add(value);
  if (!PLAIN.has(Object.getPrototypeOf(value))) return "a foreign prototype";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return undefined;
  return lookInside(value, queue);
}

function lookInside(value: object, queue: unknown[]): string | undefined {
  if (value instanceof Map) queue.push(...[...value].slice(0, 30).flat());
  if (value instanceof Set) queue.push(...[...value].slice(0, 30));
  let looked = 0;
  for (const key in value) {
    if (looked++ === 30) break;
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined) return `an inherited property ${key.slice(0, 50)}`;
    // A stack may be an accessor of the engine's own.
    if (property.get !== undefined || property.set !== undefined) return "an accessor";
    queue.push(property.value);
  }
  return undefined;
}
