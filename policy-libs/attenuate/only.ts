// A facet: some calls of a capability and no others.
import type { Contract } from "../../kernel/index.ts";
import type { Granted } from "../capability.ts";
import { membrane } from "./membrane.ts";
import { callNames } from "./names.ts";
import { deny } from "./refusal.ts";

/**
 * The capability with these calls alone; the others stay in its contract and answer E_DENIED. Handles that it gives
 * keep all their calls, unless the list names some: `only(files, ["open", "file.read"])`.
 */
export function only<G extends Granted>(granted: G, calls: readonly string[]): G {
  const named = callNames(granted, calls);
  const isLimited = (contract: Contract): boolean => contract.name === granted.contract.name || named.knows(contract);
  return membrane(granted, {
    around: (crossing, next) =>
      isLimited(crossing.contract) && !named.has(crossing) ? deny("E_DENIED") : next(crossing.args),
  });
}
