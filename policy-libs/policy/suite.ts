// Tests that stand beside policies: each is a trace with what is to become of every event in it. They run on the
// reference semantics.
//
// Who is asked says yes, delays are waited for, and changed calls are performed as changed: so a trace goes on after
// each of these. What is refused is in the history as refused.
import { carryOut } from "./carry.ts";
import { type Decisive, decisive, isBy, NOTHING_ALLOWS } from "./decisive.ts";
import type { Moment } from "./moment.ts";
import { decideByHistory, momentOf } from "./reference.ts";
import type { Joined, Place, PolicyEvent } from "./resolved.ts";
import type { Settled } from "./settle.ts";
import type { Verdict } from "./tree.ts";

export type TestStep = { readonly at: Place } & (
  | { readonly kind: "wait"; readonly time: number }
  /** The event's time does not matter: it is that of the step. */
  | { readonly kind: "event"; readonly event: PolicyEvent; readonly is: Verdict; readonly by?: string | undefined }
);

export interface ResolvedTest {
  readonly name: string;
  readonly policy: Joined;
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
  test: ResolvedTest,
  history: readonly PolicyEvent[],
  step: EventStep,
  settled: Settled,
): string | undefined {
  const moments = [step.event, settled.judged].map((event) => momentOf(history, event));
  const rules = decisive(test.policy, moments[1] as Moment, settled);
  const { is, by } = step;
  const isAsExpected = by === undefined || rules.some((rule) => moments.some((moment) => isBy(moment, rule, by)));
  if (settled.verdict === is && isAsExpected) return undefined;
  return rules.length === 0 ? settled.verdict : `${settled.verdict} by ${rules.map(whereOf).join("; ")}`;
}

function runTest(test: ResolvedTest): TestFailure[] {
  const failures: TestFailure[] = [];
  const history: PolicyEvent[] = [];
  let time = 0;
  for (const step of test.steps) {
    if (step.kind === "wait") time += step.time;
    else {
      const now = { ...step, event: { ...step.event, time } };
      const carried = carryOut(
        (event) => decideByHistory(test.policy, history, event),
        now.event,
        () => true,
      );
      const came = complaint(test, history, now, carried.settled);
      if (came !== undefined) failures.push({ test: test.name, at: step.at, expected: expectation(step), came });
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
