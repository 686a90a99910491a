// Processor time and memory of a virtual machine, with the governor of section 3.4: it looks every 0.1 s and stops who
// has used more than its share.
import type { FakeClock } from "./clock.ts";

const POLL = 100; // ms

export function fakeUsage(clock: FakeClock, cpuLimit: number) {
  const stops: [number, number][] = [];
  let cpu = 0;

  function stop(used: number): void {
    const pause = used / cpuLimit - used;
    if (pause <= 0) return;
    stops.push([clock.monotonic() / 1000, pause / 1000]);
    clock.advance(pause);
  }

  return {
    cpu: async () => ({ cpu: cpu / 1000, threadcpu: cpu / 1000, stops }),
    memory: async () => 8_000_000,
    /** Computes for so many milliseconds of processor time. */
    async compute(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= POLL) {
        const piece = Math.min(left, POLL);
        clock.advance(piece);
        cpu += piece;
        stop(piece);
      }
    },
  };
}
