// The time of a RepyV2 run: the host's, or a virtual one that stands still while anything of the run works, and goes on
// to the next timer when all of it waits. Under a virtual one the same program is stopped and woken in the same order.
import { type ClockTime, type Meter, realTime, type VirtualTime, virtualClock } from "../policy-libs/index.ts";
import type { VirtualOptions } from "./clock.ts";
import { startOf } from "./clock.ts";
import { later } from "./engine.ts";

/** The virtual time of a run, and its seed. */
export interface RepyVirtual extends VirtualOptions {
  /** A time of the embedder's own, for places that wait as well, such as a network with latency. */
  readonly time?: VirtualTime | undefined;
}

export interface RepyTime {
  readonly time: ClockTime;
  /** For domains, whose own clocks are of no use to a program. */
  readonly virtual: VirtualOptions | undefined;
  /** Moves a virtual time on until `over`. */
  drive(meter: Meter, over: () => boolean): void;
}

/** Turns of the event loop without any work before all of the run is taken to wait: an answer may be on its way. */
const PATIENCE = 5;

/** Grows with whatever a guest does. */
function workOf(meter: Meter): number {
  const { fuel, calls, bytes } = meter.totals();
  return fuel + calls + bytes;
}

function drive(time: VirtualTime, meter: Meter, over: () => boolean): void {
  let [work, quiet] = [workOf(meter), 0];
  const look = (): void => {
    if (over()) return;
    const now = workOf(meter);
    quiet = now === work ? quiet + 1 : 0;
    work = now;
    if (quiet >= PATIENCE && time.advanceToNext()) quiet = 0;
    later(look);
  };
  later(look);
}

export function repyTime(virtual: RepyVirtual | undefined): RepyTime {
  if (virtual === undefined) return { time: realTime(), virtual, drive: () => undefined };
  const { start, seed, time = virtualClock({ start: startOf(virtual) }) } = virtual;
  return { time, virtual: { start, seed }, drive: (meter, over) => drive(time, meter, over) };
}
