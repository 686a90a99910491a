// SH3: what a shape takes for good before anybody has walked it must be well-formed.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { encodeValue } from "../../embed/encode.ts";
import { handlesSeen } from "../../kernel/cbor.ts";
import { checkShape } from "../../kernel/contract.ts";
import { checkValue, type Shape } from "../../kernel/index.ts";
import { countFitting, tryFit } from "../../kernel/shape.ts";
import { boolean, integer, list, number as numberType, record, string, type Type } from "../../policy-libs/index.ts";
import { anyType } from "../contracts/contract-generators.ts";
import { callOf, pairs } from "../contracts/contract-values.ts";
import { anyMutilation, mutilate } from "../kit/generators.ts";

describe("short plain data is tried before anybody has walked it", () => {
  const shapeOf = (type: Type): Shape => callOf([], type).gives;
  let hits = 0;
  /** What is taken for good must be what the walk, and the shape after it, take for good. */
  const agrees = (shape: Shape, bytes: Uint8Array, length: number): void => {
    if (countFitting(shape, bytes, length) === 0) return;
    hits++;
    const items = checkValue(bytes, length);
    expect(items).toBeTypeOf("number");
    expect(handlesSeen()).toBe(0);
    expect(tryFit(shape, bytes, items as number)).toEqual([]);
  };

  prop.prop([pairs, fc.option(anyMutilation())], { numRuns: 5_000 })(
    "SH3: what fits unwalked, the walk takes for good as well",
    ([type, value], how) => {
      const whole = encodeValue(value).slice();
      const bytes = how === null ? whole : mutilate(whole, how);
      agrees(shapeOf(type), bytes, bytes.length);
    },
  );

  test("so it was often, or the test says nothing", () => {
    expect(hits).toBeGreaterThan(300);
  });

  prop.prop([pairs], { numRuns: 500 })("nothing behind its end is read", ([type, value]) => {
    const bytes = encodeValue(value).slice();
    for (let length = 0; length < Math.min(bytes.length, 40); length++)
      expect(countFitting(shapeOf(type), bytes, length)).toBe(0);
  });

  prop.prop([anyType, fc.uint8Array({ maxLength: 24 })], { numRuns: 5_000 })("of any bytes", (type, bytes) => {
    agrees(shapeOf(type), bytes, bytes.length);
  });

  const free = { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };
  const number: Shape = { kind: "number", ...free };
  const listOf = (each: Shape): Shape => ({ kind: "list", each, ...free });
  const exactly = (...of: number[][]): Shape => ({ kind: "exact", of: of.map((bytes) => Uint8Array.from(bytes)) });
  const recordOf = (key: number[]): Shape => ({
    kind: "record",
    fields: [{ key: Uint8Array.from(key), shape: number, optional: true }],
  });
  const zeros = Array<number>(200).fill(0);
  test.each<[string, Shape, number[]]>([
    ...[28, 29, 30, 31].map((info): [string, Shape, number[]] => [
      `a number of an unknown size, ${info}`,
      number,
      [info, ...zeros.slice(0, 1 << (info - 24))],
    ]),
    ["a number beyond 2^53", number, [0x1b, 0x7f, 0, 0, 0, 0, 0, 0, 1]],
    ["a list of unknown length", listOf(number), [0x9f, 1, 0xff]],
    ["a list of four milliards", listOf(number), [0x9a, 0xff, 0xff, 0xff, 0xff, ...zeros]],
    ["text longer than there is", { kind: "text", ...free }, [0x7a, 0xff, 0xff, 0xff, 0xff, 0x61]],
    ["bytes of unknown length", { kind: "bytes", ...free }, [0x5f, 0x41, 1, 0xff]],
    ["a record of unknown length", recordOf([0x61, 0x61]), [0xbf, 0x61, 0x61, 1, 0xff]],
    ["a simple value of two bytes", number, [0xf8, 0x20]],
    ["half a float", number, [0xf9, 0, 0]],
    ["a float of four bytes", number, [0xfa, 0, 0, 0, 0]],
    ["an unknown tag", listOf(number), [0xc1, 0x80]],
    ["a key of the contract that is cut off", recordOf([0x62, 0x61]), [0xa1, 0x62, 0x61, 5]],
    ["a key of the contract that is no text", recordOf([5]), [0xa1, 5, 5]],
    ["no key in the contract at all", recordOf([]), [0xa1, 5]],
    ["a value of the contract that is cut off", listOf(exactly([0x82, 1])), [0x81, 0x82, 1]],
    ["a value of the contract that is two", listOf(exactly([1, 1])), [0x81, 1, 1]],
    ["a value of the contract that is none", listOf(exactly([])), [0x81]],
    ["a value of the contract that is a tag", listOf(exactly([0xd8, 28])), [0x81, 0xd8, 28]],
    ["two values", number, [1, 1]],
    ["no value", number, []],
  ])("%s is refused", (_, shape, bytes) => {
    expect(countFitting(shape, Uint8Array.from(bytes), bytes.length)).toBe(0);
    expect(countFitting(shape, Uint8Array.from([...bytes, ...zeros]), bytes.length)).toBe(0);
    expect(checkShape(shape, Uint8Array.from(bytes))).toHaveProperty("why");
  });

  test("what contracts ask for most need not be walked", () => {
    const type = record({ id: integer({ min: 0 }), name: string({ max: 40 }), on: boolean(), at: list(numberType()) });
    const bytes = encodeValue({ id: 70_000, name: "Ada", on: true, at: [1.5, -2, 300] }).slice();
    expect(countFitting(shapeOf(type), bytes, bytes.length)).toBeGreaterThan(0);
    // The work of a lie is bounded: what is longer is walked first, and paid for.
    const long = encodeValue(Array(1_100).fill(0)).slice();
    expect(countFitting(shapeOf(list(numberType())), long, long.length)).toBe(0);
  });
});
