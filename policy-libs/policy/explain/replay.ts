// A recorded log against another policy: where it would have gone another way.
//
// Invariants
//   P1  Each trace, which is what happened to one domain, is followed until the first event that is decided otherwise. What
//       comes after it is not what would have happened, and nothing is said about it.
//   P2  Everything that the log says has happened is the past, whether the policy would have let it happen or not: other
//       domains share it.
import type { Machine } from "../compile.ts";
import type { PolicyEvent } from "../resolved.ts";
import type { Settled } from "../settle.ts";
import { settle } from "../settle.ts";
import type { Verdict } from "../tree.ts";
import { type ExplainOptions, explain } from "./explain.ts";
import type { LoggedDecision, LoggedRule } from "./log-line.ts";
import type { LoggedTrace } from "./log-read.ts";
import { type Memory, newMemory } from "./memory.ts";
import { newTrail, type Trail } from "./trail.ts";
import type { Explanation } from "./types.ts";

export interface Difference {
  readonly trace: string;
  readonly domain: number;
  /** Of the log's text. */
  readonly line: number;
  readonly event: PolicyEvent;
  readonly before: Verdict;
  readonly now: Verdict;
  /** What the log says decided it. */
  readonly rule: LoggedRule | undefined;
  /** With the policy that the log was recorded under, if it is given. */
  readonly explanationBefore: Explanation | undefined;
  readonly explanation: Explanation;
  /** Decisions of this trace after it: hypothetical, and not looked at. */
  hypothetical: number;
}

export interface Replayed {
  readonly differences: readonly Difference[];
  /** Decisions that were compared. */
  readonly compared: number;
  /** False: some trace is not all there, so the past may have been another one. */
  readonly isWhole: boolean;
}

export interface ReplayOptions extends ExplainOptions {
  /** The policy that the log was recorded under, for the other explanation. Compiled with tracing. */
  readonly before?: Machine | undefined;
}

interface Watcher {
  readonly memory: Memory;
  readonly trail: Trail;
}

const watcher = (machine: Machine): Watcher => ({ memory: newMemory(machine), trail: newTrail() });

function happen({ memory, trail }: Watcher, event: PolicyEvent): void {
  memory.commit(event, trail.add(event));
}

/** What had been answered is not asked again. */
function settledNow({ memory }: Watcher, { proposed, isApproved }: LoggedDecision): Settled {
  const state = memory.stateOf(proposed);
  return settle((event) => {
    const decision = memory.machine.decide(state, event);
    if (!isApproved) return decision;
    return { ...decision, obligations: decision.obligations.filter(({ rule }) => rule.effect.kind !== "ask") };
  }, proposed);
}

const explained = ({ memory, trail }: Watcher, event: PolicyEvent, options: ExplainOptions, settled?: Settled) =>
  explain({ machine: memory.machine, state: memory.stateOf(event), past: trail.get }, event, options, settled);

function replayTrace({ name, entries }: LoggedTrace, machine: Machine, { before, ...options }: ReplayOptions) {
  const now = watcher(machine);
  const then = before && watcher(before);
  const differing = new Map<number, Difference>();
  let compared = 0;
  for (const entry of entries) {
    if (entry.kind === "past") {
      happen(now, entry.event);
      if (then !== undefined) happen(then, entry.event);
      continue;
    }
    const { proposed, verdict, rule, line, by } = entry;
    const known = differing.get(proposed.domain);
    if (known !== undefined) known.hypothetical += 1;
    // What an approver or an edit made of it was decided before.
    if (known !== undefined || by !== undefined) continue;
    compared += 1;
    const settled = settledNow(now, entry);
    if (settled.verdict === verdict) continue;
    differing.set(proposed.domain, {
      ...{ trace: name, domain: proposed.domain, line, event: proposed, before: verdict, now: settled.verdict, rule },
      explanationBefore: then && explained(then, proposed, options),
      explanation: explained(now, proposed, options, settled),
      hypothetical: 0,
    });
  }
  return { differences: [...differing.values()], compared };
}

/** `machine`: the other policy, compiled with tracing for the earlier events behind its answers. */
export function replayLog(traces: readonly LoggedTrace[], machine: Machine, options: ReplayOptions = {}): Replayed {
  const all = traces.map((trace) => replayTrace(trace, machine, options));
  return {
    differences: all.flatMap(({ differences }) => differences),
    compared: all.reduce((sum, { compared }) => sum + compared, 0),
    isWhole: traces.every(({ isWhole }) => isWhole),
  };
}
