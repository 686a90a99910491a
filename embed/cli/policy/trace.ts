// Traces of the analyses, written as steps of a test are: so that one can be pasted beside a policy.
import type { PolicyEvent } from "../../../policy-libs/index.ts";

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];

function durationText(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms % each === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

const isOfCall = (kind: PolicyEvent["kind"]): boolean => kind !== "result";

/** `files.readText("/a")`. An argument that is missing is "_". */
export function eventText({ kind, op, data }: PolicyEvent): string {
  const values = (isOfCall(kind) ? op.takes : op.gives).map(({ name }) => {
    const value = data.get(name);
    return value === undefined ? "_" : JSON.stringify(value);
  });
  return `${kind === "call" ? "" : `${kind} `}${op.name}(${values.join(", ")})`;
}

/** A line for each event, and for time that passes between. */
export function traceLines(trace: readonly PolicyEvent[]): string[] {
  let now = 0;
  return trace.flatMap((event) => {
    const passed = event.time - now;
    now = event.time;
    return [...(passed > 0 ? [`wait ${durationText(passed)}`] : []), eventText(event)];
  });
}

/** For machines. */
export const traceJson = (trace: readonly PolicyEvent[]): readonly object[] =>
  trace.map(({ kind, op, data, time }) => ({ kind, call: op.name, arguments: [...data], time }));
