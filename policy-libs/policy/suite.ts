// Tests that stand beside policies: each is a trace with what is to become of every event in it. They run on the
// reference semantics.
//
// Who is asked says yes, delays are waited for, and changed calls are performed as changed: so a trace goes on after
// each of these. What is refused is in the history as refused.
import { carryOut } from "./carry.ts";
import { type Decisive, decisive, isBy, NOTHING_ALLOWS } from "./decisive.ts";
import { decideByHistory, momentOf } from "./reference.ts";
import type { Joined, Place, PolicyEvent } from "./resolved.ts";
import type { Settled } from "./settle.ts";
import type { Verdict } from "./tree.ts";
import type { Operation } from "./vocabulary.ts";

export type TestStep = { readonly at: Place } & (
  | { readonly kind: "wait"; readonly time: number }
  | {
      readonly kind: "event";
      readonly event: "call" | "result";
      readonly op: Operation;
      readonly data: PolicyEvent["data"];
      readonly is: Verdict;
      readonly by: string | undefined;
    }
);

/** As the checker resolves it. */
export interface ResolvedTest {
  readonly name: string;
  readonly of: Joined;
  readonly steps: readonly TestStep[];
}

export interface TestFailure {
  readonly test: string;
  readonly at: Place;
  /** "denied by “once files.read”" */
  readonly expected: string;
  /** The same of what came, with every rule that it came from. */
  readonly came: string;
}

type EventStep = Extract<TestStep, { kind: "event" }>;

const expectation = ({ is, by }: EventStep): string => (by === undefined ? is : `${is} by ${JSON.stringify(by)}`);

const whereOf = ({ policy, rule }: Decisive): string =>
  rule === undefined
    ? `${policy.name} (line ${policy.at.line}): ${NOTHING_ALLOWS}`
    : `${policy.name} (line ${rule.at.line}): ${rule.because ?? rule.at.text}`;

/** What came of a step, in words; undefined: what was expected. Of a changed call both sides of the change are judged. */
function complaint(
  policy: Joined,
  { is, by }: EventStep,
  history: readonly PolicyEvent[],
  event: PolicyEvent,
  settled: Settled,
): string | undefined {
  const now = momentOf(history, settled.judged);
  const rules = decisive(policy, now, settled);
  const isBySought = (text: string) =>
    rules.some((rule) => [momentOf(history, event), now].some((moment) => isBy(moment, rule, text)));
  if (settled.verdict === is && (by === undefined || isBySought(by))) return undefined;
  return rules.length === 0 ? settled.verdict : `${settled.verdict} by ${rules.map(whereOf).join("; ")}`;
}

/** Everything in a test happens to one domain. */
const WHO = { domain: 0, capability: 0, tenant: "" };

function runTest({ name, of: policy, steps }: ResolvedTest): TestFailure[] {
  const failures: TestFailure[] = [];
  const history: PolicyEvent[] = [];
  let time = 0;
  for (const step of steps) {
    if (step.kind === "wait") time += step.time;
    else {
      const event: PolicyEvent = { kind: step.event, op: step.op, data: step.data, time, ...WHO };
      const carried = carryOut(
        (now) => decideByHistory(policy, history, now),
        event,
        () => true,
      );
      const came = complaint(policy, step, history, event, carried.settled);
      if (came !== undefined) failures.push({ test: name, at: step.at, expected: expectation(step), came });
      history.push(...carried.events);
      time = carried.time;
    }
  }
  return failures;
}

/** Every step of every test that went otherwise than it says, in order. */
export const runTests = (tests: readonly ResolvedTest[]): readonly TestFailure[] => tests.flatMap(runTest);

/** `acme.policy:14:3 test "send after read": expected denied, came allowed` */
export const showFailure = ({ test, at, expected, came }: TestFailure): string =>
  `${at.file}:${at.line}:${at.column} test ${JSON.stringify(test)}: expected ${expected}, came ${came}`;
