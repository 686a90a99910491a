// Contracts: what a capability's calls take, give and refuse. Data, checked by the kernel on every crossing.
//
// Invariants
//   K1  No value crosses that the contract does not describe: arguments to the caller's blame, results to the target's.
// Trust
//   Trusted by gate.ts.
import { type BadValue, checkValue } from "./cbor.ts";

/** Shapes of values. `any` is every value that can cross, but no handle. */
export type Shape = "any";

export interface CallContract {
  readonly name: string;
  /** At most so many arguments; every one is `any`. */
  readonly takes: { readonly most: number; readonly each: Shape };
  readonly gives: Shape;
  /** Error codes that the target may answer with. "any": a throw is an ordinary error. */
  readonly refuses: "any" | readonly string[];
}

export interface Contract {
  readonly name: string;
  readonly allows: string;
  readonly never: string;
  /** A call's index is its method number. */
  readonly calls: readonly CallContract[];
}

/** Arguments of one call, if the contract does not say otherwise. */
const MOST_ARGUMENTS = 10_000;

/** The contract of plain host functions: any arguments, any result, any error. */
export const permissive = (name: string, calls: readonly string[]): Contract => ({
  name,
  allows: "calling the host functions it was made of",
  never: "passes anything but copies of values",
  calls: calls.map((call) => ({
    name: call,
    takes: { most: MOST_ARGUMENTS, each: "any" },
    gives: "any",
    refuses: "any",
  })),
});

const ARRAY = 4;

/** The length of the array that begins here (RFC 8949 3), if it is well-formed: checkValue looks at that. */
function itemCount(bytes: Uint8Array): number {
  const info = (bytes[0] as number) & 31;
  if (info < 24 || info > 27) return info;
  return bytes.subarray(1, 1 + (1 << (info - 24))).reduce((count, byte) => count * 256 + byte, 0);
}

/** How many items an argument list has when expanded, or what is wrong with it. */
export function checkArguments(call: CallContract, bytes: Uint8Array, length: number): number | BadValue {
  const first = bytes[0] as number;
  if (length === 0 || first >> 5 !== ARRAY) return { why: "arguments that are not an array", at: 0 };
  if (itemCount(bytes) > call.takes.most) return { why: "too many arguments", at: 0 };
  return checkValue(bytes, length);
}

export const checkResult = (_call: CallContract, bytes: Uint8Array): number | BadValue =>
  checkValue(bytes, bytes.length);
