// Fault injection: the errors that a contract declares, when nobody expects them. For tests of guests and layers.
//
// Invariants
//   F1  The same seed and the same order of calls make the same faults: each call takes the same number of draws.
//   F2  A fault is an error that the call may answer with. Before the call it takes its place; after it, it takes the
//       place of its result.

import type { Granted } from "../capability.ts";
import { type Clock, checkNumber, REAL_CLOCK } from "./clock.ts";
import { callData } from "./described.ts";
import { dropped } from "./dropped.ts";
import { after, type Crossing, membrane } from "./membrane.ts";
import { COMMON, refusal } from "./refusal.ts";
import { scope } from "./scope.ts";

/** Which calls fail, how, and how often. */
export interface Faults {
  readonly seed: number;
  /** Of a fault, from 0 to 1. */
  readonly probability: number;
  /** Codes to answer with; of those, a call answers with what its contract declares. Default: all that it declares. */
  readonly errors?: readonly string[];
  /** Milliseconds that every call waits: a number, or at least and at most. */
  readonly delay?: number | readonly [number, number];
  /** Default: "before". "after": the call was made, its result is lost. */
  readonly when?: "before" | "after";
  readonly clock?: Clock;
}

/** Mulberry32: small, and good enough for where faults fall. From 0 to below 1. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function codesFor({ contract, call }: Crossing, wanted: readonly string[] | undefined): readonly string[] {
  const declared = callData(contract, call)?.refuses ?? "any";
  if (wanted === undefined) return declared === "any" ? [] : declared;
  return declared === "any" ? wanted : wanted.filter((code) => declared.includes(code) || Object.hasOwn(COMMON, code));
}

interface Draw {
  readonly error: Error | undefined;
  readonly delay: number;
}

function checkDelay(delay: Faults["delay"]): readonly [number, number] {
  const [least, most] = typeof delay === "object" ? delay : [delay ?? 0, delay ?? 0];
  return [checkNumber(least, "delay"), checkNumber(most, "delay", least)];
}

/** Of so many milliseconds, as part of the call. */
async function later(clock: Clock, ms: number, call: () => unknown): Promise<unknown> {
  const { signal, run } = scope();
  await new Promise<void>((resolve) => clock.after(ms, resolve));
  if (signal.aborted) throw refusal("E_REVOKED");
  return run(call);
}

/** The capability with faults. Its calls are made as before, where none falls. */
export function faults<G extends Granted>(granted: G, options: Faults): G {
  const { errors, when = "before", clock = REAL_CLOCK } = options;
  const random = generator(checkNumber(options.seed, "seed", Number.NEGATIVE_INFINITY));
  const probability = checkNumber(options.probability, "probability");
  const [least, most] = checkDelay(options.delay);
  const draw = (crossing: Crossing): Draw => {
    const [hit, which, wait] = [random(), random(), random()];
    const codes = codesFor(crossing, errors);
    const code = hit < probability ? codes[Math.floor(which * codes.length)] : undefined;
    const error = code === undefined ? undefined : Object.assign(refusal("E_DENIED", `injected: ${code}`), { code });
    return { error, delay: least + wait * (most - least) };
  };
  return membrane(granted, {
    around: (crossing, next) => {
      const { error, delay } = draw(crossing);
      const fail = (): never => {
        throw error;
      };
      const isBefore = error !== undefined && when === "before";
      const call = isBefore ? fail : () => next(crossing.args);
      const made = most > 0 ? () => later(clock, delay, call) : call;
      const lose = (value: unknown): never => {
        dropped(value);
        return fail();
      };
      return error === undefined ? made() : after(made, lose, fail);
    },
    waits: () => most > 0,
  });
}
