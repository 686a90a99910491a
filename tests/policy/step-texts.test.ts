import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { inBlocks, testText } from "../../policy-libs/policy/predicates.ts";
import type { AddressBlock } from "../../policy-libs/policy/resolved.ts";
import { lookInBlocks } from "../../policy-libs/policy/step/addresses.ts";
import { lookAt } from "../../policy-libs/policy/step/texts.ts";
import { TEXT_TESTS } from "../../policy-libs/policy/tree.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 200_000 : 10_000;
const timeout = 1_200_000;

const anyText = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "\u{1f600}", "\ud83d"), maxLength: 8 });
const anyPattern = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "*", "**", "\u{1f600}"), maxLength: 7 });
const anyCondition = fc.record({ test: fc.constantFrom(...TEXT_TESTS), text: anyPattern });

const found = <A>(look: (value: A, found: (test: number) => void) => unknown, value: A): Set<number> => {
  const tests = new Set<number>();
  look(value, (test) => tests.add(test));
  return tests;
};

const anyBlock: fc.Arbitrary<AddressBlock> = fc
  .tuple(fc.constantFrom<32 | 128>(32, 128), fc.bigInt({ min: 0n, max: 40n }), fc.bigInt({ min: 0n, max: 20n }))
  .map(([bits, first, length]) => {
    const from = bits === 32 ? 0x0a000000n + first : 0xffff_0a00_0000n + first;
    return { bits, first: from, last: from + length, text: "" };
  });
const anyAddress = fc.oneof(
  fc.integer({ min: 0, max: 70 }).map((last) => `10.0.0.${last}`),
  fc.integer({ min: 0, max: 70 }).map((last) => `::ffff:10.0.0.${last}`),
  fc.constantFrom(
    "010.0.0.1",
    "10.0.0",
    "10.0.0.256",
    "::1",
    "",
    "10.0.0.1.",
    "0.0.0.0",
    "255.255.255.255",
    "1.2.3.4 ",
    "a",
  ),
);

describe("the tests of one text, made at once", () => {
  test.prop([fc.array(anyCondition, { maxLength: 8 }), anyText], { numRuns })(
    "find exactly those that hold one by one",
    (conditions, text) => {
      const holding = conditions.flatMap(({ test, text: operand }, at) => (testText(test, text, operand) ? [at] : []));
      expect([...found(lookAt(conditions), text)].sort((a, b) => a - b)).toEqual(holding);
    },
    timeout,
  );

  test.prop([fc.array(fc.array(anyBlock, { maxLength: 3 }), { maxLength: 5 }), anyAddress], { numRuns })(
    "find exactly the lists of blocks that hold an address",
    (lists, text) => {
      const look = lookInBlocks(lists);
      const isAddress = look(text, () => undefined);
      const expected = lists.map((blocks) => inBlocks(text, blocks));
      const ones = found(look, text);
      expect(lists.map((_, at) => (ones.has(at) ? 1 : isAddress ? 0 : 2))).toEqual(expected);
    },
    timeout,
  );

  test.each([
    ["**a".repeat(30), "a".repeat(20_000)],
    ["*a".repeat(200), "a".repeat(20_000)],
    [`${"**/*".repeat(50)}b`, "a/".repeat(10_000)],
  ])("take no more than a moment for %.20s… on a long text", (pattern, text) => {
    const look = lookAt([{ test: "like", text: pattern }]);
    const start = performance.now();
    found(look, `${text}c`);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
