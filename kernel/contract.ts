// Contracts: what a capability's calls take, give and refuse. Data, checked by the kernel on every crossing.
//
// Invariants
//   K1  No value crosses that the contract does not describe: arguments to the caller's blame, results to the target's.
//   K2  A handle crosses only where the contract asks for one, of the contract it names.
// Trust
//   Trusts cbor.ts, shape.ts. Trusted by gate.ts. Makers of contracts are policy libraries: what has no shape of ours
//   lets nothing through.
import { type BadValue, checkValue, handlesSeen } from "./cbor.ts";
import { MAX_ARGUMENTS } from "./limits.ts";
import { type Found, fitsAll, fitsCode, fitsOne, type Shape } from "./shape.ts";

export interface CallContract {
  readonly name: string;
  /** One shape for each argument, `rest` for all that follow. `least` of them must be there. */
  readonly takes: { readonly shapes: readonly Shape[]; readonly least: number; readonly rest?: Shape };
  readonly gives: Shape;
  /** CBOR texts of the codes that the target may answer with. "any": a throw is an ordinary error. */
  readonly refuses: "any" | readonly Uint8Array[];
  /** How a guest meets the call (stdlib/abi.ts). Nothing to the kernel. */
  readonly mode: "sync" | "async" | "blocking";
}

export interface Contract {
  readonly name: string;
  /** Contracts are the same when their forms are. */
  readonly form: string;
  /** A call's index is its method number. */
  readonly calls: readonly CallContract[];
}

export const ANY: Shape = Object.freeze({ kind: "any" });

/** The contract of plain host functions: any arguments, any result, any error. No handles. */
export const permissive = (name: string, calls: readonly string[]): Contract => ({
  name,
  form: `permissive ${JSON.stringify([name, calls])}`,
  calls: calls.map((call) => ({
    name: call,
    takes: { shapes: [], least: 0, rest: ANY },
    gives: ANY,
    refuses: "any",
    mode: "sync",
  })),
});

/** What a checked value came to: its items, and the handles in it, in order. */
export interface Checked {
  readonly items: number;
  readonly found: readonly Found[];
}

const NOTHING: readonly Found[] = Object.freeze([]);
const ARRAY = 4;
const isOpen = (call: CallContract): boolean => call.takes.rest?.kind === "any" && call.takes.shapes.length === 0;

/** The length of the array that begins here (RFC 8949 3). */
function itemCount(bytes: Uint8Array): number {
  const info = (bytes[0] as number) & 31;
  if (info < 24) return info;
  return bytes.subarray(1, 1 + (1 << (info - 24))).reduce((count, byte) => count * 256 + byte, 0);
}

/** The argument list at [0, length), or what is wrong with it. */
export function checkArguments(call: CallContract, bytes: Uint8Array, length: number): Checked | BadValue {
  if (length === 0 || (bytes[0] as number) >> 5 !== ARRAY) return { why: "arguments that are not an array", at: 0 };
  const items = checkValue(bytes, length);
  if (typeof items !== "number") return items;
  if (itemCount(bytes) > MAX_ARGUMENTS) return { why: "too many arguments", at: 0 };
  if (isOpen(call) && handlesSeen() === 0) return { items, found: NOTHING };
  return whole(items, fitsAll(call.takes.shapes, call.takes.least, call.takes.rest, bytes, items));
}

export function checkShape(shape: Shape, bytes: Uint8Array): Checked | BadValue {
  const items = checkValue(bytes, bytes.length);
  if (typeof items !== "number") return items;
  if (shape.kind === "any" && handlesSeen() === 0) return { items, found: NOTHING };
  return whole(items, fitsOne(shape, bytes, items));
}

const whole = (items: number, fit: readonly Found[] | BadValue): Checked | BadValue =>
  "why" in fit ? fit : { items, found: fit };

/** An error value that the call may answer with. */
export function checkRefusal(call: CallContract, bytes: Uint8Array): Checked | BadValue {
  const checked = checkShape(ANY, bytes);
  if ("why" in checked || call.refuses === "any" || fitsCode(call.refuses, bytes)) return checked;
  return { why: "a refusal that its contract does not declare", at: 0 };
}
