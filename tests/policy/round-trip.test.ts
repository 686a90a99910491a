// Text, JSON and trees say the same; the formatter changes nothing but white space.
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { format } from "../../policy-libs/policy/format.ts";
import { NODES } from "../../policy-libs/policy/forms.ts";
import { fromJson, toJson } from "../../policy-libs/policy/json.ts";
import { lex } from "../../policy-libs/policy/lex.ts";
import { print } from "../../policy-libs/policy/print.ts";
import { RESERVED } from "../../policy-libs/policy/words.ts";
import { lawBreakers } from "../kit/laws.ts";
import { anyPolicyFile, type DrawnFile, fileOf } from "../kit/policy-trees.ts";
import { bare, EXAMPLES, treeOf } from "./kit.ts";

const seed = Number(process.env["CORDON_SEED"] ?? 1);
const numRuns = 300;

function formatted(text: string): string {
  const done = format(text, "t.policy");
  if ("text" in done) return done.text;
  throw new Error(done.diagnostic.message);
}

describe("random trees", () => {
  test("keep the laws: same seed same tree, all of the grammar, shrinks smaller", () => {
    const laws = {
      key: ({ file }: DrawnFile) => JSON.stringify(file),
      holds: ({ file }: DrawnFile) => "file" in fromJson(toJson(file), "j"),
      size: ({ tape }: DrawnFile) => tape.length * 0x1000000 + tape.reduce((sum, n) => sum + n, 0),
    };
    expect(lawBreakers(anyPolicyFile(), laws, seed)).toEqual([]);
  });

  test("have every form of every node, every optional field, and every reserved word in their texts", () => {
    const seen = new Set<string>();
    const words = new Set<string>();
    for (const { file } of fc.sample(anyPolicyFile(), { seed, numRuns: 1500 })) {
      const text = print(file);
      for (let token = lex(text, 0); token.kind !== "end"; token = lex(text, token.to)) {
        if (token.kind === "word") words.add(token.value);
      }
      JSON.stringify(toJson(file), function (this: object, key, value) {
        seen.add(Array.isArray(this) ? typeof value : key);
        return value;
      });
    }
    const keys = Object.values(NODES).flatMap((variants) =>
      variants.flatMap(({ fields }) => fields.map(({ key }) => key)),
    );
    expect([...new Set(keys)].filter((key) => key !== "" && !seen.has(key))).toEqual([]);
    expect([...RESERVED].filter((word) => !words.has(word))).toEqual([]);
  });
});

describe("the printer", () => {
  property.prop([anyPolicyFile()], { seed, numRuns })("gives a text that parses to the same tree", ({ file }) => {
    expect(bare(treeOf(print(file)))).toEqual(bare(file));
  });

  property.prop([anyPolicyFile()], { seed, numRuns })("gives a text that the formatter leaves as it is", ({ file }) => {
    const text = print(file);
    expect(formatted(text)).toBe(text);
  });

  test("writes the parentheses that are needed and no others", () => {
    const conditions = [
      "a and (b or c)",
      "(a or b) and c or not (d and e)",
      "a and (b and c)",
      "a or (b or c) or d and e",
      "not not a",
      "not once x.y(a or b)",
    ];
    for (const condition of conditions) {
      const text = `policy p over a.b {\n  default deny\n  allow a.b when ${condition}\n}\n`;
      expect(print(treeOf(text))).toBe(text);
    }
    const redundant = "policy p { default deny allow a.b when ((a) and (b == 1)) or (c and d) }";
    expect(print(treeOf(redundant))).toContain("when a and b == 1 or c and d\n");
  });

  test("writes times in the largest unit, and integers in digits", () => {
    const text = "policy p { default deny delay a.b to 4KiB per 120s deny a.b when count a.b within 90s > 10MB }";
    expect(print(treeOf(text))).toContain(
      "delay a.b to 4096 per 2m\n  deny a.b when count a.b within 90s > 10000000\n",
    );
  });
});

