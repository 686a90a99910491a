// Every refusal of a log, explained as it was: under the policy that the log was recorded under.
import type { Machine } from "../compile.ts";
import type { ExplainOptions } from "./explain.ts";
import { explain } from "./explain.ts";
import type { LoggedTrace } from "./log-read.ts";
import { newMemory } from "./memory.ts";
import { newTrail } from "./trail.ts";
import type { Explanation } from "./types.ts";

export interface LoggedRefusal {
  readonly trace: string;
  /** Of the log's text. */
  readonly line: number;
  /** What the log says came of it. */
  readonly verdict: Explanation["answer"];
  readonly explanation: Explanation;
}

export interface ExplainLogOptions extends ExplainOptions {
  /** Refusals that are explained. Default: 100. */
  readonly most?: number | undefined;
}

const MOST = 100;
const isRefused = (verdict: Explanation["answer"]): boolean => ["denied", "halted", "suppressed"].includes(verdict);

/** `machine`: of the policy, compiled with tracing. What an approver or an edit refused is no rule's decision, and left out. */
export function explainLog(
  traces: readonly LoggedTrace[],
  machine: Machine,
  { most = MOST, ...options }: ExplainLogOptions = {},
): readonly LoggedRefusal[] {
  const found: LoggedRefusal[] = [];
  for (const { name, entries } of traces) {
    const [memory, trail] = [newMemory(machine), newTrail()];
    for (const entry of entries) {
      if (entry.kind === "past") memory.commit(entry.event, trail.add(entry.event));
      else if (isRefused(entry.verdict) && entry.by === undefined && found.length < most) {
        const scene = { machine, state: memory.stateOf(entry.proposed), past: trail.get };
        const explanation = explain(scene, entry.proposed, options);
        found.push({ trace: name, line: entry.line, verdict: entry.verdict, explanation });
      }
    }
  }
  return found;
}
