// The parser: what it accepts, and one located error for all else.
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CODES, type Code, render } from "../../policy-libs/policy/diagnostic.ts";
import { lineStarts, positionOf } from "../../policy-libs/policy/lines.ts";
import { parse } from "../../policy-libs/policy/parse.ts";
import { print } from "../../policy-libs/policy/print.ts";
import type { Policy } from "../../policy-libs/policy/tree.ts";
import { bare, EXAMPLES, refusalOf, treeOf, withCondition } from "./kit.ts";

const seed = Number(process.env["CORDON_SEED"] ?? 1);

describe("the examples of the specification", () => {
  const { items } = treeOf(EXAMPLES);

  test("are fifteen policies, an import, a bundle, a test and two claims", () => {
    const kinds = [...Array.from({ length: 15 }, () => "policy"), "import", "bundle", "test", "prove", "prove"];
    expect(items.map(({ kind }) => kind)).toEqual(kinds);
  });

  test("print and parse to the same", () => {
    expect(bare(treeOf(print({ items })))).toEqual(bare({ items }));
  });

  test("have the trees that they should", () => {
    const named = (name: string): unknown => bare(items.find((item) => item.kind === "policy" && item.name === name));
    const sentBefore = { event: "call", op: "payments.charge" };
    expect(named("assistant_payments")).toMatchObject({
      parameters: [{ name: "daily", type: "int", value: { kind: "int", value: 500 } }],
      over: [{ event: "call", op: "payments.*" }],
      default: "deny",
      rules: [
        {
          effect: { kind: "allow" },
          when: {
            kind: "and",
            of: [
              { kind: "compare", is: "<=", left: { kind: "name", name: "amount" } },
              {
                kind: "compare",
                left: {
                  kind: "add",
                  terms: [
                    { kind: "sum", of: "amount", pattern: sentBefore, within: 86_400_000, steps: 24 },
                    { kind: "name", name: "amount" },
                  ],
                },
                right: { kind: "name", name: "daily" },
              },
            ],
          },
        },
        { effect: { kind: "ask", of: "owner" }, because: "first or large payment" },
      ],
    });
    expect(named("mask_mail")).toMatchObject({
      rules: [
        {
          effect: {
            kind: "change",
            edits: [
              { argument: "text", kind: "masks", mask: "card-number" },
              { argument: "text", kind: "first", length: 20_000 },
            ],
          },
          on: [{ event: "result", op: "mail.read" }],
        },
      ],
    });
  });

  test("have spans that show what was written", () => {
    const policy = items[4] as Policy;
    const shown = policy.rules.map(({ at }) => EXAMPLES.slice(at?.from, at?.to));
    expect(shown[0]).toBe('allow files.read when path under "/project" or path under "/usr/share/fonts"');
    const when = policy.rules[1]?.when;
    const parts = when?.kind === "and" ? when.of.map(({ at }) => EXAMPLES.slice(at?.from, at?.to)) : [];
    expect(parts).toEqual(['path under "/project"', 'not path like "/project/.git/**"']);
  });
});

