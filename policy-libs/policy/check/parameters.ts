// Parameters of policies: their types, and what they are given.
import { didYouMean } from "../diagnostic.ts";
import type { Place } from "../resolved.ts";
import type { Parameter, Policy, Ref, Value } from "../tree.ts";
import type { ArgumentType } from "../vocabulary.ts";
import { datumOf } from "./literal.ts";
import type { Given } from "./policy.ts";
import type { Report, Unit } from "./unit.ts";

export const PARAMETER_TYPES = ["bool", "int", "text", "path", "host", "ip"] as const satisfies readonly ArgumentType[];

const isList = (value: Value | readonly Value[]): value is readonly Value[] => !("kind" in value);

function fits(unit: Unit, type: ArgumentType, value: Value, at: Place): boolean {
  // Blocks of addresses stand after "in" wherever addresses do.
  if (type === "ip" && value.kind === "cidr") return true;
  const place = value.at === undefined ? at : unit.place(value.at);
  return datumOf(unit.report, { type }, value, place) !== undefined;
}

/** `unit`: where the value is written. */
function isFit(unit: Unit, { name, type, value: own }: Parameter, value: Value | readonly Value[], at: Place): boolean {
  const type_ = PARAMETER_TYPES.find((each) => each === type);
  if (type_ === undefined) return false;
  if (own !== undefined && isList(own) !== isList(value)) {
    unit.report("P120", at, `"${name}" is ${isList(own) ? "a list" : "one value"}`);
    return false;
  }
  const values = isList(value) ? value : [value];
  return values.filter((each) => !fits(unit, type_, each, at)).length === 0;
}

/** Types are there, and values of the parameters' own are of them. */
export function checkParameters(unit: Unit, { parameters }: Policy): void {
  for (const parameter of parameters) {
    const at = unit.place(parameter.at);
    const isKnown = PARAMETER_TYPES.some((type) => type === parameter.type);
    const all = `There are ${PARAMETER_TYPES.join(", ")}.`;
    if (!isKnown) {
      unit.report("P103", at, `unknown type "${parameter.type}"`, didYouMean(parameter.type, PARAMETER_TYPES) || all);
    } else if (parameter.value !== undefined) isFit(unit, parameter, parameter.value, at);
  }
}

const LISTED = (parameters: readonly Parameter[]): string =>
  parameters.length === 0 ? "It has no parameters." : `It has ${parameters.map(({ name }) => name).join(", ")}.`;

/** What a reference gives, by parameter. `unit`: the file of the reference. Undefined: something is wrong with it. */
export function givenBy(unit: Unit, policy: Policy, ref: Ref): Given | undefined {
  const given = new Map<string, Value | readonly Value[]>();
  let isRight = true;
  for (const binding of ref.arguments) {
    const at = unit.place(binding.at ?? ref.at);
    const parameter = policy.parameters.find(({ name }) => name === binding.name);
    const names = policy.parameters.map(({ name }) => name);
    if (parameter === undefined) {
      const advice = didYouMean(binding.name, names) || LISTED(policy.parameters);
      unit.report("P120", at, `"${binding.name}" is not a parameter of ${policy.name}`, advice);
    } else if (given.has(binding.name)) unit.report("P120", at, `"${binding.name}" is given twice`);
    const isGood = parameter !== undefined && !given.has(binding.name) && isFit(unit, parameter, binding.value, at);
    isRight &&= isGood;
    given.set(binding.name, binding.value);
  }
  return isRight ? given : undefined;
}

export const missingIn = ({ parameters }: Policy, given: Given): readonly string[] =>
  parameters.filter(({ name, value }) => value === undefined && !given.has(name)).map(({ name }) => name);

/** What an embedder gives for a parameter. */
export type ParameterValue = boolean | number | string | readonly (boolean | number | string)[];

function written(report: Report, type: string, value: unknown, at: Place): Value | undefined {
  if (typeof value === "boolean") return { kind: "bool", value };
  if (typeof value === "string") {
    return type === "ip" && value.includes("/") ? { kind: "cidr", value } : { kind: "text", value };
  }
  if (Number.isSafeInteger(value) && (value as number) >= 0) return { kind: "int", value: value as number };
  report("P120", at, "what is given for this parameter is no integer, text or truth value");
  return undefined;
}

/** The same as a file would write it. */
export function readValue(
  unit: Unit,
  parameter: Parameter,
  given: ParameterValue,
): Value | readonly Value[] | undefined {
  const at = unit.place(parameter.at);
  const read = (one: unknown) => written(unit.report, parameter.type, one, at);
  const value = Array.isArray(given) ? given.map(read) : read(given);
  if (value === undefined || (Array.isArray(value) && value.includes(undefined))) return undefined;
  const whole = value as Value | readonly Value[];
  return isFit(unit, parameter, whole, at) ? whole : undefined;
}
