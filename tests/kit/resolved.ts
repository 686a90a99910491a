// Resolved policies by hand: short names for the pieces, each with a place that shows its own text.
import type {
  AddressBlock,
  Datum,
  HistoryKind,
  Joined,
  Place,
  PolicyEvent,
  RArgument,
  RCond,
  REdit,
  REffect,
  RLabel,
  RPattern,
  RPolicy,
  RRule,
  RTail,
  RTerm,
  RValues,
} from "../../policy-libs/policy/resolved.ts";
import type { Comparison, TextTest } from "../../policy-libs/policy/tree.ts";
import type { Argument, ArgumentType, Operation, Vocabulary } from "../../policy-libs/policy/vocabulary.ts";

export const placeOf = (text: string): Place => ({
  file: "kit.policy",
  line: 1,
  column: 1,
  span: { from: 0, to: text.length },
  text,
});

export const argument = (name: string, type: ArgumentType, optional = false): Argument => ({ name, type, optional });

export function operation(
  name: string,
  id: number,
  takes: readonly Argument[],
  gives: readonly Argument[] = [],
): Operation {
  const [group, call] = name.split(".") as [string, string];
  return { id, name, group, call, takes, gives, isInstruction: group === "vm" };
}

export const vocabularyOf = (operations: readonly Operation[]): Vocabulary => ({
  operations,
  byName: new Map(operations.map((op) => [op.name, op])),
});

/** Under any of its names. */
const isOf =
  (name: string) =>
  ({ name: own, also = [] }: Argument): boolean =>
    own === name || also.includes(name);

/** The argument of that name of all the operations; of results also what they give. */
export function named(name: string, ops: readonly Operation[]): RArgument {
  const found = ops.map((op) => [op, op.takes.find(isOf(name)) ?? op.gives.find(isOf(name))] as const);
  const of = new Map(found.flatMap(([op, one]) => (one === undefined ? [] : [[op, one] as const])));
  if (of.size !== ops.length || of.size === 0) throw new Error(`${name} is not an argument of all`);
  return { name, type: ([...of.values()][0] as Argument).type, of };
}

const kindText = (kinds: readonly HistoryKind[]): string =>
  kinds.length > 1 ? "tried " : kinds[0] === "call" ? "" : `${kinds[0]} `;

export const pattern = (
  ops: readonly Operation[],
  when?: RCond,
  kinds: readonly HistoryKind[] = ["call"],
): RPattern => {
  const inner = when === undefined ? "" : `(${when.at.text})`;
  return { kinds, ops, when, at: placeOf(`${kindText(kinds)}${ops.map(({ name }) => name).join("|")}${inner}`) };
};
export const result = (ops: readonly Operation[], when?: RCond): RPattern => pattern(ops, when, ["result"]);

const tailText = ({ by, per, within, steps }: RTail): string =>
  `${by === undefined ? "" : ` by ${by.argument.name} max ${by.max}`}${per === "domain" ? "" : ` per ${per}`}${
    within === undefined ? "" : ` within ${within}ms`
  }${steps === undefined ? "" : ` in ${steps} steps`}`;
const show = (datum: Datum): string => JSON.stringify(datum);

type Tail = Partial<RTail>;

