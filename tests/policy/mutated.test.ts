// Policies with a word changed: each loads, or says where it is wrong.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { sha256 } from "../../policy-libs/attenuate/digest.ts";
import { boundOf } from "../../policy-libs/policy/bound.ts";
import { load } from "../../policy-libs/policy/load.ts";
import { parse } from "../../policy-libs/policy/parse.ts";
import { runTests } from "../../policy-libs/policy/suite.ts";
import { AROUND, EXAMPLES, VOCABULARY } from "./examples.ts";

const BASE = "policy base over net.* { default abstain }";
const IMPORTS = new Map([["host.policy", BASE]]);
const TEXT = `${EXAMPLES}${AROUND.replace("PIN", sha256(new TextEncoder().encode(BASE)))}`;
const WORDS = TEXT.split(/(\s+|[(),:])/);
const MORE = [
  "host",
  "ip",
  "port",
  "path",
  "vm.call",
  "*",
  "files.*",
  "result",
  "once",
  "not",
  "3",
  '"x"',
  "true",
  "10.0.0.0/8",
  "by",
];

const change = fc.tuple(fc.nat(WORDS.length - 1), fc.constantFrom(...WORDS, ...MORE));
const mutated = fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
  const words = [...WORDS];
  for (const [at, word] of changes) words[at] = word;
  return words.join("");
});

const options = { file: "p", vocabulary: VOCABULARY, imports: IMPORTS };

describe("loading", () => {
  prop.prop([mutated])("anything that is said has a place in the text, in order", (text) => {
    const result = load(text, options);
    const all = result.kind === "wrong" ? result.diagnostics : result.warnings;
    if (result.kind === "wrong") expect(all.some(({ severity }) => severity === "error")).toBe(true);
    const places = all.map(({ span }) => span.from);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    for (const { span, line, column, message } of all) {
      const before = text.slice(0, span.from).split("\n");
      expect([line, column]).toEqual([before.length, (before.at(-1) ?? "").length + 1]);
      expect(span.to).toBeLessThanOrEqual(text.length);
      expect(message).not.toMatch(/undefined|\[object|NaN/);
    }
  });

  prop.prop([mutated])("what loads is whole: every rule is there, its tests run, and its state is bounded", (text) => {
    const result = load(text, options);
    if (result.kind === "wrong") return;
    const parsed = parse(text, "p");
    const policies = "file" in parsed ? parsed.file.items.filter((item) => item.kind === "policy") : [];
    expect([...result.policies.keys()]).toEqual(policies.map(({ name }) => name));
    for (const { name, rules, parameters } of policies) {
      const isFree = parameters.every(({ value }) => value !== undefined);
      const instance = isFree ? result.policies.get(name)?.instantiate(new Map()) : undefined;
      if (instance === undefined) continue;
      expect(instance.kind === "instance" && instance.policy.rules.length).toBe(rules.length);
    }
    for (const bits of result.entry === undefined ? [] : boundOf(result.entry).values())
      expect(bits).toBeLessThanOrEqual(8 * 16_384);
    runTests(result.tests);
  });
});
