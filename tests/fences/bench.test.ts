// The bench tells of every figure in a row of its own: a line without a headline would look measured and say nothing.
import { describe, expect, test } from "vitest";
import { queueLine } from "../bench/groups/fairness.ts";
import { entryOf, notMeasured } from "../bench/pairs.ts";
import { measureParts } from "../bench/parts.ts";
import { headed, rowsOf } from "../bench/table.ts";
import type { Entry, Line } from "../bench/types.ts";
import { read } from "./tree.ts";

const line = (...entries: readonly Entry[]): Line => ({ id: "some.figure", what: "some figure", unit: "ns", entries });

describe("a line of the bench", () => {
  test("has an entry of cordon, with a value or with the reason why it has none", () => {
    const peer = entryOf("a peer", [2]);
    expect(headed(line(entryOf("cordon", [1]), peer)).entries).toHaveLength(2);
    expect(headed(line(notMeasured("cordon", "why not")))).toBeDefined();
    const wrong = [[], [peer], [entryOf("1000 wait", [1]), peer], [{ who: "cordon", samples: [] }]];
    for (const entries of wrong) expect(() => headed(line(...entries))).toThrow(/some\.figure needs one entry/);
    expect(() => headed(line(entryOf("cordon", [1]), entryOf("cordon", [2])))).toThrow(/needs one entry/);
  });

  test("has its figure in its first row, and the ratio to each other entry below it", () => {
    const rows = rowsOf(line(entryOf("cordon", [30, 30, 30]), entryOf("1000 wait", [10, 10, 10])));
    expect(rows.map(({ measured, ratio, verdict }) => [measured, ratio, verdict])).toEqual([
      ["30 ns ±0 %", "", ""],
      ["10 ns ±0 %", "3 x", ""],
    ]);
  });

  test("goes out by one door, which looks at that", () => {
    expect(read("tests/bench/group.ts")).toMatch(/measure\(.*JSON\.stringify\(headed\(line\)\)/);
  });
});

test("what the queue costs for a turn is a figure, held against fewer that wait", async () => {
  const { entries } = headed(await queueLine(2));
  expect(entries.map(({ who }) => who)).toEqual(["cordon", "1000 wait"]);
  const [many, few] = rowsOf(await queueLine(2));
  expect([many?.verdict, few?.ratio]).toEqual(["", expect.stringMatching(/^[\d.]+ x$/)]);
});

test("parts of one operation come from the same rounds", async () => {
  let n = 0;
  const lines: Line[] = [];
  const once = async () => ({ whole: ++n, half: n / 2 });
  const figures = [
    { part: "whole", what: "all" },
    { part: "half", what: "half of it" },
  ] as const;
  const plan = { group: "some", figures, count: 3, warming: 5 };
  const field = { contenders: [], missing: new Map([["a peer", "it is not there"]]) };
  await measureParts<"whole" | "half">(plan, [{ who: "cordon", once }], field, (one) => void lines.push(headed(one)));
  const [whole, half] = lines.map(({ entries }) => entries[0]?.samples ?? []);
  // Five to warm up, three that are thrown away; the median of the next three is their middle one.
  expect(whole?.slice(0, 2)).toEqual([10, 13]);
  expect(half).toEqual(whole?.map((sample) => sample / 2));
  expect(lines.map(({ id, entries }) => [id, entries.length])).toEqual([
    ["some.whole", 2],
    ["some.half", 2],
  ]);
});
