// What a guest may know of time: coarse, and nothing of the host's own age.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { CLOCK } from "./contract.ts";
import { realTime, type Time } from "./time.ts";

/** Milliseconds that a guest can tell apart, unless the grant says otherwise. */
const RESOLUTION = 1;

/** How fine the time is, and whose. */
export interface ClockOptions {
  /**
   * Both clocks move in steps of so many milliseconds. Default: 1. Coarse steps make it harder, not impossible, to
   * measure what others on this host do: a guest can count its own work between two steps.
   */
  readonly resolution?: number | undefined;
  /** What tells the time. Default: the host. */
  readonly time?: Time | undefined;
}

export interface ClockPlace {
  now(): number;
  monotonic(): number;
}

function checkResolution(resolution: number): number {
  if (Number.isFinite(resolution) && resolution > 0) return resolution;
  throw new TypeError("resolution must be a number of milliseconds above 0");
}

/** monotonic() begins at 0 when the clock is granted: how long this process runs is nobody's business. */
export function clockPlace({ resolution = RESOLUTION, time = realTime() }: ClockOptions = {}): ClockPlace {
  const step = checkResolution(resolution);
  const floor = (ms: number): number => Math.floor(ms / step) * step;
  const start = time.monotonic();
  return { now: () => floor(time.now()), monotonic: () => floor(time.monotonic() - start) };
}

/** Grants a clock: the host's, unless another time is given. */
export const clock = (options: ClockOptions = {}): GrantedOf<typeof CLOCK> => capability(CLOCK, clockPlace(options));
