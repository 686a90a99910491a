// The capability until it is taken back, with everything that was derived through it: handles in results, and what was
// given to it in arguments (calls back). The rules are those of caretaker.ts.
//
// It is cut twice. Here, so that it holds for whoever has the functions; and in the kernel, which looks again before it
// delivers: an answer that is on its way to a guest when revoke() is called does not arrive.
import { type Capability, cut, newCapability } from "../../kernel/index.ts";
import type { Granted } from "../capability.ts";
import { type Caretaker, cutOff, guarded, newCaretaker } from "./caretaker.ts";
import { type Around, membrane } from "./membrane.ts";
import { deny } from "./refusal.ts";

/** A capability, and what takes it back. */
export interface Revocable<G extends Granted = Granted> {
  readonly granted: G;
  /** Immediate and final. When it returns no call begins, and those in flight have answered E_REVOKED. */
  readonly revoke: () => void;
  readonly isRevoked: () => boolean;
}

export interface Undertaken<G extends Granted> {
  readonly granted: G;
  /** Cuts it in the kernel, too. */
  readonly cut: () => void;
}

/** What others die with, and what is never called. */
function kernelCaretaker({ contract, caretaker }: Granted): Capability {
  const target = (): never => deny("E_REVOKED");
  return newCapability(contract, target, caretaker === undefined ? [] : [caretaker]);
}

/** The capability with a caretaker before it, and before all that comes through it. */
export function undertake<G extends Granted>(granted: G, caretaker: Caretaker): Undertaken<G> {
  const around: Around = ({ args }, next) => guarded(caretaker, () => next(args));
  const node = kernelCaretaker(granted);
  return { granted: membrane(granted, { around, back: around, caretaker: node }), cut: () => cut(node) };
}

/** The capability, and the means to take it back. */
export function revocable<G extends Granted>(granted: G): Revocable<G> {
  const caretaker = newCaretaker();
  const undertaken = undertake(granted, caretaker);
  return {
    granted: undertaken.granted,
    revoke: () => {
      cutOff(caretaker, "E_REVOKED");
      undertaken.cut();
    },
    isRevoked: () => caretaker.code !== undefined,
  };
}
