// A facet: all calls of a capability but some.
import type { Granted } from "../capability.ts";
import { membrane } from "./membrane.ts";
import { callNames } from "./names.ts";
import { deny } from "./refusal.ts";

/** The capability without these calls, which stay in its contract and answer E_DENIED: `without(files, ["remove"])`. */
export function without<G extends Granted>(granted: G, calls: readonly string[]): G {
  const named = callNames(granted, calls);
  return membrane(granted, {
    around: (crossing, next) => (named.has(crossing) ? deny("E_DENIED") : next(crossing.args)),
  });
}
