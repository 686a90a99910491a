// `mode: "record"`: what is enforced while the policy itself only looks on.
//
// Invariants
//   M1  What a party that is marked enforced refuses is refused, whatever others say; and of everybody what halts, halts.
//   M2  Nothing else is refused, changed, held back or asked about.
import type { Joined, RPolicy } from "../resolved.ts";

const halting = (policy: RPolicy): RPolicy => ({
  ...policy,
  default: "allow",
  rules: policy.rules.filter(({ effect }) => effect.kind === "halt"),
});

/** `enforced`: names of parties. Rules stay the same objects. */
export function bindingOf(joined: Joined, enforced: ReadonlySet<string>): Joined {
  if (joined.kind === "policy") return enforced.has(joined.party) ? joined : halting(joined);
  return { ...joined, of: joined.of.map((member) => bindingOf(member, enforced)) };
}
