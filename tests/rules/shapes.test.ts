// SH1, SH2: trying a value against a shape ends, whatever the shape is, and what is no shape lets nothing through.
import { describe, expect, test } from "vitest";
import { encodeValue } from "../../embed/values.ts";
import { checkShape } from "../../kernel/contract.ts";
import { MAX_SHAPE_DEPTH, type Shape } from "../../kernel/index.ts";

const bytesOf = (value: unknown): Uint8Array => encodeValue(value).slice();
const fits = (shape: Shape, value: unknown): boolean => !("why" in checkShape(shape, bytesOf(value)));
const BOUNDS = { least: 0, most: Number.POSITIVE_INFINITY };
const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)]);

describe("shapes", () => {
  test("SH1: unions in unions, of which each alternative fails late, are given up soon", () => {
    const lists = (each: Shape): Shape => ({ kind: "list", each, ...BOUNDS });
    let shape: Shape = { kind: "text", ...BOUNDS };
    for (let i = 0; i < 13; i++) shape = { kind: "union", of: [lists(shape), lists(shape), lists(shape)] };
    const started = performance.now();
    expect(fits(shape, nested(13))).toBe(false);
    expect(performance.now() - started).toBeLessThan(100);
  });

  test("SH1: long texts that a union looks at again and again are paid for by their length", () => {
    const texts: Shape[] = Array.from({ length: 5_000 }, () => ({ kind: "text", least: 2 ** 20, most: 2 ** 21 }));
    const started = performance.now();
    expect(fits({ kind: "union", of: texts }, "a".repeat(2 ** 20 - 1))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test("SH1: a shape without end ends at its depth, and the host's stack is as it was", () => {
    const endless: { kind: "list"; each: Shape; least: number; most: number } = {
      kind: "list",
      each: { kind: "any" },
      ...BOUNDS,
    };
    endless.each = endless;
    expect(fits(endless, nested(MAX_SHAPE_DEPTH - 1))).toBe(true);
    expect(fits(endless, nested(MAX_SHAPE_DEPTH))).toBe(false);
    expect(fits(endless, nested(400))).toBe(false);
    const union: { kind: "union"; of: Shape[] } = { kind: "union", of: [] };
    union.of.push(union);
    expect(fits(union, 1)).toBe(false);
  });

  test("SH1: a cycle in the value ends too", () => {
    const endless: { kind: "list"; each: Shape; least: number; most: number } = {
      kind: "list",
      each: { kind: "any" },
      ...BOUNDS,
    };
    endless.each = endless;
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(fits(endless, cycle)).toBe(false);
  });

  test.each(["", "Any", "constructor", "__proto__", "record ", undefined, null, 7])(
    "SH2: %j is no shape, and fits nothing",
    (kind) => {
      for (const value of [undefined, null, 1, "a", [], {}]) expect(fits({ kind } as never, value)).toBe(false);
    },
  );

  test("SH2: a record has each field at most once, and no other", () => {
    const shape: Shape = {
      kind: "record",
      fields: [
        { key: bytesOf("a"), shape: { kind: "any" }, optional: true },
        { key: bytesOf("b"), shape: { kind: "any" }, optional: true },
      ],
    };
    expect(fits(shape, { a: 1, b: 2 })).toBe(true);
    expect(fits(shape, { b: 1, a: 2 })).toBe(true);
    expect(fits(shape, { c: 1 })).toBe(false);
    const twice = Uint8Array.of(0xa2, 0x61, 97, 1, 0x61, 97, 2);
    expect("why" in checkShape(shape, twice)).toBe(true);
  });
});
