// The capability until it is taken back, with everything that was derived through it: handles in results, and what was
// given to it in arguments (calls back). The rules are those of caretaker.ts.
import type { Granted } from "../capability.ts";
import { type Caretaker, cutOff, guarded, newCaretaker } from "./caretaker.ts";
import { type Around, membrane } from "./membrane.ts";

export interface Revocable<G extends Granted = Granted> {
  readonly granted: G;
  /** Immediate and final. When it returns no call begins, and those in flight have answered E_REVOKED. */
  readonly revoke: () => void;
  readonly isRevoked: () => boolean;
}

/** The capability with a caretaker before it, and before all that comes through it. */
export function undertake<G extends Granted>(granted: G, caretaker: Caretaker): G {
  const around: Around = ({ args }, next) => guarded(caretaker, () => next(args));
  return membrane(granted, { around, back: around });
}

/** The capability, and the means to take it back. */
export function revocable<G extends Granted>(granted: G): Revocable<G> {
  const caretaker = newCaretaker();
  return {
    granted: undertake(granted, caretaker),
    revoke: () => cutOff(caretaker, "E_REVOKED"),
    isRevoked: () => caretaker.code !== undefined,
  };
}