describe("JSON", () => {
  property.prop([anyPolicyFile()], { seed, numRuns })(
    "says the same as the tree, and survives being text",
    ({ file }) => {
      const read = fromJson(JSON.parse(JSON.stringify(toJson(file))), "j");
      expect("file" in read ? bare(read.file) : read.diagnostic.message).toEqual(bare(file));
    },
  );

  test("is what the specification shows", () => {
    const text =
      'policy no_send_after_read over net.send { default abstain deny net.send when once files.read because "this program has read a file" }';
    expect(toJson(treeOf(text))).toEqual({
      items: [
        {
          policy: "no_send_after_read",
          over: [{ op: "net.send" }],
          default: "abstain",
          rules: [
            {
              effect: "deny",
              on: [{ op: "net.send" }],
              when: { once: { op: "files.read" } },
              because: "this program has read a file",
            },
          ],
        },
      ],
    });
  });
});

/** Blanks, line ends and comments, as people put them anywhere. */
function scattered(text: string, noise: readonly number[]): string {
  let out = "";
  let i = 0;
  for (let token = lex(text, 0); token.kind !== "end"; token = lex(text, token.to)) {
    const gaps = [" ", "\n", "  ", "\n\n\n", "\t", " # note\n", "\n# own {\n", '\r\n\r\n # "x\r\n', "#\n#  two  \n"];
    out += (i === 0 ? "" : gaps[(noise[i % noise.length] ?? 0) % gaps.length]) + text.slice(token.from, token.to);
    i++;
  }
  return `${out}${i % 2 === 0 ? "" : " # end"}`;
}

function commentsOf(text: string): string[] {
  const all: string[] = [];
  const hear = (from: number, to: number): number => all.push(text.slice(from, to).trimEnd());
  for (let token = lex(text, 0, hear); token.kind !== "end"; ) token = lex(text, token.to, hear);
  return all;
}

const wordsOf = (text: string): string[] => {
  const all: string[] = [];
  for (let token = lex(text, 0); token.kind !== "end"; token = lex(text, token.to))
    all.push(text.slice(token.from, token.to));
  return all;
};

describe("the formatter", () => {
  const scatteredFiles = fc.tuple(anyPolicyFile(), fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 60 }));

  property.prop([scatteredFiles], { seed, numRuns })(
    "is idempotent, and keeps every token and every comment in order",
    ([{ file }, noise]) => {
      const text = scattered(print(file), noise);
      const once = formatted(text);
      expect(formatted(once)).toBe(once);
      expect(wordsOf(once)).toEqual(wordsOf(text));
      expect(commentsOf(once)).toEqual(commentsOf(text));
      expect(bare(treeOf(once))).toEqual(bare(file));
    },
  );

  test("leaves the examples of the specification as they are", () => {
    expect(formatted(EXAMPLES)).toBe(EXAMPLES);
  });

  test("keeps units, order, comments and single blank lines; the rest it sets in one way", () => {
    const text = `# head\r\n\r\n\r\npolicy   p( n :int=3 )over a.*,b.c{ # of p
default   deny allow a.b when size<=10MB # trailing
# own

   # another
   deny a.b(x in[1,2] ) when not(a or length( y )>n)
      # inside
   because "why"


   let z = a.b # last

  # before the end

}
prove p never a.b # end`;
    expect(formatted(text)).toBe(`# head

policy p(n: int = 3) over a.*, b.c { # of p
  default deny
  allow a.b when size <= 10MB # trailing
  # own

  # another
  deny a.b(x in [1, 2]) when not (a or length(y) > n)
      # inside
      because "why"

  let z = a.b # last

  # before the end
}
prove p never a.b # end
`);
  });

  test("breaks a long rule before its clauses, then before its operands, then after commas", () => {
    const long = "a_rather_long_name_of_an_argument";
    const text = `policy p {
  default deny
  allow a.b when ${long} == 1 and ${long} == 2 and ${long} == 3 or ${long} == 4 unless x in [${"1000000000, ".repeat(15)}1] because "w"
}`;
    expect(formatted(text)).toBe(`policy p {
  default deny
  allow a.b
      when ${long} == 1
      and ${long} == 2
      and ${long} == 3
      or ${long} == 4
      unless x in [${"1000000000, ".repeat(7)}1000000000,
      ${"1000000000, ".repeat(7)}1]
      because "w"
}
`);
  });

  test("has nothing to say about an empty file, and tells what is wrong with a wrong one", () => {
    expect(formatted("")).toBe("");
    expect(formatted("  \n# only\n\n\n")).toBe("# only\n");
    expect(format("policy", "f.policy")).toMatchObject({ diagnostic: { code: "P018", file: "f.policy" } });
    expect(fileOf([])).toEqual({ items: [] });
  });
});
