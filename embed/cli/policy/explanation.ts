// An explanation, as people read it: which rule, which condition, which earlier event, and what would have been allowed.
import type { Explanation } from "../../../policy-libs/index.ts";

type Condition = Explanation["conditions"][number];
type Call = Explanation["causes"][number];

const TRUTH = { T: "true", F: "false", U: "unknown" };

function callText({ kind, call, data }: Pick<Call, "kind" | "call" | "data">): string {
  const values = [...(data ?? [])].map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `${kind === undefined || kind === "call" ? "" : `${kind} `}${call ?? "?"}(${values.join(", ")})`;
}

const conditionLines = ({ text, value, of }: Condition, depth = 1): string[] => [
  `${"  ".repeat(depth)}${text.replace(/\s+/g, " ")} is ${TRUTH[value]}`,
  ...of.flatMap((part) => conditionLines(part, depth + 1)),
];

function ruleLine({ rule, policy, at, because }: Explanation): string {
  const where = at === undefined ? "" : ` at ${at.file}:${at.line}:${at.column}`;
  const what = typeof rule === "number" ? `rule ${rule + 1}` : rule;
  return `by ${policy}, ${what}${where}${because === undefined ? "" : `: ${because}`}`;
}

function flipLines({ flips }: Explanation): string[] {
  if (flips === undefined) return [];
  const { arguments: nearest, first, wait } = flips;
  const steps = typeof first === "string" ? [] : first;
  return [
    ...(nearest === undefined ? [] : [`allowed now: ${callText(nearest)}`]),
    ...(wait === undefined ? [] : [`allowed after ${wait} ms`]),
    ...(steps.length === 0
      ? []
      : [`allowed after: ${steps.map((step) => `${callText(step)} by ${step.by}`).join(", ")}`]),
    ...(first === "never again" ? ["this call is never allowed again"] : []),
  ];
}

export function explanationLines(explanation: Explanation): string[] {
  const { answer, event, conditions, causes } = explanation;
  const earlier = causes.map((cause) => `  event ${cause.event}: ${callText(cause)}, for ${cause.of}`);
  return [
    `${event.op.name} was ${answer} ${ruleLine(explanation)}`,
    ...(conditions.length === 0 ? [] : ["because", ...conditions.flatMap((condition) => conditionLines(condition))]),
    ...(earlier.length === 0 ? [] : ["of what happened before", ...earlier]),
    ...flipLines(explanation),
  ];
}

const plainCall = ({ kind, call, data }: Pick<Call, "kind" | "call" | "data">) => ({
  kind,
  call,
  data: Object.fromEntries(data ?? []),
});

/** For machines. */
export function explanationJson({ event, conditions, causes, flips, ...rest }: Explanation): object {
  const condition = ({ text, value, of }: Condition): object => ({ text, value, of: of.map(condition) });
  const first =
    flips !== undefined && typeof flips.first !== "string"
      ? flips.first.map((step) => ({ ...plainCall(step), by: step.by, after: step.after }))
      : flips?.first;
  return {
    ...rest,
    call: plainCall({ kind: event.kind, call: event.op.name, data: event.data }),
    conditions: conditions.map(condition),
    causes: causes.map((cause) => ({ ...plainCall(cause), event: cause.event, time: cause.time, of: cause.of })),
    ...(flips === undefined
      ? {}
      : { flips: { arguments: flips.arguments && plainCall(flips.arguments), first, wait: flips.wait } }),
  };
}