describe("beyond the examples", () => {
  const ruleOf = (text: string): unknown =>
    bare((treeOf(`policy p { default deny ${text} }`).items[0] as Policy).rules[0]);
  const whenOf = (text: string): unknown => (ruleOf(`deny a.b when ${text}`) as { when: unknown }).when;

  test("calls have wildcards of three kinds, and names of every kind that contracts have", () => {
    for (const op of ["*", "net.*", "files.read*", "http-body.readAt", "_a.$b", "to.from", "a.b2-c*"]) {
      expect(ruleOf(`deny ${op}`)).toMatchObject({ on: [{ event: "call", op }] });
    }
  });

  test("reserved words are names in backquotes and beside a dot", () => {
    expect(whenOf("`from` == to.host and `count`.`max` in `values`")).toMatchObject({
      of: [
        { left: { kind: "name", name: "from" }, right: { kind: "name", name: "to.host" } },
        { term: { kind: "name", name: "count.max" }, list: "values" },
      ],
    });
  });

  test("words that mean something in one place only are names elsewhere", () => {
    expect(whenOf("host == domain and allowed and text in tenant")).toMatchObject({ kind: "and" });
    refusalOf(withCondition("count a.b per max > 1"), "P010");
  });

  test("integers have sizes, and times have units", () => {
    const sizes = {
      "7": 7,
      "1B": 1,
      "2kB": 2e3,
      "3MB": 3e6,
      "4GB": 4e9,
      "1KiB": 1024,
      "1MiB": 1024 ** 2,
      "1GiB": 1024 ** 3,
    };
    for (const [written, value] of Object.entries(sizes)) {
      expect(whenOf(`x == ${written}`)).toMatchObject({ right: { value: { kind: "int", value } } });
    }
    const times = { "5ms": 5, "5s": 5_000, "5m": 300_000, "5h": 18_000_000, "5d": 432_000_000 };
    for (const [written, within] of Object.entries(times))
      expect(whenOf(`once a.b within ${written}`)).toMatchObject({ within });
    expect(whenOf(`x == ${Number.MAX_SAFE_INTEGER}`)).toMatchObject({
      right: { value: { value: Number.MAX_SAFE_INTEGER } },
    });
    for (const beyond of ["9007199254740992", "9007199254741kB", "9".repeat(400)])
      refusalOf(withCondition(`x == ${beyond}`), "P005");
  });

  test("address blocks are of both families", () => {
    for (const block of ["10.0.0.0/8", "0.0.0.0/0", "::1/128", "fe80::/10", "2001:db8::/32", "::ffff:10.0.0.0/104"]) {
      expect(whenOf(`ip in ${block}`)).toMatchObject({ list: [{ kind: "cidr", value: block }] });
      expect(whenOf(`ip in [${block},1]`)).toMatchObject({ list: [{ kind: "cidr", value: block }, { kind: "int" }] });
    }
  });

  test('"in" after a window is a list unless an integer follows', () => {
    expect(whenOf("sum x on a.b within 1d in 24 steps in [1]")).toMatchObject({ kind: "in", term: { steps: 24 } });
    const list = { kind: "in", term: { kind: "count", within: 86_400_000 }, list: [{ value: 24 }] };
    expect(whenOf("count a.b within 1d in [24]")).toMatchObject(list);
  });

  test("a let is a term, unless it compares, joins or stands in parentheses", () => {
    const letOf = (text: string): unknown =>
      bare((treeOf(`policy p { default deny let x = ${text} }`).items[0] as Policy).lets[0]);
    expect(letOf("y")).toEqual({ name: "x", kind: "term", term: { kind: "name", name: "y" } });
    expect(letOf("(y)")).toEqual({ name: "x", kind: "cond", cond: { kind: "name", name: "y" } });
    expect(letOf("y or z")).toMatchObject({ kind: "cond", cond: { kind: "or" } });
    expect(letOf("y and z or w")).toMatchObject({
      kind: "cond",
      cond: { kind: "or", of: [{ kind: "and" }, { kind: "name" }] },
    });
    expect(letOf("count a.b + 1")).toMatchObject({ kind: "term", term: { kind: "add" } });
    expect(letOf("count a.b + 1 < 3 and z")).toMatchObject({ kind: "cond", cond: { kind: "and" } });
    expect(letOf("values y on result a.b max 3")).toMatchObject({ kind: "values", of: "y", max: 3 });
  });

  test("texts have escapes, and say with them what must not be seen", () => {
    const text = String.raw`"\n\t\"\\\u{202E}\u{1f600}é☃"`;
    expect(ruleOf(`deny a.b because ${text}`)).toMatchObject({ because: '\n\t"\\\u202e😀é☃' });
  });

  test("a file may begin with a byte order mark and end its lines as Windows does", () => {
    const parsed = parse("\ufeffpolicy p {\r\n  default deny # c\r\n  oops", "w.policy");
    expect("diagnostic" in parsed && render(parsed.diagnostic)).toMatch(/^w\.policy:3:3 P012 /);
  });
});

