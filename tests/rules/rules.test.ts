import { describe, expect, test } from "vitest";
import { RULES, type RuleId } from "../../kernel/index.ts";
import { newKernel } from "../kit/world.ts";
import { BREAKERS } from "./breakers.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const rules = Object.keys(RULES) as RuleId[];

describe("the safety rules", () => {
  test("every rule has a module that breaks it, and no module breaks a rule that is not", () => {
    expect(Object.keys(BREAKERS).sort()).toEqual([...rules].sort());
  });

  test.each(rules)("%s: its module is refused by it, and accepted before the edit", (rule) => {
    const { mode, good, bad } = BREAKERS[rule]();
    expect(kernel.load(good, mode)).toBeReturned();
    if (rule !== "malformed") expect(WebAssembly.validate(bad)).toBe(true);
    const refused = kernel.load(bad, mode);
    expect(refused).toBeInvalid(rule);
    expect("at" in refused && refused.at).toBeLessThanOrEqual(bad.length);
  });

  test("kinds of refusal: malformed, invalid for shapes and instructions, unsafe for all that makes an artifact safe", () => {
    for (const rule of rules) {
      const { mode, bad } = BREAKERS[rule]();
      const kind = rule === "malformed" ? "malformed" : /^[SO]-/.test(rule) ? "invalid" : "unsafe";
      expect(kernel.load(bad, mode).kind, rule).toBe(kind);
    }
  });
});
