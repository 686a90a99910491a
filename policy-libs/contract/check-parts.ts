// Bounds, literals and the properties of a type, checked.
import { show } from "./error.ts";
import { at, type Place, readList, readText, refuse } from "./reader.ts";
import type { Literal } from "./types.ts";

/** What was read of one record. */
export type Properties = ReadonlyMap<string, unknown>;

export function onlyKnown(place: Place, properties: Properties, names: readonly string[]): void {
  const surplus = [...properties.keys()].find((key) => !names.includes(key));
  if (surplus === undefined) return;
  const right = names.length === 0 ? "there are none" : `there are ${names.join(", ")}`;
  refuse(place, `there is no property ${show(surplus)}`, right);
}

export function required(place: Place, properties: Properties, name: string): unknown {
  return properties.has(name) ? properties.get(name) : refuse(place, `${name} is missing`, `say ${name}`);
}

export interface BoundRule {
  readonly isRight: (bound: number) => boolean;
  readonly right: string;
}

export const VALUE: BoundRule = { isRight: (bound) => !Number.isNaN(bound), right: "a number, not NaN" };
export const INTEGER: BoundRule = { isRight: Number.isSafeInteger, right: "an integer of the safe range" };
export const LENGTH: BoundRule = {
  isRight: (bound) => Number.isSafeInteger(bound) && bound >= 0,
  right: "a length: an integer from 0",
};

function boundOf(place: Place, properties: Properties, name: "min" | "max", rule: BoundRule): number | undefined {
  const bound = properties.get(name);
  if (bound === undefined) return undefined;
  const here = at(place, `.${name}`);
  if (typeof bound !== "number") return refuse(here, `${show(bound)} is no number`, rule.right);
  return rule.isRight(bound) ? bound : refuse(here, show(bound), rule.right);
}

export function boundsOf(place: Place, properties: Properties, rule: BoundRule): { min?: number; max?: number } {
  const min = boundOf(place, properties, "min", rule);
  const max = boundOf(place, properties, "max", rule);
  if (min !== undefined && max !== undefined && min > max) {
    refuse(at(place, ".min"), `${min} is more than max, ${max}`, "min is at most max");
  }
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

const MOST_LITERAL = 1_024; // characters

function readLiteral(alleged: unknown, place: Place): Literal {
  if (alleged === null || typeof alleged === "boolean") return alleged;
  if (typeof alleged === "number" && Number.isFinite(alleged)) return alleged;
  if (typeof alleged === "string") return readText(place, alleged, MOST_LITERAL);
  return refuse(place, `${show(alleged)} is no literal`, "strings, finite numbers, true, false and null");
}

export function readLiterals(place: Place, alleged: unknown): readonly Literal[] {
  const values = readList(place, alleged, "a list of literals", readLiteral);
  return values.length > 0 ? Object.freeze(values) : refuse(place, "an enumeration of nothing", "at least one literal");
}
