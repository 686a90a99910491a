// Policy logs of what guests tried: as a recorder writes them, without running any.
import { carryOut } from "../../policy-libs/policy/carry.ts";
import { compile } from "../../policy-libs/policy/compile.ts";
import { decisionLine, headerLine, type LoggedDecision, pastLine } from "../../policy-libs/policy/explain/log-line.ts";
import { loggedRule } from "../../policy-libs/policy/explain/log-write.ts";
import { newMemory } from "../../policy-libs/policy/explain/memory.ts";
import type { Datum, Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import type { Attempt, Trace } from "./traces.ts";

export type Logged =
  | { readonly kind: "past"; readonly event: PolicyEvent }
  | ({ readonly kind: "decided" } & LoggedDecision);

/** As contracts make them: addresses have one spelling. */
const normal = (data: ReadonlyMap<string, Datum>): ReadonlyMap<string, Datum> =>
  new Map([...data].map(([name, datum]) => [name, datum === "::ffff:10.0.0.1" ? "10.0.0.1" : datum] as const));

const eventOf = ({ op, data, domain, capability, tenant }: Attempt, time: number): PolicyEvent => ({
  ...{ kind: "call", op, data: normal(data), time, domain, capability, tenant },
});

/** What is logged of a trace. Results come at once. */
export function logged(policy: Joined, trace: Trace): readonly Logged[] {
  const memory = newMemory(compile(policy));
  const log: Logged[] = [];
  let time = 0;
  const happen = (event: PolicyEvent): void => {
    memory.commit(event, log.length);
    log.push({ kind: "past", event });
  };
  const decide = (proposed: PolicyEvent, isApproving: boolean): readonly PolicyEvent[] => {
    const carried = carryOut(
      (now) => memory.machine.decide(memory.stateOf(now), now),
      proposed,
      () => isApproving,
    );
    const rule = loggedRule(carried.settled);
    const { verdict } = carried.settled;
    log.push({ kind: "decided", verdict, proposed, isApproved: false, isEnforced: true, by: undefined, rule });
    time = carried.time;
    for (const event of carried.events) happen(event);
    return carried.events;
  };
  for (const attempt of trace.filter(({ op }) => !op.isInstruction)) {
    time += attempt.wait;
    const proposed = eventOf(attempt, time);
    const last = attempt.isOfHost ? proposed : (decide(proposed, attempt.isApproved).at(-1) as PolicyEvent);
    if (attempt.isOfHost) happen(proposed);
    if (last.kind !== "call" || attempt.outcome === "none") continue;
    if (attempt.outcome === "failed") happen({ ...last, kind: "failed" });
    else decide({ ...last, kind: "result", data: new Map([...last.data, ...normal(attempt.gives)]) }, false);
  }
  return log;
}

export const logText = (log: readonly Logged[], trace = "t"): string =>
  headerLine(trace) + log.map((one) => (one.kind === "past" ? pastLine(one.event) : decisionLine(one))).join("");
