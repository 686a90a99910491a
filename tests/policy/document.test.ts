// docs/policy-language.md against what is implemented: its policies load and their tests hold, its grammar is the
// parser's, its tables are those of the code.
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../policy-libs/attenuate/digest.ts";
import {
  arg,
  boolean,
  bytes,
  handle,
  integer,
  list,
  number,
  oneOf,
  string,
  type Type,
} from "../../policy-libs/index.ts";
import { findingsOf } from "../../policy-libs/policy/analysis/findings.ts";
import { prove } from "../../policy-libs/policy/analysis/index.ts";
import { argumentsOf } from "../../policy-libs/policy/arguments.ts";
import { utf8Length } from "../../policy-libs/policy/characters.ts";
import { CODES, type Diagnostic, render } from "../../policy-libs/policy/diagnostic.ts";
import { fromJson } from "../../policy-libs/policy/json.ts";
import { lex } from "../../policy-libs/policy/lex.ts";
import * as limits from "../../policy-libs/policy/limits.ts";
import { type Loaded, type LoadOptions, load } from "../../policy-libs/policy/load.ts";
import { MASKS } from "../../policy-libs/policy/mask.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import { parse } from "../../policy-libs/policy/parse.ts";
import { print } from "../../policy-libs/policy/print.ts";
import { policy } from "../../policy-libs/policy/source.ts";
import { runTests, showFailure } from "../../policy-libs/policy/suite.ts";
import type { Token } from "../../policy-libs/policy/token.ts";
import { SCOPES, VERDICTS, type Verdict } from "../../policy-libs/policy/tree.ts";
import { EFFECTS, EVENTS, RESERVED, SIZES, TIMES } from "../../policy-libs/policy/words.ts";
import { BLOCKS, type Block, blocksOf, DOCUMENT, marked, rowsOf, signature, VOCABULARY } from "./document.ts";
import { GRANTS, made } from "./examples.ts";
import { accepts, KINDS, partsOf, readGrammar, textOf } from "./grammar.ts";
import { bare, EXAMPLES, treeOf } from "./kit.ts";

const seed = Number(process.env["CORDON_SEED"] ?? 1);

const POLICIES = blocksOf("policy");
const byName = new Map(POLICIES.filter(({ name }) => name !== "").map(({ name, code }) => [name, code]));
const digest = sha256(new TextEncoder().encode(byName.get("host.policy") ?? ""));
const IMPORTS = new Map([...byName, ["circle.policy", 'import "example.policy" as e']]);
const OPTIONS: LoadOptions = { file: "example.policy", vocabulary: VOCABULARY, imports: IMPORTS };

function loaded({ code, line }: Block): Loaded {
  const result = load(code, OPTIONS);
  if (result.kind === "wrong") throw new Error(`line ${line}:\n${result.diagnostics.map(render).join("\n")}`);
  return result;
}

const OTHER: Readonly<Record<Verdict, Verdict>> = {
  ...{ allowed: "denied", denied: "allowed", changed: "denied", delayed: "allowed" },
  ...{ asked: "allowed", suppressed: "denied", halted: "denied" },
};

