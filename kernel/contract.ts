// Contracts: what a capability's calls take, give and refuse. Data, checked by the kernel on every crossing.
//
// Invariants
//   K1  No value crosses that the contract does not describe: arguments to the caller's blame, results to the target's.
//   K2  A handle crosses only where the contract asks for one, of the contract it names.
// Trust
//   Trusts cbor.ts, shape.ts. Trusted by gate.ts. Makers of contracts are policy libraries: what has no shape of ours
//   lets nothing through.
import { ARRAY, type BadValue, checkValue, handlesSeen } from "./cbor.ts";
import { NONE } from "./clist.ts";
import { countFitting, type Found, fitsCode, type Shape, tryFit } from "./shape.ts";

export interface CallContract {
  readonly name: string;
  /** The shape of the argument list. */
  readonly takes: Shape;
  readonly gives: Shape;
  /** CBOR texts of the codes that the target may answer with. "any": a throw is an ordinary error. */
  readonly refuses: "any" | readonly Uint8Array[];
  /** How a guest meets the call (stdlib/abi.ts). Nothing to the kernel. */
  readonly mode: "sync" | "async" | "blocking";
  /** It may come without arguments and give nothing: then neither is checked. */
  readonly isPlain?: boolean;
}

/** Contracts are the same when their forms are. A call's index is its method number. */
export type Contract = { readonly name: string; readonly form: string; readonly calls: readonly CallContract[] };

export const ANY: Shape = Object.freeze({ kind: "any" });

/** The handles in a checked value, in order; or what is wrong with it. */
export type Checked = readonly Found[] | BadValue;

/** Of the value that was checked last, if nothing was wrong with it. */
export const itemsSeen = (): number => items;
let items = 0;

/** The value at [0, length). */
export function checkShape(shape: Shape, bytes: Uint8Array, length = bytes.length): Checked {
  items = shape.kind === "any" ? 0 : countFitting(shape, bytes, length);
  if (items > 0) return NONE;
  const walked = checkValue(bytes, length);
  if (typeof walked !== "number") return walked;
  items = walked;
  if (shape.kind === "any" && handlesSeen() === 0) return NONE;
  const fit = tryFit(shape, bytes, items);
  return "why" in fit || fit.length > 0 ? fit : NONE;
}

/** The argument list at [0, length). */
export function checkArguments(call: CallContract, bytes: Uint8Array, length: number): Checked {
  if (length === 0 || (bytes[0] as number) >> 5 !== ARRAY) return { why: "arguments that are not an array", at: 0 };
  return checkShape(call.takes, bytes, length);
}

/** A result, or an error value, that the call may answer with. What is no bytes at all is neither. */
export function checkReply(call: CallContract | undefined, bytes: unknown, ok: boolean): Checked {
  if (!(bytes instanceof Uint8Array)) return { why: "no value", at: 0 };
  const checked = checkShape(ok && call !== undefined ? call.gives : ANY, bytes);
  if (ok || call === undefined || call.refuses === "any" || "why" in checked || fitsCode(call.refuses, bytes))
    return checked;
  return { why: "a refusal that its contract does not declare", at: 0 };
}