/** A wrong text, where it is wrong, and a part of what is said. Of each code at least one. */
const WRONG: readonly (readonly [Code, text: string, at: string, says: string])[] = [
  ["P001", "policy p { default deny deny a.b && c }", "1:34", 'Write "and"'],
  ["P001", withCondition("x < -3"), "3:21", "Integers are not negative"],
  ["P001", "policy pölicy {}", "1:9", "ASCII"],
  ["P001", withCondition("x != 'a'"), "3:22", "double quotes"],
  ["P001", withCondition("x . y"), "3:19", "No blank"],
  ["P002", "# a\u202eb\n", "1:4", "\\u{202e}"],
  ["P002", "policy p {\r default deny }", "1:11", "\\u{d}"],
  ["P002", 'set s = ["a\u200bb"]', "1:12", "Write \\u{200b}."],
  ["P002", 'set s = ["a\tb"]', "1:12", "Write \\t."],
  ["P002", "set s\u0000 = []", "1:6", "\\u{0}"],
  ["P002", "# \ud800 half", "1:3", "\\u{d800}"],
  ["P003", 'set s = ["abc\n"]', "1:10", "no closing quote"],
  ["P004", 'set s = ["a\\q"]', "1:12", "Escapes are"],
  ["P004", 'set s = ["\\u{d800}"]', "1:11", "no character has this number"],
  ["P004", 'set s = ["\\u{110000}"]', "1:11", "no character has this number"],
  ["P004", 'set s = ["\\u{}"]', "1:11", "no escape"],
  ["P005", "set s = [1.5]", "1:10", "no fractions"],
  ["P005", "set s = [007]", "1:10", "a zero before it"],
  ["P006", "set s = [10KB]", "1:12", 'Did you mean "kB"?'],
  ["P006", withCondition("once a.b within 3w"), "3:34", "Units are"],
  ["P007", "set s = [10.0.0.1/8]", "1:10", "Did you mean 10.0.0.0/8?"],
  ["P007", "set s = [fe80::1]", "1:10", "fe80::1/128"],
  ["P007", "set s = [10.0.0/8]", "1:10", "no address block"],
  ["P007", "set s = [10.0.0.0/33]", "1:10", "from 0 to 32"],
  ["P008", "policy p over a.b.c {}", "1:15", "one dot"],
  ["P008", "policy `a b` {}", "1:8", "no name in these backquotes"],
  ["P008", "policy p over a. {}", "1:15", 'after "a."'],
  ["P010", "policy p over send {}", "1:15", '"send.*"'],
  ["P010", withCondition("once a.b with no c.d snce"), "3:38", 'Did you mean "since"?'],
  ["P010", 'test "t" for p { a.b() is denyed }', "1:27", 'Did you mean "denied"?'],
  ["P010", "policy p() {}", "1:10", "the name of a parameter"],
  ["P011", "polcy p {}", "1:1", 'Did you mean "policy"?'],
  ["P012", "policy p { default deny denny a.b }", "1:25", 'Did you mean "deny"?'],
  ["P012", "policy p { default deny deny a.b whn x }", "1:34", 'Did you mean "when"?'],
  ["P012", "bundle b { some of p }", "1:12", '"all"'],
  ["P012", 'test "t" for p { await 3s }', "1:18", 'Did you mean "wait"?'],
  ["P013", "policy default {}", "1:8", "`default`"],
  ["P014", withCondition("once a.b within 10"), "3:33", "Units of time are"],
  ["P014", withCondition("sum x on a.b by y max 10s > 1"), "3:39", "expected an integer"],
  ["P014", withCondition("x < 10s"), "3:21", '"within"'],
  ["P015", "policy p { allow a.b }", "1:12", "default deny"],
  ["P016", withCondition('"a"'), "4:1", "expected a comparison"],
  ["P016", withCondition("x == and"), "3:22", "expected a condition, a value or a name"],
  ["P016", withCondition("from == 1"), "3:17", "reserved word"],
  ["P017", "policy p over result a.b {}", "1:15", '"over" takes calls'],
  ["P017", "policy p over a.b(x) {}", "1:15", '"over" takes calls'],
  ["P017", 'test "t" for p { a.*() is allowed }', "1:18", "one call"],
  ["P018", "policy p { default deny", "1:24", 'inside of policy "p"'],
  ["P018", "import", "1:7", "a text in quotes"],
  ["P019", "policy p { default deny delay a.b to 0 per 1s }", "1:38", "at least 1"],
  ["P019", "policy p { default deny delay a.b to 1 per 0s }", "1:44", "must not be zero"],
  ["P019", "policy p { default deny let x = values y on a.b max 0 }", "1:53", "at least 1"],
];

