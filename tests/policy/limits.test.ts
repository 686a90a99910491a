// Every limit that one file can meet, at it and one beyond, as text and as JSON.
import { describe, expect, test } from "vitest";
import { fromJson } from "../../policy-libs/policy/json.ts";
import { refusalOf, treeOf, withCondition } from "./kit.ts";

describe("the limits", () => {
  const accepted = (text: string): unknown => treeOf(text);

  test("512 KiB a file, in UTF-8", () => {
    const most = 512 * 1024;
    for (const unit of ["x", "é", "☃", "😀"]) {
      const bytes = new TextEncoder().encode(unit).length;
      const text = `#${unit.repeat(Math.floor((most - 1) / bytes))}`;
      const full = text + "x".repeat(most - new TextEncoder().encode(text).length);
      accepted(full);
      expect(refusalOf(`${full}x`, "P401")).toMatchObject({ line: 1, column: 1 });
    }
    refusalOf("x".repeat(10 * most), "P401");
  });

  test("2,048 rules, in one policy or in many", () => {
    const rules = (n: number): string => "deny a.b ".repeat(n);
    accepted(`policy p { default deny ${rules(2048)}}`);
    refusalOf(`policy p { default deny ${rules(2049)}}`, "P402");
    accepted(`policy p { default deny ${rules(2000)}} policy q { default deny ${rules(48)}}`);
    const beyond = refusalOf(`policy p { default deny ${rules(2000)}} policy q { default deny ${rules(49)}}`, "P402");
    expect(beyond.span.to - beyond.span.from).toBe("deny".length);
  });

  test("16 levels of parentheses, of `not`, and of patterns", () => {
    const nestings = [
      ["(", ")"],
      ["not ", ""],
      ["once a.b(", ")"],
      ["count a.b(", ") > 1"],
      ["x or (y and ", ")"],
    ] as const;
    for (const [open, close] of nestings) {
      const nested = (n: number): string => withCondition(`${open.repeat(n)}x${close.repeat(n)}`);
      accepted(nested(16));
      refusalOf(nested(17), "P403");
      refusalOf(nested(50_000), open === "(" || open === "not " ? "P403" : undefined);
    }
    accepted(withCondition(`(${"not ".repeat(15)}x) and ${"(".repeat(16)}y${")".repeat(16)}`));
  });

  test("4,096 values a list, remembered values, keys and steps", () => {
    const list = (n: number): string => `${"1, ".repeat(n - 1)}1`;
    accepted(`set s = [${list(4096)}]`);
    refusalOf(`set s = [${list(4097)}]`, "P405");
    accepted(`test "t" for p { a.b(${list(4096)}) is allowed }`);
    refusalOf(`test "t" for p { a.b(${list(4097)}) is allowed }`, "P405");
    const counted = ["count a.b by x max N > 1", "sum x on a.b within 1d in N steps > 1"];
    for (const one of counted) {
      accepted(withCondition(one.replace("N", "4096")));
      refusalOf(withCondition(one.replace("N", "4097")), "P405");
    }
    accepted("policy p { default deny let x = values y on a.b max 4096 }");
    refusalOf("policy p { default deny let x = values y on a.b max 4097 }", "P405");
  });

  test("366 days, and 65,535 of a level", () => {
    accepted(withCondition("once a.b within 366d"));
    refusalOf(withCondition("once a.b within 31622400001ms"), "P404");
    accepted('test "t" for p { wait 366d }');
    refusalOf('test "t" for p { wait 367d }', "P404");
    accepted(withCondition("level a.b minus a.c max 65535 > 1"));
    refusalOf(withCondition("level a.b minus a.c max 65536 > 1"), "P408");
  });

  test("the same in JSON", () => {
    const rule = { effect: "deny", on: [{ op: "a.b" }] };
    const policyOf = (rules: readonly unknown[]): unknown => ({ items: [{ policy: "p", default: "deny", rules }] });
    const nested = (n: number, wrap: (inner: unknown) => unknown): unknown => {
      let when: unknown = { name: "x" };
      for (let i = 0; i < n; i++) when = wrap(when);
      return policyOf([{ ...rule, when }]);
    };
    const code = (json: unknown): unknown => {
      const read = fromJson(json, "j");
      return "file" in read ? "accepted" : read.diagnostic.code;
    };
    const wraps: readonly ((inner: unknown) => unknown)[] = [
      (inner) => ({ not: inner }),
      (inner) => ({ once: { op: "a.b", when: inner } }),
      (inner) => ({ compare: ">", left: { count: { op: "a.b", when: inner } }, right: 1 }),
    ];
    for (const wrap of wraps) {
      expect([code(nested(16, wrap)), code(nested(17, wrap)), code(nested(100_000, wrap))]).toEqual([
        "accepted",
        "P403",
        "P403",
      ]);
    }
    // `x and (...)` adds a level, `x or y and ...` none.
    const alternating = (n: number): unknown =>
      nested(n, (inner) => ({ or: [{ name: "x" }, { and: [{ name: "x" }, inner] }] }));
    expect([code(alternating(17)), code(alternating(18)), code(alternating(50_000))]).toEqual([
      "accepted",
      "P403",
      "P403",
    ]);

    expect(code(policyOf(Array.from({ length: 2048 }, () => rule)))).toBe("accepted");
    expect(code(policyOf(Array.from({ length: 2049 }, () => rule)))).toBe("P402");
    const set = (n: number): unknown => ({ items: [{ set: "s", values: Array.from({ length: n }, () => 1) }] });
    expect([code(set(4096)), code(set(4097))]).toEqual(["accepted", "P405"]);
    const wait = (n: number): unknown => ({ items: [{ test: "t", for: { name: "p" }, steps: [{ wait: n }] }] });
    expect([code(wait(31_622_400_000)), code(wait(31_622_400_001))]).toEqual(["accepted", "P404"]);
    const text = (n: number): unknown => ({ items: [{ set: "s", values: ["x".repeat(n)] }] });
    expect([code(text(500_000)), code(text(600_000))]).toEqual(["accepted", "P401"]);
  });
});
