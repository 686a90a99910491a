// The closed set of ways in which a run can end.
//
// Invariants
//   O1  What a guest can cause is an Outcome. A KernelBug is our own mistake, and nothing in kernel/ catches it.
import type { RuleId } from "./rules.ts";

/** What a guest can run out of. `depth`: calls inside calls. `calls`: calls of capabilities. */
export type Resource = "fuel" | "memory" | "depth" | "wall" | "calls" | "bytes";

export type Outcome<T> =
  | { readonly kind: "returned"; readonly value: T }
  | { readonly kind: "malformed" | "invalid" | "unsafe"; readonly at: number; readonly rule: RuleId }
  | { readonly kind: "unlinkable"; readonly name: string }
  | { readonly kind: "refused"; readonly by: string; readonly why: string }
  | { readonly kind: "trap"; readonly reason: string }
  | { readonly kind: "exhausted"; readonly resource: Resource }
  | { readonly kind: "aborted" };

/** Every outcome but success: how a domain can end. */
export type Ending = Exclude<Outcome<never>, { kind: "returned" }>;

export class KernelBug extends Error {}

export function invariant(holds: boolean, name: string): asserts holds {
  if (!holds) throw new KernelBug(`invariant ${name} does not hold`);
}
