// How long timers of the host wait while a guest takes what it can get. The delay of a timer is how much later than
// asked for it fires; a host without guests is the control, because timers are never exact.
import { HOGS } from "../hogs.ts";
import { notMeasured, reason } from "../pairs.ts";
import { quantile } from "../statistics.ts";
import type { Entry, Field, Group, Line } from "../types.ts";

const DURATION = 2_500; // ms of each guest
const ASKED = 1; // ms of each timer

async function delays(duration: number): Promise<number[]> {
  const found: number[] = [];
  const end = performance.now() + duration;
  while (performance.now() < end) {
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, ASKED));
    found.push(Math.max(0, performance.now() - start - ASKED));
  }
  return found;
}

function entry(who: string, found: readonly number[]): Entry {
  const [p50, worst] = [0.5, 1].map((q) => quantile(found, q).toFixed(2));
  return { who, samples: [], value: quantile(found, 0.95), note: `p50 ${p50}, worst ${worst}, ${found.length} timers` };
}

async function underGuest(source: string): Promise<Entry> {
  const { abortable } = await import("../contenders/cordon.ts");
  const guest = abortable(source);
  try {
    await guest.started;
    const found = await delays(DURATION);
    const status = await Promise.race([guest.ended, "running"]);
    if (status !== "running") throw new Error(`the guest ended by itself: ${status}`);
    return entry("cordon", found);
  } catch (thrown) {
    return notMeasured("cordon", reason(thrown));
  } finally {
    guest.abort();
    await guest.ended;
  }
}

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const idle = entry("host without guests", await delays(DURATION));
  const missing = notMeasured("cordon", field.missing.get("cordon") ?? "missing");
  for (const { name, what, source } of HOGS) {
    const ours = field.cordon === undefined ? missing : await underGuest(source);
    emit({
      id: `delay.${name}`,
      what: `delay of a timer, p95, under a guest ${what}`,
      unit: "ms",
      entries: [ours, idle],
    });
  }
}

export const delay: Group = { name: "delay", what: "the host's event loop under guests", measure };
