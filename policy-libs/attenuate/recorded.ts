// Records all that a capability is asked and answers, for replay.ts.
//
// Invariants
//   N1  A recording is complete: when it is full, calls are refused E_QUOTA, and a result that no longer fits is not
//       delivered.
//   N2  It keeps copies: nobody changes afterwards what was recorded.
// Not promised: calls that the capability makes back, of what it was given, are not recorded.
import type { Granted } from "../capability.ts";
import { sizeOf } from "./bytes.ts";
import { checkBound } from "./clock.ts";
import { copyOf } from "./copy.ts";
import { delivered } from "./dropped.ts";
import { type Crossing, isThenable, membrane } from "./membrane.ts";
import { keep, partsOf, type RecordedCall, type RecordedEnd, type RecordedThing, type Recording } from "./recording.ts";
import { deny } from "./refusal.ts";

/** How much is recorded. */
export interface RecordOptions {
  /** Calls. Default: 100,000. */
  readonly calls?: number;
  /** Bytes of all arguments and answers. Default: 64 MiB. */
  readonly bytes?: number;
}

/** A capability, and what went through it until now. */
export interface Recorded<G extends Granted = Granted> {
  readonly granted: G;
  /** What was recorded up to now. */
  readonly recording: () => Recording;
}

type Draft = { -readonly [K in keyof RecordedCall]: RecordedCall[K] };

interface Tape {
  readonly things: RecordedThing[];
  readonly numbers: WeakMap<Granted, number>;
  readonly calls: Draft[];
  ends: number;
  callsLeft: number;
  bytesLeft: number;
}

function numberOf(tape: Tape, thing: Granted, isGuests: boolean): number {
  const known = tape.numbers.get(thing);
  if (known !== undefined) return known;
  const { contract, modes } = thing;
  tape.numbers.set(thing, tape.things.length);
  return tape.things.push({ contract: contract.name, form: contract.form, modes, isGuests }) - 1;
}

function spend(tape: Tape, value: unknown): void {
  const size = sizeOf(value, tape.bytesLeft);
  if (size > tape.bytesLeft) deny("E_QUOTA", "the recording is full");
  tape.bytesLeft -= size;
}

function begin(tape: Tape, { self, call, args }: Crossing): Draft {
  if (tape.callsLeft < 1) deny("E_QUOTA", "the recording is full");
  spend(tape, args);
  tape.callsLeft--;
  const thing = numberOf(tape, self, false);
  const draft = { thing, call, args: keep(args, (given) => numberOf(tape, given, true)) };
  tape.calls.push(draft);
  return draft;
}

function end(tape: Tape, draft: Draft, answer: unknown, how: Pick<RecordedEnd, "isLate" | "threw">): void {
  spend(tape, answer);
  draft.end = { ...how, order: tape.ends++, answer: keep(answer, (thing) => numberOf(tape, thing, false)) };
}

function taped(tape: Tape, crossing: Crossing, call: () => unknown): unknown {
  const draft = begin(tape, crossing);
  const gave = (isLate: boolean) => (value: unknown) => {
    return delivered(value, () => end(tape, draft, value, { isLate, threw: false }));
  };
  const threw = (isLate: boolean) => (error: unknown) => {
    end(tape, draft, partsOf(error), { isLate, threw: true });
    throw error;
  };
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return threw(false)(error);
  }
  return isThenable(value) ? Promise.resolve(value).then(gave(true), threw(true)) : gave(false)(value);
}

/** The capability as it is, and what went through it. */
export function recorded<G extends Granted>(granted: G, { calls, bytes = 1 << 26 }: RecordOptions = {}): Recorded<G> {
  const limits = { callsLeft: checkBound(calls ?? 100_000, "calls"), bytesLeft: checkBound(bytes, "bytes") };
  const tape: Tape = { things: [], numbers: new WeakMap(), calls: [], ends: 0, ...limits };
  const wrapped = membrane(granted, { around: (crossing, next) => taped(tape, crossing, () => next(crossing.args)) });
  numberOf(tape, wrapped, false);
  const { things, calls: drafts } = tape;
  return { granted: wrapped, recording: () => copyOf({ version: 1, things, calls: drafts }) };
}
