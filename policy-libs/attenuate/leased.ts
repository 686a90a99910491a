// A lease: the capability for some time, which can be made longer while it lasts. Its end is a revocation, E_EXPIRED.
//
// Invariants
//   L1  At its end calls in flight are cut off. A timer that comes late gives nothing: every call, and every answer,
//       looks at the clock first.
//   L2  A term in milliseconds is measured by a clock that nobody can set.
//   L3  What has ended cannot be renewed.
// The kernel's part is not cut at the end of a term, so that the guest learns E_EXPIRED and not E_REVOKED: an answer
// that had left the membrane in time may arrive later.
import type { Granted } from "../capability.ts";
import { type Caretaker, cutOff, newCaretaker } from "./caretaker.ts";
import { type Clock, checkNumber, REAL_CLOCK, timeOf } from "./clock.ts";
import { type Revocable, undertake } from "./revocable.ts";

/** Milliseconds from now, or a moment. */
export type Term = number | { readonly until: Date | number };

/** What can be taken back, and is at its end. */
export interface Leased<G extends Granted = Granted> extends Revocable<G> {
  /** A new term that begins now. False: it had ended. */
  readonly renew: (term: Term) => boolean;
}

/** How many milliseconds are left. */
type Left = () => number;

function parseTerm(term: Term, clock: Clock): Left {
  if (typeof term === "object" && term !== null) {
    const until = timeOf(term.until, "until");
    return () => until - clock.now();
  }
  const end = clock.elapsed() + checkNumber(term, "term");
  return () => end - clock.elapsed();
}

interface Lease {
  left: Left;
  stopTimer: () => void;
  readonly caretaker: Caretaker;
  readonly clock: Clock;
}

function look(lease: Lease): void {
  // Not `<= 0`: a clock that says NaN ends it.
  if (lease.caretaker.code === undefined && !(lease.left() > 0)) end(lease, "E_EXPIRED");
}

function end(lease: Lease, code: "E_EXPIRED" | "E_REVOKED"): void {
  lease.stopTimer();
  cutOff(lease.caretaker, code);
}

/** Timers are not exact, and not as long as a lease may be. */
function watch(lease: Lease): void {
  lease.stopTimer();
  look(lease);
  if (lease.caretaker.code !== undefined) return;
  lease.stopTimer = lease.clock.after(Math.max(lease.left(), 1), () => watch(lease));
}

function renew(lease: Lease, term: Term): boolean {
  look(lease);
  if (lease.caretaker.code !== undefined) return false;
  lease.left = parseTerm(term, lease.clock);
  watch(lease);
  return lease.caretaker.code === undefined;
}

/** The capability for so many milliseconds, or until a moment. */
export function leased<G extends Granted>(granted: G, term: Term, clock: Clock = REAL_CLOCK): Leased<G> {
  const caretaker = newCaretaker(() => look(lease));
  const undertaken = undertake(granted, caretaker);
  const lease: Lease = { left: parseTerm(term, clock), stopTimer: () => undefined, caretaker, clock };
  watch(lease);
  return {
    granted: undertaken.granted,
    revoke: () => {
      end(lease, "E_REVOKED");
      undertaken.cut();
    },
    isRevoked: () => {
      look(lease);
      return caretaker.code !== undefined;
    },
    renew: (next) => renew(lease, next),
  };
}
