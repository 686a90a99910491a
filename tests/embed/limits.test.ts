import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { isCordonError, LIMITS, type LimitName, parseLimit } from "../../embed/api.ts";
import { allLimits, PROFILES, runLimits } from "../../embed/limits.ts";

const NAMES = Object.keys(LIMITS) as LimitName[];
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isCordonError(error) ? `${error.code} ${error.message}` : String(error);
  }
  return "accepted";
};

describe("limits", () => {
  test("every default of every profile is within its own bounds", () => {
    for (const name of NAMES) {
      for (const profile of PROFILES) expect(parseLimit(name, LIMITS[name][profile])).toBe(LIMITS[name][profile]);
    }
  });

  test.for<[LimitName, string | number, number]>([
    ["memory", "32 MiB", 33_554_432],
    ["memory", "32mb", 32_000_000],
    ["memory", "1.5 GiB", 1_610_612_736],
    ["memory", "3000000", 3_000_000],
    ["fuel", "50M", 50_000_000],
    ["fuel", "1e9", 1_000_000_000],
    ["fuel", "50_000_000", 50_000_000],
    ["wall", "500ms", 500],
    ["wall", "2 s", 2_000],
    ["wall", "1.5min", 90_000],
    ["calls", "10k", 10_000],
    ["calls", 0, 0],
  ])("limits.%s %j is %i", ([name, given, meant]) => {
    expect(parseLimit(name, given)).toBe(meant);
  });

  test.for<[LimitName, unknown]>([
    ["fuel", 0],
    ["fuel", -1],
    ["fuel", 1.5],
    ["fuel", Number.NaN],
    ["fuel", Infinity],
    ["fuel", "many"],
    ["fuel", "5 MiB"],
    ["fuel", 10n],
    ["fuel", null],
    ["fuel", {}],
    ["fuel", Symbol("x")],
    ["fuel", ""],
    ["fuel", "1e99"],
    ["fuel", "-5"],
    ["memory", 100],
    ["memory", "5 GiB"],
    ["memory", "1.00000001 MiB"],
    ["wall", "1 year"],
    ["wall", 2 ** 40],
    ["result", "65 MiB"],
    ["calls", "__proto__"],
    ["calls", "1constructor"],
  ])("limits.%s refuses %s, names it and tells what is allowed", ([name, given]) => {
    expect(refusal(() => allLimits("normal", { [name]: given }))).toMatch(
      new RegExp(`^E_LIMIT limits\\.${name} is .*pass a whole number.* from \\d+ to \\d+, such as`),
    );
  });

  prop.prop([fc.constantFrom(...NAMES), fc.anything()])(
    "anything gives a number in range or E_LIMIT",
    (name, given) => {
      let parsed: number;
      try {
        parsed = parseLimit(name, given);
      } catch (error) {
        expect(isCordonError(error, "E_LIMIT")).toBe(true);
        return;
      }
      expect(parsed >= LIMITS[name].least && parsed <= LIMITS[name].most && Number.isSafeInteger(parsed)).toBe(true);
    },
  );

  test("an unknown limit and an unknown profile are named", () => {
    expect(refusal(() => allLimits("normal", { feul: 1 }))).toContain(
      "E_LIMIT limits.feul is unknown: there are fuel,",
    );
    expect(refusal(() => allLimits("fast", {}))).toContain('E_OPTION profile is "fast": pass one of normal, hardened');
    expect(refusal(() => allLimits("normal", 5))).toContain("E_LIMIT");
  });

  test("what is fixed at birth cannot change in a run; the rest can", () => {
    const base = allLimits(undefined, undefined);
    expect(runLimits(base, { fuel: 5 }).fuel).toBe(5);
    expect(refusal(() => runLimits(base, { memory: "3 MiB" }))).toContain("E_LIMIT limits.memory is fixed");
  });
});