export const constant = (value: Datum): RTerm => ({ kind: "constant", value, at: placeOf(show(value)) });
export const term = (argument: RArgument): RTerm => ({ kind: "argument", argument, at: placeOf(argument.name) });
export const length = (argument: RArgument): RTerm => ({
  kind: "length",
  argument,
  at: placeOf(`length(${argument.name})`),
});
export const count = (pattern: RPattern, tail: Tail = {}): RTerm => {
  const whole = { per: "domain" as const, ...tail };
  return { kind: "count", pattern, ...whole, at: placeOf(`count ${pattern.at.text}${tailText(whole)}`) };
};
export const sum = (argument: RArgument, pattern: RPattern, tail: Tail = {}): RTerm => {
  const whole = { per: "domain" as const, ...tail };
  const at = placeOf(`sum ${argument.name} on ${pattern.at.text}${tailText(whole)}`);
  return { kind: "sum", argument, pattern, ...whole, at };
};
export const level = (plus: RPattern, minus: RPattern, max = 65_535): RTerm => ({
  kind: "level",
  plus,
  minus,
  max,
  at: placeOf(`level ${plus.at.text} minus ${minus.at.text} max ${max}`),
});
export const add = (...terms: readonly RTerm[]): RTerm => ({
  kind: "add",
  terms,
  at: placeOf(terms.map(({ at }) => at.text).join(" + ")),
});

const joined =
  (kind: "or" | "and") =>
  (...of: readonly RCond[]): RCond => ({ kind, of, at: placeOf(`(${of.map(({ at }) => at.text).join(` ${kind} `)})`) });
export const or = joined("or");
export const and = joined("and");
export const not = (of: RCond): RCond => ({ kind: "not", of, at: placeOf(`not ${of.at.text}`) });
export const truth = (value: boolean): RCond => ({ kind: "constant", value, at: placeOf(String(value)) });
export const holds = (argument: RArgument): RCond => ({ kind: "argument", argument, at: placeOf(argument.name) });
export const compare = (left: RTerm, is: Comparison, right: RTerm): RCond => ({
  kind: "compare",
  is,
  left,
  right,
  at: placeOf(`${left.at.text} ${is} ${right.at.text}`),
});
export const once = (pattern: RPattern, { since, within }: { since?: RPattern; within?: number } = {}): RCond => {
  const tail = `${since === undefined ? "" : ` with no ${since.at.text} since`}${within === undefined ? "" : ` within ${within}ms`}`;
  return { kind: "once", pattern, since, within, at: placeOf(`once ${pattern.at.text}${tail}`) };
};
export const previous = (pattern: RPattern, among: readonly RPattern[]): RCond => ({
  kind: "previous",
  pattern,
  among,
  at: placeOf(`previous ${pattern.at.text} among ${among.map(({ at }) => at.text).join(", ")}`),
});
export const label = (name: string, from: readonly RPattern[], cleared: readonly RPattern[] = []): RLabel => ({
  name,
  from,
  cleared,
  at: placeOf(
    `label ${name} from ${from.map(({ at }) => at.text).join(", ")} cleared by ${cleared.map(({ at }) => at.text).join(", ")}`,
  ),
});
export const carries = (label: RLabel): RCond => ({
  kind: "carries",
  label,
  at: placeOf(`carries {${label.at.text}}`),
});
export const values = (argument: RArgument, pattern: RPattern, max: number): RValues => ({
  name: "seen",
  argument,
  pattern,
  max,
  at: placeOf(`values ${argument.name} on ${pattern.at.text} max ${max}`),
});
export const remembered = (argument: RArgument, values: RValues): RCond => ({
  kind: "remembered",
  argument,
  values,
  at: placeOf(`${argument.name} in {${values.at.text}}`),
});
export const oneOf = (argument: RArgument, values: readonly Datum[]): RCond => ({
  kind: "oneOf",
  argument,
  values,
  at: placeOf(`${argument.name} in [${values.map(show).join()}]`),
});
export const address = (argument: RArgument, blocks: readonly AddressBlock[]): RCond => ({
  kind: "address",
  argument,
  blocks,
  at: placeOf(`${argument.name} in [${blocks.map(({ text }) => text).join()}]`),
});
export const text = (argument: RArgument, test: TextTest, text: string): RCond => ({
  kind: "text",
  test,
  argument,
  text,
  at: placeOf(`${argument.name} ${test} ${show(text)}`),
});

