// What a contract says of values, and what the kernel then lets through: two tellings that must agree.
import { test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { encodeValue } from "../../embed/encode.ts";
import { checkArguments, checkShape } from "../../kernel/contract.ts";
import { arg, date, integer, list, option, type Parameter, rest, type Type, union } from "../../policy-libs/index.ts";
import { type Bounds, callOf, pairs } from "./contract-values.ts";

const passes = (type: Type, value: unknown): boolean =>
  !("why" in checkShape(callOf([], type).gives, encodeValue(value).slice()));

const lies = (value: number, { min = -Infinity, max = Infinity }: Bounds): boolean => value >= min && value <= max;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
/** In contract data a bound beyond the infinities is none. */
const isBounded = ({ min = -Infinity, max = Infinity }: Bounds): boolean => min > -Infinity || max < Infinity;

/** Is this a value of the type? Written from the words of the contract, not from what it is lowered to. */
function isOf(type: Type, value: unknown): boolean {
  switch (type.type) {
    case "any":
      return true;
    case "nothing":
      return value === undefined;
    case "boolean":
      return typeof value === "boolean";
    case "date":
      return value instanceof Date;
    case "number":
      return typeof value === "number" && (Number.isNaN(value) ? !isBounded(type) : lies(value, type));
    case "integer":
      return Number.isSafeInteger(value) && lies(value as number, type);
    case "string":
      return typeof value === "string" && lies(value.length, type);
    case "bytes":
      return value instanceof Uint8Array && lies(value.length, type);
    case "list":
      return Array.isArray(value) && lies(value.length, type) && value.every((item) => isOf(type.of, item));
    case "record":
      return (
        isRecord(value) &&
        Object.keys(value).every((name) => Object.hasOwn(type.fields, name)) &&
        Object.entries(type.fields).every(([name, of]) =>
          Object.hasOwn(value, name) ? isOf(of, value[name]) : of.type === "option",
        )
      );
    case "option":
      return value === undefined || isOf(type.of, value);
    case "union":
      return type.of.some((member) => isOf(member, value));
    case "oneOf":
      return type.values.some((literal) => Object.is(literal, value));
    case "handle":
      return false;
  }
}

describe("the kernel lets through what the contract says", () => {
  const seen = new Map<boolean, number>();
  prop.prop([pairs], { numRuns: 2_000 })("and nothing else", ([type, value]) => {
    const is = isOf(type, value);
    seen.set(is, (seen.get(is) ?? 0) + 1);
    expect(passes(type, value)).toBe(is);
  });

  test("and both answers were seen often", () => {
    expect(seen.get(true)).toBeGreaterThan(200);
    expect(seen.get(false)).toBeGreaterThan(100);
  });

  test("the last of as many alternatives as there may be, in a list of many", () => {
    const type = list(option(union(...Array.from({ length: 11 }, () => date()), integer())));
    const values = Array.from({ length: 1_000 }, (_, index) => index);
    expect(passes(type, values)).toBe(true);
    expect(passes(type, [...values, "1"])).toBe(false);
  });

  const argumentsPass = (takes: readonly Parameter[], args: unknown[]): boolean => {
    const bytes = encodeValue(args).slice();
    return !("why" in checkArguments(callOf(takes, integer()), bytes, bytes.length));
  };
  test.each<[string, readonly Parameter[], unknown[], boolean]>([
    ["no arguments", [], [], true],
    ["one argument too many", [], [1], false],
    ["one too few", [arg("a", integer())], [], false],
    ["undefined for one that must be there", [arg("a", integer())], [undefined], false],
    ["an option left out", [arg("a", { type: "option", of: integer() })], [], true],
    ["undefined for an option", [arg("a", { type: "option", of: integer() })], [undefined], true],
    ["a wrong option", [arg("a", { type: "option", of: integer() })], ["1"], false],
    ["no rest", [arg("a", date()), rest(integer())], [new Date(0)], true],
    ["rest", [arg("a", date()), rest(integer())], [new Date(0), 1, 2, 3], true],
    ["one wrong argument in the rest", [arg("a", date()), rest(integer())], [new Date(0), 1, 0.5], false],
    ["a long list", [arg("a", list(integer()))], [Array.from({ length: 1_000 }, (_, index) => index)], true],
  ])("%s", (_, takes, args, isRight) => {
    expect(argumentsPass(takes, args)).toBe(isRight);
  });
});
