// Reading takes time linear in the length of a text, whatever it holds. Steps are counted, not seconds.
import { describe, expect, test, vi } from "vitest";
import { format } from "../../policy-libs/policy/format.ts";
import { parse } from "../../policy-libs/policy/parse.ts";
import { withCondition } from "./kit.ts";

/** Characters that a call looks at, as far as it does so by methods of strings and expressions. */
function looked(work: () => unknown): number {
  let count = 0;
  const spend = (characters: number): void => {
    count += 1 + Math.max(0, characters);
  };
  const { charCodeAt, codePointAt, slice, indexOf, split } = String.prototype;
  const regExpTest = RegExp.prototype.test;
  const spies = [
    vi.spyOn(String.prototype, "charCodeAt").mockImplementation(function (this: string, at) {
      spend(0);
      return charCodeAt.call(this, at);
    }),
    vi.spyOn(String.prototype, "codePointAt").mockImplementation(function (this: string, at) {
      spend(0);
      return codePointAt.call(this, at);
    }),
    vi.spyOn(String.prototype, "slice").mockImplementation(function (this: string, from, to) {
      const part = slice.call(this, from, to);
      spend(part.length);
      return part;
    }),
    vi.spyOn(String.prototype, "indexOf").mockImplementation(function (this: string, what, from) {
      const at = indexOf.call(this, what, from);
      spend((at === -1 ? this.length : at) - (from ?? 0));
      return at;
    }),
    vi.spyOn(String.prototype, "split").mockImplementation(function (this: string, by: unknown) {
      spend(this.length);
      return split.call(this, by as { [Symbol.split](text: string): string[] });
    }),
    vi.spyOn(RegExp.prototype, "test").mockImplementation(function (this: RegExp, text) {
      const from = this.sticky ? this.lastIndex : 0;
      const isFound = regExpTest.call(this, text);
      // A run (characters.ts) never fails; any other expression may look at all of its text.
      spend(this.sticky ? this.lastIndex - from : text.length);
      return isFound;
    }),
  ];
  try {
    work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return count;
}

describe("time is linear", () => {
  const heads = ["", "set s = [", 'set s = ["', "policy p { default deny allow a.b when "];
  const units = [
    "a",
    "`",
    "`a`",
    "a.b",
    "1",
    "1.",
    "0:",
    "a:",
    "::",
    ".",
    '"',
    "\\",
    "\\u{",
    "#",
    "#\n",
    "(",
    "not ",
    "-",
    "a-",
    "a+",
    "a+ ",
    "1, ",
  ];
  const longer = ["x == 1 and ", "x or ", "/* ", "a.b, ", "\n", "\r\n", "é", "😀", '"" ', "0", "deny a.b "];

  test.for(heads.flatMap((head) => [...units, ...longer].map((unit) => [head, unit] as const)))(
    "in the length of %j and %j repeated",
    ([head, unit]) => {
      const steps = (times: number): number => looked(() => parse(head + unit.repeat(times), "long"));
      const [once, twice] = [steps(1000), steps(2000)];
      expect(once).toBeGreaterThan(0);
      expect(twice).toBeLessThanOrEqual(2.1 * once + 100);
    },
  );

  test("for the formatter too", () => {
    const texts = [
      (n: number) => `set s = [${"1, ".repeat(n)}1]`,
      (n: number) => withCondition(`${"x == 1 and ".repeat(n)}x`),
      (n: number) => withCondition(`${"x + ".repeat(n)}x > 1`),
      (n: number) => `policy p { default deny\n${"deny a.b # c\n\n".repeat(n)}}`,
      (n: number) => `policy p ${"# c\n".repeat(n)} { default deny }`,
    ];
    for (const text of texts) {
      const steps = (n: number): number => looked(() => expect(format(text(n), "f")).toHaveProperty("text"));
      expect(steps(2000)).toBeLessThanOrEqual(2.1 * steps(1000) + 100);
    }
  });
});