function editText(edit: REdit): string {
  if (edit.kind === "at most") return `${edit.argument.name} at most ${edit.most}`;
  if (edit.kind === "first") return `${edit.argument.name} first ${edit.length}`;
  return edit.kind === "masks"
    ? `${edit.argument.name} masks ${edit.mask}`
    : `${edit.argument.name} becomes ${show(edit.value)}`;
}
export const atMost = (argument: RArgument, most: number): REdit => edited({ kind: "at most", argument, most });
export const first = (argument: RArgument, length: number): REdit => edited({ kind: "first", argument, length });
export const masks = (argument: RArgument, mask: string): REdit => edited({ kind: "masks", argument, mask });
export const becomes = (argument: RArgument, value: Datum): REdit => edited({ kind: "becomes", argument, value });
type Unplaced<A> = A extends unknown ? Omit<A, "at"> : never;
function edited(edit: Unplaced<REdit>): REdit {
  const placed = { ...edit, at: placeOf("") };
  return { ...placed, at: placeOf(editText(placed)) };
}

function effectText(effect: REffect, on: string): string {
  switch (effect.kind) {
    case "ask":
      return `ask ${on}${effect.of === undefined ? "" : ` of ${effect.of}`}`;
    case "suppress":
      return `suppress ${on}${effect.giving === undefined ? "" : ` giving ${show(effect.giving)}`}`;
    case "delay":
      return `delay ${on} to ${effect.to} per ${effect.per}ms`;
    case "change":
      return `change ${on} so ${effect.edits.map(({ at }) => at.text).join(", ")}`;
    default:
      return `${effect.kind} ${on}`;
  }
}

/** Without its index: a policy gives it one. */
export type Unnumbered = Omit<RRule, "index">;
export function rule(
  effect: REffect | "allow" | "deny" | "halt",
  on: readonly RPattern[],
  when?: RCond,
  because?: string,
): Unnumbered {
  const whole = typeof effect === "string" ? { kind: effect } : effect;
  const head = effectText(whole, on.map(({ at }) => at.text).join(", "));
  return {
    effect: whole,
    on,
    when,
    because,
    at: placeOf(`${head}${when === undefined ? "" : ` when ${when.at.text}`}`),
  };
}

export const policyOf = (
  name: string,
  byDefault: RPolicy["default"],
  over: readonly Operation[],
  rules: readonly Unnumbered[],
): RPolicy => {
  const texts = rules.map(({ at }) => `  ${at.text}\n`).join("");
  const head = `policy ${name} over ${over.map((op) => op.name).join(", ")}`;
  const at = placeOf(`${head} {\n  default ${byDefault}\n${texts}}`);
  return {
    kind: "policy",
    name,
    party: "host",
    over,
    default: byDefault,
    rules: rules.map((one, index) => ({ ...one, index })),
    at,
  };
};
export const allOf = (...of: readonly Joined[]): Joined => ({ kind: "all", name: "all", of });
export const anyOf = (...of: readonly Joined[]): Joined => ({ kind: "any", name: "any", of });

/** As it would stand in a file, nearly. */
export const showPolicy = (policy: Joined): string =>
  policy.kind === "policy" ? policy.at.text : `${policy.kind} of (\n${policy.of.map(showPolicy).join(",\n")}\n)`;

export const showEvent = ({ kind, op, data, time, domain, capability, tenant }: PolicyEvent): string =>
  `${time}ms ${kind} ${op.name}(${[...data].map(([name, value]) => `${name}: ${show(value)}`).join()}) d${domain} c${capability} ${tenant}`;

/** An event of domain 1 at time 0, if nothing else is said. */
export const event = (
  op: Operation,
  data: { readonly [name: string]: Datum } = {},
  rest: Partial<Omit<PolicyEvent, "op" | "data">> = {},
): PolicyEvent => ({
  kind: "call",
  op,
  data: new Map(Object.entries(data)),
  time: 0,
  domain: 1,
  capability: 1,
  tenant: "acme",
  ...rest,
});
