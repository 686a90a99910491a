// Options are data. A plain object is copied, each property read once: what was checked is what is used.
//
// An instance, a Map or a proxy is refused: what its class means by it would be passed over in silence, and a limit
// that nobody sees is none.
import { CordonError, type ErrorCode } from "./errors.ts";
import { isProxy } from "./host.ts";
import { elementTag, isForeignRecord } from "./kinds.ts";

export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === null || isForeignRecord(prototype as object);
  } catch {
    return false; // a proxy, where the host cannot tell
  }
}

/**
 * The own enumerable properties. The copy inherits nothing: what somebody put on Object.prototype is no option.
 * Throws CordonError for what is no plain object or throws while it is read.
 */
export function readPlain<T extends object>(given: unknown, what: string, code: ErrorCode = "E_OPTION"): T {
  if (!isPlain(given)) throw new CordonError(code, `${what} must be a plain object`);
  try {
    return { __proto__: null, ...given } as T;
  } catch (cause) {
    throw new CordonError(code, `${what} threw while it was read`, { cause });
  }
}

/** A Uint8Array by its own nature, of whichever realm; no proxy of one. */
export const isBytes = (value: unknown): value is Uint8Array => ArrayBuffer.isView(value) && elementTag(value) === 0;

/** For a message: never runs what the value brings. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  return typeof value === "object" && value !== null ? "an object" : String(value).slice(0, 40);
}