describe("one precise error", () => {
  test.for(WRONG)("%s %j at %s", ([code, text, at, says]) => {
    const told = render(refusalOf(text, code));
    expect(told).toMatch(new RegExp(`^t\\.policy:${at} ${code} `));
    expect(told).toContain(says);
  });

  test("every code of the syntax has a wrong policy", () => {
    const shown = new Set<string>(WRONG.map(([code]) => code));
    const syntax = Object.keys(CODES).filter((code) => code.startsWith("P0"));
    // JSON that is no policy has its own file of tests.
    expect(syntax.filter((code) => !shown.has(code))).toEqual(["P020"]);
  });

  test("of two mistakes the first is told, whichever kind it is", () => {
    expect(refusalOf("polcy p { § }").code).toBe("P011");
    expect(refusalOf("§ polcy p {}").code).toBe("P001");
    expect(refusalOf('policy p { default dny "open').code).toBe("P010");
  });
});

describe("any text", () => {
  /** A tree that can be printed, or a diagnostic that lies in the text. */
  function isTold(text: string): void {
    const parsed = parse(text, "any");
    if ("file" in parsed) {
      expect(bare(treeOf(print(parsed.file)))).toEqual(bare(parsed.file));
      return;
    }
    const { code, line, column, span, message } = parsed.diagnostic;
    expect(Object.keys(CODES)).toContain(code);
    expect(message).not.toBe("");
    expect([span.from >= 0, span.from <= span.to, span.to <= text.length]).toEqual([true, true, true]);
    expect(positionOf(lineStarts(text), span.from)).toEqual({ line, column });
  }

  property.prop([fc.string({ unit: "binary", maxLength: 200 })], { seed })("of any characters is told", isTold);

  property.prop([fc.uint8Array({ maxLength: 200 })], { seed })("of any bytes is told", (bytes) => {
    isTold(new TextDecoder().decode(bytes));
    isTold(String.fromCharCode(...bytes));
  });

  const CHUNKS = EXAMPLES.split(/(?<=[ \n(),])/);
  const HOSTILE = [
    "(",
    ")",
    "{",
    "}",
    "[",
    '"',
    "`",
    "#",
    "\\",
    ".",
    "*",
    "not ",
    "::",
    "1.",
    "\u202e",
    "\ud800",
    "when ",
    "in ",
  ];
  const piece = fc.oneof(fc.constantFrom(...CHUNKS), fc.constantFrom(...HOSTILE), fc.string({ maxLength: 3 }));
  const change = fc.record({ at: fc.nat(EXAMPLES.length), cut: fc.nat(30), put: fc.array(piece, { maxLength: 3 }) });

  property.prop([fc.array(change, { minLength: 1, maxLength: 4 })], { seed, numRuns: 1000 })(
    "near the examples is told",
    (changes) => {
      isTold(
        changes.reduce((text, { at, cut, put }) => text.slice(0, at) + put.join("") + text.slice(at + cut), EXAMPLES),
      );
    },
  );

  property.prop([fc.array(piece, { maxLength: 60 })], { seed, numRuns: 500 })(
    "of the language's pieces is told",
    (pieces) => {
      isTold(pieces.join(""));
      isTold(withCondition(pieces.join(" ")));
    },
  );
});