describe("the policies of the document", () => {
  test("are many, with tests beside them", () => {
    expect(POLICIES.length).toBeGreaterThan(14);
    expect(POLICIES.flatMap((block) => loaded(block).tests).length).toBeGreaterThan(20);
  });

  test.for(POLICIES)("load, at line $line, with no more than a warning of what needs an argument", (block) => {
    for (const { code } of loaded(block).warnings) expect(["P123"]).toContain(code);
  });

  test.for(POLICIES)("do what their tests say, at line $line", (block) => {
    expect(runTests(loaded(block).tests).map(showFailure)).toEqual([]);
  });

  test.for(POLICIES)(
    "have tests that can fail, at line $line: every step says what another answer would break",
    (block) => {
      for (const each of loaded(block).tests) {
        each.steps.forEach((step, at) => {
          if (step.kind === "wait") return;
          const steps = each.steps.with(at, { ...step, is: OTHER[step.is], by: undefined });
          expect(runTests([{ ...each, steps }]).map((failure) => failure.at.line)).toEqual([step.at.line]);
        });
      }
    },
  );

  test.for(POLICIES)("are what they claim to be, at line $line", (block) => {
    for (const claim of loaded(block).proves)
      expect([claim.at.text, prove(claim).verdict]).toEqual([claim.at.text, "proved"]);
  });

  test("and claims that do not hold are refuted", () => {
    const text = `policy few(n: int = 3) over window.open { default abstain deny window.open when count window.open >= n }
      prove few narrower than few(n: 2)
      prove few never window.open when once window.open`;
    const claims = loaded({ language: "policy", name: "", line: 0, code: text }).proves;
    expect(claims.map((claim) => prove(claim).verdict)).toEqual(["refuted", "refuted"]);
  });

  test("pin the text that they import", () => {
    expect(DOCUMENT).toContain(`pinned "sha256:${digest.slice(0, 8)}"`);
  });

  test("are set as the printer sets them in order: lets, labels, rules", () => {
    const file = { items: [...treeOf("policy p { default deny deny a.b label l from a.b let x = 1 }").items] };
    expect(print(file).match(/\b(?:let|label|deny) /g)).toEqual(["let ", "label ", "deny "]);
  });

  test("the fifteen examples are those that all else is tested by", () => {
    const policiesIn = (text: string): readonly unknown[] =>
      treeOf(text)
        .items.filter(({ kind }) => kind === "policy")
        .map(bare);
    const fifteen = POLICIES.find(({ code }) => code.startsWith("# 1."));
    expect(policiesIn(fifteen?.code ?? "")).toEqual(policiesIn(EXAMPLES));
    expect(policiesIn(EXAMPLES)).toHaveLength(15);
  });

  test("the first one is the JSON", () => {
    const [json] = blocksOf("json");
    const read = fromJson(JSON.parse(json?.code ?? ""), "j");
    if (!("file" in read)) throw new Error(render(read.diagnostic));
    expect(bare(read.file.items)).toEqual([bare(treeOf(POLICIES[0]?.code ?? "").items[0])]);
  });

  test("speak of the calls that are listed", () => {
    const listed = marked("calls").trim().split("\n");
    expect(listed).toEqual(VOCABULARY.operations.filter((each) => !each.isInstruction).map(signature));
  });
});

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  for (let one = lex(text, 0); one.kind !== "end"; one = lex(text, one.to)) tokens.push(one);
  return tokens;
};

describe("the grammar", () => {
  const [block] = blocksOf("ebnf");
  const GRAMMAR = readGrammar(block?.code ?? "");
  const quoted = partsOf(GRAMMAR).flatMap((part) => (part.kind === "word" ? [part.text] : []));
  const isLetters = (word: string): boolean => /^[a-z]+$/.test(word);

  test("has the lexer's reserved words, and beside them only scopes and verdicts", () => {
    const words = new Set(quoted.filter(isLetters));
    expect(words).toEqual(new Set([...RESERVED, ...SCOPES, ...VERDICTS]));
    expect(new Set(marked("reserved").trim().split(/\s+/))).toEqual(RESERVED);
  });

  test("has marks that the lexer knows, and no others", () => {
    const marks = new Set(quoted.filter((word) => !isLetters(word)));
    for (const mark of marks) expect(lex(mark, 0)).toMatchObject({ kind: "mark", value: mark });
    const ascii = Array.from({ length: 0x5e }, (_, at) => String.fromCharCode(0x21 + at));
    const pairs = ascii.flatMap((a) => ascii.map((b) => a + b));
    const known = [...ascii, ...pairs].filter((text) => {
      const one = lex(text, 0);
      return one.kind === "mark" && one.to === text.length;
    });
    expect(new Set(known)).toEqual(marks);
  });

  test("names rules and kinds of tokens that are there, and all of them", () => {
    const named = new Set(partsOf(GRAMMAR).flatMap((part) => (part.kind === "name" ? [part.text] : [])));
    expect(named).toEqual(new Set([...GRAMMAR.keys(), ...KINDS.keys()].filter((name) => name !== "file")));
  });

  /** What a text is refused for beyond its grammar. */
  const isBeyond = (code: string): boolean => code.startsWith("P4") || code === "P019";
  const verdictOf = (text: string): string => {
    const parsed = parse(text, "t");
    return "file" in parsed ? "accepted" : parsed.diagnostic.code;
  };

  const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 400 }).map((numbers) => {
    let at = 0;
    return (n: number): number => (numbers[at++ % numbers.length] as number) % n;
  });

  property.prop([picks], { seed, numRuns: 400 })("makes texts that the parser takes", (pick) => {
    const text = textOf(GRAMMAR, "file", pick);
    const verdict = verdictOf(text);
    if (!isBeyond(verdict)) expect([verdict, text]).toEqual(["accepted", text]);
  });

  const ITEMS = [EXAMPLES, ...POLICIES.map(({ code }) => code)]
    .flatMap((code) => treeOf(code).items.map(({ at }) => code.slice(at?.from, at?.to)))
    .map((text) => tokensOf(text).map(({ from, to }) => text.slice(from, to)));
  const POOL = [...new Set([...ITEMS.flat(), ...RESERVED, "x", "`on`", "*", "1ms"])];
  const change = fc.record({ at: fc.nat(), cut: fc.nat(2), put: fc.array(fc.constantFrom(...POOL), { maxLength: 2 }) });

  test("takes every item of every example", () => {
    for (const item of ITEMS) {
      const text = item.join(" ");
      expect([accepts(GRAMMAR, "file", tokensOf(text)), verdictOf(text)]).toEqual([true, "accepted"]);
    }
  });

  property.prop([fc.constantFrom(...ITEMS), fc.array(change, { minLength: 1, maxLength: 2 })], { seed, numRuns: 1500 })(
    "takes of changed texts those that the parser takes",
    (item, changes) => {
      const words = [...item];
      for (const { at, cut, put } of changes) words.splice(at % (words.length + 1), cut, ...put);
      const text = words.join(" ");
      const verdict = verdictOf(text);
      if (isBeyond(verdict)) return;
      expect([text, verdict === "accepted"]).toEqual([text, accepts(GRAMMAR, "file", tokensOf(text))]);
    },
  );

  test("a name alone after `let` is a term, and in parentheses a condition", () => {
    const letOf = (text: string): unknown => {
      const [policy] = treeOf(`policy p { default deny let x = ${text} }`).items;
      return policy?.kind === "policy" ? policy.lets[0]?.kind : undefined;
    };
    expect([letOf("y"), letOf("(y)"), letOf("y and z")]).toEqual(["term", "cond", "cond"]);
  });
});

