// From `abort()` to the settled run, for guests that take what they can get.
import { HOGS } from "../hogs.ts";
import { notMeasured, reason } from "../pairs.ts";
import { quantile } from "../statistics.ts";
import type { Entry, Field, Group, Line } from "../types.ts";

const ABORTS = 25;

async function once(source: string, after: number): Promise<number> {
  const { abortable } = await import("../contenders/cordon.ts");
  const guest = abortable(source);
  await guest.started;
  await new Promise((resolve) => setTimeout(resolve, after));
  const start = performance.now();
  guest.abort();
  const status = await guest.ended;
  if (status !== "aborted") throw new Error(`the guest ended as ${status}`);
  return performance.now() - start;
}

async function many(source: string): Promise<Entry> {
  const samples: number[] = [];
  try {
    for (let i = 0; i < ABORTS; i++) samples.push(await once(source, 40 + i * 7)); // at ever other moments
  } catch (thrown) {
    return notMeasured("cordon", reason(thrown));
  }
  const note = `p50 ${quantile(samples, 0.5).toFixed(2)}, worst ${quantile(samples, 1).toFixed(2)}, ${ABORTS} aborts`;
  return { who: "cordon", samples: [], value: quantile(samples, 0.95), note };
}

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const missing = notMeasured("cordon", field.missing.get("cordon") ?? "missing");
  for (const { name, what, source } of HOGS) {
    const entry = field.cordon === undefined ? missing : await many(source);
    emit({ id: `abort.${name}`, what: `abort, p95, of a guest ${what}`, unit: "ms", entries: [entry] });
  }
}

export const abort: Group = { name: "abort", what: "aborts", measure };
