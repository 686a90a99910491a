// A bound on what one call may carry.
import type { Granted } from "../capability.ts";
import { sizeOf } from "./bytes.ts";
import { checkBound } from "./clock.ts";
import { delivered } from "./dropped.ts";
import { after, membrane } from "./membrane.ts";
import { deny } from "./refusal.ts";

/** Bytes of arguments and of results. */
export interface Sizes {
  /** Bytes of all arguments of one call: UTF-8 of text, 8 for a number. */
  readonly argument?: number;
  /** Bytes of one result or error. What is larger is not delivered; the call was made. */
  readonly result?: number;
}

function checkSize<T>(value: T, most: number): T {
  if (most !== Number.POSITIVE_INFINITY && sizeOf(value, most) > most) deny("E_QUOTA", `more than ${most} bytes`);
  return value;
}

const checkAnswer = <T>(value: T, most: number): T => delivered(value, () => checkSize(value, most));

/** The capability for arguments and results of so many bytes; what is larger answers E_QUOTA. */
export function size<G extends Granted>(granted: G, sizes: Sizes): G {
  const [argument, result] = [checkBound(sizes.argument, "argument"), checkBound(sizes.result, "result")];
  const limited = (into: number, outOf: number) => (args: readonly unknown[], call: () => unknown) => {
    checkSize(args, into);
    const failed = (error: unknown): never => {
      throw checkSize(error, outOf);
    };
    return after(call, (value) => checkAnswer(value, outOf), failed);
  };
  const [down, up] = [limited(argument, result), limited(result, argument)];
  return membrane(granted, {
    around: ({ args }, next) => down(args, () => next(args)),
    back: ({ args }, next) => up(args, () => next(args)),
  });
}
