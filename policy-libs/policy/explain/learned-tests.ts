// A log as the tests of a policy file: each different call once, in the order of the log.
import { isOwn } from "../event.ts";
import type { Datum, PolicyEvent } from "../resolved.ts";
import type { Step, Test, Value } from "../tree.ts";
import type { Argument } from "../vocabulary.ts";
import type { LoggedTrace } from "./log-read.ts";

/** Steps of all tests: a person reads them. */
const MOST_STEPS = 500;
/** Units of a text in a test. */
const MOST_TEXT = 400;

const NOTHING: Value = { kind: "int", value: 0 };

function literalOf({ type }: Argument, datum: Datum | undefined): Value | undefined {
  if (type === "handle" || type === "other") return NOTHING;
  if (typeof datum === "number") return { kind: "int", value: datum };
  if (typeof datum === "boolean") return { kind: "bool", value: datum };
  const isFit = datum !== undefined && datum.length <= MOST_TEXT && datum.isWellFormed();
  return isFit ? { kind: "text", value: datum } : undefined;
}

/** Undefined: the call cannot be written. What is left out can only be at the end. */
function stepOf({ op, data }: PolicyEvent): Step | undefined {
  const values = op.takes.filter(isOwn).map((argument) => {
    const value = literalOf(argument, data.get(argument.name));
    return { value, isOptional: argument.optional };
  });
  while (values.at(-1)?.value === undefined && values.at(-1)?.isOptional === true) values.pop();
  const given = values.flatMap(({ value }) => value ?? []);
  if (given.length < values.length) return undefined;
  return { kind: "event", event: "call", op: op.name, values: given, is: "allowed" };
}

export function testsOf(traces: readonly LoggedTrace[], policy: string): readonly Test[] {
  const seen = new Set<string>();
  return traces.flatMap(({ name, entries }, at): Test[] => {
    const steps: Step[] = [];
    for (const entry of entries) {
      if (entry.kind !== "past" || entry.event.kind !== "call" || seen.size >= MOST_STEPS) continue;
      const step = stepOf(entry.event);
      const key = JSON.stringify(step);
      if (step === undefined || seen.has(key)) continue;
      seen.add(key);
      steps.push(step);
    }
    const title = name.isWellFormed() && name !== "" ? name.slice(0, MOST_TEXT) : `${at + 1}`;
    return steps.length === 0
      ? []
      : [{ kind: "test", name: `recorded ${title}`, of: { name: policy, arguments: [] }, steps }];
  });
}
