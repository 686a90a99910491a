// Does a value fit a contract? For what the host's own people put in the place of a guest's value: the kernel checks
// what crosses, but a change that breaks the contract must be refused before the base has acted on it.
//
// Trust
//   Trusted by ask.ts and redact.ts. A contract without data (permissive ones) asks for nothing but a count.
import type { Contract } from "../../kernel/index.ts";
import { isGranted } from "../capability.ts";
import { type ContractData, contractFrom, type Type } from "../contract/index.ts";
import { callData } from "./described.ts";
import type { Args } from "./membrane.ts";
import { type Fields, kindOf } from "./values.ts";

type Bounded = { readonly min?: number | undefined; readonly max?: number | undefined };

const isWithin = (
  value: number,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Bounded,
): boolean => value >= min && value <= max;

/** NaN has no order: where a bound is set it is outside. */
const isNumber = (value: unknown, type: Bounded): boolean =>
  typeof value === "number" && ((type.min === undefined && type.max === undefined) || isWithin(value, type));

function isRecord(value: unknown, fields: Readonly<Record<string, Type>>): boolean {
  if (kindOf(value) !== "record" || isGranted(value)) return false;
  const names = Object.keys(value as Fields);
  return (
    names.every((name) => Object.hasOwn(fields, name)) &&
    Object.entries(fields).every(([name, type]) => fits(type, (value as Fields)[name]))
  );
}

/** A contract that is meant by its name encloses the one that is asked: the kernel knows which it is. */
const isHandle = (value: unknown, of: string | ContractData): boolean =>
  isGranted(value) && (typeof of === "string" ? value.contract.name === of : value.contract.form === formOf(of));

const formOf = (data: ContractData): string => contractFrom(data).form;

// A flat switch over the table of types.
export function fits(type: Type, value: unknown): boolean {
  switch (type.type) {
    case "any":
      return !isGranted(value);
    case "nothing":
      return value === undefined;
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return isNumber(value, type);
    case "integer":
      return Number.isSafeInteger(value) && isWithin(value as number, type);
    case "string":
      return typeof value === "string" && isWithin(value.length, type);
    case "bytes":
      return value instanceof Uint8Array && isWithin(value.length, type);
    case "date":
      return value instanceof Date;
    case "list":
      return Array.isArray(value) && isWithin(value.length, type) && value.every((item) => fits(type.of, item));
    case "record":
      return isRecord(value, type.fields);
    case "option":
      return value === undefined || fits(type.of, value);
    case "union":
      return type.of.some((one) => fits(one, value));
    case "oneOf":
      return type.values.some((literal) => Object.is(literal, value));
    case "handle":
      return isHandle(value, type.of);
  }
}

export function fitsArguments(contract: Contract, call: string, args: Args): boolean {
  const takes = callData(contract, call)?.takes;
  if (takes === undefined) return true;
  const last = takes.at(-1);
  const rest = last?.type === "rest" ? last : undefined;
  const named = rest === undefined ? takes : takes.slice(0, -1);
  if (rest === undefined && args.length > named.length) return false;
  return (
    named.every(({ of }, index) => fits(of, args[index])) &&
    args.slice(named.length).every((value) => rest !== undefined && fits(rest.of, value))
  );
}

export function fitsResult(contract: Contract, call: string, value: unknown): boolean {
  const gives = callData(contract, call)?.gives;
  return gives === undefined || fits(gives, value);
}