const inside = (body: string): string => `policy p over *, vm.* { default abstain\n${body}\n}`;
const diagnosticsOf = (text: string, options: LoadOptions = OPTIONS): readonly Diagnostic[] => {
  const result = load(text, options);
  return result.kind === "wrong" ? result.diagnostics : result.warnings;
};

describe("the tables", () => {
  test("limits are those of limits.ts", () => {
    const unit: Readonly<Record<string, number>> = { KiB: 1024, days: 86_400_000 };
    const numberOf = (text: string): number => {
      if (text === "2^53-1") return 2 ** 53 - 1;
      const [digits = "", of = ""] = text.split(" ");
      return Number(digits.replaceAll(",", "")) * (unit[of] ?? 1);
    };
    const rows = rowsOf("limits").map(([limit = "", , name = "", code = ""]) => [name, numberOf(limit), code] as const);
    expect(Object.fromEntries(rows.map(([name, value]) => [name, value]))).toEqual({ ...limits });
    for (const [, , code] of rows) expect(CODES).toHaveProperty(code);
  });

  test("units are the lexer's", () => {
    for (const unit of [...SIZES.keys(), ...TIMES.keys()]) expect(DOCUMENT).toContain(`\`${unit}\``);
  });

  test("effects, events and masks are those there are", () => {
    expect(rowsOf("effects").map(([effect = ""]) => effect.split(" ")[0])).toEqual(
      expect.arrayContaining([...EFFECTS]),
    );
    expect(rowsOf("effects")).toHaveLength(EFFECTS.length);
    for (const event of EVENTS) expect(DOCUMENT).toContain(`| \`${event} net.send\` |`);
    expect(DOCUMENT).toContain(
      `Masks are ${MASKS.map((mask) => `\`${mask}\``)
        .join(", ")
        .replace(/, (?=[^,]*$)/, " and ")}.`,
    );
  });

  test("options are those that policy.text takes", () => {
    const names = rowsOf("options").map(([name = ""]) => name);
    const refusal = /there are (.*)$/;
    let said = "";
    try {
      policy.text("", { ["no-such-option" as "file"]: "" });
    } catch (thrown) {
      said = refusal.exec((thrown as Error).message)?.[1] ?? "";
    }
    expect(names.toSorted()).toEqual(said.split(", ").toSorted());
  });

  test("instructions are those of the vocabulary", () => {
    const rows = rowsOf("instructions").map(([name, argument]) => [name, argument]);
    const all = VOCABULARY.operations.filter((each) => each.isInstruction);
    expect(new Map(rows as [string, string][])).toEqual(new Map(all.map(({ name, takes }) => [name, takes[0]?.name])));
  });

  const TYPES: Readonly<Record<string, readonly Type[]>> = {
    bool: [boolean()],
    int: [number(), integer()],
    text: [string()],
    path: [string({ is: "path" })],
    host: [string({ is: "host" })],
    ip: [string({ is: "ip" })],
    enum: [oneOf("a", "b")],
    bytes: [bytes()],
    handle: [handle("it")],
    other: [list(string())],
  };
  const LITERAL: Readonly<Record<string, string>> = { bool: "true", path: '"/a"', ip: '"10.0.0.1"', int: "1" };
  const testOf = (test: string, value: string): string => {
    if (test === "itself") return "a";
    if (test === "length") return "length(a) > 1";
    if (test === "+") return "a + 1 == 2";
    return test === "in" ? `a in [${value}]` : `a ${test} ${value}`;
  };
  const TESTS = "itself == != < <= > >= in + length starts_with ends_with contains like under".split(" ");

  test.for(rowsOf("types"))("an argument of type %s has these tests and no others", ([type = "", , , said = ""]) => {
    const spans = said.includes("`") ? [...said.matchAll(/`([^`]*)`/g)].map(({ 1: span }) => span) : [said];
    const tests = [...(said.startsWith("itself") ? ["itself"] : []), ...spans.filter((span) => span !== "none")];
    for (const of of TYPES[type] ?? []) {
      expect(argumentsOf([arg("a", of)])[0]).toMatchObject({ name: "a", type });
      const it = made("it", { go: { takes: [arg("a", of)] } });
      const { vocabulary } = vocabularyOf(new Map([["it", it]]));
      const has = TESTS.map((each) => each.replace("_", " ")).filter((each) => {
        const text = `policy p { default abstain deny it.go when ${testOf(each, LITERAL[type] ?? '"a"')} }`;
        return diagnosticsOf(text, { file: "t", vocabulary }).length === 0;
      });
      expect(new Set(has)).toEqual(new Set(tests));
    }
  });
});

