// The tables of the README say what the code does.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EXIT } from "../../embed/cli/exit.ts";
import { LIMITS } from "../../embed/limits.ts";
import { ROOT } from "./command.ts";

const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const rows = (first: RegExp): string[][] =>
  readme
    .split("\n")
    .filter((line) => first.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const UNITS: Readonly<Record<string, number>> = {
  ...{ s: 1_000, h: 3_600_000, M: 1e6, "": 1 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
};
function numberOf(cell: string): number {
  const [, digits = "", unit = ""] = /^([\d,]+) ?(\w*)$/.exec(cell) ?? [];
  return Number(digits.replaceAll(",", "")) * (UNITS[unit] ?? Number.NaN);
}

describe("README", () => {
  test("every exit code is there, as the command says it", () => {
    const told = rows(/^\| \d+ \|/).map(([code, means]) => [Number(code), means]);
    const known = Object.values(EXIT).map(({ code, means }) => [code, means.replace(/: fuel, .*/, "")]);
    expect(told).toEqual(known);
  });

  test("every limit is there with the defaults of every profile", () => {
    const told = rows(/^\| `\w+` \|/).map(([name = "", , ...values]) => [name.slice(1, -1), ...values.map(numberOf)]);
    const known = Object.entries(LIMITS).map(([name, { normal, hardened, batch }]) => [name, normal, hardened, batch]);
    expect(told).toEqual(known);
  });
});