describe("the codes", () => {
  const ROWS = rowsOf("codes");

  test("are those of diagnostic.ts, with their words", () => {
    const said = Object.fromEntries(ROWS.map(([code, is]) => [code, is]));
    const known = Object.entries(CODES).map(([code, { is, severity }]) => [
      code,
      severity === "warning" ? `${is} (warning)` : is,
    ]);
    expect(said).toEqual(Object.fromEntries(known));
  });

  const nested = Array.from({ length: 14 }, (_, n) => `let a${n + 1} = a${n} and a${n} or a${n} and a${n}`).join("\n");
  const chain = Array.from(
    { length: 9 },
    (_, n) => [`f${n}`, n < 8 ? `import "f${n + 1}" as next` : "set s = []"] as const,
  );
  /** Of codes whose example is told in words. */
  const MADE: Readonly<Record<string, () => readonly Diagnostic[]>> = {
    P002: () => diagnosticsOf(inside("# a\u200bb")),
    P124: () => vocabularyOf(new Map([["vm", GRANTS.get("net") as never]])).conflicts,
    P401: () => diagnosticsOf(`#${"x".repeat(512 * 1024)}`),
    P402: () => diagnosticsOf(inside("deny net.send ".repeat(2049))),
    P403: () => diagnosticsOf(inside(`deny net.send when ${"not ".repeat(17)}once net.send`)),
    P407: () => diagnosticsOf('import "f0" as f', { ...OPTIONS, imports: new Map(chain) }),
    P409: () => diagnosticsOf(inside(`let a0 = once net.send\n${nested}\ndeny net.send when a14`)),
  };
  const examined = (code: string, example: string): readonly Diagnostic[] => {
    const make = MADE[code];
    if (make !== undefined) return make();
    if (example.startsWith("{")) {
      const read = fromJson(JSON.parse(example), "example.policy");
      return "file" in read ? [] : [read.diagnostic];
    }
    const text = /^(?:policy|import) /.test(example) ? example : inside(example);
    const made = code.startsWith("P2") ? load(text, OPTIONS) : undefined;
    return made?.kind === "loaded" ? findingsOf(made) : diagnosticsOf(text);
  };

  test.for(ROWS)("%s: its example is refused so", ([code = "", , example = "", said = ""]) => {
    const found = examined(code, example);
    expect([...new Set(found.map((each) => each.code))]).toEqual([code]);
    const words = render(found[0] as Diagnostic).replace(/^\S+ \S+ /, "");
    expect(words.replace(/sha256:[0-9a-f]{64}/, "sha256:…")).toBe(said);
  });
});

describe("the document", () => {
  test("has one sentence a line", () => {
    const prose = DOCUMENT.replace(/^```[\s\S]*?^```$/gm, "");
    const lines = prose.split("\n").filter((line) => /^[A-Z]/.test(line));
    expect(lines.filter((line) => /[a-z`)][.?!] [A-Z]/.test(line))).toEqual([]);
  });

  test("names the language of every block", () => {
    for (const { language } of BLOCKS) expect(["policy", "ts", "sh", "json", "ebnf", "text"]).toContain(language);
    expect(utf8Length(DOCUMENT, 200_000)).toBeLessThan(100_000);
  });
});
